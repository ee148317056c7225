"""The receiver: deliveries in, each event handled once, and an answer as soon as the delivery is safe."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import datetime
from logging import INFO, WARNING
from types import TracebackType
from typing import TYPE_CHECKING, Final, Literal, Self, TypeVar

from theirstack_async._clock import Clock, SystemClock
from theirstack_async._tasks import run_to_end
from theirstack_async.errors import ConfigurationError
from theirstack_async.receiver._answer import Answer
from theirstack_async.receiver._deliveries import MAX_BYTES, Delivery
from theirstack_async.receiver._ending import close, drain
from theirstack_async.receiver._front import RefusedError, checked, parsed, read, refuse, signature_of
from theirstack_async.receiver._hand import Hand, Wake
from theirstack_async.receiver._handling import Handling
from theirstack_async.receiver._intake import BUSY, FULL, STOPPED, Intake, logger
from theirstack_async.receiver._keeper import Keeper
from theirstack_async.receiver._routes import Routes, check_kind
from theirstack_async.receiver._running import Running
from theirstack_async.receiver._settings import Dedupe, Settings, check_store
from theirstack_async.receiver._signature import Secrets
from theirstack_async.receiver._stats import Counters, ReceiverStats

if TYPE_CHECKING:
    from theirstack_async.client import TheirStack
    from theirstack_async.receiver._reconcile import ReconcileReport
    from theirstack_async.receiver._store import DeliveryStore

D = TypeVar("D", bound=Delivery)

ANSWERED: Final = "a delivery was answered %d: %s"
"""What the log says of a delivery that was refused."""
_FORBIDDEN: Final = 403
NINETY_DAYS: Final = 90 * 86_400.0
"""Seconds."""


class Receiver:
    """Receives the deliveries of webhooks: checks each, stores it, answers, and hands it to your handler.

    ::

        receiver = Receiver(os.environ["WEBHOOK_SECRET"], SQLiteDeliveries("deliveries.db"))

        @receiver.on(JobNew)
        async def new_job(delivery: JobNew) -> None:
            await my_upsert(delivery.payload)

        app = ASGIReceiver(receiver)  # or a route of your own application

    A delivery is answered 2xx only once it is safe: stored durably, or, with a store that is not durable, handled.
    Until then the API sends it again, every hour for 48 hours
    (https://theirstack.com/en/docs/webhooks/monitor-your-webhooks.md). An event is handled at least once, and in effect
    once: it is claimed in the store before it is handled, so copies of it are answered and not handled again. It is
    handled a second time where a process dies between the end of its handler and the note of it, and where a handler
    outlasts its lease because it blocks the event loop.

    A handler that fails is tried again after 1, 2, 4 ... seconds (300 at the most). After ``max_attempts`` the event
    goes to the dead-letter list: ``await receiver.store.list(DeliveryState.DEAD)`` shows it, and :meth:`retry` has it
    handled once more, as has the API when it sends it again.

    It receives between ``async with`` and its end, once; outside of it deliveries are answered 503. It belongs to the
    event loop in which it was entered. Nothing here costs a credit.

    Args:
        secrets: the webhook's secret, or several while it is being replaced: any of them will do.
        store: where events are kept. It is closed at the end.
        queue: events that may be in hand at once, waiting or being handled. What comes then waits for a place, within
            the budget, and is answered 503 after that.
        budget: seconds from a delivery's first byte to its answer. How long the API waits is not documented.
        max_concurrency: handlers that run at once.
        max_attempts: how often a handler may fail with an event.
        lease: seconds after which an event is taken up by others when this process dies; prolonged while it lives.
        handler_timeout: seconds after which a handler is cancelled, which counts as a failure; None for no limit.
        drain: seconds that leaving waits for the events in hand. What is not done then is cancelled, and given back. A
            handler that goes on for 30 seconds after that, or a store that hangs, is left behind with an error logged.
        max_bytes: bytes of a body at the most; the API's records have about 8 KB. More is answered 413.
        dedupe: ``"event"`` takes deliveries with one event id for the same; ``"record"`` also those of the same kind
            that are about the same job or company, such as from two searches that overlap.
        keep: seconds for which the ids of events that are done are kept at the least; None for ever.
        keep_unknown_fields: keep the fields that a model does not know in its ``extra``; those of ``job.closed`` are
            not documented.
        clock: for tests.

    Raises:
        ArgumentError: an argument cannot be used; no secret, for one.
    """

    def __init__(
        self,
        secrets: str | bytes | Iterable[str | bytes],
        store: DeliveryStore,
        *,
        queue: int = 100,
        budget: float = 5.0,
        max_concurrency: int = 10,
        max_attempts: int = 5,
        lease: float = 30.0,
        handler_timeout: float | None = 300.0,
        drain: float = 10.0,
        max_bytes: int = MAX_BYTES,
        dedupe: Dedupe = "event",
        keep: float | None = NINETY_DAYS,
        keep_unknown_fields: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._secrets: Final = Secrets(secrets)
        self._settings: Final = Settings(
            queue=queue,
            budget=budget,
            max_concurrency=max_concurrency,
            max_attempts=max_attempts,
            lease=lease,
            handler_timeout=handler_timeout,
            drain=drain,
            max_bytes=max_bytes,
            dedupe=dedupe,
            keep=keep,
            keep_unknown_fields=keep_unknown_fields,
        ).check()
        self.store: Final = check_store(store)
        """Where events are kept."""
        self._clock: Final[Clock] = SystemClock() if clock is None else clock
        self._routes: Final = Routes()
        self._counters: Final = Counters()
        self._running: Running | None = None
        self._intake: Intake | None = None
        self._open = 0
        self._entered = False
        self._exit: Final = AsyncExitStack()

    def __repr__(self) -> str:
        return f"Receiver(secrets=***, store={self.store!r})"

    def on(self, kind: type[D]) -> Callable[[Callable[[D], Awaitable[object]]], Callable[[D], Awaitable[object]]]:
        """Let a coroutine function handle the deliveries of a class: ``@receiver.on(JobNew)``.

        There is one a class; that of :class:`Delivery` gets what has none of its own. What nothing handles is kept.

        Raises:
            ArgumentError: ``kind`` is no class of deliveries or has a handler already, or the function is no coroutine
                function.
        """
        check_kind(kind)

        def register(handler: Callable[[D], Awaitable[object]]) -> Callable[[D], Awaitable[object]]:
            self._routes.add(kind, handler)
            return handler

        return register

    @property
    def stats(self) -> ReceiverStats:
        """What it has done so far."""
        return self._counters.snapshot(0 if self._running is None else len(self._running.hand))

    async def receive(self, method: str, headers: Iterable[tuple[str, str]], body: AsyncIterable[bytes]) -> Answer:
        """Return the answer of one request. Adapters for frameworks call it; it raises nothing of its own.

        Args:
            method: such as ``POST``.
            headers: names and values, each repeated header by itself, bytes beyond ASCII as ISO 8859-1.
            body: the raw bytes, in pieces. They are not read when the headers say enough.
        """
        try:
            answer = await self._received(method, headers, body)
        except RefusedError as refused:
            answer = refused.answer
            first = answer.status == _FORBIDDEN and _FORBIDDEN not in self._counters.answers
            logger.log(WARNING if first else INFO, ANSWERED, answer.status, answer.text)
        self._counters.answered(answer.status)
        return answer

    async def settled(self) -> None:
        """Return when nothing is in hand: what waits for another attempt is not, what a handler has is."""
        if self._running is not None:
            await self._running.hand.empty.wait()

    async def retry(self, event_ids: Iterable[int]) -> int:
        """Have dead and unhandled events handled, as if they were new, and return how many of them were either.

        Raises:
            DeliveryStoreError: the store failed.
        """
        revived = await self.store.revive(event_ids, now=self._clock.now())
        if self._running is not None:
            self._running.wake.event.set()
        return revived

    async def reconcile(
        self,
        client: TheirStack,
        webhook_ids: Iterable[int],
        *,
        since: datetime,
        how: Literal["process", "resend"] = "process",
        resend_not_triggered: bool = False,
    ) -> ReconcileReport:
        """Find the events that never arrived, and handle them or have them sent again. Meant for a daily task.

        The event list is read to its end for each webhook, which is free; it has no time filter and no documented
        order. Events that are FAILED or NOT_TRIGGERED there and not in the store are missing.

        Args:
            client: what the list is read with.
            webhook_ids: the webhooks that deliver here.
            since: an aware datetime; older events are left alone. Stay within ``keep``, or what is no longer known here
                is handled once more.
            how: ``"process"`` handles what the list holds; what it holds no record of is sent again. ``"resend"`` has
                all of them sent again by the retry endpoint.
            resend_not_triggered: have also those sent that were not for lack of credits; whether and what that costs is
                not documented.

        Raises:
            ArgumentError: ``since`` has no time zone, or a webhook id is none.
            ConfigurationError: the receiver is not running, or was left meanwhile.
            TheirStackError: of the API, a list that could not be read to its end, or the store. What was handled before
                stays so; ``error.report`` is the report so far, on any exception.
        """
        from theirstack_async.receiver._reconcile import reconcile

        intake = self._intake
        if intake is None:
            raise ConfigurationError("the receiver is not running; call reconcile() within `async with receiver`")

        async def admit(body: bytes) -> Answer:
            return await intake.admit(parsed(body, self._settings), body)

        return await reconcile(
            client,
            webhook_ids,
            since=since,
            how=how,
            resend_not_triggered=resend_not_triggered,
            store=self.store,
            admit=admit,
        )

    async def __aenter__(self) -> Self:
        if self._entered:
            raise ConfigurationError("a receiver runs once; make a new one")
        self._entered = True
        wake = Wake()
        running = Running(
            store=self.store,
            owner=uuid.uuid4().hex,
            routes=self._routes,
            settings=self._settings,
            counters=self._counters,
            clock=self._clock,
            hand=Hand(self._settings.queue, wake),
            wake=wake,
        )
        handling = Handling(running)
        try:
            keeper, intake = Keeper(running, handling), Intake(running)
            await self.store.counts()  # so that a store that cannot be used is noticed now
        except BaseException:
            await run_to_end(close(self.store))
            raise
        handling.start()
        keeping = asyncio.get_running_loop().create_task(keeper.run())
        self._exit.push_async_callback(drain, running, handling, keeping)
        self._running, self._intake = running, intake
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._intake is not None:
            self._intake.stopped = True
        self._intake = None
        await self._exit.aclose()

    async def _received(self, method: str, headers: Iterable[tuple[str, str]], body: AsyncIterable[bytes]) -> Answer:
        limit = self._settings.max_bytes
        signature = signature_of(method, headers, limit)
        intake = self._intake
        if intake is None:
            if not self._entered:
                logger.error("a delivery came while the receiver was not running: enter it with `async with receiver`")
            return STOPPED
        if self._open >= 2 * self._settings.queue:
            return FULL
        self._open += 1
        raw: bytes | None = None
        try:
            async with asyncio.timeout(self._settings.budget):
                raw = await read(body, limit)
                delivery = checked(raw, signature, self._secrets, self._settings)
                return await intake.admit(delivery, raw)
        except TimeoutError:
            if raw is None:
                raise refuse(408, f"the body did not come within {self._settings.budget:g} s") from None
            return FULL if intake.full else BUSY
        finally:
            self._open -= 1
