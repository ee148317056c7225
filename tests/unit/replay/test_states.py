"""Random steps, legal and illegal: no move outside the table, totals that add up, and a journal that says the same."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.unit.replay._journals import entry, plan_of, settings_of, standing, steps_of
from theirstack_async.errors import JournalError
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._ledger import Ledger
from theirstack_async.replay._plan import ReplayPlan
from theirstack_async.replay._states import MOVES, ReplayState, may_follow
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

DRAWN: Final = """
planned -> excluded | intended
intended -> accepted | rejected | throttled | unknown
throttled -> planned
unknown -> accepted | planned | unknown
accepted -> delivered | failed_again | pending | missing
"""
"""The only moves there are, as they were drawn. A further look at an event begins at accepted again."""

_LINES: Final = [line.partition(" -> ") for line in DRAWN.strip().splitlines()]
TABLE: Final = {old: frozenset(news.split(" | ")) for old, _, news in _LINES}
LOOKED: Final = TABLE["accepted"]


def drawn(old: str, new: str) -> bool:
    """Return whether a state may follow another one as the table has it."""
    return new in TABLE.get("accepted" if old in LOOKED else old, ())


def reachable(old: str, new: str) -> bool:
    """Return whether one step can lead there: what is put back passes through throttled, and never rests there."""
    return drawn(old, new) or (old, new) == ("intended", "planned")


def test_the_table_is_as_it_was_drawn() -> None:
    assert {str(state) for state in S} == {*TABLE, *(new for news in TABLE.values() for new in news)}
    assert {old: moves for old, moves in MOVES.items() if moves} == TABLE
    assert {(old, new) for old in S for new in S if may_follow(old, new)} == {
        (old, new) for old in S for new in S if drawn(old, new)
    }


# Mostly positions that there are; now and then one that is not in the plan.
POSITION: Final = st.one_of(*[st.integers(0, 7)] * 9, st.integers(-1, 9))
POSITIONS: Final = st.lists(POSITION, min_size=1, max_size=4).map(tuple)
BATCH: Final = st.integers(0, 12)
REASON: Final = st.text(max_size=5)
AT: Final = st.floats(0, 2e9)
SIGHT: Final = st.builds(
    Sight,
    state=st.sampled_from([S.DELIVERED, S.FAILED_AGAIN, S.PENDING, S.MISSING, S.ACCEPTED]),
    word=REASON,
    response_status=st.none() | st.integers(100, 599),
    response=st.none() | REASON,
)
STEPS: Final[st.SearchStrategy[Step]] = st.one_of(
    st.builds(Excluded, positions=POSITIONS, reason=REASON),
    st.builds(Intended, batch=BATCH, positions=POSITIONS, at=AT),
    st.builds(
        Answered,
        batch=BATCH,
        accepted=st.dictionaries(POSITION, st.none() | REASON, max_size=3),
        rejected=st.dictionaries(POSITION, REASON, max_size=2),
    ),
    st.builds(PutBack, batch=BATCH, reason=REASON),
    st.builds(Doubtful, batch=BATCH, reason=REASON),
    st.builds(Reconciled, positions=POSITIONS, to=st.sampled_from([S.ACCEPTED, S.PLANNED, S.UNKNOWN, S.DELIVERED])),
    st.builds(Seen, sights=st.dictionaries(POSITION, SIGHT, min_size=1, max_size=3), at=AT),
    st.builds(Stopped, webhook_id=st.sampled_from([None, 1, "two", 3]), reason=REASON),
    st.builds(Resumed, at=AT),
)

PLAN: Final = plan_of(
    *(entry(number) for number in range(5)),
    *(entry(f"e{number}", "two", excluded="vetoed" if number == 1 else None) for number in range(3)),
)


def check_totals(ledger: Ledger, plan: ReplayPlan) -> None:
    """Count by hand, and compare."""
    for webhook_id in (None, *plan.webhook_ids):
        own = [at for at, each in enumerate(plan.entries) if webhook_id in (None, each.webhook_id)]
        states = [ledger.state(at) for at in own]
        assert ledger.counts(webhook_id) == {state: states.count(state) for state in S}
        not_begun = [at for at in own if ledger.state(at) in {S.PLANNED, S.EXCLUDED}]
        assert list(ledger.positions(webhook_id, S.PLANNED, S.EXCLUDED)) == not_begun
    assert sum(ledger.counts().values()) == len(plan.entries)
    under_way = [at for intent in ledger.open_batches.values() for at in intent.positions]
    assert sorted(under_way) == list(ledger.positions(None, S.INTENDED))


def check_moves(old: Ledger, new: Ledger, named: Collection[int]) -> None:
    """See that what moved was allowed to, and was named by the step."""
    for at in range(len(PLAN.entries)):
        if old.state(at) is not new.state(at):
            assert reachable(old.state(at), new.state(at))
            assert at in named


def named_by(step: Step, ledger: Ledger) -> Collection[int]:
    """Return the positions that a step is about."""
    match step:
        case Excluded() | Intended() | Reconciled():
            return step.positions
        case Answered() | PutBack() | Doubtful():
            return ledger.open_batches[step.batch].positions
        case Seen():
            return step.sights
        case Stopped() | Resumed():
            return ()


@given(st.lists(STEPS, max_size=40))
def test_random_steps_keep_to_the_table(steps: list[Step]) -> None:
    ledger = Ledger(PLAN)
    for step in steps:
        old = ledger.copy()
        try:
            ledger.apply(step)
        except JournalError:
            assert standing(ledger, PLAN) == standing(old, PLAN)
        else:
            check_moves(old, ledger, named_by(step, old))
        check_totals(ledger, PLAN)


class Life(RuleBasedStateMachine):
    """A journal on disk that steps are written to: those that a run writes, and any others."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.written: list[Step] = []
        self.journal = self.run(Journal.create(self.folder / "replay.db", PLAN, settings_of()))

    def run(self, coroutine: Any) -> Any:
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        if hasattr(self, "journal"):
            self.reopen()
            self.run(self.journal.aclose())
            self.runner.close()
            shutil.rmtree(self.folder)

    @property
    def ledger(self) -> Ledger:
        ledger: Ledger = self.journal.ledger
        return ledger

    def write(self, *steps: Step) -> None:
        self.run(self.journal.write(*steps))
        self.written += steps

    def some(self, data: st.DataObject, *states: ReplayState) -> tuple[int, ...]:
        found = list(self.ledger.positions(data.draw(st.sampled_from([1, "two"])), *states))
        return tuple(data.draw(st.lists(st.sampled_from(found), max_size=3, unique=True))) if found else ()

    @rule(data=st.data(), at=AT)
    def send(self, data: st.DataObject, at: float) -> None:
        if positions := self.some(data, S.PLANNED):
            self.write(Intended(batch=self.ledger.next_batch, positions=positions, at=at))

    @precondition(lambda self: self.ledger.open_batches)
    @rule(data=st.data(), how=st.sampled_from(["answered", "put back", "doubtful"]))
    def hear(self, data: st.DataObject, how: str) -> None:
        batch = data.draw(st.sampled_from(list(self.ledger.open_batches)))
        if how == "answered":
            words = data.draw(st.tuples(*[st.sampled_from("ar?")] * len(self.ledger.open_batches[batch].positions)))
            told = list(zip(self.ledger.open_batches[batch].positions, words, strict=True))
            accepted = {at: f"handle {at}" for at, word in told if word == "a"}
            self.write(Answered(batch=batch, accepted=accepted, rejected={at: "no" for at, w in told if w == "r"}))
        else:
            self.write((PutBack if how == "put back" else Doubtful)(batch=batch, reason=how))

    @rule(data=st.data(), to=st.sampled_from([S.ACCEPTED, S.PLANNED, S.UNKNOWN]))
    def reconcile(self, data: st.DataObject, to: Any) -> None:
        self.write(Reconciled(positions=self.some(data, S.UNKNOWN), to=to))

    @rule(data=st.data(), sight=SIGHT.filter(lambda sight: sight.state is not S.ACCEPTED), at=AT)
    def look(self, data: st.DataObject, sight: Sight, at: float) -> None:
        looked_at = self.some(data, S.ACCEPTED, *(S(state) for state in LOOKED))
        self.write(Seen(sights=dict.fromkeys(looked_at, sight), at=at))

    @rule(steps=st.lists(STEPS, min_size=1, max_size=3))
    def write_anything(self, steps: list[Step]) -> None:
        before = standing(self.ledger, PLAN)
        try:
            self.write(*steps)
        except JournalError:
            assert standing(self.ledger, PLAN) == before

    @rule()
    def reopen(self) -> None:
        before = standing(self.ledger, PLAN)
        self.run(self.journal.aclose())
        self.journal = self.run(Journal.open(self.folder / "replay.db"))
        assert standing(self.ledger, PLAN) == before
        assert self.run(steps_of(self.journal)) == self.written

    @invariant()
    def totals_add_up(self) -> None:
        check_totals(self.ledger, PLAN)


TestLife = Life.TestCase
# Each step of an example is a transaction on the disk.
TestLife.settings = settings(max_examples=max(1, settings().max_examples // 10), stateful_step_count=20)
