"""The rate windows: slots from grant to reply, waits that end when they can, and a document that is only JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.engine._windows import PAIR, SILENT, known, take, told, use
from theirstack_async._engine.windows import Wait, forecast, release, settle, state


def test_without_windows_everything_is_granted() -> None:
    doc: dict[str, Any] = {}
    assert [take(doc, 0.0, str(n)) for n in range(100)] == [None] * 100
    assert forecast(doc, 0.0, 100) is None
    assert state(doc, 0.0) == SILENT


def test_an_empty_document_stays_empty_where_nothing_is_to_be_noted() -> None:
    doc: dict[str, Any] = {}
    settle(doc, 1.0, "lost", None)
    release(doc, "never")
    assert forecast(doc, 0.0, 5) is None
    assert state(doc, 0.0) == SILENT
    assert doc == {}


def test_a_slot_is_free_again_a_length_after_its_reply_was_received() -> None:
    doc = known(("second", 1, 1))
    assert take(doc, 10.0, "a") is None
    settle(doc, 13.0, "a", None)
    assert take(doc, 13.25, "b") == Wait(0.75, "second", 0.75)
    assert take(doc, 14.0, "b") is None


@pytest.mark.parametrize(("length", "poll"), [(1.0, 1.0), (60.0, 1.0), (0.25, 0.25), (0.0001, 0.001)])
def test_slots_in_flight_are_polled(length: float, poll: float) -> None:
    """Nothing is missed: a reply that comes meanwhile frees its slot a length later."""
    doc = known(("x", 2, length))
    assert take(doc, 5.0, "a") is take(doc, 5.0, "b") is None
    assert take(doc, 9.0, "c") == Wait(poll, "x", max(length, 0.001))


@pytest.mark.parametrize("end", ["release", "refused"])
def test_what_was_never_sent_or_was_refused_frees_its_slot_at_once(end: str) -> None:
    doc = known(("x", 1, 60))
    assert take(doc, 5.0, "a") is None
    if end == "release":
        release(doc, "a")
        release(doc, "a")
    else:
        settle(doc, 6.0, "a", None, counted=False)
    assert take(doc, 6.0, "b") is None


def test_a_ticket_whose_lease_is_over_counts_as_answered_then() -> None:
    doc = known(("x", 2, 10))
    assert take(doc, 0.0, "dead", lease=5.0) is None
    assert take(doc, 6.0, "a") is None
    settle(doc, 7.0, "a", None)
    assert forecast(doc, 8.0, 0) == Wait(7.0, "x", 7.0)
    assert take(doc, 8.0, "b") == Wait(7.0, "x", 7.0)
    settle(doc, 8.5, "dead", None)  # too late to count once more
    assert take(doc, 15.0, "b") is None
    assert take(doc, 15.5, "c") == Wait(1.5, "x", 1.5)


def test_the_window_that_holds_longest_is_the_one_to_wait_for() -> None:
    doc = known(*PAIR)
    use(doc, 0.0, 1.0, 1.5)
    assert take(doc, 1.75, "a") == Wait(58.25, "minute", 58.25)
    assert take(doc, 60.0, "a") is None


def test_asking_and_settling_twice_do_no_harm() -> None:
    """A cancelled caller cannot know whether its change was made."""
    doc = known(("x", 2, 10))
    assert [take(doc, 0.0, ticket) for ticket in "abab"] == [None] * 4
    release(doc, "b")
    settle(doc, 2.0, "a", None)
    settle(doc, 3.0, "a", None)
    assert take(doc, 4.0, "b") is None
    assert take(doc, 4.0, "c") == Wait(8.0, "x", 8.0)


def test_a_clock_set_back_makes_nobody_wait_longer_than_the_window() -> None:
    doc = known(("x", 3, 60))
    use(doc, 990.0, 1000.0)
    assert take(doc, 1000.0, "dead", lease=20.0) is None
    assert state(doc, 100.0) == told(("x", 3, 60, 0, 60))
    assert take(doc, 100.0, "a") == Wait(60.0, "x", 60.0)
    assert take(doc, 159.0, "a") == Wait(1.0, "x", 1.0)
    assert [take(doc, 160.0, ticket) for ticket in "abc"] == [None, None, Wait(20.0, "x", 20.0)], (
        "its lease ended at 120"
    )


def test_an_answer_after_the_clock_was_set_back_is_compared_with_own_use_all_the_same() -> None:
    doc = known(("x", 2, 10))
    use(doc, 1000.0)
    assert take(doc, 1000.0, "a") is None
    assert forecast(doc, 100.0, 0) == Wait(10.0, "x", 10.0)
    settle(doc, 100.5, "a", told(("x", 2, 10, 0, 10)))
    assert take(doc, 100.5, "b") == Wait(9.5, "x", 9.5)


@pytest.mark.parametrize("length", [10, 0.5])
def test_the_document_stays_small_and_errs_on_the_safe_side(length: float) -> None:
    """Of more than 512 replies some count as received when the next one was: a little later, never earlier."""
    doc = known(("x", 100_000, length))
    times = [n / 250 for n in range(4000)]
    use(doc, *(time for time in times for _ in range(2)))
    assert len(doc["times"]) == len(doc["sums"]) <= 512
    for n in range(101):
        now = 16 + length * n / 100
        counted = 100_000 - remaining(doc, now)
        assert 2 * sum(time > now - length for time in times) <= counted
        assert counted <= 2 * sum(time > now - 1.05 * length for time in times)


def test_up_to_448_replies_within_a_window_are_counted_one_by_one() -> None:
    """Replies that are past are dropped before any others are merged."""
    doc = known(("x", 10_000, 1))
    times = [n / 400 for n in range(4000)]
    use(doc, *times)
    assert len(doc["times"]) <= 512
    for n in range(400):
        now = 10 + (n + 0.5) / 400
        assert 10_000 - remaining(doc, now) == sum(time > now - 1 for time in times[-400:])


def remaining(doc: dict[str, Any], now: float) -> int:
    left = state(doc, now).windows[0].remaining
    assert left is not None
    return left


def test_the_document_is_plain_json() -> None:
    doc = known(*PAIR)
    use(doc, 0.0, 0.5)
    take(doc, 1.0, "a")
    settle(doc, 1.0, "?", told(("second", 2, 1, 0, 1)), counted=False)
    settle(doc, 1.0, "?", None, counted=False, retry_after=3)
    assert json.loads(json.dumps(doc, allow_nan=False)) == doc


@pytest.mark.parametrize(
    ("ahead", "seconds", "reset"),
    [
        (0, 7.0, 7.0),  # own, from 0.0
        (1, 8.0, 7.0),  # own, from 1.0
        (2, 9.0, 7.0),  # others', told at 2.0 to go in 10 s
        (3, 10.0, 7.0),  # in flight, answered now at the earliest
        (4, 17.0, 7.0),
        (7, 20.0, 7.0),
        (43, 110.0, 7.0),
    ],
)
def test_a_forecast_is_when_the_slot_for_ones_place_in_line_is_free(ahead: int, seconds: float, reset: float) -> None:
    doc = known(("x", 4, 10), ("wide", 100, 1))
    use(doc, 0.0, 1.0)
    assert take(doc, 2.0, "a") is None
    settle(doc, 2.0, "?", told(("x", 4, 10, 0, 10), ("wide", 100, 1, 100, 0)))
    assert forecast(doc, 3.0, ahead) == Wait(seconds, "x", reset)


def test_a_forecast_of_the_free_slots_is_none_and_the_worst_window_counts() -> None:
    doc = known(("x", 3, 10), ("y", 2, 60))
    use(doc, 0.0)
    assert [forecast(doc, 4.0, ahead) for ahead in range(4)] == [
        None,
        Wait(56.0, "y", 0.0),
        Wait(60.0, "y", 0.0),
        Wait(116.0, "y", 0.0),
    ]


def test_the_state_is_what_is_left_and_when_there_is_more() -> None:
    doc = known(*PAIR)
    assert state(doc, 0.0) == told(("second", 2, 1, 2, 0), ("minute", 3, 60, 3, 0))
    use(doc, 0.0)
    take(doc, 0.5, "a")
    before = json.dumps(doc)
    assert state(doc, 0.75) == told(("second", 2, 1, 0, 0.25), ("minute", 3, 60, 1, 60))
    assert state(doc, 1.0) == told(("second", 2, 1, 1, 1), ("minute", 3, 60, 1, 60))
    assert json.dumps(doc) == before
