"""The receiver in FastAPI loses no event and handles each once, also with two workers and when one is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
import pytest

from tests.docs._programs import start
from tests.docs._receiving import SECRET, answers, job_ids, outcome, send_again
from tests.docs._servers import PATIENCE, uvicorn
from theirstack_async import TheirStack
from theirstack_async.receiver import DeliveryState, SQLiteDeliveries
from theirstack_async.testing import FakeTheirStack

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither SIGTERM nor process groups")

HANDLED: Final = r"event (\d+): .+ at [A-Z]"
STORED: Final = r'.+"POST /theirstack HTTP/1.1" 202'
JOBS: Final = "SELECT id FROM jobs ORDER BY id"


def rows(folder: Path, query: str = JOBS) -> list[Any]:
    with closing(sqlite3.connect(folder / "jobs.db")) as database:
        return [row[0] if len(row) == 1 else row for row in database.execute(query)]


async def pending(folder: Path, most: int) -> list[int]:
    """Return the events that are not handled yet, as soon as it is noted that they are no more than so many."""
    store = SQLiteDeliveries(folder / "deliveries.db")
    async with asyncio.timeout(PATIENCE):
        while len(left := await store.list(DeliveryState.PENDING)) > most:
            await asyncio.sleep(0.01)
    await store.aclose()
    return [event.id for event in left]


@contextmanager
def paused(process: int, folder: Path) -> Iterator[None]:
    """Stop a worker for as long as the block runs, while it does not hold up the others at the store."""
    with closing(sqlite3.connect(folder / "deliveries.db", isolation_level=None, timeout=PATIENCE)) as database:
        database.execute("BEGIN IMMEDIATE")
        os.kill(process, signal.SIGSTOP)
    yield
    os.kill(process, signal.SIGCONT)


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


async def test_receiver_fastapi(fake_today: FakeTheirStack, receiving: dict[str, str], tmp_path: Path) -> None:
    """Two workers share the events: each is handled once, also when it comes again."""
    async with uvicorn(receiving, tmp_path, "receiver_fastapi", workers=2) as server:
        webhook_id = fake_today.seed_webhook(f"{server.url}/theirstack", secret=SECRET)
        one, other = map(int, server.found(r"Started server process \[(\d+)\]"))
        with paused(one, tmp_path):
            ids = [*fake_today.trigger(webhook_id, 10)]
            await fake_today.settled()
        with paused(other, tmp_path):  # it has all connections so far, and so the one worker gets those that are new
            ids += fake_today.trigger(webhook_id, 20)
            await server.said(rf"(?m)^{one} {STORED}", 10)
        await fake_today.settled()
        assert answers(fake_today, ids) == {(202, "stored"): 30}
        assert len(server.found(rf"(?m)^{other} {STORED}")) >= 10
        await send_again(ids, fake_today)
        assert answers(fake_today, ids) == {(200, "known already"): 30}

        await server.said(HANDLED, 30)
        (closed,) = fake_today.trigger(webhook_id, kind="job_closed")
        await server.said(f"event {closed}: job {closed + 40_000_000} was closed")
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/jobs") as response:
            shown = await response.json()
        assert await server.end() == 0
    assert sorted(map(int, server.found(HANDLED))) == ids
    assert rows(tmp_path) == job_ids([*ids, closed])
    assert rows(tmp_path, "SELECT id FROM jobs WHERE closed IS NOT NULL") == job_ids([closed])
    assert len(shown) == 30
    assert [*shown[0]] == [job_ids(ids)[0], *rows(tmp_path, "SELECT title, company FROM jobs ORDER BY id")[0]]


async def test_receiver_fastapi_refuses_what_is_not_signed(
    fake_today: FakeTheirStack, receiving: dict[str, str], tmp_path: Path
) -> None:
    """While the secret is being changed, deliveries with either are taken; others are answered 403."""
    receiving["WEBHOOK_SECRETS"] = f"the-next-secret-of-it {SECRET}"
    async with uvicorn(receiving, tmp_path, "receiver_fastapi", workers=2) as server:
        url = f"{server.url}/theirstack"
        secrets = [*receiving["WEBHOOK_SECRETS"].split(), "a secret of others", None]
        webhooks = [fake_today.seed_webhook(url, secret=secret) for secret in secrets]
        new, old, wrong, unsigned = (fake_today.trigger(webhook_id, 5) for webhook_id in webhooks)
        await fake_today.settled()
        assert answers(fake_today, [*new, *old]) == {(202, "stored"): 10}
        assert {status for status, _ in answers(fake_today, [*wrong, *unsigned])} == {403}
        assert {fake_today.event(event_id).status for event_id in [*wrong, *unsigned]} == {"FAILED"}
        await server.said(HANDLED, 10)
        assert await server.end() == 0
    assert rows(tmp_path) == job_ids([*new, *old])
    store = SQLiteDeliveries(tmp_path / "deliveries.db")
    assert sum((await store.counts()).values()) == 10
    await store.aclose()


async def test_receiver_fastapi_loses_nothing_with_a_worker(
    fake_today: FakeTheirStack, receiving: dict[str, str], tmp_path: Path
) -> None:
    """A worker is killed while it handles events; when its lease is over, another handles them, and only them."""
    async with uvicorn(receiving, tmp_path, "receiver_fastapi", workers=2) as server:
        webhook_id = fake_today.seed_webhook(f"{server.url}/theirstack", secret=SECRET)
        with Hold(tmp_path) as hold:
            ids = fake_today.trigger(webhook_id, 20)
            await fake_today.settled()
            assert answers(fake_today, ids) == {(202, "stored"): 20}
            killed, lost = Counter(await server.said(rf"(?m)^(\d+) {STORED}", 20)).most_common(1)[0]
            os.kill(int(killed), signal.SIGKILL)
            await server.said(rf"[Cc]hild process \[{killed}\] died")
            hold.let_go()
        await server.said(HANDLED, 20 - lost)

        left = await pending(tmp_path, lost)
        store = SQLiteDeliveries(tmp_path / "deliveries.db")
        # It is as if the lease of 30 seconds were over.
        await store.take(owner="the test", now=time.time() + 3600, until=0, limit=20)
        await store.aclose()
        await send_again(left, fake_today)
        await server.said(HANDLED, 20)
        assert await server.end() == 0
    assert sorted(map(int, server.found(HANDLED))) == [*ids]
    assert rows(tmp_path) == job_ids(ids)


async def test_receiver_fastapi_ends_with_nothing_in_hand(
    fake_today: FakeTheirStack, receiving: dict[str, str], tmp_path: Path
) -> None:
    """What was answered before SIGTERM is handled before the program ends."""
    async with uvicorn(receiving, tmp_path, "receiver_fastapi", workers=2) as server:
        webhook_id = fake_today.seed_webhook(f"{server.url}/theirstack", secret=SECRET)
        with Hold(tmp_path) as hold:
            ids = fake_today.trigger(webhook_id, 20)
            await fake_today.settled()
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
    fake_today: FakeTheirStack, receiving: dict[str, str], tmp_path: Path
) -> None:
    pytest.importorskip("fastapi", reason="needs the extra `test`")
    set_up = ["set-up", "https://hook.example/theirstack", "7"]
    status, printed = await outcome(receiving, tmp_path, "receiver_fastapi", *set_up)
    async with TheirStack() as client:
        (webhook,) = await client.webhooks.list()
    assert (status, printed.split(";")[0]) == (0, f"Webhook {webhook.id}: created it")
    assert (webhook.url, webhook.search_id, webhook.has_secret) == (set_up[1], 7, True)
    status, printed = await outcome(receiving, tmp_path, "receiver_fastapi", *set_up)
    assert (status, printed.split(".")[0]) == (0, f"Webhook {webhook.id}: nothing to change")

    missed = fake_today.seed_events(webhook.id, 30)
    for _ in range(2):
        status, _ = await outcome(receiving, tmp_path, "receiver_fastapi", "reconcile", str(webhook.id))
        assert status == 0
        assert rows(tmp_path) == job_ids(missed)

    process = await start(receiving, "receiver_fastapi", folder=tmp_path)
    _, said = await process.communicate()
    assert process.returncode == 1
    assert b"receiver_fastapi.py set-up URL SEARCH_ID" in said
