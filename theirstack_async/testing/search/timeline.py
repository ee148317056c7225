"""Jobs in the order in which they were discovered, so that a search for those since an instant need not look at all."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Final

from theirstack_async.testing.search.records import JobRow

_ID: Final = attrgetter("id")
_DISCOVERED: Final = attrgetter("discovered")
_FEW: Final = 1000
"""One job in so many is put in its place; more are sorted in, all at once."""


def _place(job: JobRow) -> tuple[float, int]:
    return job.discovered, -job.id


class Timeline:
    """Jobs, the oldest discovery first; those of one instant by id, the highest first."""

    def __init__(self) -> None:
        self._jobs: list[JobRow] = []

    def add(self, jobs: Sequence[JobRow]) -> None:
        """Put jobs where their instants belong."""
        if len(jobs) * _FEW < len(self._jobs):
            for job in jobs:
                insort(self._jobs, job, key=_place)
        else:
            self._jobs += jobs
            self._jobs.sort(key=_ID, reverse=True)
            self._jobs.sort(key=_DISCOVERED)

    def remove(self, job: JobRow) -> None:
        """Take out a job that is in it."""
        del self._jobs[bisect_left(self._jobs, _place(job), key=_place)]

    def between(self, first: float | None = None, last: float | None = None) -> Iterator[JobRow]:
        """Return the jobs discovered between two Unix times, both inclusive; None is without a bound.

        They are found as they are asked for, and the timeline must not change meanwhile.
        """
        start = 0 if first is None else bisect_left(self._jobs, first, key=_DISCOVERED)
        stop = len(self._jobs) if last is None else bisect_right(self._jobs, last, key=_DISCOVERED)
        return (self._jobs[number] for number in range(start, stop))
