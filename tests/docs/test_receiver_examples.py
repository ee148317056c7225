"""The programs in ``examples/`` that receive deliveries lose none and handle each once, in processes of their own."""

from __future__ import annotations

import json
import shlex
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.docs._programs import EXAMPLES, load
from tests.docs._receiving import SECRET, answers, job_ids, outcome
from tests.docs._servers import serve, uvicorn
from theirstack_async import Job, TheirStack
from theirstack_async.receiver import SIGNATURE_HEADER
from theirstack_async.testing import FakeTheirStack, Status, sign

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither SIGTERM nor process groups")


async def test_webhook_endpoint(fake_today: FakeTheirStack, receiving: dict[str, str], tmp_path: Path) -> None:
    """What came while it was down is handled by the daily run, and known to the server when the API sends it again."""
    async with uvicorn(receiving, tmp_path, "webhook_endpoint") as server:
        webhook_id = fake_today.seed_webhook(server.url, secret=SECRET)
        ids = fake_today.trigger(webhook_id, 30)
        await fake_today.settled()
        assert answers(fake_today, ids) == {(202, "stored"): 30}
        found = await server.said(r"(\d+) .+ at [A-Z]", 30)
        # Alone uvicorn ends as the signal would have ended it, since 0.29.
        assert await server.end() in (0, -signal.SIGTERM)
    assert sorted(map(int, found)) == job_ids(ids)

    missed = fake_today.trigger(webhook_id, 10)
    await fake_today.settled()
    assert {status for status, _ in answers(fake_today, missed)} == {None}
    async with uvicorn(receiving, tmp_path, "webhook_endpoint", port=server.port) as server:
        status, printed = await outcome(receiving, tmp_path, "webhook_endpoint", str(webhook_id))
        assert status == 0
        assert sorted(int(line.split()[0]) for line in printed.splitlines() if " at " in line) == job_ids(missed)
        await fake_today.clock.advance(3600)
        assert answers(fake_today, missed) == {(200, "known already"): 10}
        assert await server.end() in (0, -signal.SIGTERM)
    assert server.found(" at [A-Z]") == []


async def test_webhook_endpoint_tells_what_is_still_missing(
    fake_today: FakeTheirStack, receiving: dict[str, str], tmp_path: Path
) -> None:
    """An event that there were no credits for may cost some when it is sent, so that is left to the user."""
    webhook_id = fake_today.seed_webhook("https://hook.example", secret=SECRET)
    (missed,) = fake_today.seed_events(webhook_id, 1, status="NOT_TRIGGERED", kind=None)
    status, printed = await outcome(receiving, tmp_path, "webhook_endpoint", str(webhook_id))
    assert status == 3
    assert str(missed) in printed


async def test_webhook_endpoint_is_set_up_as_it_says(
    fake_today: FakeTheirStack, receiving: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    lines = (load("webhook_endpoint").__doc__ or "").splitlines()
    (command,) = [shlex.split(line) for line in lines if line.startswith("    theirstack ")]
    async with serve(receiving, tmp_path, "-m", "theirstack_async", *command[1:], serving=False) as program:
        assert await program.ended() == 0, program.lines
    async with TheirStack() as client:
        (webhook,) = await client.webhooks.list()
    assert (webhook.url, webhook.search_id, webhook.has_secret) == ("https://example.com", 7, True)


async def test_receiver_aiohttp(fake_today: FakeTheirStack, receiving: dict[str, str], tmp_path: Path) -> None:
    """It makes up for what it missed when it starts, and again when it could not do so the last time."""
    program = str(next(path for path in EXAMPLES if path.stem == "receiver_aiohttp"))
    webhook_id = fake_today.seed_webhook("https://hook.example", secret=SECRET)
    ids = [*fake_today.seed_events(webhook_id, 10)]
    async with serve(receiving, tmp_path, program, "0", str(webhook_id)) as server:
        await server.said("INFO:receiver:")
        async with TheirStack() as client:
            await client.webhooks.update(webhook_id, url=f"{server.url}/theirstack")
        ids += [*fake_today.trigger(webhook_id, 20), *fake_today.trigger(webhook_id, 5, kind="company")]
        await fake_today.settled()
        assert answers(fake_today, ids[10:]) == {(202, "stored"): 25}
        assert await server.end() == 0
    assert kept(tmp_path) == ids

    ids += fake_today.trigger(webhook_id, 5)
    await fake_today.settled()
    fake_today.faults.add("GET *", Status(404))
    async with serve(receiving, tmp_path, program, str(server.port), str(webhook_id)) as server:
        await server.said("WARNING:receiver:not reconciled today: ")
        assert await server.end() == 0
    assert kept(tmp_path) == ids[:-5]
    async with serve(receiving, tmp_path, program, str(server.port), str(webhook_id)) as server:
        await server.said("INFO:receiver:")
        await fake_today.clock.advance(3600)
        assert answers(fake_today, ids[-5:]) == {(200, "known already"): 5}
        assert await server.end() == 0
    assert kept(tmp_path) == ids


def kept(folder: Path) -> list[int]:
    lines = (folder / "events.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    assert all(record["payload"]["id"] for record in records)
    return sorted(record["id"] for record in records)


async def test_receiver_litestar(fake_today: FakeTheirStack, receiving: dict[str, str], tmp_path: Path) -> None:
    """A delivery is answered once it is handled, and a job of two events is shown once."""
    async with aiohttp.ClientSession() as session:
        async with uvicorn(receiving, tmp_path, "receiver_litestar") as server:
            webhook_id = fake_today.seed_webhook(f"{server.url}/theirstack", secret=SECRET)
            ids = fake_today.trigger(webhook_id, 30)
            await fake_today.settled()
            assert answers(fake_today, ids) == {(200, "handled"): 30}
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

        missed = fake_today.trigger(webhook_id, 10)
        await fake_today.settled()
        async with uvicorn(receiving, tmp_path, "receiver_litestar", port=server.port) as server:
            await fake_today.clock.advance(3600)
            assert answers(fake_today, missed) == {(200, "handled"): 10}
            assert await shown(session, server.url) == job_ids(missed)
            assert await server.end() in (0, -signal.SIGTERM)


async def shown(session: aiohttp.ClientSession, url: str) -> list[int]:
    async with session.get(f"{url}/latest") as response:
        return sorted(job["id"] for job in await response.json())
