"""One run of an incremental extraction: new rows come in batches, and the mark follows what is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import attrs

from theirstack_async._tasks import run_to_end
from theirstack_async._walk import EndReason
from theirstack_async._warn import warn_user
from theirstack_async.errors import ArgumentError, StateError
from theirstack_async.hooks import logger
from theirstack_async.incremental._batch import Batch
from theirstack_async.incremental._progress import Entry, Progress
from theirstack_async.incremental._reader import Found, Reader
from theirstack_async.incremental._summary import Summary
from theirstack_async.incremental.state._state import IncrementalState, SavedState, Within
from theirstack_async.models import Model

if TYPE_CHECKING:
    from theirstack_async.incremental._landing import Landing
    from theirstack_async.incremental.sinks._sink import Sink

T = TypeVar("T", bound=Model)


@attrs.frozen(kw_only=True)
class Profile(Generic[T]):
    """What is asked, under one key of a state."""

    key: str
    document: Mapping[str, Any]
    """What its document says of it: format, kind, label, filters, base_url."""
    row_type: type[T]
    read: Callable[[SavedState, Progress], Reader[T]]
    """Makes what brings the rows."""
    count: Callable[[Progress], Awaitable[int | None]]
    """How many rows there may be beyond the mark, for free; None where that costs."""


@attrs.frozen
class _Inside(Generic[T]):
    """What a run has from its beginning on."""

    progress: Progress
    reader: Reader[T]

    async def tidy(self) -> None:
        """Delete pages that are acknowledged; those that cannot be deleted now are by a later turn."""
        if names := self.progress.landed:
            try:
                await self.reader.discard(names)
            except StateError as error:
                logger.warning("%s; it is acknowledged, and is not read again", error)
            else:
                self.progress.landed = []


class IncrementalRun(Generic[T]):
    """New rows of one profile, in batches: ``async with client.jobs.incremental(...) as run: async for batch in run``.

    Store the rows of a batch, and then acknowledge it; only then does the mark move. Whatever happens, the next run
    brings the rows that were not acknowledged. The profile is locked from ``async with`` to its end.
    """

    def __init__(
        self, profile: Profile[T], state: IncrementalState, *, landing: Landing | None = None, wait: float = 0.0
    ) -> None:
        self.row_type: type[T] = profile.row_type
        """The class of the rows."""
        self._profile = profile
        self._state = state
        self._landing = landing
        self._wait = wait
        self._begun: _Inside[T] | None = None
        self._entries: dict[int, Entry] = {}
        self._open = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._saving = asyncio.Lock()
        self._pulling = asyncio.Lock()
        self._summary = Summary()

    @property
    def key(self) -> str:
        """The key of the profile in the state: a digest of what is asked."""
        return self._profile.key

    @property
    def state(self) -> IncrementalState:
        """Where it is kept how far the profile is."""
        return self._state

    @property
    def landing(self) -> Landing | None:
        """Where pages are kept until they are acknowledged; None where they are not."""
        return self._landing

    @property
    def end(self) -> EndReason | None:
        """Why there is nothing more; None while there may be.

        ``exhausted``: every row was handed out. ``max_items``, ``max_pages``, ``budget``, ``truncated_by_credits``,
        ``plan_limit``: there may be more, and the next run goes on.
        """
        return self._begun.reader.end if self._begun else None

    @property
    def mark(self) -> datetime | None:
        """Up to where every row is acknowledged; None before the first, and where rows have no instant."""
        mark = self._begun.progress.mark if self._begun else None
        return None if mark is None else datetime.fromtimestamp(mark, UTC)

    @property
    def note(self) -> Mapping[str, Any] | None:
        """What a sink noted with the last acknowledgement."""
        note: Mapping[str, Any] | None = self._inside().progress.document["sink"]
        return note

    @property
    def summary(self) -> Summary:
        """What has come of the run so far."""
        return attrs.evolve(self._summary, mark=self.mark, end=self.end)

    async def count(self) -> int | None:
        """Return how many rows there may be to come, for free; None where a count would cost credits, and for events.

        It counts the rows of the overlap as well, so there may be a few less.
        """
        return await self._profile.count(self._inside().progress)

    async def __aenter__(self) -> Self:
        if self._begun is not None:
            raise ArgumentError("a run is entered once; make another one with incremental(...)")
        await self.state.acquire(self.key, wait=self._wait)
        try:
            saved = await self.state.load(self.key)
            progress = Progress(self._profile.document, saved)
            self._begun = _Inside(progress, self._profile.read(saved, progress))
        except BaseException:
            await run_to_end(self.state.release(self.key))
            raise
        self._open, self._loop = True, asyncio.get_running_loop()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open = False
        await run_to_end(self.state.release(self.key))

    def __aiter__(self) -> AsyncGenerator[Batch[T], None]:  # noqa: PYI058  # so that aclosing(aiter(run)) can be typed
        return self._batches()

    async def _batches(self) -> AsyncGenerator[Batch[T], None]:
        self._inside()
        while (found := await self._pull()) is not None:
            if found.rows or found.rejects:
                yield self._batch(found)
            else:
                await self._skip(found)

    async def into(self, sink: Sink) -> Summary:
        """Store all rows in a sink, each batch acknowledged once it is stored, and return the summary.

        What was bought before an error or a cancellation is stored and acknowledged all the same.

        Raises:
            SinkError: rows could not be stored; they come again in the next run.
            TheirStackError: what else ended it.
        """
        async with aclosing(self.stored(sink)) as progress:
            async for _ in progress:
                continue
        return self.summary

    async def stored(self, sink: Sink) -> AsyncGenerator[Summary, None]:
        """Store all rows in a sink as :meth:`into` does, and yield the summary so far after each batch."""
        self._name_sink(sink)
        await sink.open(self.row_type, self.note)
        try:
            async with aclosing(self._batches()) as batches:
                async for batch in batches:
                    await sink.write(batch)
                    yield self.summary
        finally:
            await run_to_end(sink.flush())

    def _name_sink(self, sink: Sink) -> None:
        document = self._inside().progress.document
        if document["into"] not in (None, sink.name):
            warn_user(
                f"the rows of this profile so far went to {document['into']}; only new ones go to {sink.name}. For all "
                "of them there use another state, which buys every row again",
                UserWarning,
            )
        document["into"] = sink.name

    async def ack(
        self, batches: Sequence[Batch[Any]], *, within: Within | None = None, note: Mapping[str, Any] | None = None
    ) -> None:
        """Acknowledge several batches of this run at once, see :meth:`Batch.ack`.

        Raises:
            ArgumentError: a batch is of another run, or this one is over: the rows come again in the next one.
            StateError: it could not be saved.
        """
        self._check_loop()
        if any(batch.run is not self for batch in batches):
            raise ArgumentError("batches: a batch of another run; acknowledge it there", field="batches")
        async with self._saving:
            fresh = list(dict.fromkeys(batch for batch in batches if not batch.acknowledged))
            if fresh:
                await run_to_end(self._acknowledge(fresh, within, note))

    async def _acknowledge(
        self, batches: Sequence[Batch[Any]], within: Within | None, note: Mapping[str, Any] | None
    ) -> None:
        entries = {batch.number: self._entries[batch.number] for batch in batches}
        await self._save([*entries.values()], within, note)
        for batch in batches:
            batch.acknowledged = True
            self._entries.pop(batch.number)
        rows = sum(entry.rows for entry in entries.values())
        self._summary = attrs.evolve(self._summary, acknowledged=self._summary.acknowledged + rows)
        await self._inside().tidy()

    async def _save(
        self, entries: Sequence[Entry], within: Within | None = None, note: Mapping[str, Any] | None = None
    ) -> None:
        inside = self._inside()
        progress = inside.progress
        change = progress.change(entries, note, inside.reader.keeps_from)
        if change is None:
            return
        await (self.state.save(self.key, change, within=within) if within else self.state.save(self.key, change))
        progress.saved(change, entries)

    async def _pull(self) -> Found[T] | None:
        """Return the next page; at the end, let the mark move as far as it can."""
        reader = self._inside().reader
        self._check_loop()
        async with self._pulling:
            found = await reader.pull()
        if found is None and reader.end is EndReason.EXHAUSTED:
            await self._skip(Found(rows=[], ids={}, mark=reader.mark))
        return found

    async def _skip(self, found: Found[T]) -> None:
        """Take in what needs no acknowledgement by the user: a page without a new row, or the end."""
        entry = Entry(found.ids, found.mark, credits=found.cost, landed=found.landed, done=True)
        self._tally(found)
        async with self._saving:
            self._inside().progress.add(entry)
            await run_to_end(self._save([entry] if found.landed or found.cost else []))
            await run_to_end(self._inside().tidy())

    def _batch(self, found: Found[T]) -> Batch[T]:
        number = self._summary.batches + 1
        self._tally(found, batches=1)
        entry = Entry(found.ids, found.mark, len(found.rows), found.cost, found.landed)
        self._entries[number] = entry
        self._inside().progress.add(entry)
        return Batch(
            run=self,
            number=number,
            rows=found.rows,
            window=found.window,
            credits=found.credits,
            repeated=found.repeated,
            rejects=found.rejects,
            replayed=found.replayed,
            meta=found.meta,
        )

    def _tally(self, found: Found[T], *, batches: int = 0) -> None:
        so_far = self._summary
        self._summary = attrs.evolve(
            so_far,
            rows=so_far.rows + len(found.rows),
            credits=so_far.credits + found.credits,
            repeated=so_far.repeated + (0 if found.replayed else found.repeated),
            replayed=so_far.replayed + (len(found.rows) if found.replayed else 0),
            rejected=so_far.rejected + len(found.rejects),
            batches=so_far.batches + batches,
        )

    def _check_loop(self) -> None:
        if self._loop not in (None, asyncio.get_running_loop()):
            raise ArgumentError("this run belongs to another event loop; read and acknowledge it there")

    def _inside(self) -> _Inside[T]:
        if self._begun is None or not self._open:
            raise ArgumentError("use a run within `async with client.jobs.incremental(...) as run:`")
        return self._begun
