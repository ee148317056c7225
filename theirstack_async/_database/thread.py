"""What all databases share: the thread that works on the connection, waiting for a lock, and locks that are files."""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from theirstack_async._database.database import DatabaseError
from theirstack_async._tasks import run_to_end

if TYPE_CHECKING:
    from filelock import BaseFileLock

T = TypeVar("T")

_POLL: Final = 0.1
"""Seconds between two tries to take a lock."""
_NAMED: Final = 16
"""So much of a profile's key is in the name of its lock file."""

_INHERITED: Final[list[Engine]] = []
"""What a parent process had open when it forked: its child must neither use nor close it."""


class Engine(Protocol):
    """A connection and the locks that are held beside it. All of it is called in one thread."""

    def transact(self, work: Callable[[Any], T], /) -> T:
        """Do work in one transaction."""
        ...

    def take(self, key: str, /) -> bool:
        """Take a lock without waiting, and return whether it was had: not when somebody has it, here or elsewhere."""
        ...

    def drop(self, key: str, /) -> None:
        """Let go of a lock; one that is not held is no error."""
        ...

    def close(self) -> None:
        """Let go of the connection, when no lock is held. A further call opens it again."""
        ...


E = TypeVar("E", bound=Engine)


class ThreadedDatabase(Generic[E]):
    """An engine in a thread of its own, and another one in a process that was forked.

    Args:
        engine: makes one. It opens nothing yet.
    """

    def __init__(self, engine: Callable[[], E]) -> None:
        self._make: Final = engine
        self._engine: E | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._pid = 0
        self._held: set[str] = set()

    async def do(self, work: Callable[[Any], T]) -> T:
        """Return what ``work(connection)`` does, in one transaction. See :meth:`Database.do`."""
        return await run_to_end(self._begin(lambda engine: engine.transact(work)))

    async def lock(self, key: str, wait: float) -> bool:
        """Take a lock within so many seconds, and return whether it was had. See :meth:`Database.lock`."""
        deadline = time.monotonic() + wait
        while not await self._take(key):
            rest = deadline - time.monotonic()
            if rest <= 0:
                return False
            await asyncio.sleep(min(_POLL, rest))
        return True

    async def unlock(self, key: str) -> None:
        """Let go of a lock; one that is not held is no error."""
        if self._is_open():
            self._held.discard(key)
            await run_to_end(self._begin(lambda engine: engine.drop(key)))

    async def aclose(self) -> None:
        """Close the connection. A further call opens it again.

        Raises:
            DatabaseError: a lock is held: without it, another run would get in unseen.
        """
        if self._is_open():
            if self._held:
                raise DatabaseError(
                    f"a run has the profile {min(self._held)} still; leave its `async with` first, and close then"
                )
            await run_to_end(self._begin(lambda engine: engine.close()))

    async def _take(self, key: str) -> bool:
        taking = self._begin(lambda engine: engine.take(key))
        try:
            taken = await run_to_end(taking)
        except asyncio.CancelledError:
            # It has ended all the same, and whoever asked will not let go of a lock that they never heard of.
            if taking.exception() is None and taking.result():
                await self.unlock(key)
            raise
        if taken:
            self._held.add(key)
        return taken

    def _is_open(self) -> bool:
        return self._engine is not None and self._pid == os.getpid()

    def _begin(self, work: Callable[[E], T]) -> asyncio.Future[T]:
        if self._engine is None or self._thread is None or self._pid != os.getpid():
            if self._engine is not None:
                _INHERITED.append(self._engine)
            self._engine, self._pid, self._held = self._make(), os.getpid(), set()
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="theirstack-database")
        return asyncio.get_running_loop().run_in_executor(self._thread, partial(work, self._engine))


class FileLocks:
    """Locks of the operating system on files beside a file, one a key. They end with the process that holds them.

    A lock file stays where it is when it is let go of: to delete it could split those who wait for it.

    Args:
        path: the file that they stand beside.
    """

    def __init__(self, path: str) -> None:
        self._path: Final = path
        self._held: Final[dict[str, BaseFileLock]] = {}

    def take(self, key: str) -> bool:
        """Take a lock without waiting, and return whether it was had.

        Raises:
            DatabaseError: the lock file cannot be made or locked.
        """
        if key in self._held:
            return False
        lock = file_lock(f"{self._path}.{key[:_NAMED]}.lock")
        if taken := take_file_lock(lock, 0.0):
            self._held[key] = lock
        return taken

    def drop(self, key: str) -> None:
        """Let go of a lock; one that is not held is no error."""
        lock = self._held.pop(key, None)
        if lock is not None:
            lock.release()


def file_lock(path: str) -> BaseFileLock:
    """Return a lock of the operating system on a file of its own, which is made when it is missing."""
    from filelock import FileLock

    # Whichever thread takes it, the lock is the object's.
    return FileLock(path, thread_local=False)


def take_file_lock(lock: BaseFileLock, wait: float) -> bool:
    """Take a lock within so many seconds, in this thread, and return whether it was had.

    Raises:
        DatabaseError: the lock file cannot be made or locked.
    """
    from filelock import Timeout

    # The library would make the folder; one that is missing is rather a wrong path.
    folder = Path(lock.lock_file).parent
    if not folder.is_dir():
        raise DatabaseError(f"the folder {folder} is missing; make it, or correct the path")
    try:
        lock.acquire(timeout=wait, poll_interval=0.01)
    except Timeout:
        return False
    except (OSError, NotImplementedError) as error:
        raise DatabaseError(
            f"the lock file {lock.lock_file} cannot be used: {error}; see that its folder may be written, on a disk "
            "whose file system has locks"
        ) from error
    return True


def closer_of(owner: object, close: Callable[[], object]) -> Callable[[], object]:
    """Return what closes a connection, once: when it is called, or when its owner is gone that nobody closed.

    The latter is on whatever thread it is found. A process that was forked leaves the connection to its parent.
    """
    pid = os.getpid()

    def close_here() -> None:
        if os.getpid() == pid:
            close()

    return weakref.finalize(owner, close_here)


def identity(path: str) -> tuple[int, int] | None:
    """Return what tells a file from another at the same place; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - it is asked before each transaction, and a Path would take longer
    except OSError:
        return None
    return status.st_dev, status.st_ino
