"""Where the ids of a batch run come from, and what a failure of the caller's own code does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import attrs
import pytest

from tests.unit.batch._sender import Sender, parts
from theirstack_async import (
    AuthenticationError,
)
from theirstack_async.report import RetryReport


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


class _Beginning:
    """An iterator that begins anew whenever ``iter()`` is called on it, as the one of many a tutorial does."""

    def __init__(self) -> None:
        self.value = self.reads = 0

    def __iter__(self) -> Iterator[int]:
        self.value = 0
        return self

    def __next__(self) -> int:
        self.value += 1
        self.reads += 1
        assert self.reads < 100, "it is read again and again"
        if self.value > 25:
            raise StopIteration
        return self.value - 1


class _BeginningAsync(_Beginning):
    """The same for ``aiter()``; that it can be read without ``await``, too, is of no account."""

    def __aiter__(self) -> AsyncIterator[int]:
        self.value = 0
        return self

    async def __anext__(self) -> int:
        await asyncio.sleep(0)
        try:
            return super().__next__()
        except StopIteration:
            raise StopAsyncIteration from None

    def __next__(self) -> int:
        raise AssertionError("what can be awaited is")


@pytest.mark.parametrize(
    "source",
    [
        list(range(25)), tuple(range(25)), range(25), set(range(25)), frozenset(range(25)), dict.fromkeys(range(25)),
        dict.fromkeys(range(25)).keys(), iter(range(25)), (value for value in range(25)), _async(range(25)), _Rows(),
        _Beginning(), _BeginningAsync(),
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


async def test_what_a_child_raises_while_the_source_is_awaited_is_raised_too() -> None:
    """All children have ended by the time the run looks at them."""
    error = ZeroDivisionError("the caller's own")
    sender = Sender()

    async def send(ids: Any, state: Any) -> object:
        raise error

    async def source() -> AsyncIterator[int]:
        yield 1
        for _ in range(10):
            await asyncio.sleep(0)

    sender.send = send  # type: ignore[method-assign]
    run = sender.run(1, 2)
    with pytest.raises(ZeroDivisionError) as caught:
        await run.run(source())
    assert caught.value is error
    assert parts(run.report) == [set(), set(), set(), {1}]
    assert not run.report.complete


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
