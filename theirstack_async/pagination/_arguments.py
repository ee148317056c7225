"""Checks of what a paginator is made with, before anything is sent."""

from __future__ import annotations

from theirstack_async._checkpoint import VERSION, Checkpoint
from theirstack_async.config import check_count
from theirstack_async.errors import ArgumentError


def check_bounds(offset: object, max_items: object, rejects: object) -> None:
    """Refuse numbers out of bounds, and a word that is none of the two for rows that do not decode.

    Raises:
        ArgumentError: naming the argument.
    """
    check_count("offset", offset, at_least=0)
    if max_items is not None:
        check_count("max_items", max_items, at_least=0)
    if rejects not in ("raise", "collect"):
        raise ArgumentError(f'rejects: expected "raise" or "collect", got {rejects!r}', field="rejects")


def check_start(resume: object, expected: str, offset: int, *, settle: bool) -> None:
    """Refuse what is no checkpoint, or that of another list, and two places to begin at.

    Raises:
        ArgumentError: naming ``resume``, or ``offset`` where both say where to begin, or ``settle``, which does too.
    """
    if settle and (offset or resume is not None):
        raise ArgumentError("settle: reads the list from its start, without offset= or resume=", field="settle")
    if resume is None:
        return
    if not isinstance(resume, Checkpoint):
        raise ArgumentError(f"resume: expected a Checkpoint, got {type(resume).__name__}", field="resume")
    if resume.version != VERSION:
        raise ArgumentError(f"resume: a checkpoint of version {resume.version}, not {VERSION}", field="resume")
    if resume.digest != expected:
        raise ArgumentError("resume: this checkpoint belongs to another list, or to other filters", field="resume")
    if offset:
        raise ArgumentError("offset: leave it out with resume=, the checkpoint holds it", field="offset")
