"""How the measure of the start counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.measures.startup import against, cost


def test_the_median_of_the_rounds_ratios_counts() -> None:
    """Beyond what an idle interpreter costs, in units of one import; in the third round the machine was slow."""
    found = {
        "nothing": [(1.0, 0.0), (1.0, 0.0), (10.0, 0.0)],
        "aiohttp": [(3.0, 0.0), (5.0, 0.0), (30.0, 0.0)],
        "client": [(4.0, 0.0), (6.0, 0.0), (35.0, 0.0)],
        "page": [(5.0, 0.0), (7.0, 0.0), (45.0, 0.0)],
    }
    cpu = against(found, 0)
    assert cpu("client", "nothing") == 1.25  # of 1.5, 1.25 and 1.25
    assert cpu("page", "client") == 0.5  # of 0.5, 0.25 and 0.5
    assert cpu("aiohttp", None) == 4.0  # of 2, 4 and 20


def test_what_a_program_costs(tmp_path: Path) -> None:
    (tmp_path / "here.py").write_text("assert True", "utf-8")
    spent = cost("import here", tmp_path)
    assert spent is not None
    assert min(spent) > 0
    assert cost("import something_that_is_not_installed", tmp_path) is None
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        cost("1 / 0", tmp_path)
