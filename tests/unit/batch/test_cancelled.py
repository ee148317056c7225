"""Batch runs that are cancelled, and the account of each id in any case."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.batch._sender import Sender, check_whole, parts
from theirstack_async import (
    BadRequestError,
    BatchError,
    ConflictError,
    ConnectError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    TheirStackError,
)


async def test_cancelled_without_drain_what_is_under_way_is_cut_and_unknown() -> None:
    sender = Sender()
    sender.gate = asyncio.Event()
    run = sender.run(2, 2)
    task = asyncio.create_task(run.run(range(10)))
    while sender.in_flight < 2:
        await asyncio.sleep(0)
    for _ in range(3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert parts(run.report) == [set(), set(), {0, 1, 2, 3}, set(range(4, 10))]
    assert str(run.report).endswith("; 4 unknown (0, 1, 2, 3); 6 skipped (4, 5, 6, 7, 8, 9); not complete")


@pytest.mark.parametrize("cancels", [1, 2])
async def test_a_cancellation_lets_what_is_under_way_end_and_a_second_cuts_it(cancels: int) -> None:
    sender = Sender()
    sender.gate = asyncio.Event()
    run = sender.run(2, 2, drain=60.0)
    task = asyncio.create_task(run.run(range(10)))
    while sender.in_flight < 2:
        await asyncio.sleep(0)
    for _ in range(cancels):
        for _ in range(5):
            await asyncio.sleep(0)
        task.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    sender.gate.set()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    sent = {0, 1, 2, 3}
    expected = [sent, set(), set(), set(range(4, 10))] if cancels == 1 else [set(), set(), sent, set(range(4, 10))]
    assert parts(run.report) == expected
    assert getattr(caught.value, "report", run.report) is run.report


@pytest.mark.parametrize("spoiled", [False, True])
async def test_the_rest_of_a_long_collection_is_skipped(spoiled: bool) -> None:
    """Up to what is no id, if somebody put one there meanwhile."""
    source: list[Any] = [*range(2500), *range(10)]

    def refuse(ids: Sequence[int]) -> TheirStackError:
        if spoiled:
            source[2200] = "x"
        return PermissionDeniedError("no", status=403)

    report = await Sender(answer=refuse).run(10).run(source)
    check_whole(report, set(range(2200 if spoiled else 2500)))
    assert report.duplicates == (0 if spoiled else 10)


async def test_a_cancelled_anyio_scope_leaves_time_to_drain() -> None:
    """It cancels on each turn of the loop, which must not count as a second cancellation."""
    sender = Sender(turns=20)
    run = sender.run(2, 2, drain=60.0)
    with anyio.CancelScope() as scope:
        asyncio.get_running_loop().call_soon(lambda: asyncio.get_running_loop().call_soon(scope.cancel))
        await run.run(range(10))
    assert scope.cancelled_caught
    assert parts(run.report) == [{0, 1, 2, 3}, set(), set(), set(range(4, 10))]


async def test_drain_is_a_bound() -> None:
    sender = Sender()
    sender.gate = asyncio.Event()
    run = sender.run(2, 2, drain=0.001)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await run.run(range(10))
    assert sum(map(len, parts(run.report))) == 10
    assert set(run.report.accepted) == set()


async def test_a_run_that_was_cut_is_not_ok_even_if_all_that_was_taken_was_accepted() -> None:
    run = Sender().run(2)

    async def source() -> AsyncIterator[int]:
        for value in range(4):
            yield value
        await asyncio.sleep(0)
        await asyncio.Event().wait()

    task = asyncio.create_task(run.run(source()))
    while run.report.settled < 4:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(run.report.accepted) == run.report.requested == 4
    assert not run.report.ok
    with pytest.raises(BatchError, match="not complete"):
        run.report.raise_for_failures()


ERRORS = st.sampled_from(
    [None, None, None, BadRequestError("400", status=400), NotFoundError("404", status=404), OutcomeUnknownError("?"),
     ConnectError("no"), ConflictError("409", status=409), PermissionDeniedError("403", status=403)]
)  # fmt: skip


@given(
    ids=st.lists(st.integers(0, 60), max_size=80),
    answers=st.lists(ERRORS, min_size=1, max_size=20),
    batch_size=st.integers(1, 12),
    width=st.integers(1, 4),
    cancel_after=st.one_of(st.none(), st.integers(0, 60)),
    drain=st.sampled_from([0.0, 60.0]),
    as_list=st.booleans(),
)
async def test_each_id_is_in_exactly_one_set(
    ids: list[int],
    answers: list[TheirStackError | None],
    batch_size: int,
    width: int,
    cancel_after: int | None,
    drain: float,
    as_list: bool,
) -> None:
    """Whatever is answered, and whenever it is cancelled."""
    rng = random.Random(len(ids))
    sender = Sender(answer=lambda _: rng.choice(answers), turns=3)
    run = sender.run(batch_size, width, drain=drain)
    task = asyncio.create_task(run.run(ids if as_list else iter(ids)))
    for _ in range(cancel_after or 0):
        await asyncio.sleep(0)
    if cancel_after is not None:
        task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        assert cancel_after is not None
    report = run.report
    # Of an iterator only what was taken counts; and cancelled before it began, a run has taken nothing.
    taken = set(ids if as_list and report.requested else ids[: report.requested + report.duplicates])
    check_whole(report, taken)
    sent = {value for batch in sender.batches for value in batch}
    assert set(report.accepted) | set(report.unknown) <= sent
    assert set(report.rejected) <= sent
    assert sender.peak <= width
