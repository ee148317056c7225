"""Reconciling one webhook: its event list is read page by page, and compared with the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import attrs

from theirstack_async._fanout import FanOut
from theirstack_async._ids import IdSet
from theirstack_async.errors import ConfigurationError, DeliveryError, NotFoundError
from theirstack_async.models._base import Model, set_utc
from theirstack_async.receiver._answer import Answer
from theirstack_async.receiver._from_list import envelope, record_of
from theirstack_async.receiver._intake import KNOWN, STOPPED
from theirstack_async.receiver._reconcile_report import ReconcileReport
from theirstack_async.receiver._store import DeliveryStore

if TYPE_CHECKING:
    from theirstack_async._convert import Converter
    from theirstack_async.client import TheirStack
    from theirstack_async.models import Webhook
    from theirstack_async.report import RetryReport

How = Literal["process", "resend"]
Admit = Callable[[bytes], Awaitable[Answer]]
"""Takes the body of a delivery in as if it had come, waits for room, and says whether it is safe; DeliveryError if it
is no delivery."""

_AT_ONCE: Final = 10
"""Events that wait to be taken in at a time. Deliveries that come meanwhile wait in the same line."""
_DRAIN: Final = 1.0
"""Seconds that those get to be stored when the run is cancelled or fails, so that the report is right about them."""
_CHUNK: Final = 500
"""Ids that a store is asked about at once; a page has no more rows either."""

_UNTOUCHED: Final = "the run ended before its turn; run it again"
_COSTLY: Final = (
    "it was not sent for want of credits, and having it sent may cost some: pass resend_not_triggered=True to do so"
)
_ARCHIVED: Final = "its webhook is archived, so the API does not send it again"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class _Row(Model):
    """A row of the event list without the record in it, which is nearly all of its bytes."""

    id: int
    status: str
    created_at: datetime

    def __attrs_post_init__(self) -> None:
        set_utc(self, "created_at")


@attrs.frozen
class Plan:
    """What all webhooks have in common; see :func:`~theirstack_async.receiver._reconcile.reconcile`."""

    client: TheirStack
    since: datetime
    store: DeliveryStore
    admit: Admit
    how: How
    resend_not_triggered: bool
    converter: Converter


class Run:
    """The reconciliation of one webhook. It holds one page of the list at a time, and ids."""

    def __init__(self, webhook_id: int, plan: Plan) -> None:
        self._webhook_id = webhook_id
        self._plan = plan
        self._webhook: Webhook | None = None
        self._looked = False
        self._listed = IdSet()
        self._failed = IdSet()
        self._not_triggered = IdSet()
        self._known = 0
        self._processed: list[int] = []
        self._resent: list[int] = []
        self._to_resend: list[int] = []
        self._left: dict[int, str] = {}
        self._unreadable: dict[str, None] = {}

    async def run(self) -> None:
        """Read the list, and do what is to be done."""
        async with aclosing(self._plan.client.webhooks.events.ids(self._webhook_id).raw_pages()) as pages:
            async for page in pages:
                await self._reconcile_page(page.body)
        await self._resend()

    def report(self) -> ReconcileReport:
        """Return how it stands."""
        return ReconcileReport(
            since=self._plan.since.astimezone(UTC),
            listed=len(self._listed),
            failed=len(self._failed),
            not_triggered=len(self._not_triggered),
            known=self._known,
            processed=tuple(self._processed),
            resent=tuple(self._resent),
            left=dict(self._left),
            unreadable=tuple(self._unreadable),
        )

    async def _reconcile_page(self, body: bytes) -> None:
        places = self._missed(body)
        ids = await self._unknown([*places])
        if self._plan.how == "resend":
            for event_id in ids:
                self._send_again(event_id)
        elif ids:
            from theirstack_async._convert.fast import split

            rows = split(body)
            await self._process({event_id: rows[places[event_id]] for event_id in ids})

    def _missed(self, body: bytes) -> dict[int, int]:
        """Return the events of a page that may never have arrived, each with its place on the page."""
        from theirstack_async._convert import Reject

        found: dict[int, int] = {}
        groups = {"FAILED": self._failed, "NOT_TRIGGERED": self._not_triggered}
        # Some rows of a page may be there again: the list is read with an overlap.
        for place, row in enumerate(self._plan.converter.decode_rows(body, _Row).rows):
            if isinstance(row, Reject):
                which = "a row without an id" if row.id is None else f"event {row.id}"
                self._unreadable[f"{which}: {'; '.join(map(str, row.problems))}"] = None
                continue
            self._listed.add(row.id)
            group = groups.get(row.status)
            if group is not None and row.created_at >= self._plan.since and not self._is_found(row.id):
                group.add(row.id)
                self._left[row.id] = _UNTOUCHED
                found[row.id] = place
        return found

    async def _unknown(self, ids: Sequence[int]) -> list[int]:
        """Return the events that the store does not know, and count those that it does."""
        if not ids:
            return []
        known = await self._plan.store.known(ids)
        for event_id in ids:
            if event_id in known:
                self._known += 1
                del self._left[event_id]
        return [event_id for event_id in ids if event_id not in known]

    async def _process(self, rows: Mapping[int, bytes]) -> None:
        """Take events in from their rows, several at a time."""
        async with FanOut(_AT_ONCE, drain=_DRAIN) as fan:
            for event_id, row in rows.items():
                delivery = await self._delivery(event_id, row)
                if delivery is None:
                    self._send_again(event_id)
                else:
                    await fan.submit(self._take_in(event_id, delivery))
            await fan.join()

    async def _take_in(self, event_id: int, delivery: bytes) -> None:
        try:
            answer = await self._plan.admit(delivery)
        except DeliveryError as error:
            self._left[event_id] = f"its row makes no delivery: {error}"
            return
        if answer == STOPPED:
            raise ConfigurationError("the receiver was stopped while its events were reconciled; run it again")
        if not answer.ok:
            self._left[event_id] = f"the receiver answered {answer.status}: {answer.text}"
            return
        del self._left[event_id]
        if answer == KNOWN:  # it was delivered since the store was asked
            self._known += 1
        else:
            self._processed.append(event_id)

    async def _delivery(self, event_id: int, row: bytes) -> bytes | None:
        """Return an event of the list as it would be delivered; None where that cannot be told."""
        record = record_of(row, self._plan.converter)
        types = record.types
        if len(types) > 1 and (webhook := await self._look()) is not None:
            wanted = {each.replace("_", ".") for each in webhook.active_event_types or (webhook.event_type,)}
            types = tuple(each for each in types if each in wanted)
        return envelope(event_id, types[0], record.payload) if len(types) == 1 else None

    def _send_again(self, event_id: int) -> None:
        if event_id in self._not_triggered and not self._plan.resend_not_triggered:
            self._left[event_id] = _COSTLY
        else:
            self._to_resend.append(event_id)

    async def _resend(self) -> None:
        """Have events sent again, but those that have arrived since the list was read."""
        ids: list[int] = []
        for start in range(0, len(self._to_resend), _CHUNK):
            ids += await self._unknown(self._to_resend[start : start + _CHUNK])
        if not ids:
            return
        webhook = await self._look()
        if webhook is None or webhook.is_archived:
            self._left.update(dict.fromkeys(ids, _ARCHIVED))
            return
        reports: list[RetryReport] = []
        try:
            await self._plan.client.webhooks.events.retry(ids, on_progress=reports.append)
        finally:
            # It is the same report each time, and final when this is reached by a cancellation, too.
            for report in reports[-1:]:
                self._note(report)

    def _note(self, report: RetryReport) -> None:
        for event_id in report.accepted:
            del self._left[event_id]
            self._resent.append(event_id)
        for event_id, error in report.rejected.items():
            self._left[event_id] = f"the API refused to send it again: {error}"
        last = report.stopped_by or report.last_error or "the run was cut off"
        self._left.update(dict.fromkeys(report.unknown, f"nobody knows whether the API will send it again: {last}"))
        self._left.update(dict.fromkeys(report.skipped, f"the API was not asked to send it again: {last}"))

    async def _look(self) -> Webhook | None:
        """Return the webhook; None when it is no longer there, though its list is."""
        if not self._looked:
            with suppress(NotFoundError):
                self._webhook = await self._plan.client.webhooks.get(self._webhook_id)
            self._looked = True
        return self._webhook

    def _is_found(self, event_id: int) -> bool:
        return event_id in self._failed or event_id in self._not_triggered
