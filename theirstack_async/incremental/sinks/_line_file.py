"""A file of lines that can be put back to where the last acknowledgement left it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from theirstack_async._files import make_folder, remove, sync_folder
from theirstack_async.errors import SinkError

_TAIL: Final = 4096
"""How many of the last bytes tell a file from another one."""


class LineFile:
    """A file to which lines are added. All methods wait for the disk, so call them in a thread.

    Until its first lines are acknowledged it is named ``<name>.new``, so a file of the name itself holds nothing but
    acknowledged lines, and at its end perhaps some that were not. Those are cut off when it is opened again; nothing
    else is, for the noted length counts only together with a digest of the bytes before it. So neither somebody
    else's file nor the rows of a state that was reset are ever cut.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self._new: Final = path.with_name(f"{path.name}.new")
        self._current = path
        self._length = 0
        self._tail = b""

    def open(self, note: Mapping[str, Any]) -> None:
        """Put the file back to where it was when :attr:`note` gave this; ``{}`` where it never did.

        Raises:
            SinkError: the file is not what it was then, or it is there although nothing was noted.
            OSError: it cannot be read or written.
        """
        length, digest = note.get("bytes"), note.get("tail")
        self._current, self._length, self._tail = self.path, 0, b""
        make_folder(self.path.parent)
        if isinstance(length, int) and length > 0:
            # Acknowledged, and then the machine stopped before it had its name.
            if not self.path.exists() and _matches(self._new, length, digest):
                self._new.replace(self.path)
                sync_folder(self.path.parent)
            if self.path.exists():
                self._cut(length, digest)
                return
        elif _is_filled(self.path):
            raise SinkError(
                f"{self.path} is there already, and the state knows nothing of it: the rows of other filters, of a "
                "state that was reset or is another one, or somebody else's. Nothing was asked for. Name another file, "
                "or move this one away"
            )
        # Lines that were never acknowledged.
        remove(self._new)
        self._current = self._new

    def touch(self) -> None:
        """Make the file if it is missing, to find out whether that is possible.

        Raises:
            OSError: it is not.
        """
        self._current.touch()

    def append(self, lines: bytes) -> None:
        """Add lines, to last when this returns.

        Raises:
            SinkError: somebody else has written to the file.
            OSError: they cannot be written. Nothing of them is left, as far as the disk lets us.
        """
        if not lines:
            return
        self._check_name()
        with self._current.open("ab") as file:
            found = file.seek(0, os.SEEK_END)
            if found != self._length:
                raise self._shared(f"it has {found} bytes, and {self._length} were written")
            try:
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                _shorten(self._current, self._length)
                raise
        if not self._length:
            sync_folder(self._current.parent)
        self._length += len(lines)
        self._tail = (self._tail + lines[-_TAIL:])[-_TAIL:]

    def note(self) -> dict[str, Any]:
        """Return what :meth:`open` needs to come back to here."""
        return {"bytes": self._length, "tail": _digest(self._tail)} if self._length else {}

    def settle(self) -> None:
        """Give the file its name: what was written is acknowledged.

        Raises:
            SinkError: somebody else has made a file of that name.
            OSError: it cannot be renamed. The next :meth:`open` does it.
        """
        if self._current == self._new and self._length:
            self._check_name()
            self._new.replace(self.path)
            sync_folder(self.path.parent)
            self._current = self.path

    def close(self) -> None:
        """Leave nothing behind of a file that got no lines."""
        if self._current == self._new and not self._length:
            remove(self._new)

    def _check_name(self) -> None:
        if self._current == self._new and _is_filled(self.path):
            raise self._shared(f"{self.path.name} was made meanwhile")

    def _shared(self, what: str) -> SinkError:
        return SinkError(
            f"somebody else writes to {self._current}: {what}. One run at a time may write to a file; give each its own"
        )

    def _cut(self, length: int, digest: object) -> None:
        if not _matches(self.path, length, digest):
            raise SinkError(
                f"{self.path} is not the file that the last run wrote: its first {length} bytes were acknowledged, and "
                "it is shorter or has others. Nothing was asked for. Put it back; or move it away, and a new one is "
                "begun for the rows to come"
            )
        with self.path.open("r+b") as file:
            file.truncate(length)
            os.fsync(file.fileno())
            file.seek(max(0, length - _TAIL))
            self._tail = file.read()
        self._length = length
        remove(self._new)


def _matches(path: Path, length: int, digest: object) -> bool:
    """Tell whether a file begins with what was noted, as far as its length and the last bytes tell."""
    if not path.exists():
        return False
    with path.open("rb") as file:
        file.seek(max(0, length - _TAIL))
        tail = file.read(min(length, _TAIL))
    return len(tail) == min(length, _TAIL) and _digest(tail) == digest


def _is_filled(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def _digest(tail: bytes) -> str:
    return hashlib.sha256(tail).hexdigest()[:16]


def _shorten(path: Path, length: int) -> None:
    try:
        os.truncate(path, length)
    except OSError:
        return
