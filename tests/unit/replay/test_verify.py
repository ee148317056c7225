"""Looks at what was accepted: what is asked and what is noted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests._engine import ManualClock
from tests.unit.replay._looking import (
    CLOCK_START,
    ListedEvents,
    MemoryJournal,
    accepted,
    done,
    entry,
    event,
    failed,
    noted,
    plan_of,
    states,
    verifier,
    waiting,
)
from theirstack_async.errors import (
    ServerError,
)
from theirstack_async.replay import ReplayState, Trace, _verify
from theirstack_async.replay._evidence import CLOCKS
from theirstack_async.replay._steps import Excluded, Seen, Sight

A, B, C = entry(1), entry(2), entry(3)
OTHER = entry(4, webhook_id=8)


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
