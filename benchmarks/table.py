"""The table: what was measured, and what it may come to."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import attrs

_PACKAGES: Final = (
    *("theirstack-async", "aiohttp", "attrs", "cattrs", "msgspec", "orjson", "uvloop", "backports.zstd"),
    *("httpx", "pydantic", "requests", "openapi-python-client"),
)


@attrs.frozen
class Row:
    """One line of the table."""

    group: str
    """What belongs together."""
    what: str
    value: float
    unit: str = "x"
    """``x`` for a ratio in one run."""
    bound: float | None = None
    """What it may come to; None for what is only told."""
    at_most: bool = True
    """Whether the bound is an upper one."""
    note: str = ""
    peer: str = ""
    """Which other client it is about; none for our own."""

    @property
    def met(self) -> bool:
        """Whether it is within its bound."""
        if self.bound is None:
            return True
        return self.value <= self.bound if self.at_most else self.value >= self.bound

    @property
    def target(self) -> str:
        """The bound in words."""
        if self.bound is None:
            return ""
        return f"{'at most' if self.at_most else 'at least'} {self.bound:g}"

    def cells(self) -> tuple[str, str, str, str]:
        """Return the line: what, by whom, how much, and whether that is within the bound."""
        value = f"{self.value:,.3g}" if abs(self.value) < 1000 else f"{self.value:,.0f}"
        verdict = "" if self.bound is None else f"{self.target}{'' if self.met else '  MISSED'}"
        return self.what, self.peer or "theirstack-async", f"{value} {self.unit}", verdict


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, group by group."""
    cells = [row.cells() for row in rows]
    widths = [max(map(len, column)) for column in list(zip(*cells, strict=True))[:3]] if cells else []
    lines: list[str] = []
    group = ""
    for row, (what, who, value, verdict) in zip(rows, cells, strict=True):
        if row.group != group:
            group = row.group
            lines += ["", group]
        text = f"  {what:<{widths[0]}}  {who:<{widths[1]}}  {value:>{widths[2]}}  {verdict}".rstrip()
        lines += [text, f"      {row.note}"] if row.note else [text]
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """Return what was measured on."""
    versions: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    model = next(
        (line.partition(":")[2].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine()
    )
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return {"processor": model, "cores": os.cpu_count(), "system": platform.system(), "python": python} | versions


def _cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    return file.read_text("utf-8").splitlines() if file.exists() else []


def write(file: Path, rows: Sequence[Row], scale: float) -> None:
    """Write the results to a file."""
    results = {"machine": machine(), "scale": scale, "rows": [{**attrs.asdict(row), "met": row.met} for row in rows]}
    file.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
