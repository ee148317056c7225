"""Pages that were paid for, kept on disk until their rows are acknowledged."""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import attrs

from theirstack_async._files import make_folder, remove, sync_folder, write_file
from theirstack_async._tasks import run_to_end
from theirstack_async.errors import ConfigurationError, StateError

T = TypeVar("T")

_NAME: Final = re.compile(r"(\d{10,})\.json\.zst")
_UNFINISHED: Final = re.compile(r"\d{10,}\.json\.zst\.tmp")

_FORMAT: Final = 1
"""Of the first line of a page."""
_INSTANT: Final = (float, int, type(None))
_HEAD: Final[Mapping[str, tuple[type, ...]]] = {
    "name": (str,),
    "credits": (int,),
    "out_of_credits": (bool,),
    "now": _INSTANT,
    "limit": (int,),
    "start": _INSTANT,
    "end": _INSTANT,
    "ordered": (bool,),
    "known": (int,),
}
"""What it says, and of which types that is."""


@attrs.frozen
class Landed:
    """A page on disk."""

    number: int
    """Its place among the pages of its profile: a later one has a higher number."""
    path: Path
    """The file."""
    head: dict[str, Any]
    """What was noted with it, as plain JSON data."""
    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")
    """The answer, exactly as it came."""


class Landing:
    """A folder of pages: one file a page, ``<folder>/<key>/<number>.json.zst``.

    A file holds one line of JSON, what was noted, and after it the bytes of the answer; ``zstd -dc`` shows both. It
    is there as a whole or not at all, and outlasts a crash of the machine once :meth:`keep` has returned. The work is
    done in threads, so the event loop never waits for the disk. A folder belongs to one machine: the lock of the
    profile is what keeps two runs apart, so keep it beside the state.

    Args:
        path: the folder. It is made by the first run that reads; nothing is touched before.

    Raises:
        ConfigurationError: this Python has no zstd; it names the extra to install.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._zstd: Final = _zstd()
        self._folder: Final = Path(os.path.abspath(path))  # noqa: PTH100 - it asks for nothing but the current folder
        self._lock: Final = threading.Lock()
        self._last: Final[dict[str, int]] = {}

    def __repr__(self) -> str:
        return f"Landing({str(self._folder)!r})"

    async def pages(self, key: str) -> list[int]:
        """Return the numbers of the pages that lie there for a profile, in order.

        What an earlier run left unfinished is deleted: it was not kept yet.

        Raises:
            StateError: the folder cannot be read.
        """
        return await self._do(partial(self._pages, key))

    async def prepare(self, key: str) -> None:
        """Make the folder of a profile, and see that pages can be kept in it, before one is paid for.

        Raises:
            StateError: it cannot be made, or not be written to. Nothing was spent.
        """
        await self._do(partial(self._prepare, key))

    async def read(self, key: str, number: int) -> Landed:
        """Return a page.

        Raises:
            StateError: it cannot be read, or is damaged. The file stays as it is.
        """
        return await self._do(partial(self._read, key, number))

    async def keep(self, key: str, head: Mapping[str, Any], body: bytes) -> int:
        """Keep a page, to last when this returns. Return its number: higher than all that this object gave before.

        Args:
            key: of the profile.
            head: what to note with it, as plain JSON data.
            body: the bytes of the answer.

        Raises:
            StateError: it cannot be written. The page was paid for: its bytes are in ``body`` of the error.
        """
        return await self._do(partial(self._keep, key, head, body))

    async def discard(self, key: str, numbers: Sequence[int]) -> None:
        """Delete pages. Those that are not there are no error.

        Raises:
            StateError: a file cannot be deleted.
        """
        await self._do(partial(self._discard, key, numbers))

    async def _do(self, work: Callable[[], T]) -> T:
        """Do something in a thread, one at a time, and to its end when the caller is cancelled."""
        return await run_to_end(asyncio.to_thread(self._alone, work))

    def _alone(self, work: Callable[[], T]) -> T:
        with self._lock:
            return work()

    def _pages(self, key: str) -> list[int]:
        folder = self._folder / key
        numbers: list[int] = []
        try:
            for path in list(folder.iterdir()):
                if match := _NAME.fullmatch(path.name):
                    numbers.append(int(match[1]))
                elif _UNFINISHED.fullmatch(path.name):
                    remove(path)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StateError(
                f"the landing folder {folder} cannot be read: {error}; there may be pages in it that were paid for, so "
                "nothing is bought before it can be"
            ) from error
        return sorted(numbers)

    def _prepare(self, key: str) -> None:
        probe = self._folder / key / "probe"
        try:
            make_folder(probe.parent)
            write_file(probe, [b"?"])
            remove(probe)
        except OSError as error:
            raise StateError(
                f"no page can be kept in the landing folder {probe.parent}: {error}; nothing was asked for. See that "
                "it may be written and that its disk has room"
            ) from error

    def _read(self, key: str, number: int) -> Landed:
        path = self._path(key, number)
        try:
            head, line_end, body = self._zstd.decompress(path.read_bytes()).partition(b"\n")
            noted: Any = json.loads(head)
        except (OSError, ValueError, RecursionError, MemoryError, self._zstd.ZstdError) as error:
            raise _unreadable(path, str(error) or type(error).__name__) from error
        if not line_end or not isinstance(noted, dict):
            raise _unreadable(path, "it does not begin with a line that holds a JSON object")
        found = cast("dict[str, Any]", noted)
        if found.pop("format", None) != _FORMAT:
            raise _unreadable(path, "another release of theirstack-async wrote it")
        for name, kinds in _HEAD.items():
            if name not in found or type(found[name]) not in kinds:
                raise _unreadable(path, f"its {name} is {found.get(name)!r}, which no release writes")
        return Landed(number, path, found, body)

    def _keep(self, key: str, head: Mapping[str, Any], body: bytes) -> int:
        line = json.dumps({**head, "format": _FORMAT}, separators=(",", ":")).encode("ascii")
        folder = self._folder / key
        try:
            self._begin(key)
            make_folder(folder)
            # The checksum tells a damaged page from a whole one, whatever the damage.
            options = {self._zstd.CompressionParameter.checksum_flag: 1}
            self._write(key, self._zstd.compress(line + b"\n" + body, options=options))
        except (OSError, StateError) as error:
            raise StateError(
                f"a page that was paid for cannot be kept in {folder}: {error}; its bytes are in the attribute body "
                "of this error. See that the folder may be written and that its disk has room, then run again",
                body=body,
                sent="yes",
            ) from error
        return self._last[key]

    def _write(self, key: str, content: bytes) -> None:
        """Write a page under the next number that is free: a run with another state may share the folder."""
        while True:
            self._last[key] += 1
            try:
                return write_file(self._path(key, self._last[key]), [content], new=True)
            except FileExistsError:
                continue

    def _discard(self, key: str, numbers: Sequence[int]) -> None:
        path = folder = self._folder / key
        try:
            self._begin(key)
            for number in numbers:
                path = self._path(key, number)
                path.unlink(missing_ok=True)
            if numbers and folder.is_dir():
                sync_folder(folder)
        except OSError as error:
            raise StateError(
                f"the page {path} cannot be deleted: {error}; its rows are stored, so it may go. See that the folder "
                "may be written; the next run reads it again, finds its rows known, and deletes it"
            ) from error

    def _begin(self, key: str) -> None:
        """Look once how far the numbers go, before any page is deleted, so that none is given a second time."""
        if key not in self._last:
            self._last[key] = max(self._pages(key), default=0)

    def _path(self, key: str, number: int) -> Path:
        return self._folder / key / f"{number:010}.json.zst"


def _unreadable(path: Path, reason: str) -> StateError:
    return StateError(
        f"the page {path} cannot be read: {reason}. It was paid for and its rows are not stored yet, so nothing was "
        "deleted and nothing asked for. Put the file back from a copy; or move it away, and its rows are bought again"
    )


def _zstd() -> Any:
    """Return the module: a part of Python 3.14 and later (PEP 784), else a package of the same form."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return import_module(name)
        except ImportError:
            continue
    raise ConfigurationError(
        "landing needs zstd, which this Python does not bring; pip install 'theirstack-async[zstd]', or leave out "
        "landing="
    )
