"""Group commit: who shares a transaction, and that nobody suffers from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from theirstack_async import ConfigurationError
from theirstack_async._database.database import DatabaseError
from theirstack_async.receiver import _group
from theirstack_async.receiver._group import GroupCommit, Work


class Database:
    """A database of a list, whose transactions begin when they are told to."""

    def __init__(self, *, told: bool = True) -> None:
        self.rows: list[str] = []
        self.groups: list[list[str]] = []
        """What each transaction added that was committed."""
        self.begun = 0
        self.begin = asyncio.Semaphore(0 if told else 10**6)
        self.errors: list[BaseException] = []
        """What the next commits raise."""

    async def transact(self, work: Work[list[Any]]) -> list[Any]:
        self.begun += 1
        await self.begin.acquire()
        rows = [*self.rows]
        results = work(rows)
        if self.errors:
            raise self.errors.pop(0)
        self.groups.append(rows[len(self.rows) :])
        self.rows = rows
        return results


def add(row: str) -> Callable[[list[str]], int]:
    def work(rows: list[str]) -> int:
        rows.append(row)
        return len(rows)

    return work


def refuse(rows: list[str]) -> int:
    rows.append("refused")
    raise ValueError("refused")


async def turns(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_call_alone_is_done_at_once() -> None:
    database = Database(told=False)
    group = GroupCommit(database.transact)
    assert [await group.do(add("a")), await group.do(add("b"))] == [1, 2]
    assert database.groups == [["a"], ["b"]]


async def test_what_comes_while_a_transaction_runs_shares_the_next() -> None:
    database = Database()
    group = GroupCommit(database.transact)
    first = [asyncio.create_task(group.do(add(row))) for row in "ab"]
    await turns()
    later = [asyncio.create_task(group.do(add(row))) for row in "cde"]
    await turns()
    assert database.begun == 1
    database.begin.release()
    assert await asyncio.gather(*first) == [1, 2]
    await turns()
    assert not any(task.done() for task in later)
    database.begin.release()
    assert await asyncio.gather(*later) == [3, 4, 5]
    assert database.groups == [["a", "b"], ["c", "d", "e"]]


async def test_a_group_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_group, "_MOST", 3)
    database = Database(told=False)
    group = GroupCommit(database.transact)
    assert await asyncio.gather(*(group.do(add(row)) for row in "abcdefgh")) == [*range(1, 9)]
    assert database.groups == [["a", "b", "c"], ["d", "e", "f"], ["g", "h"]]


async def test_an_error_of_one_call_undoes_no_other() -> None:
    database = Database(told=False)
    group = GroupCommit(database.transact)
    calls = (group.do(add("a")), group.do(refuse), group.do(add("b")))
    a, error, b = await asyncio.gather(*calls, return_exceptions=True)
    assert (a, str(error), b, database.rows) == (1, "refused", 2, ["a", "b"])
    with pytest.raises(ValueError, match="refused"):
        await group.do(refuse)
    assert database.rows == ["a", "b"]


async def test_a_failed_commit_is_tried_again_call_by_call() -> None:
    database = Database(told=False)
    database.errors = [DatabaseError("full"), DatabaseError("full still")]
    group = GroupCommit(database.transact)
    a, b = await asyncio.gather(group.do(add("a")), group.do(add("b")), return_exceptions=True)
    assert (str(a), b, database.rows) == ("full still", 1, ["b"])


async def test_a_lock_is_waited_for_once() -> None:
    """Each call would wait for as long again, one after the other."""
    database = Database(told=False)
    database.errors = [DatabaseError("locked", locked=True)]
    group = GroupCommit(database.transact)
    found = await asyncio.gather(*(group.do(add(row)) for row in "abc"), return_exceptions=True)
    assert ([str(each) for each in found], database.begun) == (["locked"] * 3, 1)
    assert await group.do(add("d")) == 1


async def test_a_call_whose_caller_is_cancelled_is_done_all_the_same() -> None:
    database = Database()
    group = GroupCommit(database.transact)
    tasks = [asyncio.create_task(group.do(add(row))) for row in "abc"]
    await turns()
    tasks[1].cancel()
    [end] = await asyncio.gather(tasks[1], return_exceptions=True)
    assert isinstance(end, asyncio.CancelledError)
    database.begin.release()
    assert [*await asyncio.gather(tasks[0], tasks[2])] == [1, 3]
    assert database.rows == ["a", "b", "c"]


async def test_an_error_whose_caller_is_cancelled_is_nobodys(caplog: pytest.LogCaptureFixture) -> None:
    """Asyncio would complain of an exception that nobody looked at, whenever the cancellation comes."""
    for when in range(12):
        database = Database(told=False)
        task = asyncio.create_task(GroupCommit(database.transact).do(refuse))
        await turns(when)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await turns(12)
    assert caplog.text == ""


async def test_an_error_reaches_its_caller_beside_one_who_is_cancelled() -> None:
    database = Database()
    group = GroupCommit(database.transact)
    tasks = [asyncio.create_task(group.do(refuse)) for _ in range(3)]
    await turns()
    tasks[0].cancel()
    for _ in range(4):
        database.begin.release()
    await turns(50)
    assert [task.done() for task in tasks] == [True] * 3
    assert [str(task.exception()) for task in tasks[1:]] == ["refused"] * 2


async def test_settled_waits_for_what_is_under_way() -> None:
    database = Database()
    group = GroupCommit(database.transact)
    await group.settled()
    call = asyncio.create_task(group.do(add("a")))
    await turns()
    settled = asyncio.create_task(group.settled())
    await turns()
    assert not settled.done()
    database.begin.release()
    await settled
    assert await call == 1


async def test_an_end_of_the_loop_leaves_nobody_waiting() -> None:
    """It cancels all tasks: whoever waits on ours is cancelled too, and the next call begins anew."""
    database = Database()
    group = GroupCommit(database.transact)
    before = asyncio.all_tasks()
    under_way = asyncio.create_task(group.do(add("a")))
    await turns()
    queued = asyncio.create_task(group.do(add("b")))
    await turns()
    [runner] = asyncio.all_tasks() - before - {under_way, queued}
    runner.cancel()
    ends = await asyncio.gather(under_way, queued, runner, return_exceptions=True)
    assert [type(end) for end in ends] == [asyncio.CancelledError] * 3
    database.begin.release()
    assert await group.do(add("c")) == 1


def test_an_object_serves_one_loop_at_a_time() -> None:
    """Another live loop is refused; what waited on one that was closed is forgotten."""
    first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
    database = Database()
    group = GroupCommit(database.transact)
    pending = [first.create_task(group.do(add("a")))]
    first.run_until_complete(turns())
    pending.append(first.create_task(group.do(add("b"))))
    first.run_until_complete(turns())
    with pytest.raises(ConfigurationError, match="in use on another event loop; use one object a loop"):
        second.run_until_complete(group.do(add("c")))
    runners = asyncio.all_tasks(first)
    first.close()
    database.begin = asyncio.Semaphore(1)
    assert second.run_until_complete(group.do(add("d"))) == 1
    second.close()
    assert database.rows == ["d"]
    # Nothing else can end them, and asyncio would complain of each.
    for task in {*runners, *pending}:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        task.get_coro().close()
