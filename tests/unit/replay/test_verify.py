"""Looks at what was accepted: what is asked, noted, waited for and given up."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests._engine import ManualClock
from tests.unit.replay._looking import CLOCK_START, ListedEvents, MemoryJournal, entry, event, plan_of
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
from theirstack_async.replay import PlanEntry, ReplayState, Trace, _verify
from theirstack_async.replay._evidence import CLOCKS
from theirstack_async.replay._steps import Excluded, Seen, Sight
from theirstack_async.replay._verify import Verifier

AFTER = datetime.fromtimestamp(CLOCK_START + 60, UTC)
A, B, C = entry(1), entry(2), entry(3)
OTHER = entry(4, webhook_id=8)


def done(of: PlanEntry[Any]) -> dict[Any, Any]:
    """Return a listing that has it delivered."""
    return {of.id: event(of, "delivered")}


def failed(of: PlanEntry[Any]) -> dict[Any, Any]:
    """Return a listing that has it tried again in vain."""
    return {of.id: event(of, updated_at=AFTER, response_status=503, response="closed")}


def waiting(of: PlanEntry[Any]) -> dict[Any, Any]:
    """Return a listing that has it on its way."""
    return {of.id: event(of, "pending")}


async def accepted(*entries: PlanEntry[Any], **fields: Any) -> MemoryJournal:
    """Return the journal of a run all of whose events were accepted."""
    journal = MemoryJournal(plan_of(*entries, **fields))
    for webhook_id in journal.plan.webhook_ids:
        await journal.accept(*(at for at, each in enumerate(entries) if each.webhook_id == webhook_id))
    journal.steps.clear()
    return journal


def verifier(journal: MemoryJournal, api: ListedEvents, clock: ManualClock | None = None) -> Verifier[Any]:
    """Return what is tested here."""
    return Verifier(api, journal, clock or ManualClock())  # type: ignore[arg-type]


def states(sights: dict[int, Sight]) -> dict[int, str]:
    """Return what was seen, by position."""
    return {at: each.state.value for at, each in sights.items()}


def noted(journal: MemoryJournal) -> list[tuple[dict[int, str], float]]:
    """Return what was written: what was seen, and how many seconds after the start."""
    assert all(isinstance(step, Seen) for step in journal.steps)
    return [(states(dict(step.sights)), step.at - CLOCK_START) for step in journal.steps]  # type: ignore[union-attr]


async def test_a_look_is_one_listing_a_webhook() -> None:
    journal = await accepted(A, B, OTHER)
    api = ListedEvents(w7=[{**done(A), **failed(B)}], w8=[done(OTHER)])
    assert states(await verifier(journal, api).look([2, 0, 1])) == {0: "delivered", 1: "failed_again", 2: "delivered"}
    assert [(webhook_id, [*ids]) for webhook_id, ids, _ in api.asked] == [(8, [4]), (7, [1, 2])]


async def test_events_are_looked_for_by_what_is_known_of_them() -> None:
    journal = await accepted(entry("a", group="g"), entry("b"))
    api = ListedEvents(w7=[{}])
    await verifier(journal, api).look([0, 1])
    assert api.asked[0][1] == {"a": Trace(group="g", handle="h0"), "b": Trace(handle="h1")}


async def test_a_look_reaches_back_to_the_first_call_and_by_what_clocks_may_differ() -> None:
    journal = MemoryJournal(plan_of(A, B, C))
    await journal.accept(1, at=CLOCK_START + 500)
    await journal.accept(0, at=CLOCK_START + 900)
    await journal.accept(2, at=CLOCK_START + 100)
    api = ListedEvents(w7=[{}])
    await verifier(journal, api).look([0, 1])
    assert api.asked[0][2] == datetime.fromtimestamp(CLOCK_START + 500 - CLOCKS, UTC)


async def test_each_event_is_judged_by_when_it_was_sent_itself() -> None:
    """An attempt before its own call is none of ours, though another event was sent before it."""
    journal = MemoryJournal(plan_of(A, B))
    await journal.accept(0, at=CLOCK_START)
    await journal.accept(1, at=CLOCK_START + 1_000)
    listing = {**failed(A), **failed(B)}
    assert states(await verifier(journal, ListedEvents(w7=[listing])).look([0, 1])) == {
        0: "failed_again",
        1: "pending",
    }


async def test_the_name_of_the_delivery_counts() -> None:
    journal = await accepted(A)
    early = event(A, id=99, handle="h0", updated_at=datetime.fromtimestamp(CLOCK_START, UTC) - timedelta(hours=1))
    assert states(await verifier(journal, ListedEvents(w7=[{1: early}])).look([0])) == {0: "failed_again"}


async def test_what_the_plan_asked_for_counts_only_when_tried_since() -> None:
    journal = await accepted(A, status=("SUCCESS",))
    assert states(await verifier(journal, ListedEvents(w7=[done(A)])).look([0])) == {0: "pending"}


async def test_what_was_never_sent_counts_from_the_plan() -> None:
    journal = MemoryJournal(plan_of(A))
    api = ListedEvents(w7=[done(A)])
    assert await verifier(journal, api).events(7, [0]) == done(A)
    assert api.asked == [(7, {1: Trace()}, journal.plan.made_at - timedelta(seconds=CLOCKS))]


async def test_a_look_notes_what_is_known_and_leaves_the_rest_open() -> None:
    journal = await accepted(A, B, C)
    api = ListedEvents(w7=[{**done(A), **waiting(B)}])
    assert states(await verifier(journal, api).look([0, 1, 2])) == {0: "delivered", 1: "pending", 2: "missing"}
    assert noted(journal) == [({0: "delivered"}, 0.0)]


async def test_a_last_look_notes_all() -> None:
    journal = await accepted(A, B, C, OTHER)
    clock = ManualClock()
    clock.advance(5)
    api = ListedEvents(w7=[{**failed(A), **waiting(B)}], w8=[waiting(OTHER)])
    await verifier(journal, api, clock).look([0, 1, 2, 3], last=True)
    assert noted(journal) == [
        ({0: "failed_again"}, 5.0),
        ({1: "pending", 2: "missing"}, 5.0),
        ({3: "pending"}, 5.0),
    ]
    assert journal.steps[0] == Seen(
        sights={
            0: Sight(state=ReplayState.FAILED_AGAIN, word="FAILED", response_status=503, response="closed"),
        },
        at=CLOCK_START + 5,
    )


async def test_nothing_seen_is_nothing_noted() -> None:
    journal = await accepted(A)
    await verifier(journal, ListedEvents(w7=[waiting(A)])).look([0])
    assert journal.steps == []


async def test_a_webhook_that_cannot_be_listed_ends_a_look_and_what_was_seen_before_is_noted() -> None:
    journal = await accepted(A, OTHER)
    api = ListedEvents(w7=[done(A)], w8=[ServerError("down")])
    with pytest.raises(ServerError, match="down"):
        await verifier(journal, api).look([0, 1])
    assert noted(journal) == [({0: "delivered"}, 0.0)]


async def test_long_looks_are_noted_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_verify, "_PART", 2)
    journal = await accepted(A, B, C)
    api = ListedEvents(w7=[{**done(A), **done(B), **done(C)}])
    await verifier(journal, api).look([0, 1, 2])
    assert noted(journal) == [({0: "delivered", 1: "delivered"}, 0.0), ({2: "delivered"}, 0.0)]


async def test_a_later_look_replaces_an_earlier_one() -> None:
    journal = await accepted(A, B)
    looks = verifier(journal, ListedEvents(w7=[{**failed(A), **waiting(B)}, {**done(A)}]))
    await looks.look([0, 1], last=True)
    assert looks.candidates() == [0, 1]
    await looks.look([0, 1], last=True)
    assert (journal.ledger.state(0), journal.ledger.state(1)) == (ReplayState.DELIVERED, ReplayState.MISSING)


async def test_what_was_seen_delivered_stays_so() -> None:
    """A look that began before the delivery may end after one that saw it."""
    journal = await accepted(A)
    looks = verifier(journal, ListedEvents(w7=[done(A), waiting(A), failed(A)]))
    for _ in range(3):
        await looks.look([0], last=True)
    assert journal.ledger.state(0) is ReplayState.DELIVERED
    assert len(journal.steps) == 1


async def test_a_verification_looks_at_what_was_accepted_and_is_not_delivered() -> None:
    entries = [entry(at, webhook_id=7 if at % 2 else 8) for at in range(8)]
    journal = MemoryJournal(plan_of(*entries))
    await journal.accept(0, 2, 4)
    await journal.accept(1, 3)
    await journal.write(Excluded(positions=(5,), reason="stale"))
    seen = {0: ReplayState.DELIVERED, 1: ReplayState.FAILED_AGAIN, 2: ReplayState.PENDING, 3: ReplayState.MISSING}
    await journal.write(Seen(sights={at: Sight(state=state) for at, state in seen.items()}, at=CLOCK_START))
    assert verifier(journal, ListedEvents()).candidates() == [2, 4, 1, 3]


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
