"""Long runs need little memory, lose no id and stop when they are told to: a share of what is measured in full."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.measures import memory
from benchmarks.payloads import page
from benchmarks.table import Row
from tests._imports import ROOT
from tests._scale import scaled

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")

RUNS: dict[str, Callable[[], Iterator[Row]]] = {
    "listing": lambda: memory.streamed("light", memory.WARM_UP + scaled(memory.STREAMED["light"])),
    "retrying": lambda: memory.retried(scaled(memory.RETRIED)),
    "cancelling": lambda: memory.stopped(scaled(memory.RETRIED), latency=0.2),
}


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients are processes, which find the package of the benchmarks where they are started."""
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", RUNS)
def test_a_long_run_stays_within_its_bounds(name: str) -> None:
    """Each run also checks that every id came once, or was accepted."""
    rows = list(RUNS[name]())
    assert any(row.bound is not None for row in rows)
    assert [row for row in rows if not row.met] == []


def test_what_is_held_is_counted(tmp_path: Path) -> None:
    """Rows that are kept take memory: a figure near zero would be of rows that were let go."""
    file = tmp_path / "pages"
    file.write_bytes(page("heavy") + b"\n" + page("heavy", 2_000_000) + b"\n")
    assert memory.hold(2, file, "json:loads") > 2 * 500 * 8_000 / 1e6
