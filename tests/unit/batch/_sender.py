"""A stand-in for the retry endpoint, and runs over it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from theirstack_async._clock import SystemClock
from theirstack_async._engine.pipeline import CallState
from theirstack_async.batch import BatchRun
from theirstack_async.errors import TheirStackError, UnprocessableError
from theirstack_async.report import RetryReport

Answer = Callable[[Sequence[int]], TheirStackError | None]


class Sender:
    """Takes batches, and refuses those with a poisoned id."""

    def __init__(self, poison: Sequence[int] = (), answer: Answer | None = None, turns: int = 1) -> None:
        self.batches: list[list[int]] = []
        self.probes = 0
        self.probe_error: TheirStackError | None = None
        self.in_flight = self.peak = 0
        self.gate: asyncio.Event | None = None
        self._poison = set(poison)
        self._answer = answer or self._refuse_poison
        self._turns = turns

    def _refuse_poison(self, ids: Sequence[int]) -> TheirStackError | None:
        bad = self._poison & set(ids)
        return UnprocessableError(f"no event {min(bad)}", status=422) if bad else None

    async def send(self, ids: Sequence[int], state: CallState) -> object:
        self.batches.append(list(ids))
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        try:
            await asyncio.sleep(0)
            state.sent = "maybe"
            for _ in range(self._turns):
                await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.in_flight -= 1
        error = self._answer(ids)
        if error is None:
            state.sent = "yes"
            return None
        state.sent = "no" if error.sent == "yes" and getattr(error, "status", 500) < 500 else error.sent
        raise error

    async def probe(self) -> object:
        self.probes += 1
        await asyncio.sleep(0)
        if self.probe_error is not None:
            raise self.probe_error
        return None

    def run(self, batch_size: int = 10, max_concurrency: int = 1, **options: Any) -> BatchRun[int]:
        given: dict[str, Any] = {"drain": 0.0, "on_progress": None, "clock": SystemClock(), **options}
        return BatchRun(self.send, self.probe, _to_id, batch_size=batch_size, max_concurrency=max_concurrency, **given)


def _to_id(item: int) -> int:
    if type(item) is not int:
        raise ValueError(f"no id: {item!r}")
    return item


def parts(report: RetryReport) -> list[set[int]]:
    return [set(report.accepted), set(report.rejected), set(report.unknown), set(report.skipped)]


def check_whole(report: RetryReport, taken: set[int]) -> None:
    """Each distinct id is in exactly one of the four."""
    assert sum(map(len, parts(report))) == report.settled == report.requested == len(taken)
    assert set().union(*parts(report)) == taken
