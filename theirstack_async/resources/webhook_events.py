"""The events of webhooks: what was delivered, what failed, and delivering it again."""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal

from theirstack_async._check import check_id, check_text
from theirstack_async._checkpoint import Checkpoint
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.pipeline import CallState
from theirstack_async._ids import IdSet
from theirstack_async._wire.message import Kind
from theirstack_async.batch import BatchRun, Progress, check_progress, check_source
from theirstack_async.config import RequestOptions, check_count, check_seconds
from theirstack_async.errors import ArgumentError
from theirstack_async.models import WebhookEvent, WebhookEventCount, WebhookEventStatus, WebhookGroupBy
from theirstack_async.models.webhook_event import EventId
from theirstack_async.pagination import Paginator, RejectsMode
from theirstack_async.pagination._arguments import check_bounds
from theirstack_async.report import RetryReport
from theirstack_async.resources._arguments import check_period, member_of, one_or_list_of
from theirstack_async.resources._event_lists import PAGE_LIMIT, EventLists, id_of
from theirstack_async.resources._incremental import check_state
from theirstack_async.resources._resource import refuse_envelope

if TYPE_CHECKING:
    from theirstack_async.incremental import IncrementalRun, IncrementalState

OnUnknown = Literal["report", "resend"]
"""What becomes of a batch of unknown outcome: reported as unknown, or sent again."""


