"""``theirstack deliveries``: what a store holds, and what is to be handled again."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli._receiving import Receiving, Scene
from tests.cli.conftest import Run
from theirstack_async.cli import deliveries, receive
from theirstack_async.receiver import DeliveryState, SQLiteDeliveries

PENDING, DONE, UNHANDLED, DEAD = DeliveryState.PENDING, DeliveryState.DONE, DeliveryState.UNHANDLED, DeliveryState.DEAD
STATES = {1: PENDING, 2: DONE, 3: UNHANDLED, 4: DEAD, 5: DEAD}


def body_of(event_id: int) -> bytes:
    return b'{"id":%d,"type":"job.closed","payload":{"id":5,"closed_at":"2026-09-01T05:00:00Z"}}' % event_id


@asynccontextmanager
async def opened(path: Path) -> AsyncGenerator[SQLiteDeliveries, None]:
    store = SQLiteDeliveries(path)
    yield store
    await store.aclose()


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A store of five events that came an hour ago; the fourth and the fifth were given up."""
    path = tmp_path / "deliveries.db"

    async def make() -> None:
        hour_ago = time.time() - 3600
        async with opened(path) as store:
            for event_id, state in STATES.items():
                body = body_of(event_id) if event_id != 5 else b'{"id":5}'
                await store.claim(event_id, body, record=None, owner="me", now=hour_ago, until=hour_ago + 30)
                error = None if state in (PENDING, DONE) else f"ValueError: {event_id}\n\x1b[31m"
                if state is not PENDING:
                    await store.settle(
                        event_id, owner="me", state=state, attempts=event_id, error=error, due=0.0, now=hour_ago
                    )

    asyncio.run(make())
    return path


def states(path: Path) -> dict[int, DeliveryState]:
    async def look() -> dict[int, DeliveryState]:
        async with opened(path) as store:
            return dict(await store.known(STATES))

    return asyncio.run(look())


def rows(run: Run, kept: Path, *options: object) -> list[dict[str, Any]]:
    result = run("deliveries", "list", "--store", kept, *options)
    assert (result.exit_code, result.stderr) == (0, "1 pending, 1 done, 1 unhandled, 2 dead.\n")
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_list_prints_a_line_an_event_that_is_not_done(run: Run, kept: Path) -> None:
    found = rows(run, kept)
    assert [(row["id"], row["state"], row["attempts"]) for row in found] == [
        (1, "pending", 0), (3, "unhandled", 3), (4, "dead", 4), (5, "dead", 5),
    ]  # fmt: skip
    assert [row["type"] for row in found] == ["job.closed"] * 3 + [None]
    assert [row["error"] for row in found] == [None, *(f"ValueError: {each}\n\x1b[31m" for each in (3, 4, 5))]
    assert all(3600 <= row["age"] < 3700 for row in found)
    assert [row["due"] is None for row in found] == [False, True, True, True]
    assert all(row["received_at"].endswith("Z") for row in found)


@pytest.mark.parametrize(("state", "ids"), [("pending", [1]), ("done", [2]), ("unhandled", [3]), ("dead", [4, 5])])
def test_list_prints_those_of_one_state(run: Run, kept: Path, state: str, ids: list[int]) -> None:
    assert [row["id"] for row in rows(run, kept, "--state", state)] == ids


@pytest.mark.parametrize("limit", range(6))
def test_list_prints_so_many_at_the_most(run: Run, kept: Path, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setattr(deliveries, "_PAGE", 1)
    assert [row["id"] for row in rows(run, kept, "--limit", limit)] == [1, 3, 4, 5][:limit]


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00:00"), (86_399, "23:59:59"), (86_400, "1 d"), (100 * 86_400 - 1, "99 d")]
)
def test_an_age_is_short(seconds: int, shown: str) -> None:
    assert deliveries._shown_age(seconds) == shown


