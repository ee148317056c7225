"""The programs in ``examples/`` that extract incrementally do what they say, and are as short as they can be."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.docs._programs import EXAMPLES, lines_of_code, start
from theirstack_async.testing import Answer, Exchange, FakeTheirStack, Fault, Hang, ResetBeforeBody, Status

PAID = "POST /v1/*/search"
# What a program of this kind may take with a good SDK, written down before there was one.
IDEAL = {
    "company_check": 12,
    "choose_and_reveal": 15,
    "daily_sync": 9,
    "webhook_endpoint": 12,
    "technology_sweep": 14,
}


async def outcome(env: dict[str, str], folder: Path, name: str, *arguments: str) -> tuple[int | None, list[str], str]:
    process = await start(env, name, *arguments, folder=folder)
    printed, said = await process.communicate()
    return process.returncode, printed.decode().splitlines(), said.decode()


def rows(database: Path, query: str = "SELECT id FROM jobs ORDER BY id") -> list[Any]:
    with closing(sqlite3.connect(database)) as connection:
        return [row[0] if len(row) == 1 else row for row in connection.execute(query)]


@pytest.mark.parametrize(("name", "ideal"), IDEAL.items())
def test_no_longer_than_ideal(name: str, ideal: int) -> None:
    (path,) = [path for path in EXAMPLES if path.stem == name]
    assert lines_of_code(path.read_text("utf-8")) <= ideal


def test_lines_of_code_are_counted() -> None:
    head = '"""Doc.\n\nDoc."""\n\nimport a\nfrom b import (\n    c,\n)\n\n# no\n\n\n'
    source = head + 'def f():\n    """Doc."""\n    g(\n        "x"\n    )\n'
    assert lines_of_code(source) == 4


DOMAINS = ("aspen-labs.example", "beacon-health.example", "quiet.example")


async def test_company_check_shares_its_gate_between_runs(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    """A gate that was too small is raised, and what was bought is not bought again; quiet companies are shown."""
    status, printed, said = await outcome(env, tmp_path, "company_check", "30", *DOMAINS)
    assert (status, said) == (0, "")
    assert printed[-1] == "30 credits now, 30 in all, 0 left; budget"

    status, printed, _ = await outcome(env, tmp_path, "company_check", "500", *DOMAINS)
    stored = rows(tmp_path / "jobs.db")
    assert fake_theirstack.credits_billed == len(stored) == len({*stored}) > 30
    found = dict(line.split() for line in printed[:-1])
    assert [*found] == [*DOMAINS]
    assert found["quiet.example"] == "0"
    assert sum(map(int, found.values())) == len(stored)
    left = 500 - len(stored)
    assert printed[-1] == f"{len(stored) - 30} credits now, {len(stored)} in all, {left} left; exhausted"


async def test_company_check_goes_on_after_it_was_killed(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    domains = [f"{name}.example" for name in ("aspen-labs", "beacon-health", "birch-robotics", "basalt-freight")]
    pages = 0

    def second(request: Any) -> bool:
        nonlocal pages
        pages += request.path == "/v1/jobs/search"
        return pages == 2

    fake_theirstack.faults.add(second, Hang(), times=None)
    process = await start(env, "company_check", "900", *domains, folder=tmp_path)
    while pages < 2:
        await asyncio.sleep(0.01)
    process.kill()
    await process.communicate()
    assert len(rows(tmp_path / "jobs.db")) == fake_theirstack.credits_billed == 100

    pages = 2  # one more, so that it does not hang again
    status, printed, said = await outcome(env, tmp_path, "company_check", "900", *domains)
    assert (status, said) == (0, "")
    stored = rows(tmp_path / "jobs.db")
    assert fake_theirstack.credits_billed == len(stored) > 100
    assert printed[-1].startswith(f"{len(stored) - 100} credits now, {len(stored)} in all, ")


async def test_choose_and_reveal(fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path) -> None:
    """A choice is bought in as many runs as it takes, also if there would be another choice by then."""
    status, printed, said = await outcome(env, tmp_path, "choose_and_reveal", "20", "data engineer")
    assert (status, printed[0], said) == (0, "20 bought; budget", "")
    plan = json.loads((tmp_path / "plan.json").read_text("utf-8"))
    assert fake_theirstack.credits_billed == 20 < len(plan)

    fake_theirstack.seed_jobs(500)
    fake_theirstack.remove_jobs(gone := sorted({*plan} - {*rows(tmp_path / "jobs.db")})[:1])
    fake_theirstack.faults.add(PAID, ResetBeforeBody())
    status, _, said = await outcome(env, tmp_path, "choose_and_reveal", "100", "data engineer")
    assert status == 1
    assert "OutcomeUnknownError" in said

    status, printed, said = await outcome(env, tmp_path, "choose_and_reveal", "100", "data engineer")
    assert (status, said) == (0, "")
    assert printed == [f"{len(plan) - 21} bought; exhausted", f"not there: {{{gone[0]}}}"]
    assert {*rows(tmp_path / "jobs.db")} == {*plan} - {*gone}
    assert fake_theirstack.credits_billed == len(plan) - 1


async def test_daily_sync(fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path) -> None:
    status, printed, said = await outcome(env, tmp_path, "daily_sync", "jobs.db", "150")
    assert (status, printed, said) == (3, ["150 rows, 150 credits; budget"], "")

    status, printed, _ = await outcome(env, tmp_path, "daily_sync", "jobs.db", "5000")
    stored = rows(tmp_path / "jobs.db")
    assert (status, printed) == (0, [f"{len(stored) - 150} rows, {len(stored) - 150} credits; exhausted"])
    assert fake_theirstack.credits_billed == len(stored) == len({*stored})

    new = fake_theirstack.seed_jobs(60)
    status, printed, _ = await outcome(env, tmp_path, "daily_sync", "jobs.db", "5000")
    titles = rows(tmp_path / "jobs.db", f"SELECT job_title FROM jobs WHERE id >= {new[0]}")
    assert (status, printed) == (0, [f"{len(titles)} rows, {len(titles)} credits; exhausted"])
    assert 0 < len(titles) < 60
    assert all("data engineer" in title.lower() for title in titles)


async def test_daily_sync_ends_with_an_error_and_keeps_what_came(
    fake_theirstack: FakeTheirStack, env: dict[str, str], tmp_path: Path
) -> None:
    fake_theirstack.faults.add(PAID, Status(401), times=None)
    status, _, said = await outcome(env, tmp_path, "daily_sync", "jobs.db", "150")
    assert status == 1
    assert "AuthenticationError" in said
    assert fake_theirstack.credits_billed == 0


@dataclass(frozen=True)
class OtherAccount(Fault):
    """Another account behind the same address."""

    base_url: str

    async def play(self, exchange: Exchange) -> Answer:
        record = exchange.record
        async with aiohttp.ClientSession() as session:
            headers = {"Authorization": "Bearer key-of-b", "Content-Type": "application/json"}
            async with session.request(
                record.method, self.base_url + record.path, data=record.body, headers=headers
            ) as answer:
                return Answer(answer.status, await answer.read())


@pytest.fixture
async def two_accounts() -> AsyncGenerator[tuple[FakeTheirStack, FakeTheirStack]]:
    """Two accounts of 400 credits, who see the same companies at one address."""
    async with (
        FakeTheirStack(api_key="key-of-a", credits=400, deliver=False) as fake,
        FakeTheirStack(api_key="key-of-b", credits=400, deliver=False) as other,
    ):
        theirs = lambda request: request.headers.get("authorization") == "Bearer key-of-b"  # noqa: E731
        fake.faults.add(theirs, OtherAccount(other.base_url), times=None)
        yield fake, other


async def test_technology_sweep_goes_on_with_the_next_key(
    two_accounts: tuple[FakeTheirStack, FakeTheirStack], env: dict[str, str], tmp_path: Path
) -> None:
    """Each account keeps its reserve, and no company is bought on both."""
    env |= {"THEIRSTACK_BASE_URL": two_accounts[0].base_url, "THEIRSTACK_API_KEYS": "key-of-a key-of-b"}
    status, printed, said = await outcome(env, tmp_path, "technology_sweep", "250", "postgresql", "django")
    assert (status, said) == (0, "")
    assert [fake.credits_left for fake in two_accounts] == [250, 250]
    stored = rows(tmp_path / "sweep.db", "SELECT id FROM companies")
    assert len(stored) == len({*stored}) == 100
    assert [line.count("'end': 'budget'") for line in printed[:2]] == [1, 1]
    domains = [line.split()[0] for line in printed[2:]]
    assert len(domains) == len({*domains}) == len({*rows(tmp_path / "sweep.db", "SELECT domain FROM companies")})

    status, _, _ = await outcome(env, tmp_path, "technology_sweep", "100", "postgresql", "django")
    assert [fake.credits_left for fake in two_accounts] == [100, 100]
    assert len({*rows(tmp_path / "sweep.db", "SELECT id FROM companies")}) == 200


def test_every_example_has_a_test() -> None:
    source = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*examples.py"))
    assert all(f"test_{path.stem}" in source for path in EXAMPLES)
