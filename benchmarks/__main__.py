"""Measure everything, side by side: ``python -m benchmarks [--scale 1.0] [--only NAME ...]``.

Prints the table, writes ``benchmarks/results.json``, the page of it (``results.md``) and, where matplotlib is
installed, the chart, all of which the documentation shows. Exits 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

from benchmarks import page
from benchmarks.table import Row, machine, table, write

MEASURES: Final = ("decoding", "extraction", "retrying", "memory", "startup", "loops", "bodies")


def measured(name: str, scale: float) -> list[Row]:
    """Return the rows of a measure, telling on the way what goes on."""
    started = time.monotonic()
    print(f"... {name}", end="", flush=True)
    rows = list(importlib.import_module(f"benchmarks.measures.{name}").measure(scale))
    print(f": {time.monotonic() - started:.0f} s", flush=True)
    return rows


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="of rounds and loads; targets hold at 1.0")
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=MEASURES, help="these measures alone")
    asked = parser.parse_args()
    print(", ".join(f"{name} {value}" for name, value in machine().items()))
    rows = [row for name in asked.only for row in measured(name, asked.scale)]
    print(table(rows))
    if tuple(asked.only) == MEASURES:
        write(page.RESULTS, rows, asked.scale)
        show(json.loads(page.RESULTS.read_text("utf-8")))
    missed = [row for row in rows if not row.met]
    print(f"\n{len(missed)} of {sum(row.bound is not None for row in rows)} targets missed")
    for row in missed:
        print(f"  {row.group}: {row.what}: {row.value:.3g} {row.unit}, {row.target}")
    return 1 if missed else 0


def show(results: Mapping[str, Any]) -> None:
    """Write the page of the results, and draw their chart where matplotlib is installed."""
    page.write(results, page.PAGE)
    if importlib.util.find_spec("matplotlib") is None:
        print("\nno chart: matplotlib is not installed")
        return
    from benchmarks import chart

    chart.draw(results, chart.PICTURES)


if __name__ == "__main__":
    sys.exit(main())
