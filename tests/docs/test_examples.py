"""The programs in ``examples/`` do what they say, against the fake server."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.docs._programs import load, start
from theirstack_async import AuthenticationError, CreditBudget, RetryPolicy, SQLiteQuota, TheirStack
from theirstack_async.testing import Answer, Exchange, FakeTheirStack, Fault, ResetBeforeBody, Status

HOOK = "https://hook.example"


async def test_retry_failed(fake_theirstack: FakeTheirStack, env: dict[str, str]) -> None:
    webhook_id = fake_theirstack.seed_webhook(HOOK)
    fake_theirstack.seed_events(webhook_id, 250)
    process = await start(env, "retry_failed", str(webhook_id))
    printed, progress = await process.communicate()
    assert (process.returncode, printed.decode().strip()) == (0, "250 of 250 accepted")
    assert progress.decode().endswith("250 of 250")


async def test_retry_failed_says_what_is_wrong(fake_theirstack: FakeTheirStack, env: dict[str, str]) -> None:
    webhook_id = fake_theirstack.seed_webhook(HOOK)
    fake_theirstack.seed_events(webhook_id, 3)
    fake_theirstack.faults.add("POST /v0/webhooks/events/retry", Status(403))
    process = await start(env, "retry_failed", str(webhook_id))
    printed, _ = await process.communicate()
    assert process.returncode == 1
    assert b"0 of 3 accepted" in printed

    process = await start(env, "retry_failed", "999")
    _, said = await process.communicate()
    assert process.returncode == 2
    assert said.startswith(b"GET /v0/webhooks/999/events was answered 404")


@dataclass(frozen=True)
class Gate(Fault):
    """Answers wait until the gate is open."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, exchange: Exchange) -> Answer:
        self.reached.set()
        await self.open.wait()
        return await exchange.carry_out()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a single process")
async def test_retry_failed_reports_after_ctrl_c(fake_theirstack: FakeTheirStack, env: dict[str, str]) -> None:
    webhook_id = fake_theirstack.seed_webhook(HOOK)
    fake_theirstack.seed_events(webhook_id, 2_000)
    gate = Gate()
    fake_theirstack.faults.add("POST /v0/webhooks/events/retry", gate, times=None)
    process = await start(env, "retry_failed", str(webhook_id))
    await gate.reached.wait()
    process.send_signal(signal.SIGINT)
    gate.open.set()
    printed, said = await process.communicate()
    assert process.returncode == 130
    assert b"stopped; " in printed
    assert b" of 2,000 accepted" in printed
    assert b"skipped" in printed
    assert b"Traceback" not in said


async def test_retry_failed_needs_a_webhook(env: dict[str, str]) -> None:
    process = await start(env, "retry_failed")
    _, said = await process.communicate()
    assert process.returncode == 2
    assert b"required: webhook_id" in said


async def test_fastapi_app(fake_theirstack: FakeTheirStack, env: dict[str, str]) -> None:
    httpx = pytest.importorskip("httpx", reason="needs the extra `test`")
    pytest.importorskip("fastapi", reason="needs the extra `test`")
    webhook_id = fake_theirstack.seed_webhook(HOOK)
    ids = fake_theirstack.seed_events(webhook_id, 30)
    app = load("fastapi_app").app
    async with app.router.lifespan_context(app) as state:

        async def with_state(scope: dict[str, object], receive: object, send: object) -> None:
            # What a server does with what the lifespan yields, and httpx does not.
            await app({**scope, "state": {**state}}, receive, send)

        transport = httpx.ASGITransport(app=with_state)
        async with httpx.AsyncClient(transport=transport, base_url="http://app.invalid") as browser:
            answer = await browser.get(f"/webhooks/{webhook_id}/failed")
            assert [row["id"] for row in answer.json()["failed"]] == [*ids][:-21:-1]
            assert (await browser.get("/webhooks/999/failed")).status_code == 404
            assert (await browser.post("/webhooks/999/retry")).status_code == 404
            assert (await browser.get("/webhooks/-1/failed")).status_code == 422
            answer = await browser.post(f"/webhooks/{webhook_id}/retry")
            assert answer.json() == {"accepted": 30, "not accepted": 0}
            fake_theirstack.faults.add("GET *", Status(429, headers={"Retry-After": "90"}))
            answer = await browser.get(f"/webhooks/{webhook_id}/failed")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "90")