class WebhookEvents(EventLists):
    """The events of webhooks.

    Reading and counting are free. What a delivery by a retry costs is not documented.
    """

    def list(
        self,
        webhook_id: int,
        *,
        status: WebhookEventStatus | str | None = None,
        page_size: int = PAGE_LIMIT,
        offset: int = 0,
        max_items: int | None = None,
        resume: Checkpoint | None = None,
        rejects: RejectsMode = "raise",
        settle: bool = False,
        partial: bool = False,
        payload: Literal["full", "lazy"] = "full",
        options: RequestOptions | None = None,
    ) -> Paginator[WebhookEvent]:
        """Return the events of a webhook, read as they are iterated. Nothing is sent before the first row is asked for.

        If rows keep their order while the list is read, every event that is there throughout comes exactly once, or a
        :class:`PaginationError` is raised. Rows that move about are not covered; ``settle=True`` helps with those.

        Args:
            webhook_id: whose events.
            status: only events of this status, such as ``"FAILED"``.
            page_size: events a request, from 1 to 500. Each page but the first asks again for one event that is known,
                which shows that none was missed; with a page size of 1, two are asked for therefore.
            offset: how many events to leave out at the beginning.
            max_items: how many events to hand out at the most; None for all.
            resume: a checkpoint of the same list, to go on from.
            rejects: an event that does not decode is raised after the good ones of its page (``"raise"``), or
                collected in ``page.rejects`` and ``paginator.rejects`` (``"collect"``).
            settle: read the list again from its start, until a pass brings nothing new.
            partial: end quietly instead of raising when the API gives the same page again and again.
            payload: with ``"lazy"`` a payload is decoded when it is first used: by ``event.payload``, ``==``, ``hash``,
                ``repr``, ``to_dict``, a copy or a pickle. What comes out is the same. It pays where few are used: a
                page of jobs takes about a quarter of the time then, and a third more if all are used. Until then a
                payload is a copy of its text, which takes less memory than the record, and does not hold its whole
                page. With ``keep_unknown_fields=True`` payloads are decoded at once all the same.
            options: how the calls are made, instead of the client's way.

        Raises:
            ArgumentError: an argument was refused.
        """
        return self._list(
            webhook_id, WebhookEvent, None, status, page_size, options, payload=payload,
            offset=offset, max_items=max_items, resume=resume, rejects=rejects, settle=settle, partial=partial,
        )  # fmt: skip

    def ids(
        self,
        webhook_id: int,
        *,
        status: WebhookEventStatus | str | None = None,
        page_size: int = PAGE_LIMIT,
        offset: int = 0,
        max_items: int | None = None,
        resume: Checkpoint | None = None,
        rejects: RejectsMode = "raise",
        settle: bool = False,
        partial: bool = False,
        options: RequestOptions | None = None,
    ) -> Paginator[int]:
        """Return the ids of a webhook's events: as :meth:`list`, but nothing else of a row is decoded."""
        return self._list(
            webhook_id, EventId, id_of, status, page_size, options,
            offset=offset, max_items=max_items, resume=resume, rejects=rejects, settle=settle, partial=partial,
        )  # fmt: skip

    def incremental(
        self,
        webhook_id: int,
        *,
        state: IncrementalState,
        status: WebhookEventStatus | str | None = None,
        page_size: int = PAGE_LIMIT,
        max_items: int | None = None,
        rejects: RejectsMode = "raise",
        wait: float = 0.0,
        options: RequestOptions | None = None,
    ) -> IncrementalRun[WebhookEvent]:
        """Return a run over the events that no earlier run has acknowledged. Free.

        The list has neither a time filter nor a documented order, so the whole of it is read each time, and what is
        known is left out here. An event comes once, as it stands then: with ``status``, once it has that status.

        Args:
            webhook_id: whose events.
            state: where it is kept which events are known.
            status: only events of this status, which is a profile of its own.
            page_size: events a request, from 1 to 500, and the most that a batch has.
            max_items: how many new events to hand out at the most; None for all.
            rejects: what becomes of events that do not decode: raised (``"raise"``), or collected (``"collect"``).
            wait: seconds to wait for another run of the same profile to end; 0 refuses at once.
            options: how the calls are made, instead of the client's way.

        Raises:
            ArgumentError: an argument was refused.
        """
        from theirstack_async.incremental import IncrementalRun
        from theirstack_async.incremental._profiles import event_profile

        check_bounds(0, max_items, rejects)
        check_state(state)
        check_seconds("wait", wait)
        listing = self.list(webhook_id, status=status, page_size=page_size, rejects="collect", options=options)
        collect = rejects == "collect"
        profile = event_profile(self._pipeline, webhook_id, status, listing, max_items=max_items, collect=collect)
        return IncrementalRun(profile, state, wait=wait)

    async def count(self, webhook_id: int, *, options: RequestOptions | None = None) -> int:
        """Return how many events a webhook has, of every status."""
        parts = {"webhook_id": check_id("webhook_id", webhook_id)}
        return await self._call(api.EVENTS_COUNT, int, parts=parts, options=options)

    async def counts(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        timezone: str = "UTC",
        webhook_id: int | None = None,
        group_by: WebhookGroupBy | str | Sequence[WebhookGroupBy | str] = "status",
        options: RequestOptions | None = None,
    ) -> builtins.list[WebhookEventCount]:
        """Return how many events there were, day by day.

        Both instants are always sent: the API's own defaults are the moment at which its server was started.

        Args:
            start: aware datetime; 30 days before ``end`` unless given.
            end: aware datetime; now unless given.
            timezone: an IANA name such as ``Europe/Madrid``, in which days begin.
            webhook_id: only this webhook's events.
            group_by: ``status``, ``webhook_id`` or ``event_type``; several are sent as several parameters, which the
                API takes since July 2026.
            options: how the call is made, instead of the client's way.

        Raises:
            ArgumentError: an instant has no time zone, or ``start`` is not before ``end``.
        """
        query = {
            **check_period(start, end, self._now(), days=30),
            "timezone": check_text("timezone", timezone),
            "webhook_id": None if webhook_id is None else check_id("webhook_id", webhook_id),
            "group_by": one_or_list_of(member_of(WebhookGroupBy))("group_by", group_by),
        }
        return await self._call(api.EVENTS_COUNTS, list[WebhookEventCount], query=query, options=options)

    async def retry(
        self,
        ids: Iterable[int | WebhookEvent] | AsyncIterable[int | WebhookEvent],
        *,
        batch_size: int = 100,
        max_concurrency: int = 4,
        on_unknown: OnUnknown = "report",
        on_progress: Progress | None = None,
        drain: float = 5.0,
        options: RequestOptions | None = None,
    ) -> RetryReport:
        """Have events delivered again, and return what became of each.

        Ids are taken from the source as they are needed, so a million of them stream through. Each distinct id is sent
        once. The API documents no maximum a call, and answers for a batch as a whole: a batch that it refuses for its
        content (400, 404, 422) is halved until the bad ids stand alone; three batches in a row of which every id was
        refused stop the run. So do 401, 402, 403, a rate limit that asks for a longer wait than allowed, and ten
        batches in a row without a clear answer. What was never sent is ``skipped``.

        On cancellation the batches in flight get ``drain`` seconds to end, then they are cut and reported as unknown; a
        second cancellation cuts them at once. The report that ``on_progress`` received is final then, too.

        Args:
            ids: event ids or events; a list, a generator, an async generator, a paginator.
            batch_size: ids a request, from 1 to 10,000.
            max_concurrency: requests under way at once, within the client's own limit.
            on_unknown: ``"report"`` leaves a batch of unknown outcome in ``report.unknown``; ``"resend"`` sends it
                again, so that an event may be delivered twice, which a receiver has to bear anyway.
            on_progress: called with the live report after each answered batch, and once more at the end.
            drain: seconds, from 0.
            options: how the calls are made, instead of the client's way; its deadline is each batch's own.

        Raises:
            ArgumentError: an argument was refused. For a list it is raised before anything is sent.
        """
        check_source(ids)
        check_count("batch_size", batch_size, at_most=10_000)
        check_count("max_concurrency", max_concurrency)
        check_seconds("drain", drain)
        check_progress(on_progress)
        if on_unknown not in ("report", "resend"):
            raise ArgumentError(f'on_unknown: expected "report" or "resend", got {on_unknown!r}', field="on_unknown")
        kind: Kind = "idempotent" if on_unknown == "resend" else api.EVENTS_RETRY.kind
        run = BatchRun(
            partial(self._send, kind, options),
            partial(self._pipeline.call, api.WEBHOOKS_LIST, options=options),
            _event_id,
            batch_size=batch_size,
            max_concurrency=max_concurrency,
            drain=drain,
            on_progress=on_progress,
            clock=self._pipeline.clock,
        )
        return await run.run(ids)

    async def retry_failed(
        self,
        webhook_id: int,
        *,
        page_size: int = PAGE_LIMIT,
        batch_size: int = 100,
        max_concurrency: int = 4,
        on_unknown: OnUnknown = "report",
        on_progress: Progress | None = None,
        drain: float = 5.0,
        options: RequestOptions | None = None,
    ) -> RetryReport:
        """Have all FAILED events of a webhook delivered again, and return what became of each.

        The ids are read to the end first, and only the ids: a list from which rows vanish while they are retried is no
        list to page through. The rest is as with :meth:`retry`.
        """
        found = IdSet()
        async for value in self.ids(webhook_id, status=WebhookEventStatus.FAILED, page_size=page_size, options=options):
            found.add(value)
        return await self.retry(
            found,
            batch_size=batch_size,
            max_concurrency=max_concurrency,
            on_unknown=on_unknown,
            on_progress=on_progress,
            drain=drain,
            options=options,
        )

    async def _send(self, kind: Kind, options: RequestOptions | None, ids: Sequence[int], state: CallState) -> None:
        """Send one batch. What the API answers is not documented (``null``), so any JSON but an error will do."""
        reply = await self._pipeline.call(
            api.EVENTS_RETRY, json={"webhook_event_ids": [*ids]}, options=options, kind=kind, state=state
        )
        if reply.body != b"null" and reply.body.strip():
            refuse_envelope(self._converter.decode(reply.body, object), reply.body)


def _event_id(item: int | WebhookEvent) -> int:
    return check_id("ids", item.id if isinstance(item, WebhookEvent) else item)
