"""Where each event stands, folded from steps."""

from __future__ import annotations

import math

import pytest

from tests.unit.replay._journals import NOW, accepted, entry, intended, ledger_of, plan_of, plan_of_size, standing
from theirstack_async.errors import JournalError
from theirstack_async.replay._ledger import Ledger
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import (
    Answered,
    Doubtful,
    Excluded,
    PutBack,
    Reconciled,
    Resumed,
    Seen,
    Sight,
    Stopped,
)

S = ReplayState
NONE = dict.fromkeys(S, 0)


def states(ledger: Ledger, count: int) -> list[ReplayState]:
    return [ledger.state(position) for position in range(count)]


def test_a_new_ledger_knows_what_is_planned_and_what_is_excluded() -> None:
    plan = plan_of(entry(1), entry(2, excluded="vetoed"), entry(3, "w"))
    ledger = Ledger(plan)
    assert states(ledger, 3) == [S.PLANNED, S.EXCLUDED, S.PLANNED]
    assert ledger.counts() == {**NONE, S.PLANNED: 2, S.EXCLUDED: 1}
    assert ledger.counts(1) == {**NONE, S.PLANNED: 1, S.EXCLUDED: 1}
    assert ledger.counts("w") == {**NONE, S.PLANNED: 1}
    assert [ledger.sends(0), ledger.batch(0), ledger.intended_at(0), ledger.final(0)] == [0, None, None, False]
    assert ledger.next_batch == 1
    assert dict(ledger.open_batches) == dict(ledger.stopped) == {}


def test_a_webhook_without_events_has_counts_too() -> None:
    ledger = Ledger(plan_of(entry(1), webhook_ids=(1, 2)))
    assert ledger.counts(2) == NONE
    assert list(ledger.positions(2)) == []
    assert ledger.counts(3) == NONE
    assert list(ledger.positions(3)) == []
    ledger.apply(Stopped(webhook_id=2, reason="gone"))
    assert ledger.stopped == {2: "gone"}


def test_the_counts_that_are_handed_out_are_copies() -> None:
    ledger = Ledger(plan_of_size(1))
    ledger.counts(1)[S.PLANNED] = 99
    assert ledger.counts(1)[S.PLANNED] == 1


def test_an_intent_opens_a_batch() -> None:
    step = intended(7, 0, 2, at=12.5)
    ledger = ledger_of(plan_of_size(3), step)
    assert states(ledger, 3) == [S.INTENDED, S.PLANNED, S.INTENDED]
    assert ledger.counts(1) == {**NONE, S.INTENDED: 2, S.PLANNED: 1}
    assert ledger.open_batches == {7: step}
    assert ledger.next_batch == 8
    assert [ledger.batch(0), ledger.batch(1)] == [7, None]
    assert [ledger.sends(0), ledger.sends(1)] == [1, 0]
    assert [ledger.intended_at(0), ledger.intended_at(1)] == [12.5, None]


def test_batches_may_begin_out_of_order() -> None:
    ledger = ledger_of(plan_of_size(2), intended(5, 0), intended(2, 1))
    assert list(ledger.open_batches) == [5, 2]
    assert ledger.next_batch == 6


def test_an_answer_tells_of_each_and_of_the_rest_nothing() -> None:
    answer = Answered(batch=1, accepted={0: "h"}, rejected={2: "gone"})
    ledger = ledger_of(plan_of_size(4), intended(1, 0, 1, 2), answer)
    assert states(ledger, 4) == [S.ACCEPTED, S.UNKNOWN, S.REJECTED, S.PLANNED]
    assert ledger.open_batches == {}
    assert [ledger.final(1), ledger.intended_at(1)] == [False, NOW]


def test_what_is_put_back_is_planned_again_and_may_be_sent_once_more() -> None:
    ledger = ledger_of(plan_of_size(2), intended(1, 0, 1, at=1.0), PutBack(batch=1, reason="slow"))
    assert states(ledger, 2) == [S.PLANNED, S.PLANNED]
    assert ledger.counts()[S.THROTTLED] == 0
    ledger.apply(intended(2, 0, at=2.0))
    assert [ledger.sends(0), ledger.sends(1)] == [2, 1]
    assert [ledger.batch(0), ledger.batch(1)] == [2, 1]
    assert [ledger.intended_at(0), ledger.intended_at(1)] == [2.0, 1.0]


