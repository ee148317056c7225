"""What the steps of a journal say of each event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.replay._looking import CLOCK_START, CREATED, PLANNED, entry, plan_of
from theirstack_async.errors import JournalError
from theirstack_async.replay import ReplayRow, ReplayState
from theirstack_async.replay._report_rows import Fold
from theirstack_async.replay._steps import (
    Answered,
    Doubtful,
    Excluded,
    Intended,
    PutBack,
    Reconciled,
    Resumed,
    Seen,
    Sight,
    Step,
    Stopped,
)

S = ReplayState
BEGUN = Intended(batch=1, positions=(0, 1), at=CLOCK_START)


def rows(*steps: Step, entries: tuple[Any, ...] = (entry(1), entry(2))) -> tuple[ReplayRow, ...]:
    """Return the rows after these steps."""
    fold = Fold(plan_of(*entries))
    for step in steps:
        fold.take(step)
    return fold.rows()


def said(*steps: Step) -> list[tuple[str, str | None]]:
    """Return the state of each event after these steps, and the reason."""
    return [(row.state.value, row.reason) for row in rows(*steps)]


def seen(**sight: Any) -> Seen:
    """Return a look at the first event."""
    return Seen(sights={0: Sight(**sight)}, at=CLOCK_START + 9)


ACCEPTED = Answered(batch=1, accepted={0: "h", 1: None}, rejected={})


def test_a_row_before_anything_happened() -> None:
    assert rows(Resumed(at=1.0), entries=(entry("a", webhook_id="w", type="x"),)) == (
        ReplayRow(
            id="a", webhook_id="w", type="x", created_at=CREATED, state=S.PLANNED, batch=None, sends=0, reason=None,
            handle=None, word=None, response_status=None, response=None, seen_at=None,
        ),
    )  # fmt: skip


def test_a_row_of_what_was_looked_at() -> None:
    sight = seen(state=S.FAILED_AGAIN, word="FAILED", response_status=503, response="closed")
    assert rows(BEGUN, ACCEPTED, sight)[0] == ReplayRow(
        id=1, webhook_id=7, type="job.new", created_at=CREATED, state=S.FAILED_AGAIN, batch=1, sends=1,
        reason="the API says FAILED; the receiver answered 503", handle="h", word="FAILED", response_status=503,
        response="closed", seen_at=datetime.fromtimestamp(CLOCK_START + 9, UTC),
    )  # fmt: skip


def test_there_is_a_row_for_each_entry_in_the_plans_order() -> None:
    entries = (entry(5, webhook_id=8), entry(3, created_at=PLANNED), entry(4, created_at=CREATED - timedelta(1)))
    assert [row.id for row in rows(Intended(batch=1, positions=(2, 1), at=1.0), entries=entries)] == [5, 3, 4]


def test_what_is_excluded_says_why() -> None:
    found = rows(Excluded(positions=(1,), reason="SUCCESS by now"), entries=(entry(1, excluded="vetoed"), entry(2)))
    assert [(row.state, row.reason) for row in found] == [(S.EXCLUDED, "vetoed"), (S.EXCLUDED, "SUCCESS by now")]


def test_what_was_begun_says_that_no_answer_is_noted() -> None:
    assert said(BEGUN)[0] == ("intended", "its call was begun, and no answer is noted")


def test_an_answer_says_what_became_of_each() -> None:
    step = Answered(batch=1, accepted={0: "h"}, rejected={1: "not found"})
    assert said(BEGUN, step) == [("accepted", None), ("rejected", "not found")]
    assert [row.handle for row in rows(BEGUN, step)] == ["h", None]


def test_what_an_answer_does_not_name_is_unknown() -> None:
    assert said(BEGUN, Answered(batch=1, accepted={1: None}, rejected={})) == [
        ("unknown", "the API took the call, and its answer does not name this event"),
        ("accepted", None),
    ]


def test_what_was_put_back_says_why_until_it_is_sent_again() -> None:
    put_back = PutBack(batch=1, reason="too fast")
    assert said(BEGUN, put_back) == [("planned", "too fast")] * 2
    again = Intended(batch=2, positions=(1,), at=CLOCK_START)
    assert said(BEGUN, put_back, again, Answered(batch=2, accepted={1: None}, rejected={})) == [
        ("planned", "too fast"),
        ("accepted", None),
    ]
    assert [(row.batch, row.sends) for row in rows(BEGUN, put_back, again)] == [(1, 1), (2, 2)]


def test_what_is_left_of_a_stopped_webhook_says_why() -> None:
    put_back, stopped = PutBack(batch=1, reason="too fast"), Stopped(webhook_id=7, reason="it keeps failing")
    every, resumed = Stopped(webhook_id=None, reason="the key is refused"), Resumed(at=CLOCK_START)
    assert said(BEGUN, put_back, stopped)[0] == ("planned", "it keeps failing")
    assert said(BEGUN, put_back, every)[0] == ("planned", "the key is refused")
    assert said(BEGUN, put_back, stopped, every)[0] == ("planned", "it keeps failing")
    assert said(BEGUN, put_back, stopped, every, resumed)[0] == ("planned", "too fast")


def test_a_stop_is_no_reason_for_what_was_sent() -> None:
    stopped = Stopped(webhook_id=7, reason="it keeps failing")
    assert said(BEGUN, ACCEPTED, stopped)[0] == ("accepted", None)


DOUBT = Doubtful(batch=1, reason="timed out")


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        (S.ACCEPTED, ("accepted", None)),
        (S.PLANNED, ("planned", "to be sent again, for nobody knows whether it was: timed out")),
        (S.UNKNOWN, ("unknown", "timed out; looked for, and no sign of it")),
    ],
)
def test_what_is_unknown_says_why_and_what_came_of_a_look(to: Any, expected: tuple[str, str | None]) -> None:
    assert said(BEGUN, DOUBT, Reconciled(positions=(0,), to=to)) == [expected, ("unknown", "timed out")]


def test_what_is_sent_again_begins_anew() -> None:
    """The name of an earlier delivery, and what was seen of it, are of that delivery."""
    again = Intended(batch=2, positions=(0,), at=CLOCK_START + 99)
    found = rows(BEGUN, DOUBT, Reconciled(positions=(0, 1), to=S.PLANNED), again)[0]
    assert (found.state, found.batch, found.sends, found.handle, found.reason) == (
        S.INTENDED, 2, 2, None, "its call was begun, and no answer is noted",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sight", "reason"),
    [
        ({"state": S.DELIVERED, "word": "SUCCESS", "response_status": 200}, None),
        ({"state": S.PENDING, "word": "FAILED"}, "the API still says FAILED"),
        ({"state": S.FAILED_AGAIN, "word": "NOT_TRIGGERED"}, "the API says NOT_TRIGGERED"),
        ({"state": S.MISSING}, "not in the API's list"),
    ],
)
def test_what_was_seen_says_so(sight: dict[str, Any], reason: str | None) -> None:
    row = rows(BEGUN, ACCEPTED, seen(**sight))[0]
    assert (row.state, row.reason, row.word) == (sight["state"], reason, sight.get("word"))
    assert row.handle == "h"
    assert row.seen_at is not None


def test_a_later_look_replaces_an_earlier_one() -> None:
    early = Seen(sights={0: Sight(state=S.FAILED_AGAIN, word="FAILED", response="no")}, at=CLOCK_START)
    row = rows(BEGUN, ACCEPTED, early, seen(state=S.DELIVERED, word="SUCCESS"))[0]
    assert (row.state, row.word, row.response) == (S.DELIVERED, "SUCCESS", None)
    assert row.seen_at == datetime.fromtimestamp(CLOCK_START + 9, UTC)


def test_a_step_that_cannot_be_is_refused() -> None:
    with pytest.raises(JournalError, match="was never begun"):
        rows(PutBack(batch=9, reason="too fast"))
