"""Runs of batches: what is sent, in which order, and what is told of each id."""

from __future__ import annotations

import asyncio
import copy
import pickle
import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.batch._sender import Sender
from theirstack_async import (
    AuthenticationError,
    BadRequestError,
    BatchError,
    ClientClosedError,
    ConflictError,
    ConnectError,
    InsufficientCreditsError,
    NotFoundError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
    TheirStackError,
    UnprocessableError,
)
from theirstack_async.report import RetryReport


def parts(report: RetryReport) -> list[set[int]]:
    return [set(report.accepted), set(report.rejected), set(report.unknown), set(report.skipped)]


def check_whole(report: RetryReport, taken: set[int]) -> None:
    """Each distinct id is in exactly one of the four."""
    assert sum(map(len, parts(report))) == report.settled == report.requested == len(taken)
    assert set().union(*parts(report)) == taken


async def test_ids_go_in_batches_once_each_in_order() -> None:
    sender = Sender()
    report = await sender.run(3).run([5, 1, 5, 2, 3, 1, 4])
    assert sender.batches == [[5, 1, 2], [3, 4]]
    assert (report.requested, report.duplicates, report.batches) == (5, 2, 2)
    assert report.accepted == {1, 2, 3, 4, 5}
    assert report.ok
    assert report.complete
    report.raise_for_failures()
    assert str(report) == "5 of 5 accepted"
    assert repr(report) == "<RetryReport 5 of 5 accepted>"


async def test_nothing_to_send_is_fine() -> None:
    assert (await Sender().run().run([])).ok


async def test_a_refused_batch_is_halved_until_the_bad_ids_stand_alone() -> None:
    sender = Sender(poison=[3, 6])
    report = await sender.run(8).run(range(8))
    assert sender.batches == [
        [0, 1, 2, 3, 4, 5, 6, 7],
        [0, 1, 2, 3], [0, 1], [2, 3], [2], [3],
        [4, 5, 6, 7], [4, 5], [6, 7], [6], [7],
    ]  # fmt: skip
    assert set(report.rejected) == {3, 6}
    assert str(report.rejected[6]) == "no event 6"
    assert report.accepted == {0, 1, 2, 4, 5, 7}
    assert not report.ok
    assert report.complete
    assert str(report) == "6 of 8 accepted; 2 rejected (3, 6)"
    with pytest.raises(BatchError, match="2 rejected") as caught:
        report.raise_for_failures()
    assert set(caught.value.failures) == {3, 6}


async def test_three_batches_in_a_row_of_which_all_was_refused_stop_the_run() -> None:
    sender = Sender(poison=range(4, 100))
    report = await sender.run(2).run(range(100))
    assert set(report.rejected) == {4, 5, 6, 7, 8, 9}
    assert report.skipped == set(range(10, 100))
    assert isinstance(report.stopped_by, UnprocessableError)
    assert not report.complete
    assert "stopped by: no event 9" in str(report)
    with pytest.raises(BatchError) as caught:
        report.raise_for_failures()
    assert caught.value.__cause__ is report.stopped_by


async def test_a_batch_of_which_something_was_taken_breaks_the_row() -> None:
    report = await Sender(poison=[0, 1, 2, 3, 4, 6, 7, 8, 9]).run(2).run(range(12))
    assert report.complete
    assert report.accepted == {5, 10, 11}


@pytest.mark.parametrize(
    ("refusal", "stops", "probes"),
    [
        (None, False, 1),
        (NotFoundError("no such path", status=404), True, 1),
        (AuthenticationError("no", status=401), True, 1),
        (RateLimitError("slow down", status=429), False, 3),
        (ServerError("down", status=503), False, 3),
        (ConnectError("no connection"), False, 3),
    ],
)
async def test_a_404_means_a_wrong_address_when_a_harmless_call_is_refused_too(
    refusal: TheirStackError | None, stops: bool, probes: int
) -> None:
    sender = Sender(answer=lambda ids: NotFoundError("not found", status=404) if 1 in ids else None)
    sender.probe_error = refusal
    report = await sender.run(4).run(range(8))
    assert sender.probes == probes
    if stops:
        assert (set(report.rejected), report.skipped) == ({0, 1, 2, 3}, {4, 5, 6, 7})
        assert isinstance(report.stopped_by, NotFoundError)
    else:
        assert set(report.rejected) == {1}
        assert report.complete


