"""The programs in ``examples/`` that receive deliveries lose none and handle each once, in processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
import pytest

from tests.docs._programs import EXAMPLES, load, start
from tests.docs._servers import PATIENCE, serve, uvicorn
from theirstack_async import Job, TheirStack
from theirstack_async.receiver import SIGNATURE_HEADER, DeliveryState, SQLiteDeliveries
from theirstack_async.testing import FakeTheirStack, Status, VirtualClock, sign

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither SIGTERM nor process groups")

SECRET: Final = "the-secret-of-a-webhook"
HANDLED: Final = r"event (\d+): .+ at [A-Z]"
STORED: Final = r'(\d+) .+"POST /theirstack HTTP/1.1" 202'
"""Its group is the worker."""
JOBS: Final = "SELECT id FROM jobs ORDER BY id"


@pytest.fixture
async def fake_theirstack() -> AsyncGenerator[FakeTheirStack]:
    """A fake that lives today, as the programs do, and delivers over many connections at once."""
    async with FakeTheirStack(clock=VirtualClock(time.time()), max_deliveries_in_flight=20) as fake:
        yield fake


@pytest.fixture
def env(env: dict[str, str]) -> dict[str, str]:
    return env | {"WEBHOOK_SECRET": SECRET, "WEBHOOK_SECRETS": SECRET}


async def outcome(env: dict[str, str], folder: Path, name: str, *arguments: str) -> tuple[int | None, str]:
    """Run a program to its end, and return its exit code and what it printed."""
    process = await start(env, name, *arguments, folder=folder)
    printed, said = await process.communicate()
    assert b"Traceback" not in said, said.decode()
    return process.returncode, printed.decode()


async def send_again(event_ids: Iterable[int], fake: FakeTheirStack) -> None:
    """Let the API deliver events once more, and return when they are answered."""
    async with TheirStack() as client:
        (await client.webhooks.events.retry(event_ids)).raise_for_failures()
    await fake.settled()


def answers(fake: FakeTheirStack, event_ids: Iterable[int]) -> Counter[tuple[int | None, str | None]]:
    events = [fake.event(event_id) for event_id in event_ids]
    return Counter((event.response_status_code, event.response_body) for event in events)


def job_ids(event_ids: Iterable[int]) -> list[int]:
    return [40_000_000 + event_id for event_id in event_ids]


def rows(folder: Path, query: str = JOBS) -> list[Any]:
    with closing(sqlite3.connect(folder / "jobs.db")) as database:
        return [row[0] if len(row) == 1 else row for row in database.execute(query)]


class Hold:
    """Holds up the handlers that write to ``jobs.db``."""

    def __init__(self, folder: Path) -> None:
        self._database = sqlite3.connect(folder / "jobs.db", isolation_level=None)
        self._database.execute("BEGIN EXCLUSIVE")

    def __enter__(self) -> Self:
        return self

    def let_go(self) -> None:
        self._database.close()

    def __exit__(self, *_: object) -> None:
        self.let_go()


async def test_receiver_fastapi(fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path) -> None:
    """Two workers share the events: each is handled once, also when it comes again."""
    ids: list[int] = []
    async with uvicorn(env, tmp_path, "receiver_fastapi", workers=2) as server:
        webhook_id = fake_theirstack.seed_webhook(f"{server.url}/theirstack", secret=SECRET)
        while len({*server.found(STORED)}) < 2:
            assert len(ids) < 4_000, "only one worker is at work"
            ids += fake_theirstack.trigger(webhook_id, 40)
            await fake_theirstack.settled()
        assert answers(fake_theirstack, ids) == {(202, "stored"): len(ids)}
        await send_again(ids, fake_theirstack)
        assert answers(fake_theirstack, ids) == {(200, "known already"): len(ids)}

        await server.said(HANDLED, len(ids))
        (closed,) = fake_theirstack.trigger(webhook_id, kind="job_closed")
        await server.said(f"event {closed}: job {closed + 40_000_000} was closed")
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/jobs") as response:
            shown = await response.json()
        assert await server.end() == 0
    assert sorted(map(int, server.found(HANDLED))) == ids
    assert rows(tmp_path) == job_ids([*ids, closed])
    assert rows(tmp_path, "SELECT id FROM jobs WHERE closed IS NOT NULL") == job_ids([closed])
    assert len(shown) == min(len(ids), 100)
    assert [*shown[0]] == [job_ids(ids)[0], *rows(tmp_path, "SELECT title, company FROM jobs ORDER BY id")[0]]


async def test_receiver_fastapi_refuses_what_is_not_signed(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    """While the secret is being changed, deliveries with either are taken; others are answered 403."""
    env["WEBHOOK_SECRETS"] = f"the-next-secret-of-it {SECRET}"
    async with uvicorn(env, tmp_path, "receiver_fastapi", workers=2) as server:
        url = f"{server.url}/theirstack"
        secrets = [*env["WEBHOOK_SECRETS"].split(), "a secret of others", None]
        webhooks = [fake_theirstack.seed_webhook(url, secret=secret) for secret in secrets]
        new, old, wrong, unsigned = (fake_theirstack.trigger(webhook_id, 5) for webhook_id in webhooks)
        await fake_theirstack.settled()
        assert answers(fake_theirstack, [*new, *old]) == {(202, "stored"): 10}
        assert {status for status, _ in answers(fake_theirstack, [*wrong, *unsigned])} == {403}
        assert {fake_theirstack.event(event_id).status for event_id in [*wrong, *unsigned]} == {"FAILED"}
        await server.said(HANDLED, 10)
        assert await server.end() == 0
    assert rows(tmp_path) == job_ids([*new, *old])
    store = SQLiteDeliveries(tmp_path / "deliveries.db")
    assert sum((await store.counts()).values()) == 10
    await store.aclose()


async def test_receiver_fastapi_loses_nothing_with_a_worker(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    """A worker is killed while it handles events; when its lease is over, another handles them, and only them."""
    async with uvicorn(env, tmp_path, "receiver_fastapi", workers=2) as server:
        webhook_id = fake_theirstack.seed_webhook(f"{server.url}/theirstack", secret=SECRET)
        with Hold(tmp_path) as hold:
            ids = fake_theirstack.trigger(webhook_id, 20)
            await fake_theirstack.settled()
            assert answers(fake_theirstack, ids) == {(202, "stored"): 20}
            killed, lost = Counter(await server.said(STORED, 20)).most_common(1)[0]
            os.kill(int(killed), signal.SIGKILL)
            await server.said(rf"[Cc]hild process \[{killed}\] died")
            hold.let_go()
        await server.said(HANDLED, 20 - lost)

        store = SQLiteDeliveries(tmp_path / "deliveries.db")
        async with asyncio.timeout(PATIENCE):
            while len(pending := [event.id for event in await store.list(DeliveryState.PENDING)]) > lost:
                await asyncio.sleep(0.01)  # what was handled last is being noted
        # It is as if the lease of 30 seconds were over.
        await store.take(owner="the test", now=time.time() + 3600, until=0, limit=20)
        await store.aclose()
        await send_again(pending, fake_theirstack)
        await server.said(HANDLED, 20)
        assert await server.end() == 0
    assert sorted(map(int, server.found(HANDLED))) == [*ids]
    assert rows(tmp_path) == job_ids(ids)


async def test_receiver_fastapi_ends_with_nothing_in_hand(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    """What was answered before SIGTERM is handled before the program ends."""
    async with uvicorn(env, tmp_path, "receiver_fastapi", workers=2) as server:
        webhook_id = fake_theirstack.seed_webhook(f"{server.url}/theirstack", secret=SECRET)
        with Hold(tmp_path) as hold:
            ids = fake_theirstack.trigger(webhook_id, 20)
            await fake_theirstack.settled()
            assert server.found(HANDLED) == []
            server.signal(signal.SIGTERM)
            await server.said("Waiting for application shutdown", 2)
            hold.let_go()
        assert await server.ended() == 0
    assert sorted(map(int, server.found(HANDLED))) == [*ids]
    store = SQLiteDeliveries(tmp_path / "deliveries.db")
    assert (await store.counts())[DeliveryState.DONE] == 20
    await store.aclose()


async def test_receiver_fastapi_is_set_up_and_reconciled(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    pytest.importorskip("fastapi", reason="needs the extra `test`")
    set_up = ["set-up", "https://hook.example/theirstack", "7"]
    status, printed = await outcome(env, tmp_path, "receiver_fastapi", *set_up)
    async with TheirStack() as client:
        (webhook,) = await client.webhooks.list()
    assert (status, printed.split(";")[0]) == (0, f"Webhook {webhook.id}: created it")
    assert (webhook.url, webhook.search_id, webhook.has_secret) == (set_up[1], 7, True)
    status, printed = await outcome(env, tmp_path, "receiver_fastapi", *set_up)
    assert (status, printed.split(".")[0]) == (0, f"Webhook {webhook.id}: nothing to change")

    missed = fake_theirstack.seed_events(webhook.id, 30)
    for _ in range(2):
        status, _ = await outcome(env, tmp_path, "receiver_fastapi", "reconcile", str(webhook.id))
        assert status == 0
        assert rows(tmp_path) == job_ids(missed)

    process = await start(env, "receiver_fastapi", folder=tmp_path)
    _, said = await process.communicate()
    assert process.returncode == 1
    assert b"receiver_fastapi.py set-up URL SEARCH_ID" in said


async def test_webhook_endpoint(fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path) -> None:
    """What came while it was down is handled by the daily run, and is known when the API sends it again."""
    async with uvicorn(env, tmp_path, "webhook_endpoint") as server:
        webhook_id = fake_theirstack.seed_webhook(server.url, secret=SECRET)
        ids = fake_theirstack.trigger(webhook_id, 30)
        await fake_theirstack.settled()
        assert answers(fake_theirstack, ids) == {(202, "stored"): 30}
        found = await server.said(r"(\d+) .+ at [A-Z]", 30)
        # Alone uvicorn ends as the signal would have ended it, since 0.29.
        assert await server.end() in (0, -signal.SIGTERM)
    assert sorted(map(int, found)) == job_ids(ids)

    missed = fake_theirstack.trigger(webhook_id, 10)
    await fake_theirstack.settled()
    assert {status for status, _ in answers(fake_theirstack, missed)} == {None}
    status, printed = await outcome(env, tmp_path, "webhook_endpoint", str(webhook_id))
    assert status == 0
    assert sorted(int(line.split()[0]) for line in printed.splitlines() if " at " in line) == job_ids(missed)

    async with uvicorn(env, tmp_path, "webhook_endpoint", port=server.port) as server:
        await fake_theirstack.clock.advance(3600)
        assert answers(fake_theirstack, missed) == {(200, "known already"): 10}
    assert server.found(" at [A-Z]") == []


async def test_webhook_endpoint_tells_what_is_still_missing(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    """An event that there were no credits for may cost some when it is sent, so that is left to the user."""
    webhook_id = fake_theirstack.seed_webhook("https://hook.example", secret=SECRET)
    (missed,) = fake_theirstack.seed_events(webhook_id, 1, status="NOT_TRIGGERED", kind=None)
    status, printed = await outcome(env, tmp_path, "webhook_endpoint", str(webhook_id))
    assert status == 3
    assert str(missed) in printed


async def test_webhook_endpoint_is_set_up_as_it_says(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    lines = (load("webhook_endpoint").__doc__ or "").splitlines()
    (command,) = [shlex.split(line) for line in lines if line.startswith("    theirstack ")]
    async with serve(env, tmp_path, "-m", "theirstack_async", *command[1:], serving=False) as program:
        assert await program.ended() == 0, program.lines
    async with TheirStack() as client:
        (webhook,) = await client.webhooks.list()
    assert (webhook.url, webhook.search_id, webhook.has_secret) == ("https://example.com", 7, True)


async def test_receiver_aiohttp(fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path) -> None:
    """It makes up for what it missed when it starts, and again when it could not do so the last time."""
    program = str(next(path for path in EXAMPLES if path.stem == "receiver_aiohttp"))
    webhook_id = fake_theirstack.seed_webhook("https://hook.example", secret=SECRET)
    ids = [*fake_theirstack.seed_events(webhook_id, 10)]
    async with serve(env, tmp_path, program, "0", str(webhook_id)) as server:
        await server.said("INFO:receiver:")
        async with TheirStack() as client:
            await client.webhooks.update(webhook_id, url=f"{server.url}/theirstack")
        ids += [*fake_theirstack.trigger(webhook_id, 20), *fake_theirstack.trigger(webhook_id, 5, kind="company")]
        await fake_theirstack.settled()
        assert answers(fake_theirstack, ids[10:]) == {(202, "stored"): 25}
        assert await server.end() == 0
    assert kept(tmp_path) == ids

    ids += fake_theirstack.trigger(webhook_id, 5)
    await fake_theirstack.settled()
    fake_theirstack.faults.add("GET *", Status(404))
    async with serve(env, tmp_path, program, str(server.port), str(webhook_id)) as server:
        await server.said("WARNING:receiver:not reconciled today: ")
        assert await server.end() == 0
    assert kept(tmp_path) == ids[:-5]
    async with serve(env, tmp_path, program, str(server.port), str(webhook_id)) as server:
        await server.said("INFO:receiver:")
        await fake_theirstack.clock.advance(3600)
        assert answers(fake_theirstack, ids[-5:]) == {(200, "known already"): 5}
        assert await server.end() == 0
    assert kept(tmp_path) == ids


def kept(folder: Path) -> list[int]:
    lines = (folder / "events.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert all(record["payload"]["id"] for record in records)
    return sorted(record["id"] for record in records)


async def test_receiver_litestar(fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path) -> None:
    """A delivery is answered once it is handled, and a job of two events is shown once."""
    async with aiohttp.ClientSession() as session:
        async with uvicorn(env, tmp_path, "receiver_litestar") as server:
            webhook_id = fake_theirstack.seed_webhook(f"{server.url}/theirstack", secret=SECRET)
            ids = fake_theirstack.trigger(webhook_id, 30)
            await fake_theirstack.settled()
            assert answers(fake_theirstack, ids) == {(200, "handled"): 30}
            async with TheirStack() as client:
                event = await client.webhooks.events.list(webhook_id).first()
            assert event is not None
            assert isinstance(event.payload, Job)
            again = {"id": 10**6, "type": "job.new", "payload": event.payload.to_dict()}
            body = json.dumps(again).encode()
            headers = {SIGNATURE_HEADER: sign(body, SECRET), "Content-Type": "application/json"}
            async with session.post(f"{server.url}/theirstack", data=body, headers=headers) as response:
                assert (response.status, await response.text()) == (200, "known already")
            assert await shown(session, server.url) == job_ids(ids)
            await server.kill()

        missed = fake_theirstack.trigger(webhook_id, 10)
        await fake_theirstack.settled()
        async with uvicorn(env, tmp_path, "receiver_litestar", port=server.port) as server:
            await fake_theirstack.clock.advance(3600)
            assert answers(fake_theirstack, missed) == {(200, "handled"): 10}
            assert await shown(session, server.url) == job_ids(missed)
            assert await server.end() in (0, -signal.SIGTERM)


async def shown(session: aiohttp.ClientSession, url: str) -> list[int]:
    async with session.get(f"{url}/latest") as response:
        return sorted(job["id"] for job in await response.json())
