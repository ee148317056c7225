"""Handling events: one after the other is handed to its handler, and what became of it is noted."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final

import attrs

from theirstack_async._convert.problems import summary
from theirstack_async.receiver._answer import Answer
from theirstack_async.receiver._deliveries import KNOWN_TYPES, Delivery, UnknownDelivery
from theirstack_async.receiver._hand import Held
from theirstack_async.receiver._intake import FAILED, GIVEN_UP, HANDLED, NOT_YET, STOPPED, STORE_FAILED, logger
from theirstack_async.receiver._routes import Handler
from theirstack_async.receiver._running import Running, is_cancelled
from theirstack_async.receiver._store import DeliveryState

KEPT: Final = Answer(200, "kept; nothing handles its type")
_LONGEST_PAUSE: Final = 300.0
"""Seconds between two attempts at the most."""
_DOUBLED: Final = 10
"""How often the pause is doubled at the most; powers of 2 end at 1024."""
_LONGEST_ERROR: Final = 500
"""Characters of an error that are kept."""


@attrs.frozen(eq=False)
class Outcome:
    """What became of an event, as it has to be noted."""

    held: Held
    state: DeliveryState
    answer: Answer
    error: str | None = None
    due: float = 0.0


class Handling:
    """Handles the events in hand, in plain tasks of its own."""

    def __init__(self, running: Running) -> None:
        self._run: Final = running
        self._hand: Final = running.hand
        self._counters: Final = running.counters
        self._unnoted: Final[dict[Held, Outcome]] = {}
        self._tasks: Final[list[asyncio.Task[None]]] = []
        self._noting: Final[set[asyncio.Task[None] | None]] = set()
        self._told: Final[set[str | None]] = set()
        """Why events were not handled: each reason is logged once."""
        self._stopping = False

    def start(self) -> None:
        """Handle events from now on, as many at once as the settings say."""
        loop = asyncio.get_running_loop()
        self._tasks.extend(loop.create_task(self._work()) for _ in range(self._run.settings.max_concurrency))

    def when_over(self, call: Callable[[], None]) -> None:
        """Call something in the loop's next turn once a worker has ended."""
        for task in self._tasks:
            task.add_done_callback(lambda _: call())

    async def stop(self) -> None:
        """Cancel the handlers, and let go of all that is in hand, for anybody to handle at once.

        What was handled is noted first. When this is cancelled, handlers that did not end are left behind, and what
        could not be noted keeps its lease.
        """
        self._stopping = True
        for task in self._tasks:
            # A worker that notes what it has done ends by itself, when it has.
            if task not in self._noting:
                task.cancel()
        try:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self.note_again()
            now = self._run.clock.now()
            left = [held for held in self._hand.all() if held not in self._unnoted]
            await asyncio.gather(
                *(self._note(Outcome(held, DeliveryState.PENDING, STOPPED, None, now)) for held in left)
            )
        finally:
            for held in self._hand.all():
                held.answer(STOPPED)
                self._hand.drop(held)

    async def note_again(self) -> None:
        """Note what the store failed to note before."""
        for outcome in list(self._unnoted.values()):
            await self._note(outcome)

    async def _work(self) -> None:
        task = asyncio.current_task()
        while not (self._stopping or is_cancelled()):
            held = await self._hand.next()
            if not await self._is_ours(held):
                continue
            outcome = await self._handle(held)
            self._noting.add(task)
            await self._note(outcome)
            self._noting.discard(task)

    async def _is_ours(self, held: Held) -> bool:
        """Return whether nobody else may have an event that is to be handled now; otherwise let go of it."""
        now = self._run.clock.now()
        if now < held.until:
            return True
        # The event loop was blocked, or the machine slept: nobody had prolonged the lease.
        until = now + self._run.settings.lease
        event_id = held.delivery.id
        try:
            if event_id not in await self._run.store.renew([event_id], owner=self._run.owner, until=until):
                held.until = until
                return True
        except Exception:  # noqa: BLE001 - a store of somebody else may raise anything
            logger.exception("event %d: whether it is still to be handled here is not known", event_id)
        logger.warning(
            "event %d: its lease ended before its turn came, and it is left to whoever takes it; let handlers not "
            "block the event loop, or use a longer lease",
            event_id,
        )
        held.answer(NOT_YET)
        self._hand.drop(held)
        return False

    async def _handle(self, held: Held) -> Outcome:
        handler = self._run.routes.find(held.delivery)
        if handler is None:
            return Outcome(held, DeliveryState.UNHANDLED, KEPT, _why_unhandled(held.delivery))
        error = await self._try(handler, held)
        if error is None:
            return Outcome(held, DeliveryState.DONE, HANDLED)
        held.attempts += 1
        self._counters.failed += 1
        if held.attempts >= self._run.settings.max_attempts:
            return Outcome(held, DeliveryState.DEAD, GIVEN_UP, error)
        pause = min(_LONGEST_PAUSE, 2.0 ** min(held.attempts - 1, _DOUBLED))
        return Outcome(held, DeliveryState.PENDING, FAILED, error, self._run.clock.now() + pause)

    async def _try(self, handler: Handler, held: Held) -> str | None:
        """Return how a handler failed, None if it did not."""
        delivery = held.delivery
        # In a task of its own, so that what it does to its task and its context variables ends with it.
        task = _started(_call(handler, delivery))
        cancelled: asyncio.CancelledError | None = None
        if not task.done():
            try:
                await asyncio.wait([task], timeout=self._run.settings.handler_timeout)
            except asyncio.CancelledError as caught:
                cancelled = caught
        late = not task.done()
        if late:
            task.cancel()
            await asyncio.wait([task])
        if cancelled is not None and task.cancelled():
            raise cancelled
        error = _error_of(task, late=late)
        if error is None:
            return None
        logger.warning("event %d (%s): its handler failed", delivery.id, delivery.type, exc_info=error)
        return _said(error)

    async def _note(self, outcome: Outcome) -> None:
        held = outcome.held
        try:
            kept = await self._settle(outcome)
        except (Exception, asyncio.CancelledError):  # a store of somebody else may raise anything
            # It stays in hand, and so takes up a place: when the store does not work, nothing is to be taken in.
            self._unnoted[held] = outcome
            held.answer(STORE_FAILED)
            if is_cancelled():
                raise
            logger.exception("event %d is %s, which could not be noted yet", held.delivery.id, outcome.state)
            return
        self._unnoted.pop(held, None)
        # One that was just being claimed may have no lease yet, and one that is given back may have been noted before.
        if not kept and held.queued and outcome.answer is not STOPPED:
            logger.warning(
                "event %d: its lease ended while it was being handled, so somebody else may handle it too; let "
                "handlers not block the event loop, or use a longer lease",
                held.delivery.id,
            )
        self._count(outcome)
        held.answer(outcome.answer)
        self._hand.drop(held)
        if outcome.state is DeliveryState.PENDING:
            self._run.wake.event.set()

    async def _settle(self, outcome: Outcome) -> bool:
        return await self._run.store.settle(
            outcome.held.delivery.id,
            owner=self._run.owner,
            state=outcome.state,
            attempts=outcome.held.attempts,
            error=outcome.error,
            due=outcome.due,
            now=self._run.clock.now(),
        )

    def _count(self, outcome: Outcome) -> None:
        match outcome.state:
            case DeliveryState.DONE:
                self._counters.handled += 1
            case DeliveryState.DEAD:
                self._counters.dead += 1
                logger.error(
                    "event %d (%s) is given up after %d attempts: %s; receiver.retry([%d]) tries it again",
                    outcome.held.delivery.id,
                    outcome.held.delivery.type,
                    outcome.held.attempts,
                    outcome.error,
                    outcome.held.delivery.id,
                )
            case DeliveryState.UNHANDLED:
                self._counters.unhandled += 1
                if outcome.error not in self._told:
                    self._told.add(outcome.error)
                    logger.warning("event %d is kept, unhandled: %s", outcome.held.delivery.id, outcome.error)
            case _:
                logger.info("event %d is to be handled again", outcome.held.delivery.id)


