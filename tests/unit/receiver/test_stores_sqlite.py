"""A store in a SQLite file: what is done with the file, and what it is when that is not to be had."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from theirstack_async import ArgumentError, DeliveryStoreError
from theirstack_async.receiver import Claimed, DeliveryState, SQLiteDeliveries
from theirstack_async.receiver import _sqlite as module
from theirstack_async.receiver._sqlite_schema import APPLICATION, FORMAT
from theirstack_async.testing.delivery_calls import BODY, NOW, claim, settle, take


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deliveries.db"


def ask(path: Path, *statements: str) -> list[Any]:
    """Return what the last of some statements finds."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]


def read(path: Path) -> bytes:
    return path.read_bytes()


def write(path: Path, body: bytes) -> None:
    path.write_bytes(body)


def delete(path: Path) -> None:
    """Delete a file with all that stands beside it."""
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()


async def filled(path: Path) -> SQLiteDeliveries:
    """Return a store in which event 1 is pending."""
    store = SQLiteDeliveries(path)
    await claim(store, 1)
    return store


def test_it_says_that_it_is_durable_and_where_it_is(path: Path) -> None:
    store = SQLiteDeliveries(path)
    assert (store.durable, repr(store)) == (True, f"SQLiteDeliveries({os.path.realpath(path)!r})")
    assert not path.exists()


def test_a_timeout_is_a_number_of_seconds(path: Path) -> None:
    with pytest.raises(ArgumentError, match="timeout"):
        SQLiteDeliveries(path, timeout=-1)


async def test_what_is_committed_is_on_the_disk(path: Path) -> None:
    """A write-ahead log, synchronised with the disk at each commit: https://www.sqlite.org/pragma.html."""
    store = await filled(path)
    found = await store._database.do(
        lambda connection: [
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "application_id", "user_version")
        ]
    )
    assert found == ["wal", 2, APPLICATION, FORMAT]
    await store.aclose()
    assert ask(path, "PRAGMA application_id") == [(int.from_bytes(b"TSRD", "big"),)]


