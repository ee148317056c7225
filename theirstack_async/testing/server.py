"""The fake server itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Any, Final, Self, Unpack

from aiohttp import web

from theirstack_async._clock import Clock
from theirstack_async.testing import validation
from theirstack_async.testing.account.company_list import ListType
from theirstack_async.testing.backend import Backend, EventState
from theirstack_async.testing.clock import VirtualClock
from theirstack_async.testing.cues import Faults
from theirstack_async.testing.dispatch import Dispatcher
from theirstack_async.testing.exchange import Sleep
from theirstack_async.testing.options import OptionKwargs, Options
from theirstack_async.testing.records import RequestLog, RequestRecord
from theirstack_async.testing.registry import Search, SearchKind, Webhook
from theirstack_async.testing.serving import HOST, serve
from theirstack_async.testing.store import Kind, Status

_TICK: Final = 60.0
"""Seconds between two looks at the resend schedule on a clock that moves by itself."""
_MAX_REQUEST: Final = 256 * 1024 * 1024
_MAX_LINE: Final = 1024 * 1024
"""Bytes of a request's first line: a query may name many slugs or ids. The real limit is undocumented."""


class FakeTheirStack:
    """A server that behaves like the TheirStack API: a real socket on 127.0.0.1, with state, prices and a data set.

    It needs no key of yours, spends no credit and talks to this machine only: deliveries go to 127.0.0.0/8, ::1 and
    localhost, and those to any other URL are recorded as FAILED, unsent. It does what the API's pages say; where they
    are silent, its choices are the fields of :class:`~theirstack_async.testing.Options`, each a keyword here.

    It serves between ``async with`` and its end, which cancels and awaits all that still runs. One object serves
    once. ``sleep`` is what the slow faults wait with; pass the ``sleep`` of a virtual clock to make them wait for it.
    With a ``clock`` other than a :class:`VirtualClock`, such as the machine's, hourly resends happen in real time.
    """

    def __init__(
        self,
        *,
        api_key: str = "fake-theirstack-key",
        port: int = 0,
        clock: Clock | None = None,
        sleep: Sleep = asyncio.sleep,
        keep_requests: bool = True,
        **options: Unpack[OptionKwargs],
    ) -> None:
        self.api_key = api_key
        """The key that requests must carry, as ``Authorization: Bearer <key>``."""
        self._port = port
        self._clock: Clock = VirtualClock() if clock is None else clock
        self._backend = Backend(Options(**options), self._clock)
        self._dispatcher = Dispatcher(self._backend, api_key, sleep, keep_requests=keep_requests)
        self._serving = False
        self._exit = AsyncExitStack()
        self._ticker: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"FakeTheirStack({f'http://{HOST}:{self._port}' if self._serving else 'not serving'})"

    @property
    def base_url(self) -> str:
        """Where it serves, such as ``http://127.0.0.1:41234``. Raises RuntimeError outside of ``async with``."""
        self._check_serving()
        return f"http://{HOST}:{self._port}"

    @property
    def clock(self) -> VirtualClock:
        """The virtual clock: ``await fake.clock.advance(3600)`` makes the hourly resends happen.

        Raises TypeError when the fake was given a clock of another kind.
        """
        if not isinstance(self._clock, VirtualClock):
            raise TypeError("this fake runs on a clock that moves by itself, so it cannot be advanced")
        return self._clock

    @property
    def requests(self) -> RequestLog:
        """The requests served, oldest first; with ``keep_requests=False`` only their counts."""
        return self._dispatcher.requests

    @property
    def faults(self) -> Faults:
        """Where to add faults: ``fake.faults.add("GET /v0/webhooks", Status(503), times=2)``."""
        return self._dispatcher.faults

    @property
    def credits_billed(self) -> int:
        """Credits spent: 1 for a job and 3 for a company, of a search or of an event when it is first dispatched, and
        3 for a company's technologies or buying intents.

        Previews are free, and so are empty answers. What a retry, a resend or a test event costs is undocumented:
        here, nothing. Seeded events are not billed.
        """
        return self._backend.billing.billed

    @property
    def credits_left(self) -> int | None:
        """Credits left; None when they have no end."""
        return self._backend.billing.left

    @property
    def billed_log(self) -> list[RequestRecord]:
        """The searches and lookups that were billed, oldest first: path, rows, credits, and whether each was answered.

        They are those of :attr:`requests`, so there are none with ``keep_requests=False``. What events cost is not
        among them.
        """
        return [record for record in self.requests if record.credits]

    def spend_rate(self, n: int = 1) -> int:
        """Count ``n`` requests of somebody else with the same user now, and return how many the windows let in.

        What does not fit is refused, and does not count. Raises RuntimeError when no window is enforced.
        """
        return self._dispatcher.rate.spend(n)

    @property
    def job_ids(self) -> list[int]:
        """The ids of all jobs that a search may find, lowest first."""
        return list(self._backend.data.jobs)

    def seed_jobs(self, n: int, *, discovered_at: datetime | Sequence[datetime] | None = None) -> range:
        """Add ``n`` jobs to the data set and return their ids, which follow those of all jobs before.

        They were discovered now, so that in the usual order they come first; give an aware datetime to put them where
        that instant belongs, or ``n`` of them, one a job. Parts of a second are kept, and answered as microseconds.
        They are posted on the same day, or a few days earlier, and their other values depend on the seed and their
        ids. Nothing is billed, and no webhook is told. Raises ValueError for a naive datetime, and for a sequence of
        another length than ``n``.
        """
        if discovered_at is None:
            return self._backend.data.add(n)
        instants = [discovered_at] * n if isinstance(discovered_at, datetime) else discovered_at
        if len(instants) != n:
            raise ValueError(f"discovered_at must have {n} instants, one a job, not {len(instants)}")
        if any(instant.tzinfo is None for instant in instants):
            raise ValueError("discovered_at must have a time zone")
        return self._backend.data.add(n, [instant.timestamp() for instant in instants])

    def repost_jobs(self, job_ids: Iterable[int]) -> None:
        """Let jobs be found again now: they keep their ids, and ``discovered_at`` moves to this instant.

        That is one reading of a repost; what the real API does is undocumented. ``date_posted`` stays, and
        ``reposted`` and ``date_reposted`` tell of it. Raises KeyError for an unknown id, and then none is reposted.
        """
        self._backend.data.repost(job_ids)

    def remove_jobs(self, job_ids: Iterable[int]) -> None:
        """Remove jobs from the data set: no search finds them any more. Raises KeyError for an unknown id."""
        self._backend.data.remove(job_ids)

    def seed_search(
        self, search_id: int, *, name: str | None = None, kind: SearchKind = "jobs", past_matches: int = 0
    ) -> None:
        """Describe a saved search. For a webhook, any that is not described is one for jobs without past matches.

        ``past_matches`` are one an hour, the latest an hour ago: creating a webhook with a ``listening_start_time``
        of null dispatches, and bills, all of them.
        """
        now = self._clock.now()
        self._backend.registry.searches[search_id] = Search(
            name or f"Search {search_id}", kind, past_matches, created=now, updated=now
        )

    def seed_company_list(
        self,
        name: str,
        company_ids: Iterable[str] = (),
        *,
        kind: ListType = "MANUAL_CREATION",
        webhook_id: int | None = None,
    ) -> int:
        """Make a company list and return its id. Raises KeyError for a company that the data set has not."""
        ids = list(company_ids)
        for company_id in ids:
            if self._backend.data.company(company_id) is None:
                raise KeyError(company_id)
        now = self._clock.now()
        made = self._backend.account.lists.make(name, now, kind=kind, webhook_id=webhook_id)
        made.add(ids, now)
        return made.id

    def seed_webhook(self, url: str, *, search_id: int = 1, secret: str | None = None) -> int:
        """Make an active webhook and return its id. Raises ValueError for a URL that is none."""
        url = validation.url(url)
        return self._backend.registry.add(url, search_id, self._clock.now(), secret=secret).id

    def seed_events(
        self, webhook_id: int, n: int, *, status: Status = "FAILED", kind: Kind = "job", spacing: float = 1.0
    ) -> range:
        """Add ``n`` events as if they had happened, and return their ids. Nothing is delivered or billed.

        ``kind`` is ``"job"``, ``"company"``, ``"job_closed"``, or None for a null payload. They are ``spacing`` seconds
        apart, the last one now. FAILED ones are resent when the clock is advanced. An event takes 16 bytes of memory.
        Raises KeyError for an unknown webhook.
        """
        return self._backend.seed(self._webhook(webhook_id).id, n, status, kind, spacing)

    def trigger(self, webhook_id: int, n: int = 1, *, kind: Kind = "job") -> range:
        """Let ``n`` new records match, and return the ids of their events, which are billed and really delivered.

        While the webhook is disabled they wait until it is enabled, and the range is empty; an archived webhook gets
        none. Raises KeyError for an unknown webhook, and RuntimeError outside of ``async with``.
        """
        self._check_serving()
        return self._backend.match(self._webhook(webhook_id), n, kind)

    def event(self, event_id: int) -> EventState:
        """Return what is known of an event. Raises KeyError for an unknown id."""
        return self._backend.event(event_id)

    async def settled(self) -> None:
        """Return when no delivery waits or is on its way."""
        await self._backend.queue.settled()

    async def deliver_pending(self) -> None:
        """Do the resends that are due now, and return when no delivery waits or is on its way."""
        await self._backend.run_due()

    async def serve_forever(self) -> None:
        """Wait until cancelled. For a program: ``async with FakeTheirStack(port=8080) as fake`` and then this."""
        await self._dispatcher.closing.wait()

    async def __aenter__(self) -> Self:
        if self._serving or self._dispatcher.closing.is_set():
            raise RuntimeError("a FakeTheirStack serves once; make a new one")
        async with AsyncExitStack() as stack:
            self._port = await serve(
                stack, self._dispatcher.handle, self._port, request_factory=_request, max_line_size=_MAX_LINE
            )
            stack.push_async_callback(self._backend.close)
            stack.push_async_callback(self._dispatcher.close)
            stack.push_async_callback(self._stop_resends)
            self._exit = stack.pop_all()
        self._start_resends()
        self._serving = True
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._serving = False
        await self._exit.aclose()

    def _check_serving(self) -> None:
        if not self._serving:
            raise RuntimeError("FakeTheirStack serves only within `async with`")

    def _webhook(self, webhook_id: int) -> Webhook:
        return self._backend.registry.webhooks[webhook_id]

    def _start_resends(self) -> None:
        if isinstance(self._clock, VirtualClock):
            self._clock.follow(self._backend)
        else:
            self._ticker = asyncio.get_running_loop().create_task(self._tick())

    async def _stop_resends(self) -> None:
        if self._ticker is None:
            self.clock.unfollow(self._backend)
        else:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(_TICK)
            await self._backend.run_due()


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_MAX_REQUEST)
