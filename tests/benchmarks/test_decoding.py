"""What is measured of decoding is what it says: each way decodes a whole page, and ratios are taken round by round."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("orjson", reason="orjson is not installed; `nox -s bench` brings it")

from benchmarks.measures import decoding
from benchmarks.payloads import Kind, events


@pytest.mark.parametrize("kind", decoding.KINDS)
def test_each_way_of_ours_decodes_all_rows(kind: Kind) -> None:
    for name, way in decoding.ours(kind).items():
        made: Any = way()
        rows = getattr(made, "rows", made)
        assert len(rows) == 500, name
        assert getattr(made, "rejected", 0) == ("one row" in name), name
        unknown = sum(type(getattr(row, "payload", None)).__name__ == "UnknownPayload" for row in rows)
        assert unknown == ("one payload" in name), name


def test_each_target_is_of_a_way_that_is_measured() -> None:
    for kind, name in decoding.BOUNDS:
        assert name in decoding.ours(kind)


def test_what_cannot_be_imported_is_missing_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "PEERS", {("dicts", "json"): ("json", "loads"), ("x", "Y"): ("no_such_module", "f")})
    missing: dict[str, str] = {}
    assert list(decoding.peers("light", missing)) == [decoding.DICTS, "dicts by json"]
    assert missing == {"Y": "No module named 'no_such_module'"}


def test_every_way_is_sampled_in_every_round_and_each_begins_once() -> None:
    called: list[str] = []
    found = decoding.sampled({name: lambda name=name: called.append(name) for name in "abc"}, pages=1, rounds=2)
    assert "".join(called) == "cab" + "abc" + "bca"
    assert {name: len(taken) for name, taken in found.items()} == {"a": 2, "b": 2, "c": 2}


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    found = {decoding.DICTS: [1.0, 2.0, 10.0], "x": [3.0, 2.0, 20.0]}
    assert decoding.ratio(found, "x") == 2.0


def test_only_the_last_row_is_damaged() -> None:
    rows = events("heavy", 3)
    for changed in (decoding.damaged(rows), decoding.damaged(rows, row=True)):
        assert changed[:2] == rows[:2]
        assert changed[2] != rows[2]


def test_rows_carry_the_targets_and_the_names_of_peers(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {
        "ours": {kind: {decoding.DICTS: [1.0], decoding.TYPED: [0.5]} for kind in decoding.KINDS},
        "peers": {kind: {decoding.DICTS: [1.0], "dicts by json": [2.0]} for kind in decoding.KINDS},
    }
    told["peers"]["missing"] = {}
    monkeypatch.setattr(decoding, "told", lambda side, rounds: told[side])
    heavy = [row for row in decoding.measure(1.0) if "heavy" in row.group]
    assert [(row.what, row.peer, row.value, row.bound) for row in heavy] == [
        ("a page", decoding.DICTS, 1000.0, None),
        ("typed models", "", 0.5, 0.85),
        ("dicts", "json", 2.0, None),
    ]
