"""Handling events: one after the other is handed to its handler, and what became of it is noted."""

from __future__ import annotations

import asyncio
from typing import Final

import attrs

from theirstack_async._tasks import cancel_and_wait
from theirstack_async.receiver._answer import Answer
from theirstack_async.receiver._hand import Held
from theirstack_async.receiver._intake import FAILED, HANDLED, STOPPED, logger
from theirstack_async.receiver._routes import Handler
from theirstack_async.receiver._running import Running
from theirstack_async.receiver._store import DeliveryState

KEPT: Final = Answer(200, "kept; nothing handles its type")
_LONGEST_PAUSE: Final = 300.0
"""Seconds between two attempts at the most."""
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
        self._unnoted: Final[list[Outcome]] = []
        self._tasks: Final[list[asyncio.Task[None]]] = []
        self._noting: Final[set[asyncio.Task[None] | None]] = set()
        self._stopping = False

    def start(self) -> None:
        """Handle events from now on, as many at once as the settings say."""
        loop = asyncio.get_running_loop()
        self._tasks.extend(loop.create_task(self._work()) for _ in range(self._run.settings.max_concurrency))

    async def stop(self) -> None:
        """Cancel the handlers, and let go of all that is in hand, for anybody to handle at once.

        What was handled is noted first. It is done when this returns, also when the caller is cancelled.
        """
        self._stopping = True
        # A worker that notes what it has done ends by itself, when it has.
        await cancel_and_wait([task for task in self._tasks if task not in self._noting])
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.note_again()
        handled = {outcome.held for outcome in self._unnoted}
        for held in self._hand.all():
            if held not in handled:
                await self._note(Outcome(held, DeliveryState.PENDING, STOPPED, None, self._run.clock.now()))

    async def note_again(self) -> None:
        """Note what the store failed to note before."""
        unnoted = self._unnoted.copy()
        self._unnoted.clear()
        for outcome in unnoted:
            await self._note(outcome)

    async def _work(self) -> None:
        task = asyncio.current_task()
        while not self._stopping:
            held = await self._hand.next()
            outcome = await self._handle(held)
            self._noting.add(task)
            await self._note(outcome)
            self._noting.discard(task)

    async def _handle(self, held: Held) -> Outcome:
        handler = self._run.routes.find(held.delivery)
        if handler is None:
            return Outcome(held, DeliveryState.UNHANDLED, KEPT, f"nothing handles {held.delivery.type!r}")
        error = await self._try(handler, held)
        if error is None:
            return Outcome(held, DeliveryState.DONE, HANDLED)
        held.attempts += 1
        self._counters.failed += 1
        if held.attempts >= self._run.settings.max_attempts:
            return Outcome(held, DeliveryState.DEAD, FAILED, error)
        pause = min(_LONGEST_PAUSE, 2.0 ** (held.attempts - 1))
        return Outcome(held, DeliveryState.PENDING, FAILED, error, self._run.clock.now() + pause)

    async def _try(self, handler: Handler, held: Held) -> str | None:
        """Return how a handler failed, None if it did not."""
        delivery = held.delivery
        try:
            async with asyncio.timeout(self._run.settings.handler_timeout):
                await handler(delivery)
        except (Exception, asyncio.CancelledError) as error:  # whatever it is, the event must not be lost for it
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                raise
            logger.warning("event %d (%s): its handler failed", delivery.id, delivery.type, exc_info=error)
            return f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
        return None

    async def _note(self, outcome: Outcome) -> None:
        held = outcome.held
        try:
            kept = await self._settle(outcome)
        except Exception:  # noqa: BLE001 - a store of somebody else may raise anything, and no worker may end for it
            # It stays in hand, and so takes up a place: when the store does not work, nothing is to be taken in.
            logger.exception("event %d is %s, which could not be noted yet", held.delivery.id, outcome.state)
            self._unnoted.append(outcome)
            held.answer(FAILED)
            return
        if not kept:
            logger.warning(
                "event %d: its lease ended while it was being handled, so somebody else may handle it too; let "
                "handlers not block the event loop, or use a longer lease",
                held.delivery.id,
            )
        self._count(outcome)
        held.answer(outcome.answer)
        self._hand.drop(held)
        wake = self._run.wake
        if outcome.state is DeliveryState.PENDING or (wake.hungry and len(self._hand) <= self._run.settings.queue // 2):
            wake.event.set()

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
            case DeliveryState.PENDING:
                logger.info("event %d is to be handled again", outcome.held.delivery.id)


def _is_cancelled() -> bool:
    """Return whether it is this task that is being cancelled, and not something that its handler waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