def test_what_is_doubtful_is_reconciled_to_what_a_look_found() -> None:
    steps = [
        intended(1, 0, 1, 2),
        Doubtful(batch=1, reason="reset"),
        Reconciled(positions=(0,), to=S.ACCEPTED),
        Reconciled(positions=(1,), to=S.PLANNED),
        Reconciled(positions=(2,), to=S.UNKNOWN),
    ]
    ledger = ledger_of(plan_of_size(3), *steps)
    assert states(ledger, 3) == [S.ACCEPTED, S.PLANNED, S.UNKNOWN]
    assert [ledger.final(each) for each in range(3)] == [False, False, True]


def test_a_later_look_may_still_find_what_was_left_as_unknown() -> None:
    final = [intended(1, 0), Doubtful(batch=1, reason="x"), Reconciled(positions=(0,), to=S.UNKNOWN)]
    ledger = ledger_of(plan_of_size(1), *final, Reconciled(positions=(0,), to=S.PLANNED))
    assert [ledger.state(0), ledger.final(0)] == [S.PLANNED, False]


def test_a_later_look_replaces_what_an_earlier_one_found() -> None:
    ledger = ledger_of(plan_of_size(1), intended(1, 0), accepted(1, 0))
    for state in (S.PENDING, S.MISSING, S.FAILED_AGAIN, S.DELIVERED):
        ledger.apply(Seen(sights={0: Sight(state=state)}, at=NOW))
        assert ledger.counts() == {**NONE, state: 1}


def test_what_stops_may_go_on_when_the_run_does() -> None:
    ledger = ledger_of(
        plan_of_size(1), Stopped(webhook_id=1, reason="gone"), Stopped(webhook_id=None, reason="key refused")
    )
    assert ledger.stopped == {1: "gone", None: "key refused"}
    ledger.apply(Resumed(at=NOW))
    assert ledger.stopped == {}


def test_positions_are_found_by_state_in_order() -> None:
    plan = plan_of(entry(1, "a"), entry(2, "a"), entry(3, "b"), entry(4, "a", excluded="x"), entry(5, "a"))
    ledger = ledger_of(plan, intended(1, 1), accepted(1, 1))
    assert list(ledger.positions("a", S.PLANNED)) == [0, 4]
    assert list(ledger.positions("a", S.ACCEPTED, S.PLANNED)) == [0, 1, 4]
    assert list(ledger.positions("a")) == [0, 1, 3, 4]
    assert list(ledger.positions("b")) == [2]
    assert list(ledger.positions(None, S.PLANNED)) == [0, 2, 4]
    assert list(ledger.positions("a", S.MISSING)) == []


def test_positions_see_what_changes_while_they_are_gone_through() -> None:
    ledger = Ledger(plan_of_size(4))
    found: list[int] = []
    for position in ledger.positions(1, S.PLANNED):
        found.append(position)
        if position == 0:
            ledger.apply(Excluded(positions=(1, 3), reason="no longer FAILED"))
    assert found == [0, 2]


def test_a_copy_goes_its_own_way() -> None:
    plan = plan_of_size(4)
    ledger = ledger_of(
        plan, intended(1, 0), intended(2, 1), Doubtful(batch=2, reason="x"), Reconciled(positions=(1,), to=S.UNKNOWN)
    )
    ledger.apply(Stopped(webhook_id=1, reason="x"))
    before = standing(ledger, plan)
    twin = ledger.copy()
    assert standing(twin, plan) == before
    for step in (
        accepted(1, 0), intended(3, 2), Reconciled(positions=(1,), to=S.PLANNED), Stopped(webhook_id=None, reason="y"),
    ):  # fmt: skip
        twin.apply(step)
    assert standing(ledger, plan) == before


def seen(position: int, state: ReplayState, at: float = NOW) -> Seen:
    return Seen(sights={position: Sight(state=state)}, at=at)


BEGUN = (intended(1, 0, 1), accepted(1, 0, 1), intended(2, 2, 3))
"""0 and 1 are accepted, 2 and 3 on their way, 4 and 5 planned; 5 is of another webhook."""

