"""Files and folders that outlast a crash of the machine once they are written."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_NOT_FOR_FOLDERS: Final = {errno.EACCES, errno.EPERM, errno.EISDIR, errno.EINVAL, errno.ENOTSUP, errno.EBADF}
"""What Windows and some network file systems answer, which know no flushing of a folder."""


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, as far as they are missing, to last.

    Raises:
        OSError: it cannot be made, or a file stands in its place.
    """
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last, as fsync(2) has it: to flush a file does not flush its name.

    Raises:
        OSError: the disk failed.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NOT_FOR_FOLDERS:
            raise


def write_file(path: Path, parts: Iterable[bytes], *, new: bool = False) -> None:
    """Write a file that is there as a whole or not at all, to last. It is named ``<name>.tmp`` until then.

    One that takes the place of another keeps its rights. With ``new`` it never takes the place of one.

    Raises:
        FileExistsError: with ``new``: there is such a file, or somebody else is about to write it.
        OSError: it cannot be written. Nothing of it is left, as far as the disk lets us.
    """
    unfinished = path.with_name(f"{path.name}.tmp")
    file = unfinished.open("xb" if new else "wb")
    try:
        with file:
            if new and path.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileNotFoundError):
            shutil.copymode(path, unfinished)
        unfinished.replace(path)
    except BaseException:
        remove(unfinished)
        raise
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Delete a file if that is possible: it is an unfinished one, and the next run tries again."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def remove_empty(folder: Path) -> None:
    """Delete a folder if there is nothing in it."""
    try:
        folder.rmdir()
    except OSError:
        return
