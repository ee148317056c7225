"""What is still to be sent to one webhook, in what order, and when to give it up. Pure: it sends nothing."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import attrs

from theirstack_async.replay._provider import Resent, WebhookId
from theirstack_async.replay._steps import Answered, Doubtful, PutBack

REFUSED_IN_A_ROW: Final = 3
"""So many batches' worth of ids refused one by one, and none taken meanwhile: the fault is not in the ids."""
FEWEST_REFUSED: Final = 25
"""However small the batches are."""
UNCLEAR_IN_A_ROW: Final = 10
"""Calls in a row without a clear answer, after which what is left is safer unsent than unknown."""
LONGEST_PAUSE: Final = 60.0
"""Seconds between two tries at the most, unless the API asks for more."""
SHORTEST_PAUSE: Final = 1.0
"""Seconds to wait at least where the API throttles, even if it says that it takes the next call at once."""
THROTTLED_PAUSE: Final = 10.0
"""Seconds to wait at first where the API throttles without saying for how long; doubled while it goes on."""


@attrs.frozen
class Decision:
    """What follows from the answer to one call."""

    step: Answered | PutBack | Doubtful
    """What to note."""
    again: tuple[tuple[int, ...], ...] = ()
    """What to send again, before anything else."""
    pause: float = 0.0
    """Seconds to wait before the next call to this webhook."""
    stop: Literal["webhook", "run"] | None = None
    """What is not sent to any longer."""
    reason: str = ""
    """Why."""


class Lane:
    """The events of one webhook that are still to be sent, by their positions in the plan, oldest first."""

    def __init__(self, webhook_id: WebhookId, positions: Iterable[int], batch_size: int) -> None:
        self.webhook_id: Final = webhook_id
        self.stopped: str | None = None
        """Why nothing more is sent."""
        self.under_way = 0
        """Calls whose answer is awaited."""
        self._fresh: Final = array("L", positions)
        self._next = 0
        self._again: Final[deque[tuple[int, ...]]] = deque()
        self._batch_size: Final = batch_size
        self._refused = 0
        self._unclear = 0
        self._throttled = 0

    @property
    def waiting(self) -> int:
        """How many events are to be sent."""
        return len(self._fresh) - self._next + sum(map(len, self._again))

    @property
    def size(self) -> int:
        """How many the next call should have; 0 when nothing waits."""
        if self._again:
            return len(self._again[0])
        return min(self._batch_size, len(self._fresh) - self._next)

    def take(self, size: int) -> tuple[int, ...]:
        """Return the next events to send, at most so many."""
        if self._again:
            part = self._again.popleft()
            if len(part) > size:
                self._again.appendleft(part[size:])
            return part[:size]
        part = tuple(self._fresh[self._next : self._next + size])
        self._next += len(part)
        return part

    def put_back(self, *parts: tuple[int, ...]) -> None:
        """Have these sent next."""
        self._again.extendleft(reversed(parts))

    def decide(self, batch: int, part: tuple[int, ...], ids: Sequence[Any], resent: Resent[Any]) -> Decision:
        """Return what follows from an answer, and count it."""
        if resent.verdict == "answered":
            return self._answered(batch, part, ids, resent)
        if resent.verdict == "refused":
            return self._refuse(batch, part, resent.reason)
        if resent.verdict == "unknown":
            self._unclear += 1
            return self._unless_hopeless(Decision(Doubtful(batch=batch, reason=resent.reason), pause=self._back_off()))
        step = PutBack(batch=batch, reason=resent.reason)
        if resent.verdict == "throttled":
            self._throttled += 1
            return Decision(step, again=(part,), pause=self._until_room(resent.retry_after))
        if resent.verdict == "unsent":
            self._unclear += 1
            return self._unless_hopeless(Decision(step, again=(part,), pause=self._back_off()))
        stop: Literal["webhook", "run"] = "webhook" if resent.verdict == "closed" else "run"
        return Decision(step, again=(part,), stop=stop, reason=resent.reason)

    def _answered(self, batch: int, part: tuple[int, ...], ids: Sequence[Any], resent: Resent[Any]) -> Decision:
        accepted = {at: resent.accepted[each] for at, each in zip(part, ids, strict=True) if each in resent.accepted}
        rejected = {
            at: resent.rejected[each]
            for at, each in zip(part, ids, strict=True)
            if each in resent.rejected and at not in accepted
        }
        step = Answered(batch=batch, accepted=accepted, rejected=rejected)
        self._throttled = 0
        if not (accepted or rejected):
            self._unclear += 1
            return self._unless_hopeless(Decision(step, pause=self._back_off()))
        self._unclear = 0
        self._refused = 0 if accepted else self._refused + len(rejected)
        return self._unless_hopeless(Decision(step))

    def _refuse(self, batch: int, part: tuple[int, ...], reason: str) -> Decision:
        self._throttled = self._unclear = 0
        if len(part) > 1:
            middle = len(part) // 2
            return Decision(PutBack(batch=batch, reason=reason), again=(part[:middle], part[middle:]))
        self._refused += 1
        step = Answered(batch=batch, accepted={}, rejected=dict.fromkeys(part, reason))
        return self._unless_hopeless(Decision(step))

    def _unless_hopeless(self, decision: Decision) -> Decision:
        reason = ""
        if self._unclear >= UNCLEAR_IN_A_ROW:
            reason = f"{self._unclear} calls in a row had no clear answer; the last one: {_why(decision)}"
        elif self._refused >= max(FEWEST_REFUSED, REFUSED_IN_A_ROW * self._batch_size):
            reason = f"{self._refused} events in a row were refused, and none accepted; the last one: {_why(decision)}"
        return attrs.evolve(decision, stop="webhook", reason=reason) if reason else decision

    def _until_room(self, told: float | None) -> float:
        if told is not None:
            return max(told, SHORTEST_PAUSE)
        return min(LONGEST_PAUSE, THROTTLED_PAUSE * 2.0 ** min(self._throttled - 1, 10))

    def _back_off(self) -> float:
        return min(LONGEST_PAUSE, 2.0 ** (self._unclear - 1))


def _why(decision: Decision) -> str:
    step = decision.step
    if isinstance(step, Answered):
        return next(iter(step.rejected.values()), "it told of none of its events")
    return step.reason
