"""Events whose outcome nobody knows: they are looked for, and only then left at that, or sent again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Generic

from theirstack_async.errors import TheirStackError
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
        self._again = False

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
            found += (
                at
                for at in ledger.positions(webhook_id, ReplayState.UNKNOWN)
                if not ledger.final(at) or self._may_send_again(at)
            )
        return found

    async def run(self) -> bool:
        """Look for all of them until each was found or its grace time is over. Return whether some are to be sent
        again.

        Raises:
            TheirStackError: the API could not be asked.
        """
        pause = _FIRST_PAUSE
        while doubtful := self.open():
            left = await self._look(doubtful)
            if not left:
                break
            rest = min(self._grace_ends(at) for at in left) - self._work.clock.now()
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
                left += await self._look_at(webhook_id, here)
        return left

    async def _look_at(self, webhook_id: WebhookId, here: Sequence[int]) -> list[int]:
        work, now = self._work, self._work.clock.now()
        found = await _showing(work.journal, work.verifier, webhook_id, here)
        missed = set(here).difference(found)
        over = [at for at in here if at in missed and self._grace_ends(at) <= now]
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

    def _grace_ends(self, at: int) -> float:
        return _sent_at(self._work.journal, at) + self._work.settings.grace


async def find(journal: Journal, verifier: Verifier[Any]) -> None:
    """Look once for what is of unknown outcome, and note as accepted what shows up by now.

    Raises:
        TheirStackError: the API could not be asked, or the journal could not be written.
    """
    for webhook_id in journal.plan.webhook_ids:
        here = [*journal.ledger.positions(webhook_id, ReplayState.UNKNOWN)]
        if here and (found := await _showing(journal, verifier, webhook_id, here)):
            await journal.write(Reconciled(positions=tuple(found), to=ReplayState.ACCEPTED))


async def _showing(journal: Journal, verifier: Verifier[Any], webhook_id: WebhookId, here: Sequence[int]) -> list[int]:
    """Return those of which the API shows that it has taken them."""
    entries, asked = journal.plan.entries, journal.plan.status
    events = await verifier.events(webhook_id, here)
    return [at for at in here if taken(entries[at], events.get(entries[at].id), _sent_at(journal, at), asked=asked)]


def _sent_at(journal: Journal, at: int) -> float:
    return journal.ledger.intended_at(at) or 0.0


async def reconcile(work: Work[I]) -> bool:
    """Reconcile what is of unknown outcome, unless the run is to end, and return whether something is to be sent again.

    Where the API cannot be asked, they stay unknown; the next run looks again.
    """
    try:
        return bool(await work.unless_ending(Reconciler(work).run()))
    except TheirStackError as error:
        logger.warning("replay: events of unknown outcome could not be looked for: %s", error)
        await work.stop(None, f"events of unknown outcome could not be looked for: {error}")
        return False
