"""A program that is killed (``kill -9``) again and again, at any moment, while new rows arrive: in the end its own
store holds each row, and with a landing folder nothing was bought twice but what was on its way when it was killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests._scale import scaled
from tests.incremental._programs import Program, order, program, stored
from theirstack_async.incremental._landing import Landing
from theirstack_async.testing import FakeTheirStack

pytestmark = pytest.mark.slow

KILLS = scaled(200)
LONGEST = 0.03
"""Seconds between a request and the kill: a few pages take that long. It is the one thing here that takes real time,
since a process that can be killed anywhere has no clock of ours."""


async def arrive(fake: FakeTheirStack, chance: random.Random) -> None:
    """Let some jobs come in, now or up to half a minute late, which the overlap covers."""
    await fake.clock.advance(chance.choice([0, 1, 600]))
    late = chance.choice([0, 0, 30])
    now = fake.clock.now() - late
    fake.seed_jobs(chance.choice([0, 1, 5, 15]), discovered_at=datetime.fromtimestamp(now, UTC))


async def run_and_kill(running: Program, fake: FakeTheirStack, how: dict[str, object], chance: random.Random) -> bool:
    """Begin a run, let jobs come in, and kill it at some moment. Return whether it had not ended by then."""
    begun = fake.requests.total
    await running.begin(how)
    result = asyncio.ensure_future(running.result())
    for requests in range(1, chance.randrange(1, 6)):
        while fake.requests.total < begun + requests and not result.done():
            await asyncio.sleep(0.001)
        if chance.random() < 0.4:
            await arrive(fake, chance)
    await asyncio.wait([result], timeout=chance.uniform(0, LONGEST))
    running.kill()
    assert (await result or {}).get("error") is None
    # What was sent may still be billed.
    while fake.requests.in_flight:
        await asyncio.sleep(0)
    return result.result() is None


async def landed(folder: Path) -> set[int]:
    """Return the ids of the jobs in the landing folder."""
    landing = Landing(folder)
    ids: set[int] = set()
    for key in os.listdir(folder) if folder.is_dir() else ():  # noqa: ASYNC240, PTH208
        for number in await landing.pages(key):
            ids |= _ids((await landing.read(key, number)).body)
    return ids


def _ids(body: bytes) -> set[int]:
    return {row["id"] for row in json.loads(body)["data"]}


def last_billed(fake: FakeTheirStack) -> int:
    """Return how many rows the last page had that was billed."""
    return fake.billed_log[-1].rows if fake.billed_log else 0


async def finish(running: Program, how: dict[str, object]) -> None:
    """Let the program run to its end."""
    await running.begin(how)
    result = await running.result()
    assert result is not None and result.get("end") == "exhausted", result


@pytest.mark.parametrize("state", ["state.db", "state.json"])
async def test_with_a_landing_folder_only_pages_on_their_way_are_lost(tmp_path: Path, state: str) -> None:
    chance, lost, killed = random.Random(state), 0, 0
    async with FakeTheirStack(jobs=40, companies=5) as fake, program() as running:
        how = order(fake, tmp_path, state=str(tmp_path / state), landing=str(tmp_path / "landing"))
        while killed < KILLS:
            await arrive(fake, chance)
            killed += await run_and_kill(running, fake, how, chance)
            known = stored(tmp_path).keys() | await landed(tmp_path / "landing")
            before, lost = lost, fake.credits_billed - len(known)
            assert lost - before in (0, last_billed(fake)), "more is lost than the page that was on its way"
        await finish(running, how)
        assert stored(tmp_path).keys() == set(fake.job_ids)
        assert fake.credits_billed == len(fake.job_ids) + lost
        assert not await landed(tmp_path / "landing")


async def test_without_one_at_most_a_page_a_kill_is_bought_again(tmp_path: Path) -> None:
    chance, killed = random.Random(1), 0
    async with FakeTheirStack(jobs=40, companies=5) as fake, program() as running:
        how = order(fake, tmp_path)
        while killed < KILLS:
            await arrive(fake, chance)
            killed += await run_and_kill(running, fake, how, chance)
        await finish(running, how)
        assert stored(tmp_path).keys() == set(fake.job_ids)
        assert fake.credits_billed <= len(fake.job_ids) + 10 * killed
