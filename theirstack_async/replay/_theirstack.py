"""The events of TheirStack's webhooks, as something that can be replayed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, cast

from theirstack_async._check import check_id
from theirstack_async._convert import Converter
from theirstack_async._engine import theirstack as api
from theirstack_async._wire.encode import fill_path
from theirstack_async.batch import CONTENT, FINAL, is_refusal
from theirstack_async.config import RequestOptions, RetryPolicy
from theirstack_async.errors import (
    ArgumentError,
    ConflictError,
    ConnectError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    TheirStackError,
)
from theirstack_async.pagination import Listing, Paginator, RejectsMode, digest
from theirstack_async.replay._provider import ReplayCapabilities, ReplayEvent, Resent, Trace, Verdict, reason_of
from theirstack_async.replay._theirstack_rows import STATUSES, EventRow, decode, to_event
from theirstack_async.resources._resource import refuse_envelope

if TYPE_CHECKING:
    from theirstack_async._engine.pipeline import Reply
    from theirstack_async._walk import Ask
    from theirstack_async.client import TheirStack
    from theirstack_async.replay._provider import WebhookId

_PAGE: Final = 500
"""Events a page at the most (the API's schema)."""
_ONCE: Final = RequestOptions(retries=RetryPolicy(attempts=1))
"""A resend call is made once. To wait and to repeat is the engine's business, which notes it and can be stopped."""
_CAPABILITIES: Final = ReplayCapabilities(
    provider="theirstack",
    id_type=int,
    max_ids=None,
    batch_size=100,
    outcomes="all",
    status_filter=True,
    time_filter=False,
    statuses=tuple(STATUSES),
    auto_retry="include",
)


class TheirStackEvents:
    """The events of TheirStack's webhooks, for :class:`Replay`.

    Reading is free; what it costs to have an event delivered again is not documented. The API takes or refuses a call
    as a whole, and documents no bound of its ids; its rate windows are kept by the client.

    Rows have no field for the type, so it is read off the record in them: ``job.new``, ``job.closed``, ``company.new``,
    or empty where the record is missing or may be of two kinds. ``created_at`` is when the event came about
    (``triggered_at`` of the row); from then on, for 48 hours, the API itself sends a FAILED one again every hour.
    """

    def __init__(self, client: TheirStack) -> None:
        """``client`` makes the calls, by its own settings, and stays open: it is the caller's to close."""
        self._pipeline = client._pipeline  # noqa: SLF001  # of one house  # pyright: ignore[reportPrivateUsage]
        self._converter = Converter()
        self._live: set[int] = set()

    @property
    def capabilities(self) -> ReplayCapabilities:
        """What the API can do."""
        return _CAPABILITIES

    @property
    def where(self) -> str:
        """The client's base URL."""
        return self._pipeline.config.base_url

    async def list_failed(
        self,
        webhook_id: WebhookId,
        *,
        start: datetime | None,  # noqa: ARG002  # the API lists by status alone
        end: datetime | None,  # noqa: ARG002
        status: Collection[str],
    ) -> AsyncGenerator[ReplayEvent[int], None]:
        """Yield the events of a webhook that have one of these statuses, whenever they came about. Free.

        For several statuses the whole list is read and yielded: of one list for each, an event that changes its status
        between them could be missing in both.

        Raises:
            DecodeError: a row of the list cannot be read.
            TheirStackError: the list could not be read to its end.
        """
        words = [*dict.fromkeys(status)]
        alone = words[0] if len(words) == 1 else None
        async with aclosing(self._rows(webhook_id, alone, "raise")) as events:
            async for event in events:
                yield event

    async def resend(self, webhook_id: WebhookId, ids: Collection[int]) -> Resent[int]:
        """Have events delivered again, in one call that is made once, and return what came of it."""
        try:
            body = {"webhook_event_ids": [self.check_id("ids", each) for each in ids]}
            reply = await self._pipeline.call(api.EVENTS_RETRY, json=body, options=_ONCE)
            # What the API answers is not documented (``null``), so any JSON but an error will do.
            if reply.body.strip():
                refuse_envelope(self._converter.decode(reply.body, object), reply.body)
        except TheirStackError as error:
            return await self._explained(cast("int", webhook_id), len(ids), error)
        return Resent(verdict="answered", accepted=dict.fromkeys(ids))

    async def status_of(
        self,
        webhook_id: WebhookId,
        ids: Mapping[int, Trace],
        since: datetime,  # noqa: ARG002  # a resend changes the event's own row
    ) -> Mapping[int, ReplayEvent[int]]:
        """Return where events stand now, from one pass over the webhook's list, which ends once all were met. Free.

        A row that cannot be read counts as not listed.

        Raises:
            TheirStackError: the list could not be read to its end.
        """
        found: dict[int, ReplayEvent[int]] = {}
        async with aclosing(self._rows(webhook_id, None, "collect")) as events:
            while len(found) < len(ids) and (event := await anext(events, None)) is not None:
                if event.id in ids:
                    found[event.id] = event
        return found

    def check_id(self, field: str, value: object) -> int:
        """Return an event's id, a whole number from 0.

        Raises:
            ArgumentError: it is none, which names the field.
        """
        return check_id(field, value)

    def check_webhook_id(self, field: str, value: object) -> WebhookId:
        """Return a webhook's id, a whole number from 0.

        Raises:
            ArgumentError: it is none, which names the field.
        """
        return check_id(field, value)

    async def aclose(self) -> None:
        """Do nothing: the client is its owner's to close."""

    async def _rows(
        self, webhook_id: WebhookId, status: str | None, rejects: RejectsMode
    ) -> AsyncGenerator[ReplayEvent[int], None]:
        parts = {"webhook_id": check_id("webhook_id", webhook_id)}
        path = fill_path(api.EVENTS_LIST.path, parts)

        async def fetch(ask: Ask) -> Reply:
            query = {"status": status, "offset": ask.offset, "limit": ask.limit}
            return await self._pipeline.call(api.EVENTS_LIST, parts=parts, query=query)

        listing: Listing[EventRow] = Listing(
            label=f"GET {path}",
            fetch=fetch,
            decode=partial(decode, self._converter),
            key=_id_of,
            digest=digest(path, {"status": status}),
        )
        now = datetime.fromtimestamp(self._pipeline.clock.now(), UTC)
        async with aclosing(aiter(Paginator(listing, page_size=_PAGE, rejects=rejects))) as rows:
            async for row in rows:
                yield to_event(row, parts["webhook_id"], now)

    async def _explained(self, webhook_id: int, asked: int, error: TheirStackError) -> Resent[int]:
        """Return what an error of a resend call means; the call names no webhook, so a refusal may need a look at it.

        It is looked at when it first refuses something, and whenever it refuses a single id.
        """
        verdict, reason = _verdict(error), reason_of(error)
        if isinstance(error, CONTENT) and (asked == 1 or webhook_id not in self._live):
            verdict, reason = await self._look(webhook_id) or (verdict, reason)
            if verdict == "refused":
                self._live.add(webhook_id)
        retry_after = error.retry_after if isinstance(error, RateLimitError) else None
        return Resent(verdict=verdict, reason=reason, retry_after=retry_after)

    async def _look(self, webhook_id: int) -> tuple[Verdict, str] | None:
        """Return why nothing can be sent to a webhook; None when it is alive, or that cannot be found out."""
        try:
            reply = await self._pipeline.call(api.WEBHOOKS_GET, parts={"webhook_id": webhook_id})
            found: Any = self._converter.decode(reply.body, object)
        except NotFoundError:
            return await self._look_around(webhook_id)
        except PermissionDeniedError as error:
            return "closed", str(error)
        except TheirStackError as error:
            return ("over", str(error)) if _verdict(error) == "over" else None
        if isinstance(found, dict) and cast("dict[str, Any]", found).get("is_archived") is True:
            return "closed", f"webhook {webhook_id} is archived, so nothing is delivered to it any more"
        return None

    async def _look_around(self, webhook_id: int) -> tuple[Verdict, str] | None:
        """Return whether it is one webhook that is not there, or the address of the API that is wrong."""
        try:
            await self._pipeline.call(api.WEBHOOKS_LIST)
        except TheirStackError as error:
            lost = is_refusal(error) and not isinstance(error, RateLimitError)
            return ("over", str(error)) if lost else None
        return "closed", f"there is no webhook {webhook_id} any more"


_id_of: Final = attrgetter("id")


def _verdict(error: TheirStackError) -> Verdict:
    """Return what is known of a call that ended in an error; the pipeline says in ``sent`` whether it was carried out.

    A success that cannot be read, or holds an error, was answered by somebody: nobody knows what was done.
    """
    if isinstance(error, RateLimitError):
        return "throttled"
    if isinstance(error, FINAL) or (isinstance(error, ConnectError) and error.permanent):
        return "over"
    if isinstance(error, ConflictError):
        return "unsent"
    if isinstance(error, ArgumentError) or is_refusal(error):
        return "refused"
    return "unsent" if error.sent == "no" else "unknown"
