"""An API in memory, as a program that replays its events sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from tests.replay._virtual import START, LoopClock
from tests.replay._world import Call, Fate, Log, Row, World, script
from theirstack_async._check import check_id
from theirstack_async.replay import ReplayCapabilities, ReplayEvent, ReplayWindow, Resent, Trace
from theirstack_async.replay._provider import DeliveryStatus, WebhookId

__all__ = ["BITGO_LIKE", "CAPABILITIES", "START", "Call", "Fate", "Log", "MemoryProvider", "Row", "World", "script"]

WORDS: Final[Mapping[DeliveryStatus, str]] = {
    "failed": "FAILED", "pending": "PENDING", "delivered": "SENT", "skipped": "SKIPPED",
}  # fmt: skip
CAPABILITIES: Final = ReplayCapabilities(
    provider="memory",
    id_type=int,
    max_ids=25,
    batch_size=25,
    outcomes="each",
    status_filter=True,
    time_filter=False,
    statuses=tuple(WORDS.values()),
    auto_retry="include",
)
"""All ids of a call may differ in outcome, and nothing bounds its pace."""
BITGO_LIKE: Final = (ReplayWindow(45, 60.0, "ids", "webhook"), ReplayWindow(300, 60.0, "calls", "account"))


class MemoryProvider:
    """A program's way to a world.

    Args:
        world: the API.
        how: capabilities other than those of ``CAPABILITIES``.
    """

    def __init__(self, world: World, **how: Any) -> None:
        self.world = world
        self.capabilities = attrs.evolve(CAPABILITIES, **how)
        self.where = "memory://world"
        self.closed = False
        self._clock = LoopClock()

    async def list_failed(
        self, webhook_id: WebhookId, *, start: datetime | None, end: datetime | None, status: Collection[str]
    ) -> AsyncIterator[ReplayEvent[int]]:
        """Yield the events of a webhook, newest first, a page of 100 at a time."""
        self.world.lists += 1
        self._check_listing()
        wanted = {word.upper() for word in status} if self.capabilities.status_filter else set(WORDS.values())
        groups: set[str | None] = set()
        rows = [row for row in self.world.rows.values() if row.webhook_id == webhook_id]
        rows.sort(key=lambda row: (row.created_at, row.id), reverse=True)
        for number, row in enumerate(rows):
            if number % 100 == 0:
                await self._clock.sleep(self.world.list_latency)
            self.world.before_row(number)
            event = self._event(self.world.settle(row, self._clock.now()))
            if event.word in wanted and not row.hidden:
                groups.add(row.group)
                yield event
        for row in rows:
            if row.status == "delivered" and row.group is not None and row.group in groups:
                yield self._event(row)

    async def resend(self, webhook_id: WebhookId, ids: Collection[int]) -> Resent[int]:
        """Have events delivered again."""
        call = Call(self._clock.monotonic(), webhook_id, tuple(ids))
        assert len(set(call.ids)) == len(call.ids) > 0, "an id twice in a call, or none"
        assert len(call.ids) <= (self.capabilities.max_ids or len(call.ids)), "more ids than a call may have"
        assert {self.world.rows[id_].webhook_id for id_ in call.ids} == {webhook_id}, "ids of another webhook"
        fate, latency = self.world.fate(call), self.world.latency()
        try:
            try:
                await self._clock.sleep(latency / 2)
            finally:
                # What is on its way arrives, also when nobody waits for the answer any more.
                resent = self._arrived(call, fate)
            await self._clock.sleep(latency / 2)
        except BaseException:
            self.world.doubts.update(call.ids)
            raise
        if fate in ("lost", "dropped", "partly"):
            self.world.doubts.update(set(call.ids) - resent.accepted.keys() - resent.rejected.keys())
        return resent

    def _arrived(self, call: Call, fate: Fate) -> Resent[int]:
        self.world.calls.append(Log(call.sent, self._clock.monotonic(), call.webhook_id, len(call.ids), fate))
        self.world.sent.update(call.ids)
        if fate == "dropped":
            return Resent(verdict="unknown", reason="no answer came")
        if fate == "throttled":
            return Resent(verdict="throttled", reason="too fast", retry_after=self.world.retry_after)
        if fate in ("refused", "unsent", "over"):
            return Resent(verdict=fate, reason=f"the call was {fate}")
        if fate == "closed":
            self.world.closed.add(call.webhook_id)
        if call.webhook_id in self.world.closed:
            resent = Resent[int](verdict="closed", reason="the webhook is gone")
        else:
            resent = self._taken(call.ids, fate)
        return Resent(verdict="unknown", reason="the answer was lost") if fate == "lost" else resent

    def _taken(self, ids: tuple[int, ...], fate: Fate) -> Resent[int]:
        rejected = dict.fromkeys(self.world.rejects.intersection(ids), "not this one")
        all_or_nothing = self.capabilities.outcomes == "all"
        if self.world.poison.intersection(ids) or (rejected and all_or_nothing):
            return Resent(verdict="refused", reason="one of the ids is no good")
        now = self._clock.now()
        accepted = {id_: self.world.accept(id_, now) for id_ in ids if id_ not in rejected}
        if fate == "partly" and not all_or_nothing:
            told = set(ids[: len(ids) // 2])
            accepted = {id_: handle for id_, handle in accepted.items() if id_ in told}
            rejected = {id_: reason for id_, reason in rejected.items() if id_ in told}
        return Resent(verdict="answered", accepted=accepted, rejected=rejected)

    async def status_of(
        self, webhook_id: WebhookId, ids: Mapping[int, Trace], since: datetime
    ) -> Mapping[int, ReplayEvent[int]]:
        """Return where events stand: delivered where any of its rows is, or as its newest row says."""
        self.world.looks += 1
        self._check_listing()
        await self._clock.sleep(self.world.list_latency)
        now, found = self._clock.now(), dict[int, ReplayEvent[int]]()
        for id_ in ids:
            rows = [row for row in self.world.attempts(id_, now) if not row.hidden]
            if rows:
                best = max(rows, key=lambda row: (row.status == "delivered", row.created_at, row.id))
                found[id_] = attrs.evolve(self._event(best), id=id_)
        return found

    def _check_listing(self) -> None:
        if (error := self.world.listing()) is not None:
            raise error

    def _event(self, row: Row) -> ReplayEvent[int]:
        return ReplayEvent(
            id=row.id,
            webhook_id=row.webhook_id,
            type="job.new",
            status=row.status,
            word=WORDS[row.status],
            created_at=_instant(row.created_at),
            updated_at=_instant(row.updated_at),
            next_attempt=None if row.next_attempt is None else _instant(row.next_attempt),
            group=row.group,
            handle=row.handle,
            response_status={"delivered": 200, "failed": 503}.get(row.status),
            response={"delivered": "thank you", "failed": "not now"}.get(row.status),
        )

    def check_id(self, field: str, value: object) -> int:
        """Return a whole number from 0."""
        return check_id(field, value)

    def check_webhook_id(self, field: str, value: object) -> WebhookId:
        """Return a whole number from 0."""
        return check_id(field, value)

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed = True


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
