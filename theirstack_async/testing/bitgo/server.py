"""The fake BitGo itself."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from email.utils import formatdate
from types import TracebackType
from typing import Any, Final, Literal, Self, TypedDict, Unpack, cast

from aiohttp import web

from theirstack_async._clock import Clock
from theirstack_async._values import Headers
from theirstack_async.testing.answers import Answer
from theirstack_async.testing.bitgo.answers import NAMES, refusal
from theirstack_async.testing.bitgo.operations import Manners, Operations
from theirstack_async.testing.bitgo.rows import Order, Row, Status, Store, Webhook, as_json
from theirstack_async.testing.clock import VirtualClock
from theirstack_async.testing.cues import Faults
from theirstack_async.testing.delivery import Sender
from theirstack_async.testing.exchange import BrokenOffError, Exchange, Sleep
from theirstack_async.testing.faults import Status as StatusFault
from theirstack_async.testing.records import RequestLog, RequestRecord
from theirstack_async.testing.serving import HOST, serve

_LONG_AGO: Final = 8 * 3600.0
"""Seconds: automatic attempts end after 466 minutes (https://developers.bitgo.com/guides/webhooks/overview)."""
_TIMEOUT: Final = 10.0
_SUCCESS: Final = 200
"""The one status that counts as delivered (the same page)."""


class MannerKwargs(TypedDict, total=False):
    """The fields of :class:`Manners`, as keywords."""

    admin: bool
    adds_rows: bool
    lower_case: bool
    order: Order
    unknown_ids: Literal["fail", "sink"]
    id_limit: int | None
    call_limit: int | None
    suspends_after: int | None
    delay: float


class FakeBitGo:
    """A server that behaves like BitGo's notifications service: a real socket on 127.0.0.1, with state.

    It lists the notifications of webhooks and delivers chosen ones again: really, if the webhook's URL is on this
    machine, or as :meth:`receive` scripts it. It does what BitGo's pages say; where they are silent, its choices are
    keywords here:

    - ``admin``: the operators' path is there. By default it is not.
    - ``adds_rows``: a resend adds a row, and leaves the old one as it was; by default it changes the old one.
    - ``lower_case``: statuses are shown, and filtered by, in lower case.
    - ``order``: ``"newest"`` or ``"oldest"`` notifications are listed first.
    - ``unknown_ids``: an id that the webhook does not have fails alone (``"fail"``), or sinks its call (``"sink"``).
    - ``id_limit`` and ``call_limit``: 50 ids a minute and webhook, 360 calls a minute; None for no bound.
    - ``suspends_after``: 100 failures within a week suspend a webhook; None for never.
    - ``delay``: seconds from a resend to its delivery, by the fake's clock. 0 by default.

    It serves between ``async with`` and its end, which cancels and awaits all that still runs. One object serves once.
    ``sleep`` is what the slow faults wait with.
    """

    def __init__(
        self,
        *,
        access_token: str = "fake-bitgo-token",  # noqa: S107  # made up, for this machine
        port: int = 0,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        **manners: Unpack[MannerKwargs],
    ) -> None:
        self.access_token = access_token
        """The token that requests must carry, as ``Authorization: Bearer <token>``."""
        self._port = port
        self._clock: Clock = VirtualClock() if clock is None else clock
        self._sleep = sleep
        self._manners = Manners(**manners)
        self._store = Store()
        self._operations = Operations(self._store, self._manners, self._clock, access_token, self._start_delivery)
        self._sender = Sender(_TIMEOUT)
        self._deliveries: set[asyncio.Task[None]] = set()
        self._handlers: set[asyncio.Task[object]] = set()
        self._exit = AsyncExitStack()
        self._serving = False
        self._served = False
        self.requests: RequestLog = RequestLog()
        """The requests served, oldest first."""
        self.faults: Faults = Faults()
        """Where to add faults: ``fake.faults.add("POST *retrigger", Hang(apply=True))`` accepts, and never answers."""

    def __repr__(self) -> str:
        return f"FakeBitGo({f'http://{HOST}:{self._port}' if self._serving else 'not serving'})"

    @property
    def base_url(self) -> str:
        """Where it serves, such as ``http://127.0.0.1:41234``. Raises RuntimeError outside of ``async with``."""
        if not self._serving:
            raise RuntimeError("FakeBitGo serves only within `async with`")
        return f"http://{HOST}:{self._port}"

    @property
    def clock(self) -> VirtualClock:
        """The virtual clock. Raises TypeError when the fake was given a clock of another kind."""
        if not isinstance(self._clock, VirtualClock):
            raise TypeError("this fake runs on a clock that moves by itself, so it cannot be advanced")
        return self._clock

    @property
    def accepted(self) -> Counter[str]:
        """How often each id was accepted to be sent again."""
        return self._store.accepted

    @property
    def delivered(self) -> Counter[str]:
        """How often the receiver took each notification; attempts count for the id of the first one."""
        return self._store.delivered

    def seed_webhook(self, url: str | None = None) -> str:
        """Add a webhook and return its id.

        What is delivered to a URL on this machine is really sent. To any other it is not, and counts as failed. Without
        a URL the receiver is made up, and takes everything; see :meth:`receive`.
        """
        webhook = self._store.add_webhook(url or "http://receiver.invalid/hook")
        webhook.takes = None if url else True
        return webhook.id

    def seed_notifications(
        self,
        webhook_id: str,
        n: int,
        *,
        status: Status = "FAILED",
        age: float = _LONG_AGO,
        spacing: float = 1.0,
        retries: int = 7,
        type: str = "transfer",  # noqa: A002  # the API's own name
        payload: str | None = None,
    ) -> list[str]:
        """Add ``n`` notifications as if they had happened, and return their ids, oldest first.

        The last one is ``age`` seconds old, by default so old that all automatic attempts are over; they are
        ``spacing`` seconds apart. Each has a payload of its own unless one is given. Raises KeyError for an unknown
        webhook.
        """
        webhook, newest = self._store.webhooks[webhook_id], self._clock.now() - age
        made: list[str] = []
        for place in range(n):
            id_, at = self._store.new_id(), newest - (n - 1 - place) * spacing
            text = f'{{"type":"{type}","id":"{id_}"}}' if payload is None else payload
            row = Row(id_, self._store.new_handle(), id_, type, text, at, at, status, retries)
            if status == "FAILED":
                row.response = {"statusCode": 503, "body": "down"}
            webhook.rows[id_] = row
            made.append(id_)
        return made

    def receive(self, webhook_id: str, *, takes: bool, times: int | None = None) -> None:
        """Script the webhook's receiver: it takes what is delivered from now on, or refuses it.

        With ``times`` that holds for so many deliveries, and after them the opposite.
        """
        webhook = self._store.webhooks[webhook_id]
        webhook.takes, webhook.turns = takes, times

    def refuse(self, id: str, error: str = "this one is refused") -> None:  # noqa: A002  # what it is
        """Let an id be refused from now on, it alone."""
        self._store.refused[id] = error

    def poison(self, id: str, status: int = 400, name: str | None = None) -> None:  # noqa: A002
        """Let an id sink each call that has it in it from now on, with such an error."""
        self._store.poison[id] = status, name or NAMES[status]

    def throttle(self, times: int = 1) -> None:
        """Refuse the next resend calls as if there had been too many ids in the last minute."""
        body = refusal(400, "too many retriggers of this webhook", "RETRIGGER_RATE_LIMITED").body
        self.faults.add("POST *retrigger", StatusFault(400, body), times=times)

    def suspend(self, webhook_id: str) -> None:
        """Suspend a webhook: it is still listed, and its notifications are not sent again."""
        self._store.webhooks[webhook_id].suspended = True

    def remove_webhook(self, webhook_id: str) -> None:
        """Remove a webhook with all its notifications."""
        del self._store.webhooks[webhook_id]

    def remove_notifications(self, ids: Iterable[str]) -> None:
        """Let notifications vanish from the list. Raises KeyError for an unknown id."""
        for each in ids:
            webhook, row = self._store.find(each)
            del webhook.rows[row.id]

    def settle_as(self, ids: Iterable[str], status: Status) -> None:
        """Let notifications get a status, as if the API had tried them by itself just now."""
        for each in ids:
            _, row = self._store.find(each)
            row.status, row.updated = status, self._clock.now()

    def after_page(self, change: Callable[[], object]) -> None:
        """Call ``change`` once the next page of a list has been read: what it does shows on the page after it."""
        self._store.after_page.append(change)

    def notification(self, id: str) -> dict[str, Any]:  # noqa: A002
        """Return a notification as the list shows it. Raises KeyError for an unknown id."""
        webhook, row = self._store.find(id)
        return as_json(row, webhook.url, lower_case=self._manners.lower_case)

    async def settled(self) -> None:
        """Return when no delivery waits or is on its way."""
        while self._deliveries:
            await asyncio.wait(self._deliveries)

    async def __aenter__(self) -> Self:
        if self._served:
            raise RuntimeError("a FakeBitGo serves once; make a new one")
        self._served = True
        async with AsyncExitStack() as stack:
            self._port = await serve(stack, self._handle, self._port)
            stack.push_async_callback(self._sender.close)
            stack.push_async_callback(self._end_tasks)
            self._exit = stack.pop_all()
        self._serving = True
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._serving = False
        await self._exit.aclose()

    async def _end_tasks(self) -> None:
        tasks = [*self._handlers, *self._deliveries]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        record = RequestRecord(
            method=request.method,
            path=request.path,
            query_string=request.rel_url.raw_query_string,
            headers=Headers(request.headers.items()),
            began=time.monotonic(),
        )
        exchange = Exchange(request, record, perform=self._perform, sleep=self._sleep, compression=False)
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._handlers.add(task)
        self.requests.begin(record)
        try:
            return await exchange.send(await self._answer(exchange))
        except (BrokenOffError, ConnectionError):
            return web.Response()  # aiohttp wants one; there is no connection left that could carry it
        finally:
            self.requests.end(record)
            self._handlers.discard(task)

    async def _answer(self, exchange: Exchange) -> Answer:
        fault = self.faults.take(exchange.record, reads_request=False)
        if fault is None:
            await exchange.read_body()
            fault = self.faults.take(exchange.record, reads_request=True)
        return await (exchange.carry_out() if fault is None else fault.play(exchange))

    async def _perform(self, exchange: Exchange) -> Answer:
        exchange.headers = {"Date": formatdate(self._clock.now(), usegmt=True)}
        return self._operations.answer(exchange.record)

    def _start_delivery(self, webhook: Webhook, row: Row) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(webhook, row))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, webhook: Webhook, row: Row) -> None:
        await self._clock.sleep(self._manners.delay)
        takes = webhook.scripted()
        if takes is None:
            outcome = await self._sender.send(webhook.url, row.payload.encode(), None)
            status, text = outcome.status_code, outcome.body
        else:
            status, text = (_SUCCESS, "ok") if takes else (503, "down")
        row.updated = self._clock.now()
        row.response = {"statusCode": status, "body": text}
        if status == _SUCCESS:
            row.status = "SENT"
            self._store.delivered[row.origin] += 1
        else:
            row.status = "FAILED"
            webhook.note_failure(row.updated, self._manners.suspends_after)
