"""Two processes on one profile: one waits, or refuses, and nothing is bought or stored twice."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.incremental._programs import Program, order, program, stored
from theirstack_async.testing import FakeTheirStack, Fault
from theirstack_async.testing.answers import Answer
from theirstack_async.testing.exchange import Exchange

JOBS = "POST /v1/jobs/search"
ROWS = 60


@dataclass(frozen=True, slots=True)
class Gate(Fault):
    """The true answer, once the gate is open."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, exchange: Exchange) -> Answer:
        """Wait, and answer."""
        self.reached.set()
        await self.opened.wait()
        return await exchange.carry_out()


@pytest.fixture(params=["sqlite", "json", "postgres"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "postgres":
        yield request.getfixturevalue("postgres_url")
    else:
        yield str(tmp_path / {"sqlite": "state.db", "json": "state.json"}[request.param])


def once_each(fake: FakeTheirStack, folder: Path) -> None:
    """Assert that each job was bought and stored once."""
    assert stored(folder) == dict.fromkeys(fake.job_ids, 1)
    assert fake.credits_billed == ROWS


async def hold(running: Program, gate: Gate, how: dict[str, object]) -> None:
    """Begin a run, and return when it waits for an answer."""
    await running.begin(how)
    await gate.reached.wait()


async def test_the_second_is_refused_at_once(tmp_path: Path, state: str) -> None:
    async with FakeTheirStack(jobs=ROWS, companies=5) as fake, program() as one, program() as two:
        how, gate = order(fake, tmp_path, state=state), Gate()
        fake.faults.add(JOBS, gate)
        await hold(one, gate, how)
        await two.begin(how)
        refusal = await two.result()
        assert refusal is not None and refusal["error"] == "StateLockedError"
        assert fake.requests.total == 1
        gate.opened.set()
        first = await one.result()
        assert first is not None and first["rows"] == ROWS
        once_each(fake, tmp_path)


async def test_or_waits_and_finds_nothing_left(tmp_path: Path, state: str) -> None:
    async with FakeTheirStack(jobs=ROWS, companies=5) as fake, program() as one, program() as two:
        how, gate = order(fake, tmp_path, state=state, wait=60.0), Gate()
        fake.faults.add(JOBS, gate)
        await hold(one, gate, how)
        await two.begin(how)
        second = asyncio.ensure_future(two.result())
        gate.opened.set()
        first, last = await one.result(), await second
        assert first is not None and (first["rows"], first["end"]) == (ROWS, "exhausted")
        assert last is not None and (last["rows"], last["end"]) == (0, "exhausted")
        once_each(fake, tmp_path)


async def test_one_that_was_killed_holds_nothing(tmp_path: Path, state: str) -> None:
    async with FakeTheirStack(jobs=ROWS, companies=5) as fake, program() as one, program() as two:
        how, gate = order(fake, tmp_path, state=state, wait=60.0), Gate()
        fake.faults.add(JOBS, gate)
        await hold(one, gate, how)
        one.kill()
        assert await one.result() is None
        await two.begin(how)
        second = await two.result()
        assert second is not None and second["rows"] == ROWS
        once_each(fake, tmp_path)


async def test_many_at_once_take_turns(tmp_path: Path, state: str) -> None:
    async with (
        FakeTheirStack(jobs=ROWS, companies=5) as fake,
        program() as one,
        program() as two,
        program() as three,
    ):
        programs = (one, two, three)
        for running in programs:
            await running.begin(order(fake, tmp_path, state=state, wait=60.0))
        results = [await running.result() for running in programs]
        assert sorted(result["rows"] for result in results if result) == [0, 0, ROWS]
        once_each(fake, tmp_path)
