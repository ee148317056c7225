"""Where each event of a plan stands, folded from the steps of a journal. Pure: a step is checked before it is written.

It costs some nine bytes an event, beside the plan.
"""

from __future__ import annotations

import copy
import math
import re
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Final, Self

from theirstack_async.errors import JournalError
from theirstack_async.replay._plan import ReplayPlan
from theirstack_async.replay._provider import WebhookId
from theirstack_async.replay._states import SEEN, ReplayState, may_follow
from theirstack_async.replay._steps import (
    Answered,
    Doubtful,
    Excluded,
    Intended,
    PutBack,
    Reconciled,
    Resumed,
    Seen,
    Step,
    Stopped,
)

_S = ReplayState

# A byte of a state is a letter, so that a set of states is a character class.
_STATES: Final = tuple(ReplayState)
_LETTERS: Final = {state: ord("a") + number for number, state in enumerate(_STATES)}

_HIGHEST: Final = 2**32 - 1
"""The highest number of a batch, which takes four bytes."""

_RESOLVED: Final = frozenset({_S.ACCEPTED, _S.PLANNED, _S.UNKNOWN})
"""What a look at events of unknown outcome can end in."""

Moves = Iterable[tuple[Collection[int], tuple[ReplayState, ...]]]
"""Positions, and the states that they go through."""


