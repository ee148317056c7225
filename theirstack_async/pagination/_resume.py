"""Whether a checkpoint can be taken up."""

from __future__ import annotations

from theirstack_async._checkpoint import VERSION, Checkpoint
from theirstack_async.errors import ArgumentError


def check_resume(resume: object, expected: str, offset: int) -> None:
    """Refuse what is no checkpoint, or that of another list.

    Raises:
        ArgumentError: naming ``resume``, or ``offset`` where both say where to begin.
    """
    if not isinstance(resume, Checkpoint):
        raise ArgumentError(f"resume: expected a Checkpoint, got {type(resume).__name__}", field="resume")
    if resume.version != VERSION:
        raise ArgumentError(f"resume: a checkpoint of version {resume.version}, not {VERSION}", field="resume")
    if resume.digest != expected:
        raise ArgumentError("resume: this checkpoint belongs to another list, or to other filters", field="resume")
    if offset:
        raise ArgumentError("offset: leave it out with resume=, the checkpoint holds it", field="offset")
