"""The tests that every store of deliveries has to pass, one of your own making included.

A test module inherits them and says in a fixture how its store is opened. They run under pytest-asyncio; unless its
``asyncio_mode`` is ``"auto"``, the class needs the mark::

    @pytest.mark.asyncio
    class TestMyStore(DeliverySuite):
        @pytest.fixture
        def open_store(self) -> Callable[[], DeliveryStore]:
            return lambda: MyStore("localhost")

Each call of ``open_store()`` opens the same storage once more, as another process would; a store in memory returns one
and the same object. The storage is empty when a test begins. What a test opened it also closes. That what was claimed
outlives a process which is killed, where the store is durable, is for you to test: start one that claims, kill it, and
look for every claim that returned.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from theirstack_async.receiver._store import Claimed, DeliveryState, StoredDelivery
from theirstack_async.testing.delivery_calls import BODY, LEASE, NOW, claim, close, is_answer, same, settle, take

if TYPE_CHECKING:
    from theirstack_async.receiver._store import DeliveryStore

_PENDING, _DONE, _UNHANDLED, _DEAD = DeliveryState
_ODD: Final = "jobs of Zürich 😀 \x00'\"\\ %s ? :x \ud800"
_COPIES: Final = 20
_EVENTS: Final = 50


class DeliverySuite:
    """What a :class:`~theirstack_async.receiver.DeliveryStore` promises, one promise a test."""

    async def test_nothing_is_known_at_first(self, open_store: Callable[[], DeliveryStore]) -> None:
        """An empty store says so, names all states, and tells whether it is durable."""
        store = open_store()
        same(type(store.durable), bool, "the type of durable")
        same(dict(await store.counts()), dict.fromkeys(DeliveryState, 0), "the counts")
        same(await store.next_due(), None, "when an event is due")
        same(dict(await store.known([1, 2])), {}, "what is known")
        same([*await store.list(_PENDING)], [], "the pending events")
        same([*await take(store)], [], "what is there to take")
        same(await store.settle(1, owner="a", state=_DONE, attempts=0, error=None, due=NOW, now=NOW), False, "settling")
        same([*await store.renew([1], owner="a", until=NOW)], [1], "the leases that are lost")
        same([await store.revive([1], now=NOW), await store.prune(before=NOW)], [0, 0], "what was revived and pruned")
        await store.aclose()

    async def test_a_claim_stores_and_leases(self, open_store: Callable[[], DeliveryStore]) -> None:
        """An event that is not known is the caller's, and is kept whole, its instants to the last digit."""
        store, other = open_store(), open_store()
        same(await claim(store, 7), Claimed("mine", 7), "the first claim")
        whole = StoredDelivery(7, BODY, _PENDING, 0, None, NOW, NOW + LEASE)
        for each in (store, other):
            same([*await each.list(_PENDING)], [whole], "what is stored")
            same(await each.next_due(), NOW + LEASE, "when it is due")
        await store.aclose()
        same([*await store.list(_PENDING)], [whole], "what is stored, after aclose()")
        await close(store, other)

    async def test_a_lease_keeps_others_out_until_it_is_over(self, open_store: Callable[[], DeliveryStore]) -> None:
        """An event is pending for everybody, its owner too, until the lease's very end; its first body stays."""
        store, other = open_store(), open_store()
        await claim(store, 7)
        for place, owner in ((store, "a"), (other, "b")):
            is_answer(
                await claim(place, 7, owner=owner, now=NOW + LEASE - 0.001), "pending", 7, "a claim of a leased event"
            )
        is_answer(
            await claim(other, 7, owner="b", now=NOW + LEASE, body=b"{}"), "mine", 7, "a claim when a lease is over"
        )
        is_answer(await claim(store, 7, now=NOW + LEASE, body=b"{}"), "pending", 7, "a claim of what is leased anew")
        [found] = await store.list(_PENDING)
        same(found, StoredDelivery(7, BODY, _PENDING, 0, None, NOW, NOW + 2 * LEASE), "what is stored then")
        await close(store, other)

    async def test_what_is_done_stays_done(self, open_store: Callable[[], DeliveryStore]) -> None:
        """Its body is let go of, nobody gets it again, and it is settled once."""
        store = open_store()
        await claim(store, 7)
        same(await settle(store, 7, _DONE), True, "settling")
        same(await settle(store, 7, _DEAD), False, "settling once more")
        is_answer(await claim(store, 7, now=NOW + 9 * LEASE), "done", 7, "a claim of what is done")
        same([*await take(store, now=NOW + 9 * LEASE)], [], "what is there to take")
        same([(one.id, one.body, one.state) for one in await store.list(_DONE)], [(7, b"", _DONE)], "what is kept")
        same(await store.next_due(), None, "when an event is due")
        await store.aclose()

    async def test_another_attempt(self, open_store: Callable[[], DeliveryStore]) -> None:
        """An event that failed is for whoever comes first when its next attempt is due, with what was counted."""
        store = open_store()
        await claim(store, 7)
        same(await settle(store, 7, _PENDING, attempts=1, error="E", due=NOW + 1), True, "settling")
        same(await settle(store, 7, _DONE), False, "settling by who let go of it")
        same([*await store.renew([7], owner="a", until=NOW + 9)], [7], "the leases that are lost")
        same(await claim(store, 7, now=NOW + 0.999), Claimed("pending", 7, 1), "a claim before the next attempt")
        same([*await take(store, now=NOW + 0.999)], [], "what is there to take before it")
        whole = StoredDelivery(7, BODY, _PENDING, 1, "E", NOW, NOW + 1)
        same([*await store.list(_PENDING)], [whole], "what is stored")
        same(await claim(store, 7, owner="b", now=NOW + 1), Claimed("mine", 7, 1), "a claim for the next attempt")
        same(await settle(store, 7, _DONE, owner="b", attempts=1), True, "settling by the next one")
        await store.aclose()

    async def test_a_dead_event_is_kept_and_tried_again_on_demand(
        self, open_store: Callable[[], DeliveryStore]
    ) -> None:
        """Nobody takes it, and who sends it again gets it, with what was counted."""
        store = open_store()
        await claim(store, 7)
        await settle(store, 7, _DEAD, attempts=5, error="E")
        same([*await take(store, now=NOW + 9 * LEASE)], [], "what is there to take")
        [found] = await store.list(_DEAD)
        same((found.body, found.attempts, found.error, found.received_at), (BODY, 5, "E", NOW), "what is kept of it")
        same(await claim(store, 7, owner="b", now=NOW + 1), Claimed("mine", 7, 5), "a claim of a dead event")
        is_answer(await claim(store, 7, now=NOW + 2), "pending", 7, "a claim of what is leased again")
        same(await store.next_due(), NOW + 1 + LEASE, "when it is due")
        await store.aclose()

    async def test_an_unhandled_event_is_kept_and_not_handled(self, open_store: Callable[[], DeliveryStore]) -> None:
        """It is kept whole, and neither taken nor claimed again."""
        store = open_store()
        await claim(store, 7)
        await settle(store, 7, _UNHANDLED)
        is_answer(await claim(store, 7, now=NOW + 9 * LEASE), "done", 7, "a claim of an unhandled event")
        same([*await take(store, now=NOW + 9 * LEASE)], [], "what is there to take")
        same([(one.id, one.body) for one in await store.list(_UNHANDLED)], [(7, BODY)], "what is kept")
        await store.aclose()

    async def test_who_lost_a_lease_changes_nothing(self, open_store: Callable[[], DeliveryStore]) -> None:
        """Once somebody else has it, the first owner neither settles nor renews it."""
        store, other = open_store(), open_store()
        await claim(store, 7)
        [taken] = await take(other, owner="b", now=NOW + LEASE)
        same(await settle(store, 7, _DONE), False, "settling what was lost")
        same([*await store.renew([7], owner="a", until=NOW + 99 * LEASE)], [7], "the leases that are lost")
        same([*await store.list(_PENDING)], [taken], "what is stored")
        same(await settle(other, 7, _DONE, owner="b"), True, "settling by the new owner")
        await close(store, other)

    async def test_a_lease_that_is_over_is_good_until_somebody_takes_it(
        self, open_store: Callable[[], DeliveryStore]
    ) -> None:
        """Its owner may still renew and settle it."""
        store = open_store()
        await claim(store, 7)
        await claim(store, 8)
        same([*await store.renew([7], owner="a", until=NOW + 9 * LEASE)], [], "the leases that are lost")
        same(await settle(store, 8, _DONE, now=NOW + 5 * LEASE), True, "settling")
        is_answer(
            await claim(store, 7, owner="b", now=NOW + 9 * LEASE - 1), "pending", 7, "a claim of what was renewed"
        )
        await store.aclose()

    async def test_leases_are_renewed_by_who_has_them(self, open_store: Callable[[], DeliveryStore]) -> None:
        """The ids of all others come back: of others' leases, and of events that are settled, or not known."""
        store = open_store()
        for event_id, owner in ((1, "a"), (2, "b"), (3, "a"), (4, "a"), (5, "a")):
            await claim(store, event_id, owner=owner)
        await settle(store, 3, _DONE)
        await settle(store, 4, _PENDING, due=NOW)
        lost = await store.renew(iter([6, 5, 4, 3, 2, 1]), owner="a", until=NOW + 100)
        same(sorted(lost), [2, 3, 4, 6], "the leases that are lost")
        dues = {one.id: one.due for one in await store.list(_PENDING)}
        same(dues, {1: NOW + 100, 2: NOW + LEASE, 4: NOW, 5: NOW + 100}, "when the pending events are due")
        await store.aclose()

    async def test_what_is_due_is_taken(self, open_store: Callable[[], DeliveryStore]) -> None:
        """It is what was due longest first, so many at the most, and each is leased to who took it."""
        store, other = open_store(), open_store()
        for event_id, due in ((1, 3.0), (2, 1.0), (3, 2.0), (4, 4.0), (5, 2.5)):
            await claim(store, event_id, body=b"%d" % event_id, until=NOW + due)
        await settle(store, 5, _DONE)
        same(await store.next_due(), NOW + 1, "when the first is due")
        same([*await take(store, now=NOW + 9, limit=0)], [], "none")
        until = NOW + 2 + LEASE
        taken = [StoredDelivery(each, b"%d" % each, _PENDING, 0, None, NOW, until) for each in (2, 3)]
        same([*await take(other, owner="b", now=NOW + 2)], taken, "what is due by then")
        same(await store.next_due(), NOW + 3, "when the next is due")
        same([one.id for one in await take(store, owner="c", now=NOW + 99, limit=3)], [1, 4, 2], "three of them")
        same(await settle(store, 2, _DONE, owner="b"), False, "settling by who had it before")
        same(await settle(store, 3, _DONE, owner="b"), True, "settling by who has it")
        await close(store, other)

    async def test_events_of_a_record_are_handled_once(self, open_store: Callable[[], DeliveryStore]) -> None:
        """A further one is stored as done, and its claim is answered with the first one, which may be pending."""
        store = open_store()
        is_answer(await claim(store, 6, record="job.new:5"), "mine", 6, "the first event of a record")
        is_answer(await claim(store, 2, record="job.new:5"), "pending", 6, "the second, while the first is pending")
        is_answer(await claim(store, 2, record="job.new:5"), "done", 2, "the second, once more")
        await settle(store, 6, _PENDING, attempts=3)
        same(await claim(store, 1, record="job.new:5"), Claimed("pending", 6, 3), "the third, after three attempts")
        is_answer(await claim(store, 3, record="job.new:6"), "mine", 3, "an event of another record")
        is_answer(await claim(store, 4), "mine", 4, "an event of no record")
        is_answer(await claim(store, 5), "mine", 5, "another event of no record")
        states = {1: _DONE, 2: _DONE, **dict.fromkeys(range(3, 7), _PENDING)}
        same({**await store.known(range(9))}, states, "the events")
        for event_id, state in enumerate((_DONE, _DEAD, _UNHANDLED), 11):
            await claim(store, event_id, record=f"record {state}")
            await settle(store, event_id, state)
            found = await claim(store, event_id + 10, record=f"record {state}")
            same(found.status, "done", f"the second event of a record that is {state}")
            same({**await store.known([event_id + 10])}, {event_id + 10: _DONE}, "what is known of the second")
        await store.aclose()

    async def test_events_are_listed_by_id(self, open_store: Callable[[], DeliveryStore]) -> None:
        """Those of a state, page after page; ids may be as small and as large as 64 bits hold."""
        store = open_store()
        ids = [-(2**63), -1, 0, 1, 2**53 + 1, 2**63 - 1]
        for event_id in random.Random(7).sample(ids, len(ids)):
            await claim(store, event_id)
        for state in (_PENDING, _UNHANDLED, _DEAD, _DONE):
            if state is not _PENDING:
                for event_id in ids:
                    same(await settle(store, event_id, state), True, "settling")
            found: list[int] = []
            while page := [one.id for one in await store.list(state, limit=2, after=found[-1] if found else None)]:
                found += page
                same(len(page), 2, "the length of a page")
            same(found, ids, f"the events that are {state}")
            same([one.id for one in await store.list(state)], ids, f"the events that are {state}, in one page")
            same(dict(await store.counts()), {**dict.fromkeys(DeliveryState, 0), state: len(ids)}, "the counts")
            if state in (_UNHANDLED, _DEAD):
                await store.revive(ids, now=NOW)
                await take(store)
        await store.aclose()

    async def test_dead_and_unhandled_events_are_revived(self, open_store: Callable[[], DeliveryStore]) -> None:
        """They are due at once, with no attempt counted; pending and done ones stay as they are."""
        store = open_store()
        for event_id, state in enumerate(DeliveryState):
            await claim(store, event_id)
            if state is not _PENDING:
                await settle(store, event_id, state, attempts=4, error="E")
        same(await store.revive(iter([0, 1, 2, 3, 3, 9]), now=NOW + 5), 2, "how many were revived")
        same(await settle(store, 2, _DONE), False, "settling what was revived, by who had it before")
        found = [(one.id, one.attempts, one.body) for one in await take(store, now=NOW + 5)]
        same(sorted(found), [(2, 0, BODY), (3, 0, BODY)], "what is there to take")
        same(dict(await store.counts()), {_PENDING: 3, _DONE: 1, _UNHANDLED: 0, _DEAD: 0}, "the counts")
        await store.aclose()

    async def test_what_was_done_is_forgotten(self, open_store: Callable[[], DeliveryStore]) -> None:
        """What was done before an instant is new then, its record too, unless a later event of that is known."""
        store = open_store()
        for event_id, state in enumerate(DeliveryState):
            await claim(store, event_id, record=f"{event_id}")
            if state is not _PENDING:
                await settle(store, event_id, state, now=NOW + 10)
        await claim(store, 11, record="1", now=NOW + 20)
        same(await store.prune(before=NOW + 10), 0, "how many were done before the first was")
        same(await store.prune(before=NOW + 10.001), 1, "how many were done just after")
        known = await store.known([0, 1, 2, 3, 11])
        same({**known}, {0: _PENDING, 2: _UNHANDLED, 3: _DEAD, 11: _DONE}, "what is known")
        same((await claim(store, 12, record="1", now=NOW + 15)).status, "done", "an event whose record is known")
        same(await store.prune(before=NOW + 99), 2, "how many were done at all")
        is_answer(await claim(store, 1, record="1", now=NOW + 30), "mine", 1, "a claim of what was forgotten")
        await store.aclose()

    async def test_any_text_and_any_body(self, open_store: Callable[[], DeliveryStore]) -> None:
        """Bodies come back to the byte. No text is refused; half a surrogate pair in an error may be replaced."""
        store = open_store()
        bodies = [b"", bytes(range(256)), b"x" * 2**20]
        for event_id, body in enumerate(bodies):
            await claim(store, event_id, body=body, owner=f"o{_ODD[:-1]}", record=f"{_ODD}{event_id}")
            is_answer(
                await claim(store, event_id + 10, record=f"{_ODD}{event_id}"), "pending", event_id, "the same record"
            )
        same([one.body for one in await store.list(_PENDING)], bodies, "the bodies")
        same(await settle(store, 0, _DEAD, owner=f"o{_ODD[:-1]}", error=_ODD), True, "settling")
        [dead] = await store.list(_DEAD)
        same((dead.error or "")[: len(_ODD) - 1], _ODD[:-1], "the error")
        await store.aclose()

    async def test_of_many_claims_one_has_it(self, open_store: Callable[[], DeliveryStore]) -> None:
        """Of twenty copies of an event that come at once, in three places, one is for its caller to handle."""
        stores = [open_store() for _ in range(3)]
        copies = [event_id for event_id in range(_EVENTS) for _ in range(_COPIES)]
        random.Random(7).shuffle(copies)
        claims = (claim(stores[n % 3], event_id, owner=f"{n}") for n, event_id in enumerate(copies))
        found = await asyncio.gather(*claims)
        same(sorted(one.id for one in found if one.status == "mine"), [*range(_EVENTS)], "whose events they are")
        same({one.status for one in found}, {"mine", "pending"}, "the answers")
        takes = (take(store, owner=f"{n}", now=NOW + LEASE, limit=40) for n, store in enumerate(stores))
        taken = [one.id for each in await asyncio.gather(*takes) for one in each]
        same(sorted(taken), [*range(_EVENTS)], "what three took at once")
        await close(*stores)

    async def test_a_cancelled_claim_is_whole_or_not_at_all(self, open_store: Callable[[], DeliveryStore]) -> None:
        """A claim that is cancelled at any point leaves a whole event or none, and its neighbours unharmed."""
        store = open_store()
        for turns in range(20):
            first, second = turns * 2, turns * 2 + 1
            cancelled = asyncio.create_task(claim(store, first))
            neighbour = asyncio.create_task(claim(store, second))
            for _ in range(turns):
                await asyncio.sleep(0)
            cancelled.cancel()
            [end] = await asyncio.gather(cancelled, return_exceptions=True)
            if not isinstance(end, asyncio.CancelledError):
                same(end, Claimed("mine", first), "a claim that was done before")
            same(await neighbour, Claimed("mine", second), "a claim beside one that is cancelled")
            found = {one.id: one for one in await store.list(_PENDING, after=first - 1)}
            for event_id in {first, second} & {*found}:
                whole = StoredDelivery(event_id, BODY, _PENDING, 0, None, NOW, NOW + LEASE)
                same(found[event_id], whole, "what is stored")
        await store.aclose()