class Ledger:
    """Where each event of a plan stands. An event is named by its position in the plan, from 0.

    Args:
        plan: what is to be sent; its excluded entries begin as ``excluded``, all others as ``planned``.
    """

    def __init__(self, plan: ReplayPlan) -> None:
        self._plan: Final = plan
        self._runs: Final = _runs(plan)
        excluded, planned = _LETTERS[_S.EXCLUDED], _LETTERS[_S.PLANNED]
        self._states = bytearray(planned if entry.excluded is None else excluded for entry in plan.entries)
        self._batches = array("I", bytes(4 * len(plan.entries)))
        self._sends = array("I", bytes(4 * len(plan.entries)))
        self._doubts = bytearray(len(plan.entries))
        self._intended: dict[int, float] = {}
        self._open: dict[int, Intended] = {}
        self._final: set[int] = set()
        self._stopped: dict[WebhookId | None, str] = {}
        self._counts = {webhook_id: dict.fromkeys(_STATES, 0) for webhook_id in self._runs}
        for entry in plan.entries:
            self._counts[entry.webhook_id][_S.PLANNED if entry.excluded is None else _S.EXCLUDED] += 1

    @property
    def open_batches(self) -> Mapping[int, Intended]:
        """The calls that were about to be made and of which nothing more is known, by batch."""
        return MappingProxyType(self._open)

    @property
    def next_batch(self) -> int:
        """A batch above all that there were, from 1."""
        return max(self._intended, default=0) + 1

    @property
    def stopped(self) -> Mapping[WebhookId | None, str]:
        """The webhooks that nothing more is sent to, each with the reason; None stands for the whole run."""
        return MappingProxyType(self._stopped)

    def state(self, position: int) -> ReplayState:
        """Return where an event stands."""
        return _STATES[self._states[position] - _LETTERS[_STATES[0]]]

    def counts(self, webhook_id: WebhookId | None = None) -> dict[ReplayState, int]:
        """Return how many events are in each state, all states named: of one webhook, or of the whole plan.

        They add up to the entries of the plan.
        """
        if webhook_id is not None:
            return dict(self._counts.get(webhook_id) or dict.fromkeys(_STATES, 0))
        return {state: sum(counts[state] for counts in self._counts.values()) for state in _STATES}

    def positions(self, webhook_id: WebhookId | None, *states: ReplayState) -> Iterator[int]:
        """Yield the positions of a webhook's events, or of all (None), that are in one of these states, in order.

        With no state named it yields those in any. Each is looked at when its turn comes, so that what changes
        meanwhile is seen, and to find the first is cheap.
        """
        wanted = _pattern(states or _STATES)
        runs = self._runs.get(webhook_id, ()) if webhook_id is not None else (range(len(self._states)),)
        for run in runs:
            start = run.start
            while (found := wanted.search(self._states, start, run.stop)) is not None:
                yield found.start()
                start = found.end()

    def batch(self, position: int) -> int | None:
        """Return the newest batch that an event was in; None when it never was in one."""
        return self._batches[position] or None

    def sends(self, position: int) -> int:
        """Return how often an event was about to be sent, calls included that did nothing."""
        return self._sends[position]

    def doubts(self, position: int) -> int:
        """Return how often an event became unknown, at most 255: so many calls may have been carried out unseen."""
        return self._doubts[position]

    def intended_at(self, position: int) -> float | None:
        """Return when an event was about to be sent last, in Unix seconds; None when it never was."""
        return self._intended.get(self._batches[position])

    def final(self, position: int) -> bool:
        """Return whether an event of unknown outcome was looked for, found nowhere, and left at that."""
        return position in self._final

    def copy(self) -> Self:
        """Return another one, which goes its own way."""
        twin = copy.copy(self)
        twin.__dict__.update(
            _states=self._states[:],
            _batches=self._batches[:],
            _sends=self._sends[:],
            _doubts=self._doubts[:],
            _intended=self._intended.copy(),
            _open=self._open.copy(),
            _final=self._final.copy(),
            _stopped=self._stopped.copy(),
            _counts={webhook_id: counts.copy() for webhook_id, counts in self._counts.items()},
        )
        return twin

    def check(self, step: Step) -> None:
        """Refuse a step that cannot follow what was. Nothing changes.

        Raises:
            JournalError: a move that is not in the table, a batch that is not open or came before, or a position that
                is named twice or is not in the plan.
        """
        for positions, path in self._moves(step):
            for position in positions:
                before = self.state(position)
                for after in path:
                    if not may_follow(before, after):
                        raise _refused(step, f"position {position} is {before}, and {after} cannot follow that")
                    before = after

    def apply(self, step: Step) -> None:
        """Take a step in, once it is written.

        Raises:
            JournalError: as :meth:`check`; nothing has changed.
        """
        self.check(step)
        for positions, path in self._moves(step):
            for position in positions:
                self._move(position, path[-1])
        if isinstance(step, Intended):
            self._intended[step.batch] = step.at
            self._open[step.batch] = step
            for position in step.positions:
                self._batches[position] = step.batch
                self._sends[position] += 1
        elif isinstance(step, Answered | PutBack | Doubtful):
            del self._open[step.batch]
        elif isinstance(step, Reconciled) and step.to == _S.UNKNOWN:
            self._final.update(step.positions)
        elif isinstance(step, Stopped):
            self._stopped[step.webhook_id] = step.reason
        elif isinstance(step, Resumed):
            self._stopped.clear()

    def _move(self, position: int, state: ReplayState) -> None:
        counts = self._counts[self._plan.entries[position].webhook_id]
        if state is _S.UNKNOWN and self.state(position) is not _S.UNKNOWN:
            self._doubts[position] = min(255, self._doubts[position] + 1)
        counts[self.state(position)] -= 1
        counts[state] += 1
        self._states[position] = _LETTERS[state]
        self._final.discard(position)

    def _moves(self, step: Step) -> Moves:
        match step:
            case Excluded():
                return [(self._known(step, step.positions), (_S.EXCLUDED,))]
            case Intended():
                return [(self._call(step), (_S.INTENDED,))]
            case Answered():
                return self._answered(step)
            case PutBack():
                return [(self._opened(step), (_S.THROTTLED, _S.PLANNED))]
            case Doubtful():
                return [(self._opened(step), (_S.UNKNOWN,))]
            case Reconciled():
                return [(self._doubted(step), (step.to,))]
            case Seen():
                return self._seen(step)
            case Stopped():
                if step.webhook_id is not None and step.webhook_id not in self._runs:
                    raise _refused(step, f"webhook {step.webhook_id!r} is not in the plan")
                return ()
            case _:  # Resumed
                _check_instant(step, step.at)
                return ()

    def _call(self, step: Intended) -> Collection[int]:
        if type(step.batch) is not int or not 1 <= step.batch <= _HIGHEST:
            raise _refused(step, f"a batch has a whole number from 1 to {_HIGHEST:,}")
        if step.batch in self._intended:
            raise _refused(step, f"there was a batch {step.batch} before")
        _check_instant(step, step.at)
        webhooks = {self._plan.entries[each].webhook_id for each in self._known(step, step.positions)}
        if len(webhooks) != 1:
            raise _refused(step, f"a call is for one webhook, and this one for {len(webhooks)}")
        return step.positions

    def _opened(self, step: Answered | PutBack | Doubtful) -> tuple[int, ...]:
        intended = self._open.get(step.batch)
        if intended is None:
            what = "has its outcome already" if step.batch in self._intended else "was never begun"
            raise _refused(step, f"batch {step.batch} {what}")
        return intended.positions

    def _answered(self, step: Answered) -> Moves:
        batch = dict.fromkeys(self._opened(step))
        self._known(step, (*step.accepted, *step.rejected))
        for position in (*step.accepted, *step.rejected):
            if position not in batch:
                raise _refused(step, f"position {position} is not in batch {step.batch}")
        left = [each for each in batch if each not in step.accepted and each not in step.rejected]
        return [(step.accepted, (_S.ACCEPTED,)), (step.rejected, (_S.REJECTED,)), (left, (_S.UNKNOWN,))]

    def _doubted(self, step: Reconciled) -> Collection[int]:
        if step.to not in _RESOLVED:
            raise _refused(step, f"a look does not end in {step.to}")
        for position in self._known(step, step.positions):
            # What is on its way may become accepted or unknown too, but by the outcome of its call.
            if (state := self.state(position)) is not _S.UNKNOWN:
                raise _refused(step, f"position {position} is {state}, and only what is unknown is reconciled")
        return step.positions

    def _seen(self, step: Seen) -> Moves:
        _check_instant(step, step.at)
        self._known(step, tuple(step.sights))
        for position, sight in step.sights.items():
            if sight.state not in SEEN:
                raise _refused(step, f"position {position} cannot be seen as {sight.state}")
        return [((position,), (sight.state,)) for position, sight in step.sights.items()]

    def _known(self, step: Step, positions: tuple[int, ...]) -> tuple[int, ...]:
        seen: set[int] = set()
        for position in positions:
            if type(position) is not int or not 0 <= position < len(self._states):
                raise _refused(step, f"the plan has no position {position!r}, but {len(self._states):,} from 0")
            if position in seen:
                raise _refused(step, f"position {position} is named twice")
            seen.add(position)
        return positions


def _runs(plan: ReplayPlan) -> Mapping[WebhookId, list[range]]:
    """Return where the entries of each webhook are: mostly in one stretch."""
    runs: dict[WebhookId, list[range]] = {webhook_id: [] for webhook_id in plan.webhook_ids}
    for position, entry in enumerate(plan.entries):
        own = runs.setdefault(entry.webhook_id, [])
        if own and own[-1].stop == position:
            own[-1] = range(own[-1].start, position + 1)
        else:
            own.append(range(position, position + 1))
    return runs


@cache
def _pattern(states: tuple[ReplayState, ...]) -> re.Pattern[bytes]:
    return re.compile(b"[%s]" % bytes(_LETTERS[state] for state in states))


def _check_instant(step: Step, at: float) -> None:
    if type(at) not in (int, float) or not math.isfinite(at):
        raise _refused(step, f"{at!r} is no time")


def _refused(step: Step, why: str) -> JournalError:
    return JournalError(f"the journal takes no such step ({type(step).__name__}): {why}")
