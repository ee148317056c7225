"""Watching what becomes of the deliveries while more are sent, and ending a webhook whose deliveries keep failing."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final, Generic

from theirstack_async.errors import JournalError, TheirStackError
from theirstack_async.hooks import logger
from theirstack_async.replay._provider import I, StopWhen, WebhookId
from theirstack_async.replay._sender import Sender
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import Sight
from theirstack_async.replay._work import Work


class Watch(Generic[I]):
    """Looks at what was accepted, again and again."""

    def __init__(self, work: Work[I], rule: StopWhen, senders: Sequence[Sender[Any]]) -> None:
        self._work: Final = work
        self._rule: Final = rule
        self._senders: Final = senders
        self._recent: Final[Mapping[WebhookId, deque[bool]]] = {
            each.webhook_id: deque(maxlen=rule.of) for each in senders
        }

    async def run(self) -> None:
        """Watch until cancelled.

        Raises:
            JournalError: what was seen could not be noted.
        """
        while True:
            await self._work.clock.sleep(self._rule.every)
            for sender in self._senders:
                try:
                    await self._look(sender)
                except JournalError:
                    raise
                except TheirStackError as error:
                    logger.warning("replay: webhook %s could not be looked at: %s", sender.webhook_id, error)

    async def _look(self, sender: Sender[Any]) -> None:
        accepted = [*self._work.journal.ledger.positions(sender.webhook_id, ReplayState.ACCEPTED)]
        if not accepted or sender.stopped:
            return
        sights = await self._work.verifier.look(accepted)
        recent = self._recent[sender.webhook_id]
        recent.extend(_failed(sights[at]) for at in sorted(sights) if sights[at].state in _ENDS)
        failed = sum(recent)
        if len(recent) == self._rule.of and failed >= self._rule.failed * len(recent):
            await sender.stop(f"{failed} of its last {len(recent)} deliveries failed again")


_ENDS: Final = {ReplayState.DELIVERED, ReplayState.FAILED_AGAIN}


def _failed(sight: Sight) -> bool:
    return sight.state is ReplayState.FAILED_AGAIN
