"""The program that recovers from an outage does what it says, and the page's table of states is the code's."""

from __future__ import annotations

import asyncio
import csv
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest_asyncio

from tests._imports import ROOT
from tests.docs._programs import lines_of_code, start
from theirstack_async.replay import ReplayState
from theirstack_async.replay._states import MOVES, SEEN
from theirstack_async.testing import Answer, Exchange, FakeTheirStack, Fault, Latency, Status, SystemClock

HOOK = "https://hook.example"
RETRY = "POST /v0/webhooks/events/retry"
NIGHT = ("2026-09-21T14:00:00Z", "2026-09-21T14:10:00Z")
"""Ten minutes. A thousand events of the fake are a second apart, the last one at 14:13:20."""
NAME = "recover_outage"


@pytest_asyncio.fixture
async def fake() -> AsyncIterator[FakeTheirStack]:
    """A server whose receivers take everything at once."""
    async with FakeTheirStack(deliver=False) as fake:
        yield fake


@dataclass
class Program:
    """The program, in a folder of its own."""

    env: dict[str, str]
    folder: Path

    async def start(self, *arguments: object) -> asyncio.subprocess.Process:
        return await start(self.env, NAME, *map(str, arguments), folder=self.folder)

    async def run(self, *arguments: object) -> tuple[int | None, str, str]:
        process = await self.start(*arguments)
        printed, said = await process.communicate()
        return process.returncode, printed.decode(), said.decode()

    def states(self) -> Counter[str]:
        [file] = self.folder.glob("outage_*.csv")
        with file.open(encoding="utf-8", newline="") as lines:
            return Counter(row["state"] for row in csv.DictReader(lines))


def program_for(fake: FakeTheirStack, env: dict[str, str], folder: Path) -> Program:
    own = {"THEIRSTACK_BASE_URL": fake.base_url, "THEIRSTACK_API_KEY": fake.api_key, "TMPDIR": str(folder)}
    return Program({**env, **own}, folder)


def tries(fake: FakeTheirStack, ids: range) -> list[int]:
    """Return how often each event was sent again."""
    return [fake.event(each).attempts - 1 for each in ids]


def test_the_program_is_short() -> None:
    assert lines_of_code((ROOT / "examples" / f"{NAME}.py").read_text("utf-8")) <= 40


async def test_recover_outage_delivers_what_failed_meanwhile_and_nothing_else(
    fake: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    """Of two webhooks; a second start looks again, and sends nothing."""
    program = program_for(fake, env, tmp_path)
    one, other = (fake.seed_webhook(HOOK) for _ in range(2))
    ids, more = fake.seed_events(one, 1_000), fake.seed_events(other, 1_000)
    status, printed, said = await program.run(*NIGHT, one, other)
    assert (status, said.splitlines()[-1]) == (0, "1,200 of 1,200 accepted")
    assert "To be sent again: 1,200 of 1,200 events of 2 webhooks" in printed
    assert program.states() == {"delivered": 1_200}
    # The first one was at 13:56:41, so 199 were before the night.
    sent = [int(199 <= place < 799) for place in range(1_000)]
    assert tries(fake, ids) == tries(fake, more) == sent

    assert (await program.run(*NIGHT, one, other))[0] == 0
    assert tries(fake, ids) == tries(fake, more) == sent


async def test_another_outage_is_not_taken_for_the_last_one(
    fake: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    program = program_for(fake, env, tmp_path)
    webhook = fake.seed_webhook(HOOK)
    ids = fake.seed_events(webhook, 1_000)
    assert (await program.run(*NIGHT, webhook))[0] == 0
    status, printed, _ = await program.run(NIGHT[1], "2026-09-21T14:12:00Z", webhook)
    assert (status, "120 events: 120 delivered" in printed) == (0, True)
    assert sum(tries(fake, ids)) == 720


@dataclass(frozen=True)
class Stuck(Fault):
    """The request is carried out, and never answered."""

    done: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def play(self, exchange: Exchange) -> Answer:
        await exchange.carry_out()
        self.done.release()
        return await exchange.hang()


async def test_a_killed_run_goes_on(fake: FakeTheirStack, env: dict[str, str], tmp_path: Path) -> None:
    """It is killed while calls hang that the API has carried out: they are found, and not made again."""
    program = program_for(fake, env, tmp_path)
    webhook = fake.seed_webhook(HOOK)
    ids = fake.seed_events(webhook, 1_000)
    stuck = Stuck()
    fake.faults.add(RETRY, Latency(0))  # the canary goes through
    fake.faults.add(RETRY, stuck, times=4)
    process = await program.start(*NIGHT, webhook)
    for _ in range(4):
        await stuck.done.acquire()
    process.kill()
    await process.communicate()
    assert sum(tries(fake, ids)) == 401

    assert (await program.run(*NIGHT, webhook))[0] == 0
    assert program.states() == {"delivered": 600}
    assert Counter(tries(fake, ids)) == {0: 400, 1: 600}


async def test_a_receiver_that_is_still_down_gets_one_event(env: dict[str, str], tmp_path: Path) -> None:
    now = datetime.now(UTC)
    hours = [(now + timedelta(hours=each)).isoformat() for each in (-1, 1)]
    async with FakeTheirStack(clock=SystemClock()) as fake:
        program = program_for(fake, env, tmp_path)
        webhook = fake.seed_webhook(HOOK)
        ids = fake.seed_events(webhook, 300, spacing=2)
        status, printed, _ = await program.run(*hours, webhook)
        assert status == 3
        assert "the canary failed again" in printed
        assert program.states() == {"planned": 299, "failed_again": 1}
        assert sum(tries(fake, ids)) == 1


async def test_it_says_what_is_wrong(fake: FakeTheirStack, env: dict[str, str], tmp_path: Path) -> None:
    program = program_for(fake, env, tmp_path)
    fake.faults.add("GET *", Status(403))
    status, printed, said = await program.run(*NIGHT, fake.seed_webhook(HOOK))
    assert (status, printed) == (1, "")
    assert said.startswith("GET /v0/webhooks/101/events was answered 403")


def test_the_table_of_states_is_that_of_the_code() -> None:
    text = (ROOT / "docs" / "replay.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]*)\|$", text, re.MULTILINE)
    table = {state: {*re.findall(r"\w+", after)} for state, after in rows if state in {*ReplayState}}
    shown = {state.value: {each.value for each in after} or {"nothing"} for state, after in MOVES.items()}
    looked_at = {"what", "a", "later", "look", "finds"}
    shown |= {state.value: looked_at for state in SEEN if state is not ReplayState.DELIVERED}
    assert table == shown
