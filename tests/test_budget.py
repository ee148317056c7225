"""A room should be seen at a glance: files and functions stay small."""

from __future__ import annotations

import ast
from typing import Final

import pytest

from tests._imports import ROOT, SOURCE

FILE_LINES: Final = 320
FUNCTION_LINES: Final = 45
"""Signature and body; decorators and the docstring do not count, for what is explained well is no burden."""

FOLDERS: Final = (SOURCE, ROOT / "tests")
FILES: Final = {
    path.relative_to(folder.parent).as_posix(): path for folder in FOLDERS for path in sorted(folder.rglob("*.py"))
}


def long_functions(source: str) -> list[str]:
    """Return the functions of a source that are too long, each with its length."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno is not None:
            lines = node.end_lineno - node.lineno + 1
            if (docstring := ast.get_docstring(node, clean=False)) is not None:
                lines -= docstring.count("\n") + 1
            if lines > FUNCTION_LINES:
                found.append(f"{node.name}, line {node.lineno}: {lines} lines")
    return found


@pytest.mark.parametrize("name", FILES)
def test_files_and_functions_are_small(name: str) -> None:
    source = FILES[name].read_text("utf-8")
    assert source.count("\n") <= FILE_LINES
    assert long_functions(source) == []


def test_a_long_function_is_found() -> None:
    body = "    x = 1\n" * FUNCTION_LINES
    assert long_functions(f"async def far_too_long():\n{body}") == ["far_too_long, line 1: 46 lines"]
    assert long_functions(f'def just_right():\n    """One.\n\n    Two.\n    """\n{body[:-10]}') == []
