"""Reading the package's imports from its source, without running it."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PACKAGE: Final = "theirstack_async"
ROOT: Final = Path(__file__).parent.parent
SOURCE: Final = Path(str(importlib.import_module(PACKAGE).__file__)).parent
"""The package that is imported: the one in this tree, or the one that was installed from a wheel."""


@dataclass(frozen=True)
class Import:
    """One import: which module takes which, and whether only a type checker sees it."""

    importer: str
    imported: str
    line: int
    typing_only: bool


def modules(folder: Path) -> dict[str, Path]:
    """Return the package's modules, dotted name to file; a package's name is that of its ``__init__.py``."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(name: str, source: str, known: Mapping[str, object]) -> list[Import]:
    """Return all imports of a module, those inside functions and ``if TYPE_CHECKING:`` included.

    ``from package import x`` counts as an import of ``package.x`` where that is a module in ``known``.
    """
    found: list[Import] = []
    for node, typing_only in _statements(ast.parse(source), typing_only=False):
        names = [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            assert not node.level, f"{name}, line {node.lineno}: a relative import; write it in full"
            base = node.module or ""
            names = [f"{base}.{n}" if f"{base}.{n}" in known else base for n in names]
        found += [Import(name, target, node.lineno, typing_only) for target in dict.fromkeys(names)]
    return found


def _statements(tree: ast.AST, *, typing_only: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node, typing_only
        elif isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            for child in node.body:
                yield from _statements(ast.Module([child], []), typing_only=True)
            yield from _statements(ast.Module(node.orelse, []), typing_only=typing_only)
        else:
            yield from _statements(node, typing_only=typing_only)


def cycle(edges: Mapping[str, set[str]]) -> list[str]:
    """Return the first ring of modules found, or an empty list when there is none."""
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for target in sorted(edges.get(name, ())):
            if ring := visit(target, [*trail, name]):
                return ring
        done.add(name)
        return []

    for start in sorted(edges):
        if ring := visit(start, []):
            return ring
    return []
