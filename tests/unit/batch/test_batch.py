"""Runs of batches: what is sent, in which order, and what is told of each id."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from tests.unit.batch._sender import Sender, parts
from theirstack_async import (
    AuthenticationError,
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


async def test_the_first_of_several_reasons_to_stop_is_told() -> None:
    errors = [AuthenticationError("first", status=401), AuthenticationError("second", status=401)]
    left = iter(errors)
    report = await Sender(answer=lambda ids: next(left)).run(2, 2).run(range(8))
    assert report.stopped_by is errors[0]
    assert parts(report) == [set(), {0, 1, 2, 3}, set(), {4, 5, 6, 7}]


async def test_what_was_never_sent_is_skipped_and_the_run_goes_on() -> None:
    report = await Sender(answer=lambda ids: ConnectError("no connection") if 2 in ids else None).run(2).run(range(8))
    assert parts(report) == [{0, 1, 4, 5, 6, 7}, set(), set(), {2, 3}]
    assert report.complete
    assert not report.ok
    assert str(report) == "6 of 8 accepted; 2 skipped (2, 3); the last error: no connection"
    with pytest.raises(BatchError) as caught:
        report.raise_for_failures()
    assert caught.value.__cause__ is report.last_error


async def test_an_unknown_outcome_is_told_as_such() -> None:
    report = await Sender(answer=lambda ids: OutcomeUnknownError("reset") if 2 in ids else None).run(2).run(range(6))
    assert parts(report) == [{0, 1, 4, 5}, set(), {2, 3}, set()]
    assert str(report) == "4 of 6 accepted; 2 unknown (2, 3); the last error: reset"


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
    assert "18, 19, ...); the last error: ?" in long
