"""The file that ``theirstack receive`` adds deliveries to, one a line, each once."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from theirstack_async import ArgumentError, SinkError, StateLockedError
from theirstack_async._database.database import DatabaseError
from theirstack_async._database.thread import file_lock, identity, take_file_lock
from theirstack_async._files import sync_folder
from theirstack_async._ids import IdSet
from theirstack_async._tasks import run_to_end
from theirstack_async.cli.messages import note

if TYPE_CHECKING:
    from theirstack_async.receiver import DeliveryStore, StoredDelivery

_LOOK_BACK: Final = 256 * 1024 * 1024
"""Bytes at the end of the file in which lines are looked for that a program wrote before it died."""
_CHUNK: Final = 1024 * 1024
_LONGEST: Final = 4 * _CHUNK
"""Bytes of a line at the most: more than a delivery may have."""
_PAGE: Final = 100
"""Events that are read from the store at once."""
_ID: Final = re.compile(rb'\s*\{\s*"id"\s*:\s*(-?\d{1,20})\s*[,}]')


class DeliveryFile:
    """Adds deliveries to a file, as they came, one a line. One program at a time may have it.

    A line is on disk when :meth:`add` returns. Deliveries that come while others are written are written together. An
    event that was written is not written again, by this program or after a restart, as long as its line is among the
    last 256 MiB: the store says which events were not settled when the last program ended, and the file which of them
    it had written. The file may be moved away at any time: the next line begins a new one.

    Args:
        path: the file. It is made when it is missing, its folder is not.
    """

    def __init__(self, path: str) -> None:
        self._path: Final = os.path.realpath(path)
        self._shown: Final = path
        self._unlock: Callable[[], object] | None = None
        self._file: int | None = None
        self._sound: int | None = None
        """How long the file is up to a line that could not be written whole, where it could not be cut off either."""
        self._written: Final = IdSet()
        self._waiting: list[tuple[int, bytes]] = []
        self._coming: Final[dict[int, asyncio.Future[None]]] = {}
        self._writer: asyncio.Task[None] | None = None
        self.lines: int = 0
        """How many were written since it was opened."""

    async def open(self, store: DeliveryStore) -> None:
        """Take the file, and find out which of the events that are pending in a store stand in it.

        Raises:
            ArgumentError: it cannot be written, or is no file.
            DeliveryStoreError: the store failed.
            StateLockedError: another program has it.
        """
        try:
            await run_to_end(asyncio.to_thread(self._take))
            torn = await asyncio.to_thread(self._read_torn)
            pending, ours = await _pending(store, torn)
            await run_to_end(asyncio.to_thread(self._begin, pending, torn, ours))
        except BaseException as error:
            await self.aclose()
            if isinstance(error, DatabaseError | OSError):
                said = getattr(error, "strerror", None) or error
                raise ArgumentError(f"--out: cannot write {self._shown}: {said}", field="out") from None
            raise

    async def add(self, event_id: int, line: bytes) -> None:
        """Add the line of an event, unless it stands in the file.

        Raises:
            SinkError: it cannot be written. Nothing of it is left, as far as the disk lets us.
        """
        if event_id in self._written:
            return
        if event_id not in self._coming:
            self._coming[event_id] = asyncio.get_running_loop().create_future()
            self._waiting.append((event_id, line))
            if self._writer is None:
                self._writer = asyncio.create_task(self._write())
        # It is written in any case, and not twice where whoever waited for it is cancelled and comes again.
        await asyncio.wait([coming := self._coming[event_id]])
        coming.result()

    async def aclose(self) -> None:
        """Let go of the file, when what waits has been written."""
        if self._writer is not None:
            await run_to_end(self._writer)
        await run_to_end(asyncio.to_thread(self._let_go))

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            failed: OSError | None = None
            try:
                await asyncio.to_thread(self._append, b"".join(line for _, line in batch))
            except OSError as error:
                failed = error
            for event_id, _ in batch:
                coming = self._coming.pop(event_id)
                if failed is None:
                    self._written.add(event_id)
                    self.lines += 1
                    coming.set_result(None)
                else:
                    coming.set_exception(self._refused(failed))
                    # Looked at, so that asyncio does not complain where whoever waited for it was cancelled.
                    coming.exception()
        self._writer = None

    def _refused(self, error: OSError) -> SinkError:
        return SinkError(
            f"cannot write to {self._shown}: {error.strerror}; see that its disk has room. It is tried again"
        )

    def _take(self) -> None:
        if os.path.lexists(self._path) and not Path(self._path).is_file():
            raise ArgumentError(f"--out: {self._shown} is no file that lines can be added to", field="out")
        lock = file_lock(f"{self._path}.lock")
        if not take_file_lock(lock, 0.0):
            raise StateLockedError(
                f"another program writes to {self._shown}; let it end, or give each a file of its own"
            )
        self._unlock = lock.release
        self._open()

    def _open(self) -> int:
        self._file = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        sync_folder(Path(self._path).parent)
        return self._file

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        if self._unlock is not None:
            self._unlock()
            self._unlock = None

    def _read_torn(self) -> bytes:
        """Return what stands behind the last line break: a line that is not whole."""
        with open(self._path, "rb") as file:  # noqa: PTH123 - the path is a text
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LONGEST))
            return file.read().rpartition(b"\n")[2]

    def _begin(self, pending: IdSet, torn: bytes, ours: bool) -> None:
        with open(self._path, "r+b") as file:  # noqa: PTH123
            if torn and ours:
                file.truncate(file.seek(0, os.SEEK_END) - len(torn))
            elif torn:
                note(f"{self._shown} did not end with a line break, so one was added.")
                self._append(b"\n")
            self._written.update([*_found(file, pending)])
            # What a program wrote that was killed may not be on the disk yet, and is about to be settled.
            os.fsync(file.fileno())

    def _append(self, lines: bytes) -> None:
        file = self._file
        if file is None or identity(self._path) != _identity_of(file):
            # It was moved away, or deleted: the next line begins a new one.
            if file is not None:
                os.close(file)
            self._file = self._sound = None
            file = self._open()
        if self._sound is not None:
            os.ftruncate(file, self._sound)
        self._sound = os.fstat(file).st_size
        try:
            rest = memoryview(lines)
            while rest:
                # All in one write, unless the disk is full, of which the next one tells.
                rest = rest[os.write(file, rest) :]
            os.fsync(file)
        except OSError:
            with suppress(OSError):
                os.ftruncate(file, self._sound)
                self._sound = None
            raise
        self._sound = None


def line_of(event_id: int, body: bytes) -> bytes:
    """Return a delivery as a line: the bytes that came, but for line breaks, which JSON has between values only.

    A body whose payload is not quite JSON becomes a text in an object with the event's id.
    """
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        body = json.dumps({"id": event_id, "body": body.decode("utf-8", "surrogateescape")}).encode("ascii")
    return body.replace(b"\r", b" ").replace(b"\n", b" ") + b"\n"


async def _pending(store: DeliveryStore, torn: bytes) -> tuple[IdSet, bool]:
    """Return the events that are pending, and whether ``torn`` is the beginning of the line of one of them."""
    from theirstack_async.receiver import DeliveryState

    pending, ours = IdSet(), False
    page: list[StoredDelivery] = [*await store.list(DeliveryState.PENDING, limit=_PAGE)]
    while page:
        pending.update([stored.id for stored in page])
        ours = ours or any(line_of(stored.id, stored.body).startswith(torn) for stored in page)
        page = [*await store.list(DeliveryState.PENDING, limit=_PAGE, after=page[-1].id)]
    return pending, ours


def _found(file: BinaryIO, wanted: IdSet) -> Iterator[int]:
    """Yield which events have a line, looking from the end of a file until all are found."""
    left = IdSet(wanted)
    for line in _backwards(file):
        if not left:
            return
        event_id = _id_of(line)
        if event_id is not None and event_id in left:
            left.discard(event_id)
            yield event_id


def _backwards(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file, the last one first."""
    place = file.seek(0, os.SEEK_END)
    end, begun = max(0, place - _LOOK_BACK), b""
    while place > end and len(begun) < _LONGEST:
        size = min(_CHUNK, place - end)
        place = file.seek(place - size)
        begun, *lines = (file.read(size) + begun).split(b"\n")
        yield from reversed(lines)
    if place == 0:
        yield begun


def _id_of(line: bytes) -> int | None:
    if (found := _ID.match(line)) is not None:
        return int(found[1])
    try:
        event_id: Any = json.loads(line)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return event_id if isinstance(event_id, int) else None


def _identity_of(file: int) -> tuple[int, int]:
    status = os.fstat(file)
    return status.st_dev, status.st_ino
