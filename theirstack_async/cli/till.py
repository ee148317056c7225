"""What is bought and paid for, request by request: its cost is told in the end, and an interrupt loses none of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar, cast

from theirstack_async.cli.messages import note
from theirstack_async.cli.text import clean, counted

if TYPE_CHECKING:
    from theirstack_async._engine.usage import Usage

T = TypeVar("T")
STOPPING: Final = "Stopping. The request under way is paid for, so it is waited for; Ctrl-C again cuts it."


class Till:
    """Counts what is bought, and tells in the end what it cost, however it ends."""

    def __init__(self, usage: Usage, noun: str, advice: Callable[[], str] = str) -> None:
        """``noun`` is what a row is. ``advice`` tells how to go on after an error; it is said if anything was spent."""
        self.rows = 0
        """Rows that were printed."""
        self.repeated = 0
        """Rows that came again."""
        self.rejected = 0
        """Rows that did not decode."""
        self._interrupted = False
        self._usage = usage
        self._noun = noun
        self._advice = advice

    async def requests(self, asks: Iterable[Callable[[], Awaitable[T | None]]]) -> AsyncGenerator[T, None]:
        """Ask one request after the other, and yield what each brings, until one brings None.

        An interrupt ends it with the request under way, a second one cuts that.

        Raises:
            asyncio.CancelledError: it was interrupted; what had come was handed over.
        """
        for ask in asks:
            try:
                # An interrupt that came while rows were printed is met here, before anything else is asked for.
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                self._interrupted = True
                break
            came = await self._whole(asyncio.ensure_future(ask()))
            if came is None:
                break
            yield came
            if self._interrupted:
                break
        if self._interrupted:
            raise asyncio.CancelledError

    async def _whole(self, coming: asyncio.Future[T]) -> T:
        try:
            return await asyncio.shield(coming)
        except asyncio.CancelledError:
            self._interrupted = True
        return await coming

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        total = self._usage.total
        note(
            f"{counted(self.rows, self._noun)}, {counted(total.credits, 'credit')}"
            + (f", {self.repeated:,} came again" if self.repeated else "")
            + (f", {self.rejected:,} did not decode" if self.rejected else "")
            + "."
        )
        if total.uncertain:
            note(
                f"Up to {counted(total.uncertain, 'credit')} more may have been spent: nobody knows whether a request "
                "was billed whose answer did not come. theirstack credits tells what was used."
            )
        if error is not None and (total.credits or total.uncertain) and (advice := self._advice()):
            note(advice)


def saved(error: BaseException) -> list[Any]:
    """Return the rows that were bought before an error. Bytes that were paid for and do not decode are shown."""
    body: bytes = getattr(error, "body", b"")
    if body:
        note(clean(body.decode("utf-8", "replace")))
    return cast("list[Any]", getattr(error, "items_so_far", None) or [])
