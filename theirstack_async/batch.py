"""Sending many ids in batches: bounded, lazy, and with an honest account of each id. Knows no address."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Sequence,
)
from contextlib import aclosing, suppress
from inspect import iscoroutinefunction
from itertools import islice
from typing import Any, Final, Generic, TypeVar

from theirstack_async._clock import Clock
from theirstack_async._engine.pipeline import CallState
from theirstack_async._fanout import FanOut
from theirstack_async._ids import IdSet
from theirstack_async._tasks import attach
from theirstack_async.errors import (
    APIError,
    ArgumentError,
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    InsufficientCreditsError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    TheirStackError,
    UnprocessableError,
)
from theirstack_async.hooks import logger
from theirstack_async.report import RetryReport

T = TypeVar("T")
Progress = Callable[[RetryReport], object]
"""Called with the live report after each answered batch and at the end; what it raises is logged, and ends nothing."""

REFUSED_IN_A_ROW: Final = 3
"""Batches in a row of which every single id was refused, after which the run stops: the fault is not in the ids."""
FAILED_IN_A_ROW: Final = 10
"""Batches in a row without any clear answer, after which the run stops: what is left is safer unsent than unknown."""

CONTENT: Final = (BadRequestError, NotFoundError, UnprocessableError)
"""How a batch is refused for what is in it."""
FINAL: Final = (
    AuthenticationError,
    InsufficientCreditsError,
    PermissionDeniedError,
    RateLimitError,
    ClientClosedError,
    ConfigurationError,
)
"""What another batch would end in as well."""
_MANY: Final = 1000
"""Ids that are counted in at a time when nothing is sent any more."""


class BatchRun(Generic[T]):
    """One run over one source of items, each of which stands for an id."""

    def __init__(
        self,
        send: Callable[[Sequence[int], CallState], Awaitable[object]],
        probe: Callable[[], Awaitable[object]],
        to_id: Callable[[T], int],
        *,
        batch_size: int,
        max_concurrency: int,
        drain: float,
        on_progress: Progress | None,
        clock: Clock,
    ) -> None:
        """``send`` sends one batch; ``probe`` is a harmless call that fails too when the address is wrong."""
        self._send = send
        self._probe = probe
        self._to_id = to_id
        self._batch_size = batch_size
        self._max_concurrency = max_concurrency
        self._drain = drain
        self._on_progress = on_progress
        self._clock = clock
        self._started = clock.monotonic()
        self._taken = IdSet()
        self._probed = False
        self._ending = False
        self._refused_in_a_row = 0
        self._failed_in_a_row = 0
        self._accepted, self._unknown, self._skipped = IdSet(), IdSet(), IdSet()
        self._rejected: dict[int, TheirStackError] = {}
        self.report: RetryReport = RetryReport(self._accepted, self._rejected, self._unknown, self._skipped)

    async def run(self, source: Iterable[T] | AsyncIterable[T]) -> RetryReport:
        """Send everything and return the report. What the source raises is raised as it is, the report being final."""
        if isinstance(source, Collection):
            for item in source:
                self._to_id(item)
        stream = source if isinstance(source, AsyncIterable) else iter(source)
        try:
            async with FanOut(self._max_concurrency, drain=self._drain) as fan:
                await self._send_all(stream, fan)
            self.report.complete = self.report.stopped_by is None
        except BaseException as error:
            attach(error, report=self.report)
            raise
        finally:
            if isinstance(source, Collection) and isinstance(stream, Iterator):
                self._take_the_rest(stream)
            self._finish()
        return self.report

    async def _send_all(self, stream: Iterator[T] | AsyncIterable[T], fan: FanOut) -> None:
        try:
            async with aclosing(self._batches(stream)) as batches:
                async for batch in batches:
                    await fan.submit(self._settle(batch))
                    if self.report.stopped_by is not None:
                        break
            await fan.join()
        except BaseException:
            # What is under way may end, and nothing new is begun.
            self._ending = True
            raise

    async def _batches(self, stream: Iterator[T] | AsyncIterable[T]) -> AsyncGenerator[list[int], None]:
        # Begun once: there are iterators that begin anew whenever iter() is called on them, as by a loop.
        items = aiter(stream) if isinstance(stream, AsyncIterable) else map(self._to_id, stream)
        batch: list[int] = []
        try:
            more = True
            while more:
                came: list[int] = []
                try:
                    more = await self._pull(items, self._batch_size - len(batch), came)
                finally:
                    # Also those that came before the source, or one of its items, failed.
                    batch += self._take(came)
                if batch and (len(batch) == self._batch_size or not more):
                    yield batch
                    batch = []
        finally:
            if items is not stream and isinstance(items, AsyncGenerator):
                # Begun here, so ended here; a generator that was handed in is its owner's to close.
                await items.aclose()

    async def _pull(self, items: map[int] | AsyncIterator[T], room: int, came: list[int]) -> bool:
        """Read as many ids as there is room for into ``came``, and return whether there may be more."""
        if isinstance(items, map):
            for value in islice(items, room):
                came.append(value)  # noqa: PERF402  # what came before a failure has to stay
            return len(came) == room
        while len(came) < room:
            try:
                item = await anext(items)
            except StopAsyncIteration:
                return False
            came.append(self._to_id(item))
        return True

    def _take_the_rest(self, items: Iterator[T]) -> None:
        """Count the rest of a collection in, so that what was never sent is skipped and not forgotten."""
        came: list[int] = []
        # A collection that was changed meanwhile raises; that must not hide what ended the run.
        with suppress(Exception):
            for item in items:
                came.append(self._to_id(item))
                if len(came) == _MANY:
                    self._take(came)
                    came = []
        self._take(came)

    def _take(self, ids: list[int]) -> list[int]:
        """Count ids in, and return those that are new, in order."""
        if self._taken.add_new(ids):
            self.report.requested += len(ids)
            return ids
        known = self._taken.among(ids)
        new = [value for value in dict.fromkeys(ids) if value not in known]
        self._taken.update(new)
        self.report.duplicates += len(ids) - len(new)
        self.report.requested += len(new)
        return new

    async def _settle(self, batch: Sequence[int]) -> None:
        """Send a batch; while its content is refused, send its halves, until the bad ids stand alone."""
        parts = [batch]
        refused = 0
        while parts and self.report.stopped_by is None and not self._ending:
            part = parts.pop()
            state = CallState()
            error = await self._try(part, state)
            self.report.batches += 1
            if error is None:
                self._accept(part)
            elif not isinstance(error, CONTENT):
                self._fail(part, error, state)
            elif await self._is_lost(error):
                self._reject(part, error)
                self._stop(error)
            elif len(part) > 1:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
            else:
                refused += 1
                self._reject(part, error)
                self._count_refused(refused == len(batch), error)
            self._tell()

    async def _try(self, part: Sequence[int], state: CallState) -> TheirStackError | None:
        settled = False
        try:
            await self._send(part, state)
            settled = True
        except TheirStackError as error:
            settled = True
            return error
        finally:
            if not settled and state.sent != "no":
                self._unknown.update(part)
        return None

    def _accept(self, part: Sequence[int]) -> None:
        self._refused_in_a_row = self._failed_in_a_row = 0
        self._accepted.update(part)

    def _fail(self, part: Sequence[int], error: TheirStackError, state: CallState) -> None:
        """Account for a batch that failed for another reason than its content."""
        # The call's state knows of all its attempts: one may have been carried out although a later one was refused.
        if state.sent != "no":
            self._unknown.update(part)
        elif is_refusal(error):
            self._reject(part, error)
        self.report.last_error = error
        self._failed_in_a_row += 1
        hopeless = isinstance(error, FINAL) or (isinstance(error, ConnectError) and error.permanent)
        if hopeless or self._failed_in_a_row >= FAILED_IN_A_ROW:
            self._stop(error)

    def _reject(self, part: Sequence[int], error: TheirStackError) -> None:
        self._rejected.update(dict.fromkeys(part, error))

    def _count_refused(self, whole_batch: bool, error: TheirStackError) -> None:
        self._failed_in_a_row = 0
        if whole_batch:
            self._refused_in_a_row += 1
            if self._refused_in_a_row >= REFUSED_IN_A_ROW:
                self._stop(error)

    async def _is_lost(self, error: TheirStackError) -> bool:
        """Return whether a 404 means that the address is wrong, and not an id: a harmless call is refused too."""
        if not isinstance(error, NotFoundError) or self._probed:
            return False
        lost = False
        try:
            await self._probe()
        except TheirStackError as refused:
            lost = is_refusal(refused) and not isinstance(refused, RateLimitError)
            if not lost:
                return False
        self._probed = True
        return lost

    def _stop(self, error: TheirStackError) -> None:
        if self.report.stopped_by is None:
            self.report.stopped_by = error
            logger.debug("batch run: stopping: %s", error)

    def _tell(self) -> None:
        self.report.elapsed = self._clock.monotonic() - self._started
        if self._on_progress is not None:
            try:
                self._on_progress(self.report)
            except Exception as error:  # noqa: BLE001  # the user's code must not end a run that is half sent
                logger.warning("on_progress failed: %s: %s", type(error).__name__, error)

    def _finish(self) -> None:
        self._skipped.update(self._taken)
        for settled in (self._accepted, self._rejected, self._unknown):
            self._skipped.difference_update(settled)
        self._tell()


def is_refusal(error: TheirStackError) -> bool:
    """Return whether the API answered, and the answer was a clear no."""
    return isinstance(error, APIError) and error.status is not None and error.status < 500


def check_progress(on_progress: object) -> None:
    """Refuse what cannot be called with a report, or would have to be awaited.

    Raises:
        ArgumentError: it is no callable, or an async one.
    """
    if on_progress is not None and (not callable(on_progress) or iscoroutinefunction(on_progress)):
        raise ArgumentError("on_progress: expected a plain function that takes the report", field="on_progress")


def check_source(ids: Any) -> None:
    """Refuse what cannot be a source of ids.

    Raises:
        ArgumentError: it is a text, or cannot be iterated.
    """
    if isinstance(ids, (str, bytes)) or not isinstance(ids, (Iterable, AsyncIterable)):
        raise ArgumentError(
            f"ids: expected event ids or WebhookEvents, in a list or another iterable, got {type(ids).__name__}",
            field="ids",
        )
