"""The rows of a report, folded from the steps of a journal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import attrs

from theirstack_async.replay._ledger import Ledger
from theirstack_async.replay._plan import PlanEntry, ReplayPlan
from theirstack_async.replay._provider import WebhookId
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import (
    Answered,
    Doubtful,
    Excluded,
    Intended,
    PutBack,
    Reconciled,
    Seen,
    Sight,
    Step,
)

_NOT_NAMED: Final = "the API took the call, and its answer does not name this event"
_NOT_NOTED: Final = "its call was begun, and no answer is noted"


@attrs.frozen(kw_only=True, weakref_slot=False)
class ReplayRow:
    """What became of one event of a plan."""

    id: int | str
    webhook_id: WebhookId
    type: str
    """Such as ``job.new``; empty where the API does not tell."""
    created_at: datetime
    """When the event was, in UTC."""
    state: ReplayState
    batch: int | None
    """The newest call that it was in, numbered from 1; None when it was in none."""
    sends: int
    """How many calls it was in, those included that did nothing."""
    reason: str | None
    """Why it is in this state, where there is something to say."""
    handle: str | None
    """What the API named its new delivery; None where it gave no name."""
    word: str | None
    """The API's own word for the delivery's status, when it was looked at last; None when it was not looked at."""
    response_status: int | None
    """The HTTP status that the receiver answered the new delivery with, as far as was seen."""
    response: str | None
    """What the receiver answered it, at most 1,000 characters."""
    seen_at: datetime | None
    """When it was looked at last, in UTC; None when it was not."""


@attrs.define
class _Notes:
    """What the journal tells of an event beside its state."""

    reason: str | None = None
    handle: str | None = None
    sight: Sight | None = None
    seen_at: float = 0.0


class Fold:
    """Takes in the steps of a journal, in order, and gives the rows."""

    def __init__(self, plan: ReplayPlan) -> None:
        self._plan: Final = plan
        self._notes: Final[dict[int, _Notes]] = {}
        self.ledger: Final = Ledger(plan)

    def take(self, step: Step) -> None:
        """Take in the next step.

        Raises:
            JournalError: it cannot follow those before.
        """
        match step:
            case Excluded():
                self._give(step.positions, step.reason)
            case Intended():
                for position in step.positions:
                    self._notes[position] = _Notes(reason=_NOT_NOTED)
            case Answered():
                self._answered(step)
            case PutBack() | Doubtful():
                self._give(self._positions(step.batch), step.reason)
            case Reconciled():
                self._reconciled(step)
            case Seen():
                for position, sight in step.sights.items():
                    notes = self._of(position)
                    notes.sight, notes.seen_at = sight, step.at
            case _:
                """What is stopped, and goes on, is for the ledger alone."""
        self.ledger.apply(step)

    def rows(self) -> tuple[ReplayRow, ...]:
        """Return a row for each entry of the plan, in its order."""
        nothing = _Notes()
        return tuple(
            self._row(position, entry, self._notes.get(position, nothing))
            for position, entry in enumerate(self._plan.entries)
        )

    def _row(self, position: int, entry: PlanEntry[Any], notes: _Notes) -> ReplayRow:
        state = self.ledger.state(position)
        sight = notes.sight or Sight(state=state)
        return ReplayRow(
            id=entry.id,
            webhook_id=entry.webhook_id,
            type=entry.type,
            created_at=entry.created_at,
            state=state,
            batch=self.ledger.batch(position),
            sends=self.ledger.sends(position),
            reason=self._reason(state, entry, notes),
            handle=notes.handle,
            word=sight.word or None,
            response_status=sight.response_status,
            response=sight.response,
            seen_at=None if notes.sight is None else datetime.fromtimestamp(notes.seen_at, UTC),
        )

    def _reason(self, state: ReplayState, entry: PlanEntry[Any], notes: _Notes) -> str | None:
        if state is ReplayState.PLANNED:
            stopped = self.ledger.stopped
            return stopped.get(entry.webhook_id) or stopped.get(None) or notes.reason
        if notes.sight is None:
            return notes.reason or entry.excluded
        if state is ReplayState.MISSING:
            return "not in the API's list"
        if state is ReplayState.DELIVERED:
            return None
        status = notes.sight.response_status
        answered = f"; the receiver answered {status}" if status is not None else ""
        says = "still says" if state is ReplayState.PENDING else "says"
        return f"the API {says} {notes.sight.word}{answered}"

    def _answered(self, step: Answered) -> None:
        for position in self._positions(step.batch):
            notes = self._of(position)
            if position in step.accepted:
                notes.reason, notes.handle = None, step.accepted[position]
            else:
                notes.reason = step.rejected.get(position, _NOT_NAMED)

    def _reconciled(self, step: Reconciled) -> None:
        for position in step.positions:
            notes = self._of(position)
            if step.to is ReplayState.ACCEPTED:
                notes.reason = None
            elif step.to is ReplayState.PLANNED:
                notes.reason = f"to be sent again, for nobody knows whether it was: {notes.reason}"
            else:
                notes.reason = f"{notes.reason}; looked for, and no sign of it"

    def _positions(self, batch: int) -> tuple[int, ...]:
        intended = self.ledger.open_batches.get(batch)
        return intended.positions if intended is not None else ()

    def _give(self, positions: tuple[int, ...], reason: str) -> None:
        for position in positions:
            self._of(position).reason = reason

    def _of(self, position: int) -> _Notes:
        return self._notes.setdefault(position, _Notes())