@pytest.mark.parametrize(
    "error",
    [
        AuthenticationError("no", status=401),
        InsufficientCreditsError("no", status=402),
        PermissionDeniedError("no", status=403),
        RateLimitError("no", status=429),
    ],
)
async def test_a_refusal_that_will_not_change_stops_the_run(error: TheirStackError) -> None:
    report = await Sender(answer=lambda ids: error if 2 in ids else None).run(2).run(iter(range(8)))
    assert parts(report) == [{0, 1}, {2, 3}, set(), {4, 5}]
    assert report.stopped_by is error
    assert report.requested == 6, "the rest is still in the iterator"
    assert not report.ok


@pytest.mark.parametrize(
    "error",
    [RateLimitError("too long to wait"), ClientClosedError("closed"), ConnectError("bad certificate", permanent=True)],
)
async def test_so_does_what_kept_it_from_being_sent(error: TheirStackError) -> None:
    error.sent = "no"
    report = await Sender(answer=lambda ids: error).run(2).run(range(8))
    assert parts(report) == [set(), set(), set(), set(range(8))]
    assert report.stopped_by is error


async def test_what_was_never_sent_is_skipped_and_the_run_goes_on() -> None:
    report = await Sender(answer=lambda ids: ConnectError("no connection") if 2 in ids else None).run(2).run(range(8))
    assert parts(report) == [{0, 1, 4, 5, 6, 7}, set(), set(), {2, 3}]
    assert report.complete
    assert not report.ok


async def test_an_unknown_outcome_is_told_as_such() -> None:
    report = await Sender(answer=lambda ids: OutcomeUnknownError("reset") if 2 in ids else None).run(2).run(range(6))
    assert parts(report) == [{0, 1, 4, 5}, set(), {2, 3}, set()]
    assert str(report) == "4 of 6 accepted; 2 unknown (2, 3)"


async def test_a_refusal_after_an_attempt_of_unknown_outcome_is_unknown() -> None:
    """Only when batches are sent again: the first attempt may have been carried out."""
    error = RateLimitError("slow down", status=429)
    sender = Sender(answer=lambda ids: error)
    real = sender.send

    async def send(ids: Any, state: Any) -> object:
        try:
            return await real(ids, state)
        finally:
            state.sent = "maybe"

    sender.send = send  # type: ignore[method-assign]
    report = await sender.run(2).run(range(4))
    assert parts(report) == [set(), set(), {0, 1}, {2, 3}]


async def test_ten_batches_in_a_row_without_a_clear_answer_stop_the_run() -> None:
    report = await Sender(answer=lambda ids: OutcomeUnknownError("reset")).run(1).run(range(20))
    assert parts(report) == [set(), set(), set(range(10)), set(range(10, 20))]
    assert str(report).startswith("0 of 20 accepted; 10 unknown (0, 1, 2, 3")


async def test_a_conflict_is_a_refusal_of_the_batch() -> None:
    report = await Sender(answer=lambda ids: ConflictError("no", status=409) if 2 in ids else None).run(2).run(range(6))
    assert parts(report) == [{0, 1, 4, 5}, {2, 3}, set(), set()]
    assert report.complete


async def test_the_source_is_read_no_further_than_needed() -> None:
    sender = Sender(turns=5)
    taken = 0
    ahead: list[int] = []

    def source() -> Iterator[int]:
        nonlocal taken
        for value in range(500):
            taken += 1
            yield value

    def note(report: RetryReport) -> None:
        ahead.append(taken - report.settled)

    report = await sender.run(10, 4, on_progress=note).run(source())
    assert report.ok
    assert sender.peak == 4
    assert max(ahead) <= 4 * 10 + 10


async def _async(values: range) -> AsyncIterator[int]:
    for value in values:
        await asyncio.sleep(0)
        yield value


class _Rows:
    """An async iterable, such as a paginator, whose generator is begun by the run."""

    closed = False

    async def __aiter__(self) -> AsyncIterator[int]:
        try:
            for value in range(25):
                yield value
        finally:
            self.closed = True


@pytest.mark.parametrize(
    "source",
    [
        list(range(25)), tuple(range(25)), range(25), set(range(25)), frozenset(range(25)), dict.fromkeys(range(25)),
        dict.fromkeys(range(25)).keys(), iter(range(25)), (value for value in range(25)), _async(range(25)), _Rows(),
    ],
    ids=lambda source: type(source).__name__,
)  # fmt: skip
async def test_sources_of_every_kind(source: Any) -> None:
    report = await Sender().run(10, 2).run(source)
    assert report.accepted == set(range(25))
    assert report.ok


async def test_a_generator_that_was_begun_is_ended_and_one_that_was_handed_in_is_not() -> None:
    stop = AuthenticationError("no", status=401)
    rows = _Rows()
    await Sender(answer=lambda ids: stop).run(5).run(rows)
    assert rows.closed
    handed_in = _async(range(25))
    report = await Sender(answer=lambda ids: stop).run(5).run(handed_in)
    assert [value async for value in handed_in] == list(range(report.requested, 25))


