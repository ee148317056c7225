"""Looking at what became of events that the API has accepted, and noting it in the journal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Generic

import attrs

from theirstack_async._clock import Clock
from theirstack_async.errors import (
    ArgumentError,
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    ConfigurationError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    ReplayError,
    TheirStackError,
    UnprocessableError,
)
from theirstack_async.hooks import logger
from theirstack_async.replay._evidence import CLOCKS, sight
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._provider import I, ReplayEvent, ReplayProvider, Trace, WebhookId
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import Seen, Sight

_FIRST_WAIT: Final = 1.0
_LONGEST_WAIT: Final = 30.0
"""Seconds between two looks."""
_PART: Final = 1_000
"""So many events a step, to bound the length of a line of the journal."""
_KNOWN: Final = frozenset({ReplayState.DELIVERED, ReplayState.FAILED_AGAIN})
"""What needs no further look."""
_LOOKED_AT: Final = (ReplayState.ACCEPTED, ReplayState.FAILED_AGAIN, ReplayState.PENDING, ReplayState.MISSING)
_FATAL: Final = (
    ArgumentError,
    AuthenticationError,
    ClientClosedError,
    ConfigurationError,
    InsufficientCreditsError,
    PermissionDeniedError,
    ReplayError,
)
"""What no other webhook would fare better with."""
HOPELESS: Final = (BadRequestError, NotFoundError, UnprocessableError)
"""What asking for the same webhook again cannot mend."""


@attrs.define
class _Target:
    """A webhook that is looked at again and again."""

    webhook_id: WebhookId
    left: list[int]
    """The events that need a further look."""
    sights: dict[int, Sight] = attrs.Factory(dict[int, Sight])
    at: float = 0.0
    """When the last look that succeeded was, in Unix seconds."""
    error: TheirStackError | None = None
    """Why the last look failed; None when it succeeded."""


def _open(sights: Mapping[int, Sight]) -> dict[int, Sight]:
    return {at: seen for at, seen in sights.items() if seen.state not in _KNOWN}


class Verifier(Generic[I]):
    """Looks at accepted events. A look is one listing for each webhook, however many of its events are looked for."""

    def __init__(self, provider: ReplayProvider[I], journal: Journal, clock: Clock) -> None:
        self._provider: Final = provider
        self._journal: Final = journal
        self._clock: Final = clock

    def candidates(self) -> list[int]:
        """Return all that a verification looks at: what was accepted and is not delivered, as far as is known.

        What failed again is among it, for the API may have delivered it by itself since.
        """
        ledger = self._journal.ledger
        return [at for each in self._journal.plan.webhook_ids for at in ledger.positions(each, *_LOOKED_AT)]

    async def events(self, webhook_id: WebhookId, positions: Collection[int]) -> Mapping[I, ReplayEvent[I]]:
        """Return how events of one webhook are listed now, by id. What the API does not list is left out.

        Raises:
            TheirStackError: the list could not be read to its end, or the journal could not be read.
        """
        return await self._listed(webhook_id, await self._journal.traces(positions))

    async def look(self, positions: Iterable[int], *, last: bool = False) -> dict[int, Sight]:
        """Look once at accepted events, and return what was seen of each, by position.

        What was delivered or failed again is noted in the journal at once, what is pending or missing only with
        ``last``.

        Raises:
            TheirStackError: a list could not be read to its end, or the journal could not be read or written. What was
                seen of webhooks before is noted.
        """
        sights: dict[int, Sight] = {}
        for webhook_id, wanted in self._by_webhook(positions).items():
            found = await self._look_at(webhook_id, wanted)
            if last:
                await self._note(_open(found), self._clock.now())
            sights |= found
        return sights

    async def until(self, positions: Iterable[int], *, deadline: float) -> dict[int, Sight]:
        """Look at accepted events until each was delivered or failed again, or the deadline is over.

        Pauses between two looks grow from 1 to 30 seconds. The last look is at the deadline; one that has begun is
        finished. A webhook whose list cannot be read is tried again until then.

        Args:
            positions: the events, by their positions in the plan.
            deadline: seconds; 0 for a single look.

        Returns:
            What was seen last of each event, by position. Events of a webhook that could not be listed are left out.

        Raises:
            TheirStackError: no list of any webhook could be read; or the API refuses the key, the client is closed, or
                the journal cannot be read or written.
        """
        end, wait = self._clock.monotonic() + deadline, _FIRST_WAIT
        targets = [_Target(webhook_id, wanted) for webhook_id, wanted in self._by_webhook(positions).items()]
        while targets:
            last = self._clock.monotonic() >= end
            for each in targets:
                if each.left:
                    await self._try(each)
            if last or not any(each.left for each in targets):
                break
            await self._clock.sleep(max(0.0, min(wait, end - self._clock.monotonic())))
            wait = min(wait * 2, _LONGEST_WAIT)
        return await self._end(targets)

    async def _try(self, target: _Target) -> None:
        """Look at a webhook once, if that is possible."""
        try:
            found = await self._look_at(target.webhook_id, target.left)
        except _FATAL:
            raise
        except TheirStackError as error:
            logger.debug("replay: webhook %s could not be looked at: %s", target.webhook_id, error)
            target.error = error
            if isinstance(error, HOPELESS):
                target.left = []
            return
        target.error, target.at = None, self._clock.now()
        target.sights |= found
        target.left = [at for at in target.left if found[at].state not in _KNOWN]

    async def _end(self, targets: Sequence[_Target]) -> dict[int, Sight]:
        """Note what is still open as it was seen last, and return all that was seen."""
        sights: dict[int, Sight] = {}
        for each in targets:
            await self._note(_open(each.sights), each.at)
            sights |= each.sights
        errors = [(each.webhook_id, each.error) for each in targets if each.error is not None]
        if errors and not sights:
            raise errors[-1][1]
        for webhook_id, error in errors:
            logger.warning("replay: webhook %s could not be looked at to the end: %s", webhook_id, error)
        return sights

    async def _look_at(self, webhook_id: WebhookId, positions: Sequence[int]) -> dict[int, Sight]:
        """Look at events of one webhook, and note what needs no further look."""
        plan = self._journal.plan
        traces = await self._journal.traces(positions)
        events = await self._listed(webhook_id, traces)
        sights: dict[int, Sight] = {}
        for at in positions:
            entry = plan.entries[at]
            sights[at] = sight(
                entry, events.get(entry.id), self._sent_at(at), handle=traces[at].handle, asked=plan.status
            )
        await self._note({at: seen for at, seen in sights.items() if seen.state in _KNOWN}, self._clock.now())
        return sights

    async def _listed(self, webhook_id: WebhookId, traces: Mapping[int, Trace]) -> Mapping[I, ReplayEvent[I]]:
        entries = self._journal.plan.entries
        since = datetime.fromtimestamp(min(map(self._sent_at, traces)) - CLOCKS, UTC)
        ids: dict[Any, Trace] = {entries[at].id: trace for at, trace in traces.items()}
        return await self._provider.status_of(webhook_id, ids, since)

    async def _note(self, sights: Mapping[int, Sight], at: float) -> None:
        """Write down what was seen. What is known as delivered stays so, should a look that began before end later."""
        ledger = self._journal.ledger
        due = [each for each in sights if ledger.state(each) is not ReplayState.DELIVERED]
        for start in range(0, len(due), _PART):
            part = due[start : start + _PART]
            await self._journal.write(Seen(sights={each: sights[each] for each in part}, at=at))

    def _sent_at(self, position: int) -> float:
        """Return when an event was sent last; one that never was counts from the plan."""
        at = self._journal.ledger.intended_at(position)
        return self._journal.plan.made_at.timestamp() if at is None else at

    def _by_webhook(self, positions: Iterable[int]) -> dict[WebhookId, list[int]]:
        found: dict[WebhookId, list[int]] = {}
        for at in positions:
            found.setdefault(self._journal.plan.entries[at].webhook_id, []).append(at)
        return found
