"""States with real processes and a real PostgreSQL server."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest

from tests._imports import ROOT
from tests._scale import scaled
from tests.incremental._holder import IDS, opened
from tests.incremental._postgres_server import PASSWORD, PostgresServer
from theirstack_async.errors import StateError, StateLockedError
from theirstack_async.incremental import IncrementalState, PostgresState, StateChange
from theirstack_async.testing.state_suite import KEY, StateSuite

FORKED = """
import asyncio, os, sys
from theirstack_async.errors import StateLockedError
from theirstack_async.incremental import StateChange
from tests.incremental._holder import opened

state = opened(sys.argv[1])
asyncio.run(state.acquire("a"))
asyncio.run(state.save("a", StateChange(0, {})))
child = os.fork()
if child == 0:
    try:
        asyncio.run(state.acquire("a"))
    except StateLockedError:
        asyncio.run(state.release("a"))
        asyncio.run(state.save("a", StateChange(1, {})))
        asyncio.run(state.aclose())
        os._exit(0)
    os._exit(1)
assert os.waitpid(child, 0)[1] == 0
assert asyncio.run(state.load("a")).revision == 2
other = opened(sys.argv[1])
try:
    asyncio.run(other.acquire("a"))
except StateLockedError:
    asyncio.run(state.release("a"))
asyncio.run(other.acquire("a"))
asyncio.run(state.aclose())
asyncio.run(other.release("a"))
asyncio.run(other.aclose())
"""


class TestPostgres(StateSuite):
    @pytest.fixture
    def open_state(self, postgres_url: str) -> Callable[[], IncrementalState]:
        return lambda: PostgresState(postgres_url)


@pytest.fixture(params=["sqlite", "json", "duckdb", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a state is kept that several processes open."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    suffix = {"sqlite": "db", "json": "json", "duckdb": "duckdb"}[request.param]
    return str(tmp_path / f"state.{suffix}")


class Holder:
    """A process of ``_holder.py``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def heard(self) -> str:
        """Return what it says next; an empty text when it has ended."""
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().strip()

    def tell(self, line: str) -> None:
        """Say something to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    async def end(self) -> None:
        """Let it go on to its end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert await self._process.wait() == 0

    async def kill(self) -> str:
        """End it as ``kill -9`` does, and return what it had said until then."""
        if self._process.returncode is None:
            self._process.kill()
        return (await self._process.communicate())[0].decode()


@asynccontextmanager
async def holder(address: str) -> AsyncIterator[Holder]:
    """Start a process that takes the profile."""
    pipes = {"stdin": asyncio.subprocess.PIPE, "stdout": asyncio.subprocess.PIPE}
    command = (sys.executable, "-m", "tests.incremental._holder", address, KEY)
    process = Holder(await asyncio.create_subprocess_exec(*command, cwd=ROOT, **pipes))
    try:
        yield process
    finally:
        await process.kill()


async def test_of_two_processes_one_is_refused_and_one_that_waits_gets_it(address: str) -> None:
    state = opened(address)
    async with holder(address) as first, holder(address) as second:
        assert sorted([await first.heard(), await second.heard()]) == ["held", "refused"]
        with pytest.raises(StateLockedError):
            await state.acquire(KEY)
        waiting = asyncio.create_task(state.acquire(KEY, wait=60.0))
        await asyncio.gather(first.end(), second.end())
        await waiting
    await state.release(KEY)
    await state.aclose()


async def test_a_process_that_was_killed_holds_nothing(address: str) -> None:
    async with holder(address) as process:
        assert await process.heard() == "held"
    state = opened(address)
    # A server may need a moment to find out.
    await state.acquire(KEY, wait=60.0)
    await state.release(KEY)
    await state.aclose()


