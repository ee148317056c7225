"""BitGo's webhook notifications, as something that can be replayed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from theirstack_async._clock import Clock, SystemClock
from theirstack_async._engine.pipeline import Pipeline
from theirstack_async._engine.slots import Slots
from theirstack_async._wire.encode import fill_path
from theirstack_async.config import (
    ClientConfig,
    KeyProvider,
    RequestOptions,
    RetryPolicy,
    Timeouts,
    check_base_url,
    check_proxy,
    check_session,
    load_key,
)
from theirstack_async.errors import ArgumentError, ClientClosedError, NotFoundError, TheirStackError
from theirstack_async.hooks import Hook
from theirstack_async.replay._bitgo_api import (
    ADMIN_RETRIGGER,
    BITGO_PRODUCTION,
    BITGO_TEST,
    LIST,
    RETRIGGER,
    STATUSES,
    TOKEN_VARIABLE,
    bitgo_dialect,
    is_uuid,
    write_instant,
)
from theirstack_async.replay._bitgo_lists import rows, rows_of_status
from theirstack_async.replay._bitgo_looks import Sought
from theirstack_async.replay._bitgo_verdicts import read_resent, verdict_of
from theirstack_async.replay._provider import ReplayCapabilities, ReplayEvent, ReplayWindow, Resent, StopWhen, Trace

if TYPE_CHECKING:
    import aiohttp

    from theirstack_async.replay._provider import WebhookId

__all__ = ["BITGO_PRODUCTION", "BITGO_TEST", "BitGoNotifications"]

_MOST: Final = 25
"""Ids of a resend call (https://developers.bitgo.com/reference/retriggernotifications)."""
_LOOKUPS: Final = 25
"""Up to so many events are looked up one by one, which is a call each, rather than searched for in the past."""
_MARGIN: Final = timedelta(seconds=30)
"""By how much this machine's clock and the API's may differ. Whether the bounds of a listing are part of it is not
documented either."""
_BEGINNING: Final = datetime(2010, 1, 1, tzinfo=UTC)
"""Before there was a BitGo."""
_BY_LIFE: Final = ("PENDING", "PROCESSING", "FAILED", "SKIPPED", "SENT")
"""In the order in which a notification passes through them, so that one that moves on while they are listed, one after
the other, is not missed."""
_ONCE: Final = RequestOptions(retries=RetryPolicy(attempts=1))
"""A resend call is made once: to wait and to repeat is the engine's business, which can be stopped meanwhile."""

_CAPABILITIES: Final = ReplayCapabilities(
    provider="bitgo",
    id_type=str,
    max_ids=_MOST,
    batch_size=_MOST,
    outcomes="each",
    windows=(ReplayWindow(45, 60.0, "ids", "webhook"), ReplayWindow(300, 60.0, "calls", "account")),
    status_filter=True,
    time_filter=True,
    statuses=STATUSES,
    auto_retry="skip",
    stop_when=StopWhen(),
)


class BitGoNotifications:
    """The notifications of BitGo's webhooks: a provider for :class:`Replay`, with a connection pool of its own.

    Close it, or the ``Replay`` that it was given to: ``async with BitGoNotifications() as provider``. Making it opens
    nothing. It works in BitGo's test environment unless ``base_url=BITGO_PRODUCTION`` names the other one.

    A notification is one event. BitGo may list each attempt at one as a row of its own, so rows of one type and one
    payload count as attempts at the same event; of those, one is sent. Up to 50 ids a minute and webhook may be sent,
    and 360 calls a minute and user be made; 45 and 300 are. A resent notification bears its first signature, which the
    receiver cannot verify after a secret was rotated. A webhook is suspended after 100 failures within a week
    (https://developers.bitgo.com/guides/webhooks/overview), so by default one is left alone when half of the last 20
    deliveries failed.
    """

    def __init__(
        self,
        access_token: str | KeyProvider | None = None,
        *,
        base_url: str = BITGO_TEST,
        admin: bool = False,
        timeouts: Timeouts = Timeouts(),
        retries: RetryPolicy = RetryPolicy(),
        max_concurrency: int = 16,
        session: aiohttp.ClientSession | None = None,
        proxy: str | None = None,
        ssl_context: SSLContext | None = None,
        trust_env: bool = False,
        hooks: Iterable[Hook] = (),
        clock: Clock | None = None,
    ) -> None:
        """Set it up.

        Args:
            access_token: the token, or a callable, possibly async, that returns it. By default ``BITGO_ACCESS_TOKEN``.
                One that is missing is an error only at the first call.
            base_url: where BitGo is: ``BITGO_TEST``, ``BITGO_PRODUCTION`` or another address.
            admin: send by the operators' call, which BitGo's public reference does not list. It takes and answers the
                same.
            timeouts: connect 10 s, read 60 s, deadline 300 s.
            retries: how often a listing is tried; a resend call is made once, and repeated by the replay alone.
            max_concurrency: requests under way at once.
            session: an aiohttp session to use; it is never closed here, and the pool, the proxy and TLS are its own.
            proxy: the address of an HTTP proxy.
            ssl_context: for a private certificate authority.
            trust_env: take the proxy from the environment.
            hooks: callables that are told of each call, attempt and wait; see :mod:`theirstack_async.hooks`.
            clock: what tells the time; a test's own, or else the machine's.

        Raises:
            ConfigurationError: the token or the address cannot be used, or the session would send something of its own.
            ArgumentError: an argument is out of its bounds.
        """
        from theirstack_async._engine.aiohttp_transport import AiohttpTransport

        check_session(session, proxy, ssl_context, trust_env)
        config = ClientConfig(
            api_key=load_key(access_token, source="access_token", variable=TOKEN_VARIABLE),
            base_url=check_base_url(base_url, BITGO_TEST),
            timeouts=timeouts,
            retries=retries,
            max_concurrency=max_concurrency,
            max_rate_wait=None,
            proxy=check_proxy(proxy),
            ssl_context=ssl_context,
            trust_env=trust_env,
            hooks=tuple(hooks),
        )
        self._clock: Clock = clock or SystemClock()
        self._transport = AiohttpTransport(config, session)
        slots = Slots(config.max_concurrency)
        self._pipeline = Pipeline(config, bitgo_dialect(config.base_url), self._transport, slots, clock=self._clock)
        self._retrigger = ADMIN_RETRIGGER if admin else RETRIGGER

    @property
    def capabilities(self) -> ReplayCapabilities:
        """What BitGo can do."""
        return _CAPABILITIES

    @property
    def where(self) -> str:
        """The address that tells the environments apart."""
        return self._pipeline.config.base_url

    async def list_failed(
        self, webhook_id: WebhookId, *, start: datetime | None, end: datetime | None, status: Collection[str]
    ) -> AsyncGenerator[ReplayEvent[str], None]:
        """Yield the notifications of these statuses, and then the delivered ones that are attempts at the same events.

        BitGo lists the last day only when it is not told from when on; so None as ``start`` is sent as a time before
        all notifications, and lists as far back as BitGo keeps them. Each list is read again until a pass brings
        nothing new, for rows may move while it is read.

        Raises:
            TheirStackError: a list could not be read to its end.
        """
        webhook = self.check_webhook_id("webhook_id", webhook_id)
        now = self._now()
        begin, finish = _BEGINNING if start is None else start - _MARGIN, (now if end is None else end) + _MARGIN
        wanted = {word.upper() for word in status}
        groups: set[str] = set()
        first = now
        for word in sorted(wanted, key=lambda word: (_BY_LIFE.index(word) if word in _BY_LIFE else -1, word)):
            async with aclosing(rows_of_status(self._pipeline, webhook, begin, finish, word)) as found:
                async for row in found:
                    if (start is not None and row.created_at < start) or (end is not None and row.created_at >= end):
                        continue
                    groups.add(row.group)
                    first = min(first, row.created_at)
                    yield row.event(webhook, now)
        if groups and "SENT" not in wanted:
            begin, finish = first - _MARGIN, self._now() + _MARGIN
            async with aclosing(rows_of_status(self._pipeline, webhook, begin, finish, "SENT")) as found:
                async for row in found:
                    if row.group in groups:
                        yield row.event(webhook, now)

    async def resend(self, webhook_id: WebhookId, ids: Collection[str]) -> Resent[str]:
        """Have up to 25 notifications sent again, in one call that is made once, and return what came of it.

        What is no id, or more than 25 of them, is refused here, and nothing is sent.
        """
        try:
            webhook = self.check_webhook_id("webhook_id", webhook_id)
            checked = list(dict.fromkeys(self.check_id("ids", each) for each in ids))
        except ArgumentError as error:
            return Resent(verdict="refused", reason=str(error))
        if not 1 <= len(checked) <= _MOST:
            return Resent(verdict="refused", reason=f"ids: expected from 1 to {_MOST} ids a call, got {len(checked)}")
        parts, body = {"webhook_id": webhook}, {"webhookNotificationIds": checked}
        try:
            reply = await self._pipeline.call(self._retrigger, parts=parts, json=body, options=_ONCE)
        except NotFoundError as error:
            return await self._after_404(webhook, error)
        except TheirStackError as error:
            return verdict_of(error)
        return read_resent(reply.body, checked, f"POST {fill_path(self._retrigger.path, parts)}")

    async def status_of(
        self, webhook_id: WebhookId, ids: Mapping[str, Trace], since: datetime
    ) -> Mapping[str, ReplayEvent[str]]:
        """Return where notifications stand: what of their rows is newest, or delivered.

        A resend may change a row or add one. So the rows added since are searched for one that bears the handle of the
        resend, or the same type and payload; and then for the old rows of those that were not found. Those are searched
        for in stretches of time that grow, as far back as it takes, until no more than 25 are left, which are looked up
        one by one.

        Raises:
            TheirStackError: the list could not be read to its end.
        """
        webhook = self.check_webhook_id("webhook_id", webhook_id)
        if not ids:
            return {}
        start, end = since - _MARGIN, self._now() + _MARGIN
        sought, stretch = Sought(ids, start), timedelta(days=1)
        await self._search(sought, webhook, start, end)
        while len(sought.missing) > _LOOKUPS and start > _BEGINNING:
            start, end = max(_BEGINNING, start - stretch), start + _MARGIN
            stretch *= 4
            await self._search(sought, webhook, start, end)
        end = self._now() + _MARGIN
        for each in sought.missing if start > _BEGINNING else ():
            await self._search(sought, webhook, _BEGINNING, end, webhookNotificationId=each)
        now = self._now()
        return {id_: row.event(webhook, now) for id_, row in sought.found.items()}

    def check_id(self, field: str, value: object) -> str:
        """Return a notification's id in lower case.

        Raises:
            ArgumentError: it is no UUID.
        """
        if not is_uuid(value):
            raise ArgumentError(f"{field}: expected the id of a notification, a UUID, got {value!r}", field=field)
        return str(value).lower()

    def check_webhook_id(self, field: str, value: object) -> str:
        """Return a webhook's id, which is any text that can be a part of a path.

        Raises:
            ArgumentError: it is none.
        """
        if not isinstance(value, str) or not value.isascii() or not value.isprintable() or set("/ ") & set(value):
            raise ArgumentError(f"{field}: expected the id of a webhook, a text, got {value!r}", field=field)
        fill_path("{" + field + "}", {field: value})
        return value

    async def aclose(self) -> None:
        """Close the connection pool; a session that was handed in stays open. A second call does nothing."""
        await self._transport.aclose()

    async def __aenter__(self) -> Self:
        if self._transport.closed:
            raise ClientClosedError("this provider is closed; make a new one")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<BitGoNotifications {self.where}{' admin' if self._retrigger is ADMIN_RETRIGGER else ''}>"

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), UTC)

    async def _search(self, sought: Sought, webhook: str, start: datetime, end: datetime, **more: str) -> None:
        async for row in rows(self._pipeline, webhook, start, end, more):
            sought.take(row)

    async def _after_404(self, webhook: str, error: NotFoundError) -> Resent[str]:
        """Ask whether it is the webhook that is not there, or one of the ids."""
        now = self._now()
        query = {"start": write_instant(now - _MARGIN), "end": write_instant(now), "limit": 1, "offset": 0}
        try:
            await self._pipeline.call(LIST, parts={"webhook_id": webhook}, query=query)
        except NotFoundError:
            return Resent(verdict="closed", reason=str(error))
        except TheirStackError as unclear:
            return Resent(verdict="unsent", reason=f"{error} Whether the webhook is there is not clear: {unclear}")
        return verdict_of(error)
