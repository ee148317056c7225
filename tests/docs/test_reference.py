"""The reference has every public name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from types import ModuleType
from typing import Any

import attrs
import pytest

import theirstack_async
from tests._imports import ROOT
from theirstack_async import TheirStack, testing

ENTRY = re.compile(
    r"^\.\. (?:currentmodule:: (?P<module>[\w.]+)|(?:auto\w+|py:data):: (?P<name>\w+)(?:\(.*\))?)$", re.MULTILINE
)


def described() -> Iterator[str]:
    """Yield the full name of each entry: a resource and a model may have the same name."""
    module = ""
    for found in ENTRY.finditer((ROOT / "docs" / "reference.md").read_text("utf-8")):
        module = found["module"] or module
        if found["name"]:
            yield f"{module}.{found['name']}"


@pytest.mark.parametrize("package", [theirstack_async, testing], ids=lambda package: package.__name__)
def test_every_public_name_is_in_the_reference(package: ModuleType) -> None:
    assert {f"{package.__name__}.{name}" for name in package.__all__ if name != "__version__"} <= {*described()}


def test_every_entry_of_the_reference_is_there_once() -> None:
    entries = [*described()]
    assert len(entries) == len(set(entries))


def test_inherited_fields_are_shown() -> None:
    text = (ROOT / "docs" / "reference.md").read_text("utf-8")
    classes = [getattr(theirstack_async, name) for name in theirstack_async.__all__]
    heirs = [cls for cls in classes if attrs.has(cls) and {*attrs.fields_dict(cls)} - {*cls.__annotations__}]
    assert heirs
    for cls in heirs:
        entry = rf"^\.\. autoclass:: {cls.__name__}\b.*\n(?:   .*\n)*   :inherited-members:"
        assert re.search(entry, text, re.MULTILINE), cls


async def test_every_resource_of_the_client_is_in_the_reference() -> None:
    members = [(name, value) for cls in TheirStack.__mro__ for name, value in vars(cls).items()]
    names = [name for name, value in members if isinstance(value, cached_property)]
    async with TheirStack("key") as client:
        resources = [type(getattr(client, name)) for name in names if not name.startswith("_")]
    assert len(resources) > 10
    assert {f"{each.__module__}.{each.__name__}" for each in resources} <= {*described()}


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
