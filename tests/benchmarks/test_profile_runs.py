"""Where a look at a stack finds the program, and what is told of many looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks import profile_runs
from benchmarks.profile_runs import ROWS_MADE, WAYS, looks, page, place, shares
from tests._imports import ROOT
from theirstack_async.pagination._page import Arrived

RUN = "run_once (benchmarks/worker.py:112);_finished (benchmarks/worker.py:130);Handle._run (asyncio/events.py:89)"


def line_of(file: str, mark: str) -> str:
    """Return the position of the only line of a file that holds a text, as py-spy writes it."""
    numbers = [n for n, line in enumerate(Path(ROOT, file).read_text("utf-8").splitlines(), 1) if mark in line]
    assert len(numbers) == 1
    return f"({file}:{numbers[0]})"


@pytest.mark.parametrize(
    ("innermost", "where"),
    [
        ("attempt (theirstack_async/_convert/fast.py:22)", ROWS_MADE),
        ("__init__ (<attrs generated methods theirstack_async.models.job.Job>:32)", ROWS_MADE),
        ("run " + line_of("benchmarks/peers/floor.py", "loads("), ROWS_MADE),
        (f"{Arrived.release.__qualname__} (theirstack_async/pagination/_page.py:137)", ROWS_MADE),
        ("run (benchmarks/peers/floor.py:1)", "the program's own loop"),
        ("Paginator._items (theirstack_async/pagination/_paginator.py:1)", "paginator"),
        ("last_place (theirstack_async/_walk.py:1)", "paginator"),
        ("Pipeline.call (theirstack_async/_engine/pipeline.py:1);debug (logging/__init__.py:9)", "engine"),
        ("request (aiohttp/client.py:1);parse (urllib/parse.py:9)", "aiohttp and its libraries"),
        ("request (aiohttp/client.py:1);write (asyncio/selector_events.py:9)", "event loop and kernel"),
        ("select (selectors.py:452)", "event loop and kernel"),
    ],
)
def test_a_look_counts_for_the_innermost_place(innermost: str, where: str) -> None:
    assert place(f"{RUN};{innermost}") == where


@pytest.mark.parametrize(
    "stack",
    [
        "main (benchmarks/worker.py:137);run_once (benchmarks/worker.py:110)",
        f"{RUN};_find_and_load (<frozen importlib._bootstrap>:1360);<module> (theirstack_async/batch.py:1)",
        "run_once (benchmarks/worker.py:112);_finished (benchmarks/worker.py:130);<shim>",
    ],
)
def test_what_is_no_part_of_a_run_does_not_count(stack: str) -> None:
    assert place(stack) is None


def test_shares_are_of_the_looks_that_count() -> None:
    raw = (
        f"{RUN};attempt (theirstack_async/_convert/fast.py:22) 5\n"
        f"{RUN};attempt (theirstack_async/_convert/fast.py:23) 1\n"
        f"{RUN};select (selectors.py:452) 2\n"
        "main (benchmarks/worker.py:137) 99\n"
    )
    count, places, functions = shares(looks(raw))
    assert count == 8
    assert {name: share for name, share in places.items() if share} == {ROWS_MADE: 0.75, "event loop and kernel": 0.25}
    assert functions == {"attempt (theirstack_async/_convert/fast.py)": 0.75, "select (selectors.py)": 0.25}


def test_the_page_tells_milliseconds_by_place_and_how_far_the_floor_is() -> None:
    def run(cpu_ms: float) -> dict[str, Any]:
        places = dict.fromkeys(profile_runs.PLACES, 0.0) | {ROWS_MADE: 0.75, "engine": 0.25}
        functions = {"A.f (x/y/a_b.py)": 0.75, "rare (d.py)": 0.009} | ({"g (c.py)": 0.125} if cpu_ms > 4 else {})
        return {"cpu_ms": cpu_ms, "busy": 0.5, "looks": 1_200, "places": places, "functions": functions}

    costs = dict(zip(WAYS, (2, 3, 4, 10, 8), strict=True))
    machine = {"processor": "A processor", "cores": 2, "python": "CPython 3.13", "py-spy": "0.4"}
    lines = page({"machine": machine, "runs": {name: run(cost) for name, cost in costs.items()}}).splitlines()
    assert f"| {ROWS_MADE} | 1.50 | 2.25 | 3.00 | 7.50 | 6.00 |" in lines
    assert "| engine | 0.50 | 0.75 | 1.00 | 2.50 | 2.00 |" in lines
    assert "| against the floor | 1.00 x | 1.50 x | 2.00 x | 1.00 x | 0.80 x |" in lines
    assert "| processor busy | 50% | 50% | 50% | 50% | 50% |" in lines
    assert "| `f`, y/a_b.py | 75% | 75% | 75% | 75% | 75% |" in lines
    assert "| `g`, c.py |  |  |  | 12% | 12% |" in lines
    assert not any("rare" in line for line in lines)
    assert lines[-1].startswith("py-spy 0.4, 1,200 looks or more at each; A processor, 2 cores")
