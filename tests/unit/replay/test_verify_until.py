"""Looks until all is known or the deadline is over: what is waited for, and what is given up."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests._engine import ManualClock
from tests.unit.replay._looking import (
    ListedEvents,
    accepted,
    done,
    entry,
    failed,
    noted,
    states,
    verifier,
    waiting,
)
from theirstack_async.errors import (
    ArgumentError,
    AuthenticationError,
    BadRequestError,
    ClientClosedError,
    ConfigurationError,
    ConnectError,
    InsufficientCreditsError,
    JournalError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    TheirStackError,
    UnprocessableError,
)
from theirstack_async.replay import ReplayState

A, B, C = entry(1), entry(2), entry(3)
OTHER = entry(4, webhook_id=8)


async def test_it_looks_again_with_growing_pauses_until_all_is_known() -> None:
    """What is known is not looked at again, and no look follows once all is known."""
    journal, clock = await accepted(A, B), ManualClock()
    api = ListedEvents(w7=[{**waiting(A), **done(B)}, *[waiting(A)] * 6, {}, failed(A)])
    sights = await verifier(journal, api, clock).until([0, 1], deadline=3_600)
    assert states(sights) == {0: "failed_again", 1: "delivered"}
    assert clock.sleeps == [1, 2, 4, 8, 16, 30, 30, 30]
    assert [[*ids] for _, ids, _ in api.asked] == [[1, 2], *[[1]] * 8]
    assert noted(journal) == [({1: "delivered"}, 0.0), ({0: "failed_again"}, 121.0)]


async def test_it_looks_a_last_time_at_the_deadline_and_notes_what_is_open() -> None:
    journal, clock = await accepted(A, B, C), ManualClock()
    api = ListedEvents(w7=[{**waiting(A), **waiting(C)}, {**waiting(A), **waiting(C)}, {**waiting(A), **done(C)}])
    sights = await verifier(journal, api, clock).until([0, 1, 2], deadline=2.5)
    assert states(sights) == {0: "pending", 1: "missing", 2: "delivered"}
    assert clock.sleeps == [1, 1.5]
    assert noted(journal) == [({2: "delivered"}, 2.5), ({0: "pending", 1: "missing"}, 2.5)]


async def test_no_deadline_is_a_single_look() -> None:
    journal, clock = await accepted(A), ManualClock()
    api = ListedEvents(w7=[waiting(A)])
    assert states(await verifier(journal, api, clock).until([0], deadline=0)) == {0: "pending"}
    assert clock.sleeps == []
    assert len(api.asked) == 1
    assert noted(journal) == [({0: "pending"}, 0.0)]


async def test_nothing_to_look_at_is_no_look() -> None:
    journal, clock = await accepted(A), ManualClock()
    assert await verifier(journal, ListedEvents(), clock).until([], deadline=300) == {}
    assert clock.sleeps == []


async def test_a_look_that_takes_long_counts_towards_the_deadline() -> None:
    journal, clock = await accepted(A), ManualClock()

    def slow() -> dict[Any, Any]:
        clock.advance(9)
        return waiting(A)

    api = ListedEvents(w7=[slow])
    await verifier(journal, api, clock).until([0], deadline=10)
    assert clock.sleeps == [1]
    assert len(api.asked) == 2


async def test_a_look_that_outlasts_the_deadline_is_followed_by_a_last_one() -> None:
    """It began before the deadline, so what it saw may be of before."""
    journal, clock = await accepted(A), ManualClock()

    def slow() -> dict[Any, Any]:
        clock.advance(50)
        return waiting(A)

    api = ListedEvents(w7=[slow, waiting(A)])
    await verifier(journal, api, clock).until([0], deadline=10)
    assert clock.sleeps == [0]
    assert len(api.asked) == 2


async def test_a_list_that_cannot_be_read_is_read_again(caplog: pytest.LogCaptureFixture) -> None:
    journal, clock = await accepted(A, OTHER), ManualClock()
    api = ListedEvents(w7=[ConnectError("no way"), ServerError("down"), done(A)], w8=[done(OTHER)])
    with caplog.at_level(logging.DEBUG, "theirstack_async"):
        sights = await verifier(journal, api, clock).until([0, 1], deadline=60)
    assert states(sights) == {0: "delivered", 1: "delivered"}
    assert [webhook_id for webhook_id, _, _ in api.asked] == [7, 8, 7, 7]
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("DEBUG", "replay: webhook 7 could not be looked at: no way"),
        ("DEBUG", "replay: webhook 7 could not be looked at: down"),
    ]


async def test_it_raises_the_last_error_when_no_list_could_be_read() -> None:
    journal, clock = await accepted(A), ManualClock()
    last = ServerError("still down")
    with pytest.raises(ServerError) as caught:
        await verifier(journal, ListedEvents(w7=[ConnectError("no way"), last]), clock).until([0], deadline=10)
    assert caught.value is last
    assert clock.time == 1_010.0
    assert journal.steps == []


async def test_a_webhook_that_cannot_be_listed_at_all_does_not_keep_others_from_being_seen(
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal, clock = await accepted(A, OTHER), ManualClock()
    sights = await verifier(journal, ListedEvents(w7=[ServerError("down")], w8=[waiting(OTHER)]), clock).until(
        [0, 1], deadline=10
    )
    assert states(sights) == {1: "pending"}
    assert noted(journal) == [({1: "pending"}, 10.0)]
    assert journal.ledger.state(0) is ReplayState.ACCEPTED
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "replay: webhook 7 could not be looked at to the end: down")
    ]


async def test_what_was_seen_before_the_list_could_not_be_read_is_noted_as_of_then(
    caplog: pytest.LogCaptureFixture,
) -> None:
    journal, clock = await accepted(A, B), ManualClock()
    clock.advance(3)
    api = ListedEvents(w7=[{**waiting(A), **done(B)}, waiting(A), ServerError("down")])
    sights = await verifier(journal, api, clock).until([0, 1], deadline=20)
    assert states(sights) == {0: "pending", 1: "delivered"}
    assert noted(journal) == [({1: "delivered"}, 3.0), ({0: "pending"}, 4.0)]
    assert "could not be looked at to the end: down" in caplog.text


@pytest.mark.parametrize("error", [BadRequestError("no"), NotFoundError("no"), UnprocessableError("no")])
async def test_a_webhook_that_is_gone_is_not_asked_for_again(error: TheirStackError) -> None:
    journal, clock = await accepted(A, OTHER), ManualClock()
    api = ListedEvents(w7=[error], w8=[waiting(OTHER), done(OTHER)])
    assert states(await verifier(journal, api, clock).until([0, 1], deadline=60)) == {1: "delivered"}
    assert [webhook_id for webhook_id, _, _ in api.asked] == [7, 8, 8]

    alone = await accepted(A)
    with pytest.raises(type(error)) as caught:
        await verifier(alone, api, clock).until([0], deadline=60)
    assert caught.value is error
    assert clock.sleeps == [1]


@pytest.mark.parametrize(
    "error",
    [
        ArgumentError("no"),
        AuthenticationError("no"),
        ClientClosedError("no"),
        ConfigurationError("no"),
        InsufficientCreditsError("no"),
        JournalError("no"),
        PermissionDeniedError("no"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_no_webhook_would_fare_better_with_is_raised_at_once(error: TheirStackError) -> None:
    journal, clock = await accepted(A, OTHER), ManualClock()
    api = ListedEvents(w7=[done(A)], w8=[error])
    with pytest.raises(type(error)) as caught:
        await verifier(journal, api, clock).until([0, 1], deadline=60)
    assert caught.value is error
    assert clock.sleeps == []
    assert noted(journal) == [({0: "delivered"}, 0.0)]


async def test_a_journal_that_cannot_be_written_ends_it() -> None:
    journal, clock = await accepted(A), ManualClock()
    journal.broken = JournalError("the disk is full")
    with pytest.raises(JournalError, match="disk is full"):
        await verifier(journal, ListedEvents(w7=[done(A)]), clock).until([0], deadline=60)
    assert clock.sleeps == []


async def test_a_cancellation_ends_it() -> None:
    journal, begun = await accepted(A), asyncio.Event()

    class Stuck(ListedEvents):
        async def status_of(self, *asked: Any) -> Any:
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(verifier(journal, Stuck()).until([0], deadline=60))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert journal.steps == []
