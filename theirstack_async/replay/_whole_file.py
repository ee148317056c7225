"""Files for people that are there as a whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from theirstack_async.errors import ReplayError


def write_whole(path: Path, lines: Iterable[bytes], *, what: str) -> None:
    """Write a file line by line. It is named ``<name>.tmp`` until it is whole.

    Args:
        path: its name; an older file of that name is replaced.
        lines: what to write; if they raise, the older file stays.
        what: what errors call it, such as ``the plan``.

    Raises:
        ReplayError: it cannot be written.
    """
    unfinished = path.with_name(f"{path.name}.tmp")
    try:
        try:
            with unfinished.open("wb") as file:
                file.writelines(lines)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            with suppress(OSError):
                unfinished.unlink()
    except OSError as error:
        raise ReplayError(f"{what} cannot be saved to {path}: {error.strerror or error}") from error
