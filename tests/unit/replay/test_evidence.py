"""What a look says about an event that was sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.replay._looking import PLANNED, entry, event
from theirstack_async.replay import ReplayState
from theirstack_async.replay._evidence import sight, taken
from theirstack_async.replay._steps import Sight

ENTRY = entry(1)
SENT = PLANNED.timestamp() + 3_600.0
BEFORE = datetime.fromtimestamp(SENT - 30.001, UTC)
EDGE = datetime.fromtimestamp(SENT - 30, UTC)
AFTER = datetime.fromtimestamp(SENT + 5, UTC)


def state(status: str, *, asked: tuple[str, ...] = (), **fields: Any) -> str:
    """Return what is seen in an event that is listed so."""
    return sight(ENTRY, event(ENTRY, status, **fields), SENT, asked=asked).state.value


def test_what_is_not_listed_is_missing() -> None:
    assert sight(ENTRY, None, SENT) == Sight(state=ReplayState.MISSING)


def test_delivered_is_delivered_whoever_did_it() -> None:
    """Also the API's own attempt, before the event was sent."""
    assert state("delivered") == "delivered"
    assert state("delivered", updated_at=BEFORE) == "delivered"


def test_on_its_way_is_pending_and_left_out_has_failed() -> None:
    assert state("pending", updated_at=AFTER) == "pending"
    assert state("skipped") == "failed_again"


@pytest.mark.parametrize(
    ("updated_at", "seen"),
    [(PLANNED, "pending"), (BEFORE, "pending"), (EDGE, "failed_again"), (AFTER, "failed_again")],
)
def test_a_failure_counts_when_it_was_tried_since_it_was_sent(updated_at: datetime, seen: str) -> None:
    """The clocks may differ by 30 seconds. An attempt between plan and call, by the API itself, is none of ours."""
    assert state("failed", updated_at=updated_at) == seen


def test_what_the_plan_has_seen_is_no_new_attempt_however_short_ago_it_was() -> None:
    """A plan that is run at once: its failures lie within the tolerance of the clocks."""
    just_planned = entry(1, updated_at=AFTER)
    assert sight(just_planned, event(just_planned), SENT).state is ReplayState.PENDING
    again = event(just_planned, updated_at=AFTER + timedelta(microseconds=1))
    assert sight(just_planned, again, SENT).state is ReplayState.FAILED_AGAIN


def test_a_row_that_was_added_is_a_new_attempt_if_it_came_after() -> None:
    assert state("failed", id=2, updated_at=AFTER) == "failed_again"
    assert state("failed", id=2, updated_at=PLANNED) == "pending", "a row of an earlier attempt of the same event"


def test_a_row_that_was_added_need_not_be_younger_than_what_the_plan_saw() -> None:
    """The API tries a row by itself, and adds one for the call: two clocks of its own may have stamped them."""
    just_planned = entry(1, updated_at=AFTER)
    added = event(just_planned, id=2, updated_at=EDGE)
    assert sight(just_planned, added, SENT).state is ReplayState.FAILED_AGAIN


def test_a_delivery_of_the_name_that_was_told_is_ours_whatever_the_clocks_say() -> None:
    of_ours = event(ENTRY, "failed", id=2, updated_at=BEFORE, handle="h")
    assert sight(ENTRY, of_ours, SENT, handle="h").state is ReplayState.FAILED_AGAIN
    assert sight(ENTRY, of_ours, SENT, handle="another").state is ReplayState.PENDING
    assert sight(ENTRY, of_ours, SENT).state is ReplayState.PENDING


def test_no_name_is_no_match() -> None:
    """An API that names nothing leaves both names empty."""
    assert sight(ENTRY, event(ENTRY, updated_at=BEFORE), SENT, handle=None).state is ReplayState.PENDING


def test_the_row_of_the_plan_stays_old_under_any_name() -> None:
    """An API may name a resend as the delivery before it."""
    assert sight(ENTRY, event(ENTRY, handle="h"), SENT, handle="h").state is ReplayState.PENDING


@pytest.mark.parametrize(
    ("status", "word", "later"),
    [("delivered", "success", "delivered"), ("skipped", "Not_Triggered", "failed_again")],
)
def test_what_the_plan_asked_for_counts_only_when_tried_since(status: str, word: str, later: str) -> None:
    """A plan of delivered events, or of those that the API had left out: the list shows the old state at first."""
    assert state(status, asked=(word,)) == "pending"
    assert state(status, asked=("FAILED", word)) == "pending"
    assert state(status, asked=("FAILED",)) == later
    assert state(status, asked=(word,), updated_at=AFTER) == later


def test_a_failure_that_the_plan_did_not_ask_for_may_be_old_too() -> None:
    """Events may fail between plan and call."""
    assert state("failed", asked=("NOT_TRIGGERED",), updated_at=BEFORE) == "pending"


def test_a_sight_tells_what_the_receiver_said() -> None:
    listed = event(ENTRY, updated_at=AFTER, response_status=503, response="closed")
    assert sight(ENTRY, listed, SENT) == Sight(
        state=ReplayState.FAILED_AGAIN, word="FAILED", response_status=503, response="closed"
    )


def test_a_sight_of_an_old_failure_does_not_tell_what_the_receiver_said_then() -> None:
    listed = event(ENTRY, response_status=503, response="closed")
    assert sight(ENTRY, listed, SENT) == Sight(state=ReplayState.PENDING, word="FAILED")


@pytest.mark.parametrize(
    ("status", "updated_at", "expected"),
    [
        ("delivered", PLANNED, True),
        ("pending", PLANNED, True),
        ("skipped", PLANNED, False),
        ("failed", PLANNED, False),
        ("failed", BEFORE, False),
        ("failed", EDGE, True),
        ("skipped", AFTER, True),
    ],
)
def test_a_call_of_unknown_outcome_was_taken_when_it_shows(status: str, updated_at: datetime, expected: bool) -> None:
    assert taken(ENTRY, event(ENTRY, status, updated_at=updated_at), SENT) is expected


def test_nothing_shows_in_what_is_not_listed() -> None:
    assert taken(ENTRY, None, SENT) is False


@pytest.mark.parametrize(("status", "word"), [("delivered", "SUCCESS"), ("pending", "in_progress")])
def test_what_the_plan_asked_for_is_no_sign_that_a_call_was_taken(status: str, word: str) -> None:
    assert taken(ENTRY, event(ENTRY, status), SENT, asked=(word,)) is False
    assert taken(ENTRY, event(ENTRY, status, updated_at=AFTER), SENT, asked=(word,)) is True
    assert taken(ENTRY, event(ENTRY, status), SENT, asked=("FAILED",)) is True