def _why_unhandled(delivery: Delivery) -> str:
    problems = delivery.payload.problems if isinstance(delivery, UnknownDelivery) else ()
    if delivery.type in KNOWN_TYPES and problems:
        return f"its record is not what {delivery.type!r} says: {summary(problems)}"
    return f"nothing handles {delivery.type!r}"


async def _call(handler: Handler, delivery: Delivery) -> None:
    await handler(delivery)


if sys.version_info >= (3, 12):

    def _started(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Return a task that has begun: one that need not wait for anything takes no turn of the loop."""
        return asyncio.Task(coroutine, loop=asyncio.get_running_loop(), eager_start=True)

else:  # pragma: no cover - tasks begin in the loop's next turn there

    def _started(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Return a task that begins in the loop's next turn."""
        return asyncio.create_task(coroutine)


def _error_of(task: asyncio.Task[None], *, late: bool) -> BaseException | None:
    """Return what a handler that has ended raised, whatever it is: the event must not be lost for it."""
    try:
        task.result()
    except asyncio.CancelledError as error:
        if not late:
            return error
        timeout = TimeoutError("it took longer than handler_timeout")
        timeout.__cause__ = error
        return timeout
    except BaseException as error:  # noqa: BLE001 - an exit has already ended the event loop, if it was to
        return error
    return None


def _said(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - of somebody else, too
        text = "(its text cannot be had)"
    return f"{type(error).__name__}: {text}"[:_LONGEST_ERROR]
