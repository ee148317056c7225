"""The reference has every public name."""

from __future__ import annotations

import re

import pytest

import theirstack_async
from tests._imports import ROOT
from theirstack_async import testing

ENTRY = re.compile(r"^\.\. (?:auto\w+|py:data):: (\w+)", re.MULTILINE)


@pytest.mark.parametrize("package", [theirstack_async, testing], ids=lambda package: package.__name__)
def test_every_public_name_is_in_the_reference(package: object) -> None:
    described = ENTRY.findall((ROOT / "docs" / "reference.md").read_text("utf-8"))
    assert len(described) == len(set(described))
    assert {*package.__all__} - {"__version__"} <= {*described}
