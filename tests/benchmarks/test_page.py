"""What the documentation shows of the benchmarks is what was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import chart, page, profile_runs
from benchmarks.table import Row, machine, write
from tests._imports import ROOT

RESULTS: dict[str, Any] = json.loads(page.RESULTS.read_text("utf-8"))
LIGHT = "One page after the other, light events, no latency"
HEAVY = "One page after the other, heavy events, no latency"
SPEED = "speed, against the floor"
ROWS = [
    Row(LIGHT, "events a second", 120_000.4, "/s"),
    Row(LIGHT, SPEED, 0.91, bound=0.8, at_most=False),
    Row(LIGHT, SPEED, 0.4, peer="httpx + pydantic 2"),
    Row(HEAVY, SPEED, 1.2, bound=1.05, at_most=False),
    Row("Light pages, 5 ms latency", "prefetch(8): speed, against the floor", 4, bound=4.5, at_most=False),
    Row("Light pages, 50 ms latency", "prefetch(8): speed, against one page after the other", 7.8),
    Row("Memory", "tasks_left | of *all*", 0, "", bound=0, note="of a_process"),
]


@pytest.fixture
def results(tmp_path: Path) -> dict[str, Any]:
    write(tmp_path / "results.json", ROWS, 1.0)
    found: dict[str, Any] = json.loads((tmp_path / "results.json").read_text("utf-8"))
    return found


def test_the_page_shows_the_results_that_are_kept() -> None:
    """Else: ``python benchmarks/page.py``."""
    assert page.PAGE.read_text("utf-8") == page.page(RESULTS)


def test_the_page_shows_the_profile_that_is_kept() -> None:
    """Else: ``python -m benchmarks.profile_runs --page``."""
    kept = json.loads(profile_runs.RESULTS.read_text("utf-8"))
    assert profile_runs.PAGE.read_text("utf-8") == profile_runs.page(kept)


def test_the_pages_are_included() -> None:
    text = (ROOT / "docs" / "performance.md").read_text("utf-8")
    for file in (page.PAGE, profile_runs.PAGE):
        assert f"{{include}} ../benchmarks/{file.name}" in text
    assert f"_static/{chart.NAME}.svg" in text


def test_each_row_of_the_results_is_a_line(results: dict[str, Any], tmp_path: Path) -> None:
    page.write(results, tmp_path / "page.md")
    lines = (tmp_path / "page.md").read_text("utf-8").splitlines()
    assert "**1. One page after the other, light events, no latency**" in lines
    assert "| events a second | **theirstack-async** | 120,000 /s |  |  |" in lines
    assert "| speed, against the floor | **theirstack-async** | 0.91 x | at least 0.8 | met |" in lines
    assert "| speed, against the floor | httpx + pydantic 2 | 0.4 x |  |  |" in lines
    assert "| prefetch(8): speed, against the floor | **theirstack-async** | 4 x | at least 4.5 | **missed** |" in lines
    assert "| tasks\\_left \\| of \\*all\\* | **theirstack-async** | 0 | at most 0 | met |" in lines
    assert "tasks\\_left \\| of \\*all\\*, theirstack-async: of a\\_process." in lines
    assert lines[-1] == "3 of 4 targets are met."
    assert lines.count("| what | who | value | target | met |") == 5


def test_the_page_says_on_what_it_was_measured(results: dict[str, Any]) -> None:
    text = page.page(results)
    assert f"Measured on {machine()['processor']}, " in text
    assert f"aiohttp {machine()['aiohttp']}" in text
    assert "quick run" not in text
    assert "A quick run, at 0.1 of" in page.page(results | {"scale": 0.1})


def test_the_chart_shows_ours_and_the_others_by_kind_and_what_reading_ahead_brings(results: dict[str, Any]) -> None:
    assert chart.panels(results) == [
        chart.Panel(
            "Light events", (chart.Bar(chart.OURS, 0.91), chart.Bar("httpx + pydantic 2", 0.4, ours=False))
        ),
        chart.Panel("Heavy events", (chart.Bar(chart.OURS, 1.2),)),
        chart.Panel(
            "Pages read ahead, light events",
            (
                chart.Bar("prefetch(8), 5 ms latency,\nagainst the floor", 4),
                chart.Bar("prefetch(8), 50 ms latency,\nagainst one page after the other", 7.8),
            ),
        ),
    ]  # fmt: skip


def test_the_results_that_are_kept_fill_the_chart() -> None:
    light, heavy, ahead = chart.panels(RESULTS)
    assert (light.title, heavy.title) == ("Light events", "Heavy events")
    for panel in (light, heavy):
        assert panel.bars[0].ours
        assert len(panel.bars) > 3
    assert [bar.label.partition(",")[0] for bar in ahead.bars] == ["prefetch(8)", "prefetch(8)", "prefetch(16)"]
    assert (chart.PICTURES / f"{chart.NAME}.png").is_file()


def test_the_chart_that_is_kept_is_of_the_results_that_are_kept() -> None:
    """Else: ``python benchmarks/chart.py``, with matplotlib."""
    drawn = (chart.PICTURES / f"{chart.NAME}.svg").read_text("utf-8")
    assert f"<dc:description>{chart.told(chart.panels(RESULTS))}</dc:description>" in drawn


def test_the_same_results_give_the_same_pictures(results: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed; `nox -s bench` brings it")
    drawn: list[list[bytes]] = []
    for name in ("one", "two"):
        (folder := tmp_path / name).mkdir()
        chart.draw(results, folder)
        drawn.append([(folder / f"{chart.NAME}.{suffix}").read_bytes() for suffix in ("svg", "png")])
    assert drawn[0] == drawn[1]
    assert b"prefetch(8), 50 ms latency, against one page after the other 7.80 x" in drawn[0][0]