async def test_claims_that_come_at_once_are_one_transaction(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await filled(path)
    counted: list[Callable[[Any], object]] = []
    do = store._database.do

    async def counting(work: Callable[[Any], Any]) -> Any:
        counted.append(work)
        return await do(work)

    monkeypatch.setattr(store._database, "do", counting)
    await asyncio.gather(*(claim(store, event_id) for event_id in range(2, 102)))
    assert len(counted) == 1
    await store.aclose()


async def test_a_body_is_let_go_of_when_its_event_is_done(path: Path) -> None:
    store = SQLiteDeliveries(path)
    states = dict(enumerate(DeliveryState))
    for event_id, state in states.items():
        await claim(store, event_id)
        await settle(store, event_id, state)
        assert await settle(store, event_id, DeliveryState.DONE) is False
    kept = [event_id for event_id, state in states.items() if state is not DeliveryState.DONE]
    assert ask(path, "SELECT id, body FROM body ORDER BY id") == [(event_id, BODY) for event_id in kept]
    await store.aclose()


async def test_what_was_done_is_forgotten_a_part_at_a_time(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PRUNED", 3)
    store = SQLiteDeliveries(path)
    for number in (7, 6):
        for event_id in range(number):
            await claim(store, event_id)
            await settle(store, event_id, DeliveryState.DONE)
        assert await store.prune(before=NOW + 1) == number
        assert await store.counts() == dict.fromkeys(DeliveryState, 0)
    await store.aclose()


async def test_an_id_that_is_no_64_bit_number_is_refused(path: Path) -> None:
    store = SQLiteDeliveries(path)
    with pytest.raises(DeliveryStoreError, match=r"deliveries\.db cannot take or give an event: .* too large"):
        await claim(store, 2**63)
    assert await claim(store, 2**63 - 1) == Claimed("mine", 2**63 - 1)
    await store.aclose()


async def test_ids_are_read_once(path: Path) -> None:
    """They may come from a generator, and the work on them be done again, for another call that fails."""
    store = await filled(path)
    await claim(store, 2)
    await settle(store, 2, DeliveryState.DEAD)
    calls: list[Awaitable[object]] = [
        claim(store, 2**63),
        store.known(iter([1])),
        store.renew(iter([7]), owner="a", until=NOW),
        store.revive(iter([2]), now=NOW),
    ]
    refused, *found = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(refused, DeliveryStoreError)
    assert found == [{1: DeliveryState.PENDING}, [7], 1]
    await store.aclose()


async def test_a_limit_below_zero_is_none(path: Path) -> None:
    store = await filled(path)
    assert await store.list(DeliveryState.PENDING, limit=-1) == []
    assert await take(store, now=NOW + 99, limit=-1) == []
    await store.aclose()


@pytest.mark.parametrize("text", [b".", b"short", b"Something else, longer than the header of a database. " * 20])
async def test_a_file_that_is_no_database_is_left_alone(path: Path, text: bytes) -> None:
    write(path, text)
    store = SQLiteDeliveries(path)
    with pytest.raises(DeliveryStoreError, match=r"is no store of deliveries; nothing was changed in it; give another"):
        await claim(store, 1)
    assert read(path) == text
    assert [*path.parent.iterdir()] == [path]
    delete(path)
    assert (await claim(store, 1)).status == "mine"
    await store.aclose()


@pytest.mark.parametrize(
    "statements",
    [
        ["CREATE TABLE mine (a)"],
        ["PRAGMA application_id = 7"],
        ["PRAGMA journal_mode = WAL", "CREATE TABLE mine (a)"],
        ["PRAGMA journal_mode = WAL", "PRAGMA application_id = 7"],
    ],
)
async def test_a_database_of_something_else_is_left_alone(path: Path, statements: list[str]) -> None:
    ask(path, *statements)
    before = read(path)
    store = SQLiteDeliveries(path)
    for _ in range(2):
        with pytest.raises(DeliveryStoreError, match=r"deliveries\.db is no store of deliveries; nothing was changed"):
            await claim(store, 1)
    await store.aclose()
    assert read(path) == before


@pytest.mark.parametrize("journal_mode", ["WAL", "DELETE"])
async def test_an_empty_file_and_a_copy_are_good(path: Path, journal_mode: str) -> None:
    """A copy has no write-ahead log if SQLite made it."""
    write(path, b"")
    store = await filled(path)
    await store.aclose()
    ask(path, f"PRAGMA journal_mode = {journal_mode}")
    assert (await store.known([1])).keys() == {1}
    await store.aclose()


async def test_a_file_of_a_newer_release_is_refused(path: Path) -> None:
    store = await filled(path)
    await store.aclose()
    ask(path, f"PRAGMA user_version = {FORMAT + 1}")
    with pytest.raises(DeliveryStoreError, match=rf"has the format {FORMAT + 1}, .* knows {FORMAT}; .*: upgrade their"):
        await claim(store, 2)
    ask(path, f"PRAGMA user_version = {FORMAT}")
    assert (await claim(store, 2)).status == "mine"
    await store.aclose()


async def test_a_file_that_was_deleted_in_use_is_no_empty_store(path: Path) -> None:
    """What was in it was answered for, so somebody has to know."""
    store = await filled(path)
    with closing(sqlite3.connect(path.with_name("copy.db"))) as copy, closing(sqlite3.connect(path)) as source:
        source.backup(copy)
    delete(path)
    for _ in range(2):
        with pytest.raises(DeliveryStoreError, match=r"db was deleted while it was in use; restore it from a copy, or"):
            await claim(store, 2)
    delete(path)
    path.with_name("copy.db").rename(path)
    assert await claim(store, 2) == Claimed("mine", 2)
    assert await claim(store, 1) == Claimed("pending", 1)
    await store.aclose()
    delete(path)
    assert await claim(store, 1) == Claimed("mine", 1)
    await store.aclose()


async def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    store = SQLiteDeliveries(tmp_path / "missing" / "deliveries.db")
    with pytest.raises(DeliveryStoreError, match=r"cannot be used: unable to open .*; see that its folder"):
        await claim(store, 1)
    (tmp_path / "missing").mkdir()
    assert (await claim(store, 1)).status == "mine"
    await store.aclose()


async def test_a_file_that_another_program_has_locked(path: Path) -> None:
    """All who wait are told, after one wait; it can be used when the lock is gone."""
    store = SQLiteDeliveries(path, timeout=0.05)
    await claim(store, 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        ends = await asyncio.gather(*(claim(store, event_id) for event_id in (2, 3)), return_exceptions=True)
    said = f"the SQLite file {store._database.path} was locked for 0.05 s; find out which program holds it"
    assert [(type(end), str(end).startswith(said)) for end in ends] == [(DeliveryStoreError, True)] * 2
    assert ends[0] is not ends[1]
    assert isinstance(ends[0], DeliveryStoreError) and isinstance(ends[0].__cause__, sqlite3.OperationalError)
    assert (await claim(store, 2)).status == "mine"
    await store.aclose()


async def test_a_full_disk_takes_no_claim_and_loses_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What finds no room is refused alone: beside it, events are settled, and then there is room again."""
    store = await filled(path)
    await claim(store, 2, body=b"x" * 65536)
    await store.aclose()
    connect = sqlite3.connect
    ((pages,),) = ask(path, "PRAGMA page_count")

    def small(*args: Any, **how: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **how)
        connection.execute(f"PRAGMA max_page_count = {pages + 1}")
        return connection

    monkeypatch.setattr(sqlite3, "connect", small)
    calls = (claim(store, 3, body=b"y" * 65536), settle(store, 2, DeliveryState.DONE), claim(store, 4))
    refused, settled, claimed = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(refused, DeliveryStoreError)
    assert "is full; see that its folder exists, may be written and has room" in str(refused)
    assert (settled, claimed) == (True, Claimed("mine", 4))
    assert await claim(store, 3, body=b"y" * 65536) == Claimed("mine", 3)
    assert sorted([one.id for one in await store.list(DeliveryState.PENDING)]) == [1, 3, 4]
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    await store.aclose()


@pytest.mark.parametrize(
    "statements",
    [
        ["UPDATE delivery SET state = 'odd'"],
        ["DROP TABLE delivery"],
        ["UPDATE delivery SET state = 'pending', due = 'soon'"],
    ],
)
async def test_a_damaged_store_says_so(path: Path, statements: list[str]) -> None:
    store = await filled(path)
    await store.aclose()
    ask(path, *statements)
    with pytest.raises(DeliveryStoreError, match=r"deliveries\.db cannot"):
        await store.next_due()
        await store.known([1])
    await store.aclose()


async def test_a_cancelled_first_call_does_no_harm(path: Path) -> None:
    """Whether it made the tables or not, the next call finds a store."""
    for turns in range(12):
        store = SQLiteDeliveries(path.with_name(f"{turns}.db"))
        task = asyncio.create_task(claim(store, 1))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await claim(store, 2)).status == "mine"
        assert {one.id for one in await take(store, now=NOW + 99)} - {1} == {2}
        await store.aclose()


async def test_closing_waits_for_what_is_under_way(path: Path) -> None:
    store = SQLiteDeliveries(path)
    tasks = [asyncio.create_task(claim(store, event_id)) for event_id in range(3)]
    await asyncio.sleep(0)
    await store.aclose()
    assert [task.result().status for task in tasks] == ["mine"] * 3
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    await store.aclose()
