"""What follows from an answer: what is noted, what is sent again and when, and when a webhook is given up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from theirstack_async.replay import Resent
from theirstack_async.replay._lane import Decision, Lane
from theirstack_async.replay._provider import Verdict
from theirstack_async.replay._steps import Answered, Doubtful, PutBack


def lane(count: int = 10, batch_size: int = 4) -> Lane:
    return Lane("hook", range(100, 100 + count), batch_size)


def decide(one: Lane, part: tuple[int, ...], verdict: Verdict, **how: Any) -> Decision:
    """Decide on a call whose ids are named after their positions."""
    return one.decide(7, part, [f"id{at}" for at in part], Resent(verdict=verdict, **{"reason": "why", **how}))


def answered(one: Lane, part: tuple[int, ...], taken: Mapping[str, str | None], refused: Mapping[str, str]) -> Decision:
    return decide(one, part, "answered", accepted=taken, rejected=refused, reason="")


def test_batches_come_in_order() -> None:
    one = lane(6)
    assert (one.waiting, one.size, one.take(4)) == (6, 4, (100, 101, 102, 103))
    assert (one.waiting, one.size, one.take(4)) == (2, 2, (104, 105))
    assert (one.waiting, one.size, one.take(4)) == (0, 0, ())


def test_there_may_be_room_for_a_part_of_a_batch() -> None:
    one = lane(6)
    assert [one.take(3), one.take(3)] == [(100, 101, 102), (103, 104, 105)]


def test_what_is_put_back_comes_first_and_in_order() -> None:
    one = lane(6)
    one.take(4)
    one.put_back((100, 101), (102, 103))
    assert (one.waiting, one.size) == (6, 2)
    assert [one.take(1), one.take(4), one.take(4), one.take(4)] == [(100,), (101,), (102, 103), (104, 105)]


def test_each_id_of_an_answer_is_noted() -> None:
    decision = answered(lane(), (3, 4, 5), {"id3": "h", "id5": None}, {"id4": "gone"})
    assert decision == Decision(Answered(batch=7, accepted={3: "h", 5: None}, rejected={4: "gone"}))


def test_ids_that_were_not_sent_are_not_noted_and_one_in_both_lists_was_accepted() -> None:
    decision = answered(lane(), (3,), {"id3": None, "id9": None}, {"id3": "gone", "id8": "gone"})
    assert decision.step == Answered(batch=7, accepted={3: None}, rejected={})


@pytest.mark.parametrize(
    ("part", "halves"), [((1, 2), ((1,), (2,))), ((1, 2, 3), ((1,), (2, 3))), ((1, 2, 3, 4), ((1, 2), (3, 4)))]
)
def test_a_refused_call_is_halved(part: tuple[int, ...], halves: tuple[tuple[int, ...], ...]) -> None:
    assert decide(lane(), part, "refused") == Decision(PutBack(batch=7, reason="why"), again=halves)


def test_a_refused_call_with_one_id_refuses_the_id() -> None:
    step = Answered(batch=7, accepted={}, rejected={1: "why"})
    assert decide(lane(), (1,), "refused") == Decision(step)


@pytest.mark.parametrize("verdict", ["throttled", "unsent"])
def test_what_was_not_done_is_sent_again(verdict: Verdict) -> None:
    decision = decide(lane(), (1, 2), verdict)
    assert (decision.step, decision.again, decision.stop) == (PutBack(batch=7, reason="why"), ((1, 2),), None)


def test_throttling_without_a_time_waits_longer_and_longer_until_a_call_is_taken() -> None:
    one = lane()
    assert [decide(one, (1,), "throttled").pause for _ in range(4)] == [10, 20, 40, 60]
    answered(one, (1,), {"id1": None}, {})
    assert [decide(one, (1,), "throttled").pause for _ in range(2)] == [10, 20]
    decide(one, (1, 2), "refused")
    assert decide(one, (1,), "throttled").pause == 10


@pytest.mark.parametrize(("told", "seconds"), [(0.0, 1.0), (1.5, 1.5), (300.0, 300.0)])
def test_throttling_with_a_time_waits_for_that_and_a_second_at_least(told: float, seconds: float) -> None:
    assert decide(lane(), (1,), "throttled", retry_after=told).pause == seconds


def test_an_unknown_outcome_is_noted_and_nothing_is_sent_again() -> None:
    decision = decide(lane(), (1, 2), "unknown")
    assert decision == Decision(Doubtful(batch=7, reason="why"), pause=1.0)


@pytest.mark.parametrize("verdict", ["unknown", "unsent"])
def test_ten_unclear_calls_in_a_row_end_the_webhook(verdict: Verdict) -> None:
    one = lane()
    decisions = [decide(one, (1,), verdict) for _ in range(10)]
    assert [each.pause for each in decisions] == [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]
    assert [each.stop for each in decisions] == [None] * 9 + ["webhook"]
    assert decisions[-1].reason == "10 calls in a row had no clear answer; the last one: why"


def test_ten_answers_that_tell_of_none_of_their_ids_end_the_webhook() -> None:
    one = lane()
    decisions = [answered(one, (1, 2), {"id9": None}, {}) for _ in range(10)]
    assert decisions[0] == Decision(Answered(batch=7, accepted={}, rejected={}), pause=1.0)
    assert [each.stop for each in decisions] == [None] * 9 + ["webhook"]
    assert decisions[-1].reason == (
        "10 calls in a row had no clear answer; the last one: it told of none of its events"
    )


@pytest.mark.parametrize(
    "clear",
    [{"verdict": "refused"}, {"verdict": "answered", "accepted": {"id1": None}},
     {"verdict": "answered", "rejected": {"id1": "no"}}],
)  # fmt: skip
def test_a_clear_answer_ends_the_row(clear: dict[str, Any]) -> None:
    one = lane()
    for _ in range(9):
        decide(one, (1,), "unknown")
    decide(one, (1, 2), **clear)
    assert decide(one, (1,), "unknown") == Decision(Doubtful(batch=7, reason="why"), pause=1.0)


@pytest.mark.parametrize(("batch_size", "most"), [(1, 25), (10, 30)])
def test_refusals_of_three_batches_and_nothing_taken_end_the_webhook(batch_size: int, most: int) -> None:
    one = lane(batch_size=batch_size)
    decisions = [decide(one, (1,), "refused") for _ in range(most)]
    assert [each.stop for each in decisions] == [None] * (most - 1) + ["webhook"]
    assert decisions[-1].reason == f"{most} events in a row were refused, and none accepted; the last one: why"


def test_refusals_in_answers_count_too() -> None:
    part = tuple(range(25))
    decision = answered(lane(batch_size=1), part, {}, {f"id{at}": "no" for at in part})
    assert decision.stop == "webhook"
    assert decision.reason == "25 events in a row were refused, and none accepted; the last one: no"


def test_refusals_of_several_answers_add_up() -> None:
    one, part = lane(batch_size=1), tuple(range(13))
    stops = [answered(one, part, {}, {f"id{at}": "no" for at in part}).stop for _ in range(2)]
    assert stops == [None, "webhook"]


def test_one_that_is_taken_ends_the_row_of_refusals() -> None:
    one = lane(batch_size=1)
    for _ in range(24):
        decide(one, (1,), "refused")
    answered(one, (1, 2), {"id1": None}, {"id2": "no"})
    assert decide(one, (1,), "refused").stop is None


@pytest.mark.parametrize(("verdict", "stop"), [("closed", "webhook"), ("over", "run")])
def test_what_will_not_be_done_ends_it(verdict: Verdict, stop: str) -> None:
    decision = decide(lane(), (1, 2), verdict)
    assert decision.step == PutBack(batch=7, reason="why")
    assert (decision.again, decision.stop, decision.reason) == (((1, 2),), stop, "why")
