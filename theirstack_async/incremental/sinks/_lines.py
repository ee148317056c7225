"""Rows as JSON lines."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from theirstack_async._database.database import DatabaseError
from theirstack_async._database.thread import file_lock, take_file_lock
from theirstack_async._files import make_folder
from theirstack_async._tasks import run_to_end
from theirstack_async.errors import ArgumentError, DecodeError, SinkError
from theirstack_async.incremental._closing import Closing
from theirstack_async.incremental.sinks._line_file import LineFile
from theirstack_async.models._writing import compact, plain

if TYPE_CHECKING:
    from filelock import BaseFileLock

    from theirstack_async.incremental._batch import Batch
    from theirstack_async.models import Model

T = TypeVar("T")


class JSONLinesSink(Closing):
    """Writes one row a line to a file, as :meth:`Model.to_json` does: in ASCII, and so in UTF-8, unknown fields
    included. Rows that did not decode go to ``<path>.rejects.jsonl``.

    The lines of a batch are on disk before it is acknowledged, and the length of the file is noted with that. So after
    a crash the file is cut back to what was acknowledged, and each row stands in it once. The first batch is in
    ``<path>.new`` until it is acknowledged. A number that is not finite (a server can only send one that is too
    large) is null.

    The file belongs to one profile. One that is there although the state knows nothing of it is refused, before
    anything is asked for; one that is not what the last run left there is refused too, and none is ever cut that is
    not ours. You may move the file away between two runs: the next one begins a new file, for the rows to come.
    While a run writes, it holds a lock on ``<path>.lock``, which ends with the process; a second one is refused.

    Args:
        path: the file. It is made when it is missing, and so is its folder.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        whole = Path(os.path.abspath(path))  # noqa: PTH100 - it asks for nothing but the current folder
        self._rows: Final = LineFile(whole)
        self._rejects: Final = LineFile(whole.with_name(f"{whole.name}.rejects.jsonl"))
        self._open = False
        self._lock: BaseFileLock | None = None
        """Held while a run writes."""

    def __repr__(self) -> str:
        return f"JSONLinesSink({str(self._rows.path)!r})"

    @property
    def name(self) -> str:
        """What and where it is. See :attr:`Sink.name`."""
        return repr(self)

    @property
    def state(self) -> None:
        """None: a file keeps no state."""
        return

    async def open(self, row_type: type[Model], saved: Mapping[str, Any] | None) -> None:  # noqa: ARG002 - lines of any class are alike
        """Put the files back to where the last acknowledgement left them; see :class:`Sink`.

        Raises:
            SinkError: a file is not what the last run left there, is there although the state knows nothing of it, or
                cannot be written; or a run writes to it, of this object or of another one.
        """
        if self._lock is not None:
            raise already_open(self)
        try:
            await self._do(partial(self._begin, saved or {}))
        except BaseException:
            await self._do(self._let_go)
            raise

    async def write(self, batch: Batch[Any]) -> None:
        """Write the rows of a batch and acknowledge it. A cancellation is raised when that is done.

        Raises:
            SinkError: they cannot be written, or somebody else writes to the file. The batch is not acknowledged.
            StateError: the acknowledgement cannot be saved.
        """
        await run_to_end(self._write(batch))

    async def flush(self) -> None:
        """Let another run write: what was written is acknowledged."""
        await self._do(self._let_go)

    async def aclose(self) -> None:
        """Let go of the files. Nothing but the lock is held open between two writes."""
        self._open = False
        await self._do(self._let_go)

    async def _write(self, batch: Batch[Any]) -> None:
        if not self._open:
            raise not_open(self)
        # Whether an acknowledgement that failed was saved is unknown, and so is where the file ought to end.
        self._open = False
        try:
            await self._do(partial(self._append, batch))
            await batch.ack(note={**self._rows.note(), "rejects": self._rejects.note()})
            await self._do(self._settle)
        except BaseException:
            await self._do(self._let_go)
            raise
        self._open = True

    async def _do(self, work: Callable[[], None]) -> None:
        await in_thread(work, self._rows.path)

    def _take(self) -> None:
        if self._lock is not None:
            return
        path = self._rows.path
        make_folder(path.parent)
        # Two names of one file share its lock.
        lock = file_lock(f"{os.path.realpath(path)}.lock")
        try:
            taken = take_file_lock(lock, 0.0)
        except DatabaseError as error:
            raise SinkError(str(error)) from error.__cause__
        if not taken:
            raise SinkError(f"another run writes to {path}; let it end, or give each a file of its own")
        self._lock = lock

    def _let_go(self) -> None:
        lock, self._lock = self._lock, None
        if lock is not None:
            try:
                self._rows.close()
                self._rejects.close()
            finally:
                lock.release()

    def _begin(self, saved: Mapping[str, Any]) -> None:
        self._take()
        self._rows.open(saved)
        self._rejects.open(saved.get("rejects") or {})
        self._rows.touch()
        self._open = True

    def _append(self, batch: Batch[Any]) -> None:
        self._take()
        self._rows.append(b"".join(map(line_of, batch.rows)))
        self._rejects.append(reject_lines(batch.rejects))

    def _settle(self) -> None:
        self._rows.settle()
        self._rejects.settle()


def not_open(sink: object) -> SinkError:
    """Return what is raised by a sink that was not opened, or failed since."""
    return SinkError(f"{sink} is not open; open it with what was noted with the last acknowledgement")


def already_open(sink: object) -> SinkError:
    """Return what is raised by a sink that a run is writing to."""
    return SinkError(f"{sink} is open for another run; let that one end, or give each a sink of its own")


async def in_thread(work: Callable[[], T], path: Path, errors: tuple[type[Exception], ...] = (OSError,)) -> T:
    """Return what some work on files does, in a thread and to its end when the caller is cancelled.

    Raises:
        SinkError: it failed with one of ``errors``.
    """
    try:
        return await run_to_end(asyncio.to_thread(work))
    except errors as error:
        raise SinkError(
            f"cannot store rows in {path}: {error}. They are not acknowledged and come again; see that the folder may "
            "be written and that its disk has room"
        ) from error


def line_of(row: Model) -> bytes:
    """Return a row as a line of JSON.

    Raises:
        SinkError: it holds something that has no form in JSON.
    """
    try:
        return f"{_text_of(row)}\n".encode("ascii")
    except ArgumentError as error:
        raise SinkError(f"{type(row).__name__} {getattr(row, 'id', '?')!r} cannot be written: {error}") from error


def reject_lines(rejects: Iterable[DecodeError]) -> bytes:
    """Return rows that did not decode as lines of JSON: what is wrong with each, and its text.

    Bytes that are no UTF-8 are kept as lone surrogates (PEP 383), so the text gives back the very bytes.
    """
    return b"".join(
        json.dumps(
            {
                "problems": [{"path": problem.path, "message": problem.message} for problem in reject.problems],
                "body": reject.body.decode("utf-8", "surrogateescape"),
            },
            separators=(",", ":"),
        ).encode("ascii")
        + b"\n"
        for reject in rejects
    )


def _text_of(row: Model) -> str:
    try:
        return compact(row)
    except ArgumentError:
        return compact(_finite(plain(row)))


def _finite(value: Any) -> Any:
    """Return plain JSON data with null for each number that is not finite."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_finite(item) for item in cast("list[object]", value)]
    return value