@pytest.mark.usefixtures("people")
def test_list_is_a_table_for_people(run: Run, kept: Path) -> None:
    header, *lines = run("deliveries", "list", "--store", kept).stdout.splitlines()
    assert header.split() == ["id", "state", "type", "failed", "age", "error"]
    assert [line.split()[:4] for line in lines] == [
        ["1", "pending", "job.closed", "0"],
        ["3", "unhandled", "job.closed", "3"],
        ["4", "dead", "job.closed", "4"],
        ["5", "dead", "-", "5"],
    ]
    assert all(line.split()[4].startswith("1:0") for line in lines)
    assert lines[0].split()[5:] == ["-"]
    assert lines[1].rstrip().endswith("ValueError: 3  [31m"), "an error does not steer the terminal"


def test_retry_revives_what_is_named(run: Run, kept: Path) -> None:
    result = run("deliveries", "retry", "--store", kept, 3, 5, 3)
    assert (result.exit_code, result.stdout, result.stderr) == (0, '{"revived":2,"left":{}}\n', "")
    assert states(kept) == {**STATES, 3: PENDING, 5: PENDING}


def test_retry_tells_what_cannot_be_revived(run: Run, kept: Path) -> None:
    result = run("deliveries", "retry", "--store", kept, 1, 2, 4, 98, 99)
    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "revived": 1,
        "left": {
            "1": "to be handled already", "2": "done, and their bodies no longer kept",
            "98": "not in the store", "99": "not in the store",
        },
    }  # fmt: skip
    assert result.stderr == (
        "error: Left as they are: to be handled already: 1; done, and their bodies no longer kept: 2; "
        "not in the store: 98, 99.\n"
    )
    assert states(kept) == {**STATES, 4: PENDING}


def test_retry_takes_what_list_prints(run: Run, kept: Path) -> None:
    listed = run("deliveries", "list", "--store", kept, "--state", "dead").stdout
    assert json.loads(run("deliveries", "retry", "--store", kept, "-", stdin=listed).stdout)["revived"] == 2


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("page", [1, 100])
def test_retry_all_revives_all(run: Run, kept: Path, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    monkeypatch.setattr(deliveries, "_PAGE", page)
    result = run("deliveries", "retry", "--store", kept, "--all")
    assert (result.exit_code, result.stdout) == (0, "3 events to be handled again.\n")
    assert states(kept) == {1: PENDING, 2: DONE, 3: PENDING, 4: PENDING, 5: PENDING}


@pytest.mark.parametrize("options", [(), ("--all", 3)])
def test_retry_wants_to_know_which(run: Run, kept: Path, options: tuple[object, ...]) -> None:
    result = run("deliveries", "retry", "--store", kept, *options)
    assert (result.exit_code, states(kept)) == (2, STATES)
    assert "ID: name events, or give --all; one of the two." in result.stderr


def test_an_id_is_a_number(run: Run, kept: Path) -> None:
    result = run("deliveries", "retry", "--store", kept, "job")
    assert (result.exit_code, "expected the id of an event, a whole number, got 'job'" in result.stderr) == (2, True)


@pytest.mark.parametrize("command", [("list",), ("retry", "--all")])
def test_a_store_that_is_not_there_is_not_made(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run("deliveries", *command, "--store", tmp_path / "nowhere.db")
    assert (result.exit_code, [*tmp_path.iterdir()]) == (2, [])
    assert f"--store: there is no file {tmp_path / 'nowhere.db'}." in result.stderr


@pytest.mark.parametrize("command", [("list",), ("retry", "--all")])
def test_a_file_that_is_no_store_is_told(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "events.jsonl").write_text("{}\n" * 1000, "utf-8")
    result = run("deliveries", *command, "--store", tmp_path / "events.jsonl")
    assert (result.exit_code, str(tmp_path / "events.jsonl") in result.stderr) == (1, True)


def test_a_receiver_that_runs_takes_them_up(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    receiving = Receiving(run, monkeypatch, tmp_path)
    monkeypatch.setattr(receive, "LEASE", 0.05)

    async def script(scene: Scene) -> None:
        now = time.time()
        await scene.store.claim(7, body_of(7), record=None, owner="me", now=now, until=now + 60)
        await scene.store.settle(7, owner="me", state=DEAD, attempts=5, error="x", due=0.0, now=now)
        # What the command does, which needs a main thread of its own.
        assert await deliveries._revive_all(scene.store, time.time()) == 1
        await scene.written()

    assert receiving(script).exit_code == 0
    assert receiving.ids() == [7]
