"""What a reconciliation says about itself."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from typing import Final

import pytest

from theirstack_async.receiver import ReconcileReport
from theirstack_async.receiver._reconcile_report import total

SINCE: Final = datetime(2026, 9, 20, tzinfo=UTC)
ONE: Final = ReconcileReport(
    since=SINCE,
    listed=5_120,
    failed=1_300,
    not_triggered=3,
    known=20,
    processed=tuple(range(1_270)),
    resent=(2_000, 2_001),
    left={3_000: "no credits", 3_001: "no credits", 3_002: "no credits", 3_003: "the store failed"}
    | dict.fromkeys(range(4000, 4007), "refused"),
)
TWO: Final = ReconcileReport(since=SINCE, listed=1, failed=0, unreadable=("event 7: status: expected text",))


def test_of_one_webhook() -> None:
    assert str(total(SINCE, {7: ONE})).splitlines() == [
        "5,120 events listed; since 2026-09-20T00:00:00Z: 1,300 failed, 3 not triggered",
        "20 known already, 1,270 processed, 2 resent, 11 left",
        "  left: 3000, 3001, 3002: no credits",
        "  left: 3003: the store failed",
        "  left: 4000, 4001, 4002, 4003, 4004, 4005, 4006: refused",
    ]


def test_of_several() -> None:
    both = total(SINCE, {7: ONE, 8: TWO})
    assert (both.listed, both.failed, both.not_triggered, both.known) == (5_121, 1_300, 3, 20)
    assert (both.processed, both.resent, both.left) == (ONE.processed, ONE.resent, ONE.left)
    assert both.unreadable == TWO.unreadable
    assert both.by_webhook == {7: ONE, 8: TWO}
    assert str(both).splitlines() == [
        "5,121 events listed; since 2026-09-20T00:00:00Z: 1,300 failed, 3 not triggered",
        "20 known already, 1,270 processed, 2 resent, 11 left, 1 unreadable",
        "  webhook 7: 20 known already, 1,270 processed, 2 resent, 11 left",
        "  webhook 8: 0 known already, 0 processed, 0 resent, 0 left, 1 unreadable",
        *str(ONE).splitlines()[2:],
        "  unreadable: event 7: status: expected text",
    ]


def test_the_text_stays_short() -> None:
    """Ten ids of a reason, ten reasons, ten rows; the report itself has them all."""
    left = dict.fromkeys(range(1_000), "no credits") | {n: f"reason {n}" for n in range(1_000, 1_020)}
    unreadable = tuple(f"event {n}: bad" for n in range(11))
    lines = str(ReconcileReport(since=SINCE, left=left, unreadable=unreadable)).splitlines()
    assert lines[2] == "  left: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 990 more: no credits"
    assert lines[12] == "  and 11 more reasons"
    assert lines[22:] == ["  unreadable: event 9: bad", "  and 1 more unreadable rows"]


def test_as_data() -> None:
    data = total(SINCE, {8: TWO}).to_dict()
    each = {
        "since": "2026-09-20T00:00:00Z",
        "ok": False,
        "listed": 1,
        "failed": 0,
        "not_triggered": 0,
        "known": 0,
        "processed": [],
        "resent": [],
        "left": {},
        "unreadable": ["event 7: status: expected text"],
    }
    assert data == {**each, "by_webhook": {"8": each}}
    assert ONE.to_dict()["left"]["3003"] == "the store failed"
    assert ONE.to_dict()["processed"] == list(range(1_270))


@pytest.mark.parametrize(
    ("report", "ok"), [(ONE, False), (TWO, False), (ReconcileReport(since=SINCE, failed=1, known=1), True)]
)
def test_ok(report: ReconcileReport, ok: bool) -> None:
    assert report.ok is ok


def test_it_can_be_pickled_and_copied() -> None:
    both = total(SINCE, {7: ONE, 8: TWO})
    assert pickle.loads(pickle.dumps(both)) == copy.deepcopy(both) == copy.copy(both) == both
