"""What rate windows learn from answers: policies, what others use, probes of empty windows, and refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.engine._windows import PAIR, SILENT, known, take, told, use
from theirstack_async._engine.windows import BLOCKED, Wait, forecast, release, reserve, settle, state

ASSUMED = (("per-second", 2, 1.0),)


def test_assumed_windows_hold_until_an_answer_tells_better() -> None:
    doc: dict[str, Any] = {}
    assert [reserve(doc, 0.0, t, lease=9.0, assumed=ASSUMED) for t in "abc"] == [None, None, Wait(1.0, "per-second", 1)]
    settle(doc, 1.0, "a", None)  # no answer
    assert reserve(doc, 1.5, "c", lease=9.0, assumed=ASSUMED) == Wait(0.5, "per-second", 0.5)
    settle(doc, 1.5, "b", told(("other", 9, 1, 8, 1)))
    assert [window.name for window in state(doc, 1.5).windows] == ["other"]
    assert [reserve(doc, 1.5, t, lease=9.0, assumed=ASSUMED) for t in "cde"] == [None] * 3


def test_an_answer_without_rate_headers_drops_the_assumption_but_not_what_was_told() -> None:
    doc: dict[str, Any] = {}
    reserve(doc, 0.0, "a", lease=9.0, assumed=ASSUMED)
    settle(doc, 0.5, "a", SILENT)
    assert [reserve(doc, 0.5, t, lease=9.0, assumed=ASSUMED) for t in "bcd"] == [None] * 3
    settle(doc, 0.5, "b", told(("x", 1, 9, 0, 9)))
    settle(doc, 0.5, "c", SILENT)
    assert take(doc, 0.5, "e") == Wait(1.0, "x", 9.0)


def test_a_policy_replaces_the_windows_and_bare_numbers_add_to_them() -> None:
    """The tier changes with the first payment."""
    doc = known(*PAIR)
    use(doc, 1.0, 1.0)
    settle(doc, 1.0, "?", told(("second", None, None, 0, 1), ("day", 400, None, 399, 86400)))
    assert [(w.name, w.quota, w.window) for w in state(doc, 1.0).windows] == [
        *PAIR,
        ("day", 400, 86400),
    ]
    settle(doc, 1.0, "?", told(("second", 4, 1, 2, 1)))
    assert state(doc, 1.0) == told(("second", 4, 1, 2, 1))


def test_without_a_policy_a_window_is_as_long_as_the_longest_reset_seen() -> None:
    doc: dict[str, Any] = {}
    for reset, length in [(None, None), (0, None), (20, 20), (30, 30), (10, 30)]:
        settle(doc, 0.0, "?", told(("0", 5, None, 5, reset)))
        assert [window.window for window in state(doc, 0.0).windows] == ([] if length is None else [length])
    settle(doc, 0.0, "?", told(("0", 5, 60, 5, 1)))
    settle(doc, 0.0, "?", told(("0", 5, None, 5, 90)))
    assert state(doc, 0.0).windows[0].window == 60, "what a policy told is certain"


def test_others_use_shuts_a_window_until_its_reset_and_then_one_goes_first() -> None:
    doc: dict[str, Any] = {}
    assert take(doc, 0.0, "a") is None
    settle(doc, 0.0, "a", told(("x", 10, 60, 1, 20)))  # 8 used by others
    assert take(doc, 5.0, "b") is None
    assert take(doc, 5.0, "c") == Wait(15.0, "x", 15.0)
    settle(doc, 6.0, "b", told(("x", 10, 60, 0, 14)))
    assert take(doc, 19.0, "c") == Wait(1.0, "x", 1.0)
    assert take(doc, 20.0, "c") is None, "the probe"
    assert take(doc, 20.0, "d") == Wait(0.1, "x", 0.1, probing=True)
    settle(doc, 21.0, "c", told(("x", 10, 60, 3, 40)))
    assert [take(doc, 21.0, ticket) for ticket in "defg"] == [None, None, None, Wait(39.0, "x", 39.0)]


@pytest.mark.parametrize("end", ["release", "lost", "lease", "gone", "refused"])
def test_the_next_probe_goes_when_the_first_has_brought_nothing(end: str) -> None:
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "?", told(("x", 10, 60, 0, 20)))
    assert take(doc, 20.0, "a", lease=30.0) is None
    assert take(doc, 49.0, "b") == Wait(0.1, "x", 0.1, probing=True)
    if end == "release":
        release(doc, "a")
        assert take(doc, 49.0, "b") is None
    elif end == "lost":
        settle(doc, 49.0, "a", None)
        assert take(doc, 49.0, "b") is None
    elif end == "lease":
        assert take(doc, 50.0, "b") is None
    elif end == "gone":
        # By 60 all use is past that was told at 0; the window is trusted without an answer a reset later.
        assert take(doc, 51.0, "b") is None
        assert take(doc, 79.9, "c") == Wait(0.1, "x", 0.1, probing=True)
        assert [take(doc, 80.0, ticket) for ticket in "cd"] == [None] * 2
    else:
        settle(doc, 49.0, "a", told(("x", 10, 60, 0, 5)), counted=False)
        assert take(doc, 49.0, "b") == Wait(5.0, "x", 5.0)
        assert take(doc, 54.0, "b") is None
    if end != "gone":
        assert take(doc, 54.5, "c") == Wait(0.1, "x", 0.1, probing=True)


def test_a_probe_of_one_window_still_waits_for_the_others() -> None:
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "?", told(("x", 10, 60, 0, 20), ("y", 10, 60, 0, 40)))
    assert take(doc, 30.0, "a") == Wait(10.0, "y", 10.0)
    assert take(doc, 40.0, "b") is None
    assert take(doc, 40.0, "a") == Wait(0.1, "x", 0.1, probing=True)


def test_own_slots_that_free_sooner_are_not_waited_for_until_the_reset() -> None:
    doc = known(("x", 4, 60))
    use(doc, 0.0, 10.0, 20.0)
    settle(doc, 30.0, "?", told(("x", 4, 60, 0, 50)))  # one by others, and room in 50 s
    assert take(doc, 30.0, "a") == Wait(30.0, "x", 30.0)
    assert take(doc, 60.0, "a") is None
    assert take(doc, 60.0, "b") == Wait(10.0, "x", 10.0)


def test_others_use_is_forgotten_a_length_after_it_was_told() -> None:
    doc = known(("x", 4, 10))
    settle(doc, 0.0, "?", told(("x", 4, 10, 1, None)))
    assert take(doc, 0.0, "a") is None
    assert take(doc, 9.0, "b") == Wait(1.0, "x", 1.0)
    assert [take(doc, 10.0, ticket) for ticket in "bcde"] == [None, None, None, Wait(1.0, "x", 10.0)]


def test_own_use_alone_makes_no_probe() -> None:
    """What the server counted is held against what was own use when the request was sent, or replies that overtake
    each other would look like somebody else's use.
    """
    doc = known(("x", 2, 10))
    use(doc, 0.0)
    assert take(doc, 9.5, "a") is None  # counted by the server at 9.75, say, when the first still was
    assert take(doc, 10.5, "b") is None
    release(doc, "b")
    settle(doc, 11.0, "a", told(("x", 2, 10, 0, 1)))
    assert take(doc, 11.0, "b") is None
    assert take(doc, 11.0, "c") == Wait(10.0, "x", 10.0)


def test_a_refusal_shuts_the_window_until_the_reset() -> None:
    doc = known(("x", 4, 60))
    assert take(doc, 0.0, "a") is None
    settle(doc, 1.0, "a", told(("x", 4, 60, 0, 7)), counted=False, retry_after=30.0)
    assert take(doc, 1.0, "a") == Wait(7.0, "x", 7.0)
    assert take(doc, 8.0, "a") is None
    assert take(doc, 8.0, "b") == Wait(0.1, "x", 0.1, probing=True)


@pytest.mark.parametrize(("reset", "wait"), [(0, 0.05), (None, 60.0), (90, 60.0), (-5, 60.0)])
def test_an_empty_window_waits_at_least_a_little_and_at_most_its_length(reset: float | None, wait: float) -> None:
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "?", told(("x", 4, 60, 0, reset)))
    assert take(doc, 0.0, "a") == Wait(wait, "x", wait)


@pytest.mark.parametrize("quota", [0, None])
def test_a_window_without_a_quota_holds_back_only_while_it_is_told_to_be_empty(quota: int | None) -> None:
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "?", told(("x", quota, None, 3, 20)))
    assert [take(doc, 0.0, str(n)) for n in range(50)] == [None] * 50
    assert state(doc, 0.0) == told(("x", None, 20, None, 0))
    settle(doc, 0.0, "0", told(("x", quota, None, 0, 8)))
    assert state(doc, 1.0) == told(("x", None, 20, 0, 7))
    assert take(doc, 1.0, "a") == forecast(doc, 1.0, 99) == Wait(7.0, "x", 7.0)
    assert take(doc, 8.0, "a") is None
    assert take(doc, 8.0, "b") == Wait(0.1, "x", 0.1, probing=True)
    assert state(doc, 8.5) == told(("x", None, 20, 0, 0))
    settle(doc, 9.0, "a", told(("x", quota, None, 1, 8)))
    assert take(doc, 9.0, "b") is None


def test_a_bare_retry_after_holds_everything_back_and_then_lets_one_probe() -> None:
    doc: dict[str, Any] = {}
    reserve(doc, 0.0, "early", lease=300.0, assumed=ASSUMED)
    reserve(doc, 0.0, "a", lease=300.0, assumed=ASSUMED)
    settle(doc, 1.0, "a", SILENT, counted=False, retry_after=20.0)
    assert take(doc, 1.0, "b") == forecast(doc, 1.0, 9) == Wait(20.0, BLOCKED, 20.0)
    assert state(doc, 2.0) == told((BLOCKED, None, 20, 0, 19))
    settle(doc, 2.0, "early", told(("x", 9, 1, 8, 1)))  # sent before, so it proves nothing
    assert take(doc, 2.0, "b") == Wait(19.0, BLOCKED, 19.0)
    assert take(doc, 21.0, "b") is None
    assert take(doc, 21.0, "c") == Wait(0.1, BLOCKED, 0.1, probing=True)
    settle(doc, 22.0, "b", told(("x", 9, 1, 8, 1)))
    assert [window.name for window in state(doc, 22.0).windows] == ["x"]


def test_a_bare_retry_after_is_forgotten_in_the_end() -> None:
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "a", None, counted=False, retry_after=20.0)
    assert take(doc, 39.0, "b") is None
    assert take(doc, 39.0, "c") is not None
    assert take(doc, 40.0, "c") is None
    assert state(doc, 40.0) == SILENT


@pytest.mark.parametrize("seconds", [None, 0.0, -1.0, float("nan")])
@pytest.mark.parametrize("counted", [False, True])
def test_a_retry_after_of_nothing_blocks_nothing(seconds: float | None, counted: bool) -> None:
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "a", SILENT, counted=counted, retry_after=seconds)
    assert take(doc, 0.0, "b") is None


def test_a_retry_after_of_a_counted_answer_blocks_nothing() -> None:
    """A 503 speaks of its own endpoint."""
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "a", SILENT, retry_after=20.0)
    assert take(doc, 0.0, "b") is None


def test_a_clock_set_back_leaves_no_window_shut_for_longer_than_was_told() -> None:
    doc: dict[str, Any] = {}
    settle(doc, 1000.0, "?", told(("x", 3, 60, 0, 30)))
    assert take(doc, 100.0, "a") == Wait(30.0, "x", 30.0)
    assert take(doc, 130.0, "a") is None


def test_a_window_of_which_an_answer_tells_only_the_policy_keeps_its_count() -> None:
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "?", told(("x", 3, 60, 0, 30)))
    settle(doc, 10.0, "?", told(("x", 3, 60, None, 50)))
    assert take(doc, 10.0, "a") == Wait(20.0, "x", 20.0)


def test_a_server_that_names_its_windows_anew_each_time_fills_no_memory() -> None:
    doc: dict[str, Any] = {}
    for n in range(100):
        settle(doc, 0.0, "?", told((str(n), 5, None, 5, 10)))
    settle(doc, 0.0, "?", told(("3", 5, None, 2, 10)))
    assert len(doc["windows"]) == 32
    assert {window.name: window.remaining for window in state(doc, 0.0).windows}["3"] == 2


def test_a_refusal_is_judged_by_present_use() -> None:
    """An own slot that was free in the meantime cannot be what filled the window."""
    doc = known(("x", 2, 10))
    use(doc, 0.0)
    assert take(doc, 9.5, "a") is None
    settle(doc, 11.0, "a", told(("x", 2, 10, 0, 5)), counted=False)
    assert take(doc, 11.0, "a") == Wait(5.0, "x", 5.0)


@pytest.mark.parametrize("counted", [False, True])
def test_only_an_answer_that_counted_lifts_a_bare_retry_after(counted: bool) -> None:
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "?", None, counted=False, retry_after=20.0)
    assert take(doc, 20.0, "a") is None
    settle(doc, 21.0, "a", None if counted else SILENT, counted=counted)
    assert take(doc, 21.0, "b") is None
    assert take(doc, 21.0, "c") == Wait(0.1, BLOCKED, 0.1, probing=True)


def test_a_forecast_and_the_state_follow_what_others_are_known_to_have_used() -> None:
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "?", told(("x", 2, 10, 0, 4)))
    assert forecast(doc, 1.0, 1) == Wait(3.0, "x", 3.0)
    assert forecast(doc, 1.0, 2) == Wait(13.0, "x", 3.0)
    assert state(doc, 5.0) == told(("x", 2, 10, 0, 0))
    assert forecast(doc, 13.5, 2) == Wait(10.0, "x", 0.0)
    assert state(doc, 14.0) == told(("x", 2, 10, 2, 0))
    settle(doc, 20.0, "?", told(("x", 2, 10, 1, 9)))
    assert forecast(doc, 28.0, 1) == Wait(1.0, "x", 0.0)
    assert forecast(doc, 30.0, 1) is None


@pytest.mark.parametrize(("length", "poll"), [(0.08, 0.08), (0.00001, 0.001)])
def test_a_probe_of_a_short_window_is_asked_after_as_often_as_it_is_long(length: float, poll: float) -> None:
    """But no clock is asked to move by less than a millisecond."""
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "?", told(("x", 2, length, 0, length)))
    assert take(doc, poll, "a") is None
    assert take(doc, poll, "b") == Wait(poll, "x", poll, probing=True)
