"""Runs the programs in ``examples/``, and counts their lines."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import io
import sys
import tokenize
from pathlib import Path
from types import ModuleType
from typing import Final

from tests._imports import ROOT

EXAMPLES: Final = sorted((ROOT / "examples").glob("*.py"))
_DOCUMENTED: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_LAYOUT: Final = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


def load(name: str) -> ModuleType:
    """Import a program."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # FastAPI resolves the annotations of an endpoint in its module.
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


async def start(
    env: dict[str, str], name: str, *arguments: str, folder: Path | None = None
) -> asyncio.subprocess.Process:
    """Start a program as a process of its own."""
    pipe = asyncio.subprocess.PIPE
    path = str(ROOT / "examples" / f"{name}.py")
    return await asyncio.create_subprocess_exec(
        sys.executable, path, *arguments, env=env, cwd=folder, stdout=pipe, stderr=pipe
    )


def lines_of_code(source: str) -> int:
    """Return how many lines have code on them that is no import and no docstring."""
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            left_out.update(range(node.lineno, (node.end_lineno or 0) + 1))
        elif isinstance(node, _DOCUMENTED) and ast.get_docstring(node) is not None:
            left_out.update(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    code = {line for token in tokens if token.type not in _LAYOUT for line in range(token.start[0], token.end[0] + 1)}
    return len(code - left_out)