async def test_whatever_was_saved_when_a_process_was_killed_is_whole(address: str) -> None:
    """What it said was saved is there, and one save more at most; each with all of its ids."""
    for _ in range(scaled(30)):
        async with holder(address) as process:
            assert await process.heard() == "held"
            process.tell("save")
            said = [await process.heard() for _ in range(3)]
            said += (await process.kill()).split()
        state = opened(address)
        await state.acquire(KEY, wait=60.0)
        saved = await state.load(KEY)
        assert saved.revision - int([line for line in said if line][-1]) in (0, 1)
        assert saved.document == {"revision": saved.revision}
        assert saved.seen == {number: float(number // IDS) for number in range(saved.revision * IDS)}
        await state.release(KEY)
        await state.aclose()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("address", ["sqlite", "json", "postgres"], indirect=True)
def test_a_child_that_was_forked_and_its_parent_share_the_state(address: str) -> None:
    """The thread and the connection of the parent do not exist in the child, or must not be used there."""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKED, address]
    subprocess.run(command, check=True, timeout=60, cwd=ROOT)


async def test_processes_that_save_profiles_of_their_own_lose_nothing(address: str) -> None:
    """Four of them begin at once, on a place that is not there yet."""
    code = (
        "import asyncio, sys; from tests.incremental._holder import *\n"
        "async def main():\n"
        "    state = opened(sys.argv[1])\n"
        "    await state.acquire(sys.argv[2], wait=60.0)\n"
        "    for n in range(10): await state.save(sys.argv[2], StateChange(n, {'n': n}, {n: 0.0}))\n"
        "    await state.release(sys.argv[2])\n"
        "    await state.aclose()\n"
        "asyncio.run(main())\n"
    )
    commands = [(sys.executable, "-c", code, address, f"{n}" * 64) for n in range(4)]
    started = [await asyncio.create_subprocess_exec(*command, cwd=ROOT) for command in commands]
    assert [await process.wait() for process in started] == [0] * 4
    state = opened(address)
    assert dict(await state.profiles()) == {f"{n}" * 64: {"n": 9} for n in range(4)}
    assert {*(await state.load("3" * 64)).seen} == {*range(10)}
    await state.aclose()


async def test_a_server_that_is_away_is_said_and_used_when_it_is_back(own_postgres: PostgresServer) -> None:
    state = PostgresState(own_postgres.url)
    await state.acquire(KEY)
    await state.save(KEY, StateChange(0, {}, {1: 1.0}))
    own_postgres.stop()
    with pytest.raises(StateError, match=rf"at 127\.0\.0\.1:{own_postgres.port} cannot be used: .*; see that it runs"):
        await state.save(KEY, StateChange(1, {}))
    own_postgres.start()
    await state.save(KEY, StateChange(1, {}))
    other = PostgresState(own_postgres.url)
    with pytest.raises(StateLockedError):
        await other.acquire(KEY)
    await state.release(KEY)
    await state.aclose()
    await other.acquire(KEY)
    await other.release(KEY)
    await other.aclose()


async def test_a_connection_that_the_server_ended_loses_the_lock_to_who_was_faster(postgres_url: str) -> None:
    state, other = PostgresState(postgres_url), PostgresState(postgres_url)
    await state.acquire(KEY)
    await state.save(KEY, StateChange(0, {}))
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        await connection.execute(end, (connection.info.backend_pid,))
    await other.acquire(KEY, wait=60.0)
    with pytest.raises(StateError, match=f"was lost, and another run took the profile {KEY} meanwhile; let that"):
        await state.save(KEY, StateChange(1, {}))
    await other.save(KEY, StateChange(1, {}))
    await state.release(KEY)
    await state.aclose()
    await other.release(KEY)
    await other.aclose()


async def test_a_connection_that_ends_within_undoes_all(postgres_url: str) -> None:
    state = PostgresState(postgres_url)
    await state.load(KEY)

    def within(connection: psycopg.Connection[tuple[int]]) -> None:
        connection.execute("CREATE TABLE jobs (id BIGINT PRIMARY KEY)")
        with psycopg.connect(postgres_url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))

    with pytest.raises(StateError, match="cannot be used"):
        await state.save(KEY, StateChange(0, {}, {1: 1.0}), within=within)
    assert (await state.load(KEY)).revision == 0
    found: list[int] = []

    def count(connection: psycopg.Connection[tuple[int]]) -> None:
        row = connection.execute(
            "SELECT count(*) FROM pg_tables WHERE (schemaname, tablename) = ('public', 'jobs')"
        ).fetchone()
        assert row is not None
        found.append(row[0])

    await state.save(KEY, StateChange(0, {}), within=count)
    assert found == [0]
    await state.aclose()


async def test_one_that_nobody_closes_ends_its_session_without_a_word(
    postgres_url: str, recwarn: pytest.WarningsRecorder
) -> None:
    state = PostgresState(postgres_url)
    await state.acquire(KEY)
    del state
    gc.collect()
    assert [*recwarn] == []
    other = PostgresState(postgres_url)
    await other.acquire(KEY, wait=60.0)
    await other.release(KEY)
    await other.aclose()


async def test_a_password_that_is_wrong_is_not_shown(postgres_url: str) -> None:
    state = PostgresState(postgres_url.replace(PASSWORD, "another-secret"))
    with pytest.raises(StateError, match="password authentication failed") as caught:
        await state.load(KEY)
    assert "another-secret" not in f"{caught.value!r} {caught.value.__cause__!r}"


async def test_rows_are_stored_with_their_acknowledgement(postgres_url: str) -> None:
    state = PostgresState(postgres_url)

    def within(connection: psycopg.Connection[tuple[int]]) -> None:
        connection.execute("CREATE TABLE jobs (id BIGINT PRIMARY KEY)")
        with connection.pipeline(), connection.cursor() as cursor:
            cursor.executemany("INSERT INTO jobs VALUES (%s)", [(1,), (2,)])

    await state.save(KEY, StateChange(0, {}), within=within)
    async with await psycopg.AsyncConnection.connect(postgres_url) as connection:
        cursor = await connection.execute("SELECT id FROM jobs ORDER BY id")
        assert await cursor.fetchall() == [(1,), (2,)]
    with pytest.raises(psycopg.errors.UniqueViolation):
        await state.save(
            KEY, StateChange(1, {}), within=lambda connection: connection.execute("INSERT INTO jobs VALUES (1)")
        )
    assert (await state.load(KEY)).revision == 1
    await state.aclose()
