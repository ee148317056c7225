"""Events whose outcome nobody knows: they are looked for, and only then left at that, or sent again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Generic

from theirstack_async.errors import JournalError, TheirStackError
from theirstack_async.hooks import logger
from theirstack_async.replay._evidence import taken
from theirstack_async.replay._provider import I, WebhookId
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import Doubtful, Reconciled
from theirstack_async.replay._work import Work

if TYPE_CHECKING:
    from theirstack_async.replay._journal import Journal
    from theirstack_async.replay._verify import Verifier

MOST_SENDS: Final = 3
"""An event may be carried out so often at the most, however often its outcome is unknown."""
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
"""Seconds between two looks."""


class Reconciler(Generic[I]):
    """Finds out what became of calls without an answer."""

    def __init__(self, work: Work[I]) -> None:
        self._work: Final = work
        self._began: Final = work.clock.monotonic()
        self._again = False
        self._lost: Final[set[WebhookId]] = set()

    async def adopt(self) -> None:
        """Note that intents whose outcome a former process did not live to note are of unknown outcome."""
        for batch in [*self._work.journal.ledger.open_batches]:
            await self._work.journal.write(Doubtful(batch=batch, reason="the run ended before its answer was noted"))

    def open(self) -> list[int]:
        """Return the events of unknown outcome that were not given up, by their positions.

        What a run has given up and only reported, the next one may send again, if it is told to.
        """
        ledger = self._work.journal.ledger
        found: list[int] = []
        for webhook_id in self._work.journal.plan.webhook_ids:
            if webhook_id not in self._lost:
                found += (
                    at
                    for at in ledger.positions(webhook_id, ReplayState.UNKNOWN)
                    if not ledger.final(at) or self._may_send_again(at)
                )
        return found

    async def run(self) -> bool:
        """Look for all of them until each was found or its grace time is over. Return whether some are to be sent
        again.

        A webhook whose list cannot be read is stopped. Its events stay unknown, and the next run looks again.

        Raises:
            JournalError: what was found could not be noted.
        """
        pause = _FIRST_PAUSE
        while doubtful := self.open():
            left = await self._look(doubtful)
            if not left:
                break
            rest = min(map(self._grace_left, left))
            await self._work.clock.sleep(max(0.0, min(pause, rest)))
            pause = min(_LONGEST_PAUSE, pause * 2)
        return self._again

    async def _look(self, doubtful: Sequence[int]) -> list[int]:
        """Look once, and return those that may still show up."""
        plan = self._work.journal.plan
        left: list[int] = []
        for webhook_id in plan.webhook_ids:
            here = [at for at in doubtful if plan.entries[at].webhook_id == webhook_id]
            if here:
                left += await self._try(webhook_id, here)
        return left

    async def _try(self, webhook_id: WebhookId, here: Sequence[int]) -> list[int]:
        try:
            return await self._look_at(webhook_id, here)
        except JournalError:
            raise
        except TheirStackError as error:
            reason = f"events of unknown outcome could not be looked for: {error}"
            logger.warning("replay: webhook %s: %s", webhook_id, reason)
            self._lost.add(webhook_id)
            if webhook_id not in self._work.journal.ledger.stopped:
                await self._work.stop(webhook_id, reason)
            return []

    async def _look_at(self, webhook_id: WebhookId, here: Sequence[int]) -> list[int]:
        work, due = self._work, {at for at in here if self._grace_left(at) <= 0}
        found = await _showing(work.journal, work.verifier, webhook_id, here)
        missed = set(here).difference(found)
        over = [at for at in here if at in missed and at in due]
        again = [at for at in over if self._may_send_again(at)]
        given_up = [at for at in over if not self._may_send_again(at)]
        steps: list[Reconciled] = []
        if found:
            steps.append(Reconciled(positions=tuple(found), to=ReplayState.ACCEPTED))
        if again:
            self._again = True
            steps.append(Reconciled(positions=tuple(again), to=ReplayState.PLANNED))
        if given_up:
            steps.append(Reconciled(positions=tuple(given_up), to=ReplayState.UNKNOWN))
        if steps:
            await work.journal.write(*steps)
        return [*missed.difference(over)]

    def _may_send_again(self, at: int) -> bool:
        return self._work.settings.on_unknown == "resend" and self._work.journal.ledger.doubts(at) < MOST_SENDS

    def _grace_left(self, at: int) -> float:
        """Return the seconds for which an event may still show up."""
        grace, clock = self._work.settings.grace, self._work.clock
        # Should the clock have been set back since, what was sent before the looking began is no younger than that.
        age = max(clock.now() - _sent_at(self._work.journal, at), clock.monotonic() - self._began)
        return grace - age


async def find(journal: Journal, verifier: Verifier[Any]) -> TheirStackError | None:
    """Look once for what is of unknown outcome, and note as accepted what shows up by now.

    Returns:
        Why a webhook could not be looked at; None when each was.

    Raises:
        JournalError: the journal could not be read or written.
    """
    lost: TheirStackError | None = None
    for webhook_id in journal.plan.webhook_ids:
        here = [*journal.ledger.positions(webhook_id, ReplayState.UNKNOWN)]
        try:
            if here and (found := await _showing(journal, verifier, webhook_id, here)):
                await journal.write(Reconciled(positions=tuple(found), to=ReplayState.ACCEPTED))
        except JournalError:
            raise
        except TheirStackError as error:
            logger.warning("replay: webhook %s could not be looked at: %s", webhook_id, error)
            lost = error
    return lost


async def _showing(journal: Journal, verifier: Verifier[Any], webhook_id: WebhookId, here: Sequence[int]) -> list[int]:
    """Return those of which the API shows that it has taken them."""
    entries, asked = journal.plan.entries, journal.plan.status
    events = await verifier.events(webhook_id, here)
    return [at for at in here if taken(entries[at], events.get(entries[at].id), _sent_at(journal, at), asked=asked)]


def _sent_at(journal: Journal, at: int) -> float:
    return journal.ledger.intended_at(at) or 0.0


async def reconcile(work: Work[I]) -> bool:
    """Reconcile what is of unknown outcome, unless the run is to end, and return whether something is to be sent again.

    Raises:
        JournalError: what was found could not be noted.
    """
    return bool(await work.unless_ending(Reconciler(work).run()))
