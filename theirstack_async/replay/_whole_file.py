"""Files for people that are there as a whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from theirstack_async._files import write_file
from theirstack_async.errors import ReplayError


def write_whole(path: Path, lines: Iterable[bytes], *, what: str) -> None:
    """Write a file line by line.

    Args:
        path: its name; an older file of that name is replaced.
        lines: what to write; if they raise, the older file stays.
        what: what errors call it, such as ``the plan``.

    Raises:
        ReplayError: it cannot be written.
    """
    try:
        write_file(path, lines)
    except OSError as error:
        raise ReplayError(f"{what} cannot be saved to {path}: {error.strerror or error}") from error