REFUSED = {
    "intended twice": (intended(3, 2), "position 2 is intended, and intended cannot follow that"),
    "intended once accepted": (intended(3, 4, 0), "position 0 is accepted, and intended cannot"),
    "excluded once accepted": (Excluded(positions=(4, 0), reason="x"), "position 0 is accepted, and excluded cannot"),
    "seen before it was sent": (seen(4, S.DELIVERED), "position 4 is planned, and delivered cannot follow"),
    "reconciled without a doubt": (
        Reconciled(positions=(0,), to=S.PLANNED),
        "position 0 is accepted, and only what is unknown",
    ),
    "reconciled on its way": (Reconciled(positions=(2,), to=S.ACCEPTED), "position 2 is intended, and only what is"),
    "a batch that came before": (intended(1, 4), "there was a batch 1 before"),
    "a batch that is open": (intended(2, 4), "there was a batch 2 before"),
    "a batch from 0": (intended(0, 4), "a batch has a whole number from 1"),
    "a batch too high": (intended(2**32, 4), "a batch has a whole number from 1 to 4,294,967,295"),
    "a batch that is no number": (intended(True, 4), "a batch has a whole number"),
    "an empty call": (intended(3), "a call is for one webhook, and this one for 0"),
    "a call for two": (intended(3, 4, 5), "a call is for one webhook, and this one for 2"),
    "an instant that is none": (intended(3, 4, at=math.nan), "nan is no time"),
    "an infinite instant": (Resumed(at=math.inf), "inf is no time"),
    "an instant that is a truth": (Resumed(at=True), "True is no time"),
    "a look at no time": (seen(0, S.DELIVERED, math.nan), "nan is no time"),
    "an outcome of none": (accepted(9), "batch 9 was never begun"),
    "an outcome once more": (PutBack(batch=1, reason="x"), "batch 1 has its outcome already"),
    "a doubt once more": (Doubtful(batch=1, reason="x"), "batch 1 has its outcome already"),
    "an answer of another batch": (accepted(2, 2, 0), "position 0 is not in batch 2"),
    "a refusal of another batch": (accepted(2, rejected={4: "x"}), "position 4 is not in batch 2"),
    "both answers": (accepted(2, 2, rejected={2: "x"}), "position 2 is named twice"),
    "a position twice": (Excluded(positions=(4, 4), reason="x"), "position 4 is named twice"),
    "a position twice in a call": (intended(3, 4, 4), "position 4 is named twice"),
    "a position twice in a look": (Reconciled(positions=(0, 0), to=S.PLANNED), "position 0 is named twice"),
    "a position beyond": (Excluded(positions=(6,), reason="x"), "the plan has no position 6, but 6 from 0"),
    "a position below": (Excluded(positions=(-1,), reason="x"), "the plan has no position -1"),
    "a position that is none": (intended(3, True), "the plan has no position True"),
    "a sight beyond": (seen(6, S.DELIVERED), "the plan has no position 6"),
    "a sight of no look": (seen(0, S.ACCEPTED), "position 0 cannot be seen as accepted"),
    "a look that ends nowhere": (Reconciled(positions=(), to=S.DELIVERED), "a look does not end in delivered"),  # type: ignore[arg-type]
    "a webhook of another plan": (Stopped(webhook_id="1", reason="x"), "webhook '1' is not in the plan"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_follow_is_refused_and_changes_nothing(case: str) -> None:
    step, why = REFUSED[case]
    plan = plan_of(*(entry(number) for number in range(5)), entry(5, 2))
    ledger = ledger_of(plan, *BEGUN)
    before = standing(ledger, plan)
    for refuse in (ledger.check, ledger.apply):
        with pytest.raises(JournalError, match=why) as caught:
            refuse(step)
        assert type(step).__name__ in str(caught.value)
    assert standing(ledger, plan) == before


def test_to_check_a_step_does_not_take_it_in() -> None:
    plan = plan_of_size(2)
    ledger = Ledger(plan)
    before = standing(ledger, plan)
    ledger.check(intended(1, 0))
    assert standing(ledger, plan) == before


def test_an_event_costs_a_few_bytes() -> None:
    """What grows with the plan are flat arrays: a byte for the state, four for the batch, four for the sends."""
    ledger = Ledger(plan_of_size(1000))
    assert sum(len(memoryview(each).cast("B")) for each in (ledger._states, ledger._batches, ledger._sends)) == 9000
