"""The reference has every public name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

import theirstack_async
from tests._imports import ROOT
from theirstack_async import testing

ENTRY = re.compile(r"^\.\. (?:auto\w+|py:data):: (\w+)(?:\(\))?$", re.MULTILINE)


@pytest.mark.parametrize("package", [theirstack_async, testing], ids=lambda package: package.__name__)
def test_every_public_name_is_in_the_reference(package: object) -> None:
    described = ENTRY.findall((ROOT / "docs" / "reference.md").read_text("utf-8"))
    assert len(described) == len(set(described))
    assert {*package.__all__} - {"__version__"} <= {*described}


def test_every_command_and_exit_code_is_on_the_page_of_the_program() -> None:
    import typer.main

    from theirstack_async.cli.app import app
    from theirstack_async.cli.exits import EXIT_CODES

    text = (ROOT / "docs" / "cli.md").read_text("utf-8")
    groups: Mapping[str, Any] = typer.main.get_group(app).commands
    for name, command in groups.items():
        for each in getattr(command, "commands", [""]):
            words = f"`theirstack {name} {each}".strip()
            assert words in text or (words.startswith("`theirstack webhooks") and f", `{each} " in text)
    assert all(f"| {code.value} | {meaning}" in text for code, meaning in EXIT_CODES)