async def test_worker_round(fake_theirstack: FakeTheirStack) -> None:
    """A webhook in trouble does not hold up the others; a refused key ends the round."""
    worker = load("worker")
    for _ in range(2):
        fake_theirstack.seed_events(fake_theirstack.seed_webhook(HOOK), 5)
    fake_theirstack.faults.add("GET /v0/webhooks/*/events", Status(500))
    async with TheirStack(
        fake_theirstack.api_key, base_url=fake_theirstack.base_url, retries=RetryPolicy(attempts=1)
    ) as client:
        assert [str(report) for report in await worker.one_round(client)] == ["5 of 5 accepted"]
        fake_theirstack.faults.add("GET /v0/webhooks/*/events", Status(401))
        with pytest.raises(AuthenticationError):
            await worker.one_round(client)


async def test_worker_ends_without_a_key(env: dict[str, str]) -> None:
    process = await start({**env, "THEIRSTACK_API_KEY": ""}, "worker")
    _, said = await process.communicate()
    assert process.returncode == 1
    assert b"THEIRSTACK_API_KEY" in said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
async def test_worker_stops_at_sigterm(fake_theirstack: FakeTheirStack, env: dict[str, str]) -> None:
    webhook_id = fake_theirstack.seed_webhook(HOOK)
    fake_theirstack.seed_events(webhook_id, 5)
    process = await start(env, "worker")
    assert process.stderr is not None
    assert b"5 of 5 accepted" in await process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    _, said = await process.communicate()
    assert process.returncode == 0
    assert b"stopped; nothing was in flight" in said


def bought(folder: Path) -> list[int]:
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_text("utf-8").splitlines()]
    return [json.loads(line)["id"] for line in lines]


async def nightly(env: dict[str, str], folder: Path, *arguments: str) -> tuple[int | None, str, str]:
    process = await start(env, "nightly", str(folder), "engineer", "--day", "2026-09-20", *arguments)
    printed, said = await process.communicate()
    return process.returncode, printed.decode().strip(), said.decode()


async def test_nightly_goes_on_where_the_budget_ended(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    spent = "40 credits spent, 0 left, 0 uncertain; budget"
    assert await nightly(env, tmp_path, "--credits", "40") == (3, spent, "")
    assert fake_theirstack.credits_billed == len(bought(tmp_path)) == 40
    assert (await nightly(env, tmp_path, "--credits", "40"))[:2] == (3, spent.replace("40", "0", 1))

    status, printed, _ = await nightly(env, tmp_path)
    ids = bought(tmp_path)
    assert fake_theirstack.credits_billed == len(ids) == len({*ids}) > 40
    assert (status, printed) == (
        0, f"{len(ids) - 40} credits spent, {2_000 - len(ids)} left, 0 uncertain; exhausted"
    )  # fmt: skip
    assert (await nightly(env, tmp_path))[0] == 0
    assert bought(tmp_path) == ids
    assert fake_theirstack.credits_billed == len(ids)


@pytest.mark.parametrize("billed", [True, False])
async def test_nightly_settles_what_the_last_run_left_in_doubt(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path, billed: bool
) -> None:
    fake_theirstack.faults.add("POST /v1/jobs/search", ResetBeforeBody(apply=billed))
    status, printed, said = await nightly(env, tmp_path)
    assert (status, printed) == (7, "")
    assert "100 credits are at risk" in said
    lost = fake_theirstack.credits_billed

    status, printed, _ = await nightly(env, tmp_path)
    settled, last = printed.splitlines()
    assert (status, settled) == (0, f"1 doubts settled: {lost} credits spent, {100 - lost} free again")
    assert f" {2_000 - fake_theirstack.credits_billed} left, 0 uncertain" in last
    assert bool(lost) == billed


async def test_nightly_goes_on_with_doubts_that_cannot_be_settled(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    """The budget has spent before the account was seen, so nothing can be compared."""
    store = SQLiteQuota(tmp_path / "quota.db")
    await CreditBudget(2_000, store=store, name="nightly 2026-09").charge(5)
    await store.aclose()
    status, printed, said = await nightly(env, tmp_path)
    assert (status, len(said.splitlines())) == (0, 1)
    assert "cannot be compared with the account" in said
    assert f" {2_000 - 5 - fake_theirstack.credits_billed} left" in printed


async def test_nightly_keeps_what_does_not_decode(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    body = b'{"metadata":{},"data":[{"id":7,"job_title":false}]}'
    fake_theirstack.faults.add("POST /v1/jobs/search", Status(200, body.decode()))
    status, printed, _ = await nightly(env, tmp_path)
    assert (status, printed) == (0, "1 credits spent, 1999 left, 0 uncertain; exhausted")
    assert bought(tmp_path) == [7]


async def test_nightly_says_what_is_wrong(env: dict[str, str], tmp_path: Path) -> None:
    status, _, said = await nightly({**env, "THEIRSTACK_API_KEY": "wrong"}, tmp_path)
    assert status == 1
    assert said.startswith("GET /v0/billing/credit-balance was answered 401")
