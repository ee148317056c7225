"""Incremental runs over a real socket: a fake server with some jobs, one program, and a server that has its own way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from tests.incremental._process import MemoryState
from tests.server._searches import AT_ONCE, JOBS
from theirstack_async import ALL, EndReason, Job, JobFilters, TheirStack
from theirstack_async.incremental import IncrementalRun, Summary
from theirstack_async.testing import FakeTheirStack, Fault
from theirstack_async.testing.answers import Answer, envelope
from theirstack_async.testing.exchange import Exchange


@attrs.define
class Program:
    """A program that keeps jobs, and what it keeps them with."""

    fake: FakeTheirStack
    client: TheirStack
    state: Any = attrs.Factory(MemoryState)
    store: list[int] = attrs.Factory(list)
    """The ids of the jobs that it has stored, in order."""

    def run(self, query: JobFilters | None = None, /, **how: Any) -> IncrementalRun[Job]:
        """Return a run; every job of the server is bought unless something else is said."""
        how.setdefault("max_items", ALL)
        return self.client.jobs.incremental(query, **{"state": self.state, **how})

    async def sync(self, query: JobFilters | None = None, /, **how: Any) -> Summary:
        """Do a run to its end, and return what came of it."""
        async with self.run(query, **how) as run:
            async for batch in run:
                self.store += [job.id for job in batch.rows]
                await batch.ack()
        return run.summary

    @property
    def complete(self) -> bool:
        """Whether it holds each job of the server, once, and each was bought once."""
        ids = self.fake.job_ids
        return sorted(self.store) == ids and self.fake.credits_billed == len(ids)

    @property
    def mark(self) -> datetime | None:
        """Up to where each job is acknowledged, as the state has it."""
        (profile,) = self.state.saved.values()
        text = json.loads(profile.document)["mark"]
        return None if text is None else datetime.fromisoformat(text)


@asynccontextmanager
async def programs(jobs: int = 60, **options: Any) -> AsyncIterator[Program]:
    """Yield a program, and the fake that it reads."""
    async with (
        FakeTheirStack(jobs=jobs, companies=5, **options) as fake,
        TheirStack(fake.api_key, base_url=fake.base_url, retries=AT_ONCE) as client,
    ):
        yield Program(fake, client)


@dataclass(frozen=True, slots=True)
class Heedless(Fault):
    """The answer to the request without some of its fields."""

    names: tuple[str, ...]

    async def play(self, exchange: Exchange) -> Answer:
        """Answer what is left of the request."""
        original = exchange.record.body
        asked = {name: value for name, value in json.loads(original).items() if name not in self.names}
        exchange.record.body = json.dumps(asked).encode()
        try:
            return await exchange.carry_out()
        finally:
            exchange.record.body = original


@dataclass(frozen=True, slots=True)
class Refusing(Fault):
    """A refusal of each request that something is true of, and the true answer to the others."""

    wrong: Callable[[dict[str, Any]], object]
    status: int = 400
    title: str = "order_by is not supported"

    async def play(self, exchange: Exchange) -> Answer:
        """Refuse or answer."""
        if self.wrong(json.loads(exchange.record.body)):
            return envelope(self.status, self.title)
        return await exchange.carry_out()


def always(program: Program, fault: Fault) -> None:
    """Have all job searches answered like this."""
    program.fake.faults.add(JOBS, fault, times=None)


def free(program: Program) -> int:
    """Return how many of the requests so far asked for what is free."""
    return sum(bool(request.json().get("blur_company_data")) for request in program.fake.requests)


def at(fake: FakeTheirStack) -> datetime:
    """Return the present moment of a fake."""
    return datetime.fromtimestamp(int(fake.clock.now()), UTC)


EXHAUSTED: Final = EndReason.EXHAUSTED
