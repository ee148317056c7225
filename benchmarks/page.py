"""The results as a page of Markdown, which the documentation includes: no number of it is typed by hand.

``python benchmarks/page.py`` writes ``results.md`` again, of the ``results.json`` beside it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parent
RESULTS: Final = FOLDER / "results.json"
PAGE: Final = FOLDER / "results.md"
OURS: Final = "theirstack-async"
COLUMNS: Final = ("what", "who", "value", "target", "met")
_MACHINE: Final = ("processor", "cores", "system", "python")
"""What is told of a machine beside the versions of packages."""


def write(results: Mapping[str, Any], file: Path) -> None:
    """Write results, as ``results.json`` holds them, to a file."""
    file.write_text(page(results), "utf-8")


def page(results: Mapping[str, Any]) -> str:
    """Return the page: what was measured on, and a table for each group."""
    lines = [measured_on(results), ""]
    groups = itertools.groupby(results["rows"], key=lambda row: row["group"])
    for number, (group, rows) in enumerate(groups, 1):
        lines += [f"**{number}. {text(group)}**", "", *group_of(list(rows)), ""]
    return "\n".join([*lines, verdict(results["rows"]), ""])


def group_of(rows: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the table of a group, and what has to be said of its rows."""
    yield _line(COLUMNS)
    yield _line(("---", "---", "---:", "---", "---"))
    for row in rows:
        yield _line(cells(row))
    for row in rows:
        if row["note"]:
            yield f"\n{text(row['what'])}, {row['peer'] or OURS}: {text(row['note'])}."


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the cells of a row."""
    target = met = ""
    if row["bound"] is not None:
        target = f"{'at most' if row['at_most'] else 'at least'} {number(row['bound'])}"
        met = "met" if row["met"] else "**missed**"
    who = row["peer"] or f"**{OURS}**"
    return text(row["what"]), who, f"{number(row['value'])} {row['unit']}".rstrip(), target, met


def number(value: float) -> str:
    """Return three digits of a number, and all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def text(said: str) -> str:
    """Return a text of a result as Markdown shows it."""
    return said.replace("|", "\\|").replace("_", "\\_").replace("*", "\\*")


def measured_on(results: Mapping[str, Any]) -> str:
    """Say on what it was measured, and whether that was the full run."""
    machine = results["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine.items() if name not in _MACHINE)
    said = f"Measured on {machine['processor']}, {machine['cores']} cores, {machine['system']}, {machine['python']}."
    if results["scale"] < 1:
        said += f" **A quick run, at {results['scale']:g} of the rounds and loads; targets hold for a full one.**"
    return f"{said}\n\nVersions: {versions}."


def verdict(rows: Iterable[Mapping[str, Any]]) -> str:
    """Say how many targets are met."""
    judged = [row["met"] for row in rows if row["bound"] is not None]
    return f"{sum(judged)} of {len(judged)} targets are met."


def _line(values: Iterable[str]) -> str:
    return f"| {' | '.join(values)} |"


if __name__ == "__main__":
    write(json.loads(RESULTS.read_text("utf-8")), PAGE)