async def test_bad_ids_of_a_collection_are_refused_before_anything_is_sent() -> None:
    sender = Sender()
    with pytest.raises(ValueError, match="no id: 'x'"):
        await sender.run(1).run([1, 2, "x"])  # type: ignore[list-item]
    assert sender.batches == []


async def test_what_a_source_raises_is_raised_with_the_batches_under_way_ended() -> None:
    sender = Sender(turns=3)
    error = ZeroDivisionError("the caller's own")

    def source() -> Iterator[int]:
        yield from range(15)
        raise error

    with pytest.raises(ZeroDivisionError) as caught:
        await sender.run(10, 2, drain=5.0).run(source())
    assert caught.value is error
    report = getattr(error, "report")  # noqa: B009
    assert parts(report) == [set(range(10)), set(), set(), set(range(10, 15))]
    assert not report.ok


async def test_while_it_drains_nothing_new_is_begun() -> None:
    sender = Sender(poison=[0], turns=3)

    async def source() -> AsyncIterator[int]:
        for value in range(10):
            yield value
        await asyncio.sleep(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        await sender.run(10, 2, drain=5.0).run(source())
    assert sender.batches == [list(range(10))]
    assert getattr(caught.value, "report").skipped == set(range(10))  # noqa: B009


@attrs.define(frozen=True)
class _FrozenError(Exception):
    text: str


async def test_an_exception_that_takes_no_attribute_stays_what_it_is() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise _FrozenError("mine")

    with pytest.raises(_FrozenError, match="mine"):
        await Sender().run().run(source())


async def test_what_a_child_raises_is_raised_once_and_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    """A callable key may raise anything; asyncio must not complain of the others that raised it too."""
    error = ZeroDivisionError("the caller's own")
    sender = Sender()
    real = sender.send

    async def send(ids: Any, state: Any) -> object:
        if 0 in ids:
            return await real(ids, state)
        raise error

    sender.send = send  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError) as caught:
        await sender.run(2, 8, drain=5.0).run(range(10))
    report = getattr(caught.value, "report")  # noqa: B009
    assert parts(report) == [{0, 1}, set(), set(), set(range(2, 10))]
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_collection_that_changes_meanwhile_raises_and_the_report_is_final() -> None:
    source = set(range(10))
    run = Sender().run(2, on_progress=lambda report: source.add(99))
    with pytest.raises(RuntimeError, match="changed size"):
        await run.run(source)
    assert run.report.settled == run.report.requested > 0


async def test_progress_that_fails_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[int] = []

    def progress(report: RetryReport) -> None:
        seen.append(report.settled)
        raise ZeroDivisionError("mine")

    assert (await Sender().run(2, on_progress=progress).run(range(6))).ok
    assert seen == [2, 4, 6, 6]
    assert "on_progress failed: ZeroDivisionError: mine" in caplog.text


async def test_progress_gets_the_report_that_is_returned() -> None:
    seen: list[RetryReport] = []
    report = await Sender().run(2, on_progress=seen.append).run(range(6))
    assert all(each is report for each in seen)
    assert report.elapsed >= 0


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
    assert str(run.report) == "0 of 10 accepted; 4 unknown (0, 1, 2, 3); 6 skipped (4, 5, 6, 7, 8, 9)" + "; not complete"


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


async def test_a_pickle_or_a_copy_is_a_snapshot() -> None:
    report = await Sender(poison=[1]).run(2).run(range(30))
    for snapshot in (pickle.loads(pickle.dumps(report)), copy.deepcopy(report)):
        assert isinstance(snapshot, RetryReport)
        assert parts(snapshot) == parts(report)
        assert str(snapshot) == str(report)
    with pytest.raises(TypeError):
        report.rejected[5] = ServerError("no")  # type: ignore[index]
    assert "0, 2, 3" in str(await Sender(answer=lambda ids: OutcomeUnknownError("?")).run(3).run([0, 2, 3]))
    long = str(await Sender(answer=lambda ids: OutcomeUnknownError("?")).run(30).run(range(30)))
    assert long.endswith("18, 19, ...)")


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
    # Cancelled before it began, a run has not looked at its source.
    taken = set(ids) if as_list and (report.requested or not task.cancelled()) else set(ids[: report.requested + report.duplicates])
    check_whole(report, taken)
    sent = {value for batch in sender.batches for value in batch}
    assert set(report.accepted) | set(report.unknown) <= sent
    assert set(report.rejected) <= sent
    assert sender.peak <= width
