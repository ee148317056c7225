"""The suite finds a store that breaks a promise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import pytest

from theirstack_async.receiver import Claimed, DeliveryState, MemoryDeliveries, StoredDelivery
from theirstack_async.testing.delivery_suite import DeliverySuite


class Flawed(MemoryDeliveries):
    """A store in memory that suspends in the middle of its work, and breaks the promise that it is told to."""

    def __init__(self, flaw: str) -> None:
        super().__init__()
        self.flaw = flaw

    async def claim(self, event_id: int, body: bytes, **how: Any) -> Claimed:
        kept, aside = self._pending.get(event_id), self._aside.get(event_id)
        match self.flaw:
            case "claims in two steps" if kept is None:
                await asyncio.sleep(0)
                self._pending.pop(event_id, None)
            case "writes in pieces" if kept is None:
                found = await super().claim(event_id, b"", **how)
                await asyncio.sleep(0)
                self._pending[event_id].body = body
                return found
            case "leases again to the owner" if kept is not None and kept.owner == how["owner"]:
                kept.due = how["now"]
            case "leases for too long" if kept is not None and kept.due == how["now"]:
                return Claimed("pending", event_id)
            case "keeps the last body" if kept is not None:
                kept.body = body
            case "buries the dead" if aside is not None and aside.state is DeliveryState.DEAD:
                return Claimed("done", event_id)
            case "hands out what is unhandled" if aside is not None:
                aside.state = DeliveryState.DEAD
            case "knows no record":
                how["record"] = None
            case "stores no duplicate" if how["record"] in self._records:
                return Claimed("pending", self._records[how["record"]])
            case "rounds instants":
                how["until"] = round(how["until"], 3)
            case "keeps text":
                body = body.decode("utf-8", "replace").encode()
            case _:
                await asyncio.sleep(0)
        return await super().claim(event_id, body, **how)

    async def take(self, *, limit: int, **how: Any) -> Sequence[StoredDelivery]:
        if self.flaw == "takes more":
            limit += 1
        found = await super().take(limit=limit, **how)
        if self.flaw == "takes in its own order":
            found = found[::-1]
        if self.flaw == "takes without a lease":
            for one in found:
                self._pending[one.id].owner = None
        return found

    async def renew(self, event_ids: Iterable[int], *, owner: str, until: float) -> Sequence[int]:
        lost = await super().renew(event_ids, owner=owner, until=until)
        return [] if self.flaw == "loses leases quietly" else lost

    async def settle(self, event_id: int, *, owner: str, state: DeliveryState, **how: Any) -> bool:
        kept = self._pending.get(event_id)
        if self.flaw == "settles for anybody" and kept is not None:
            kept.owner = owner
        if self.flaw == "lets nobody settle late" and kept is not None and kept.due < how["now"]:
            return False
        settled = await super().settle(event_id, owner=owner, state=state, **how)
        if self.flaw == "keeps the lease" and kept is not None:
            kept.owner = owner
        if self.flaw == "counts no attempt" and kept is not None:
            kept.attempts = 0
        return settled or self.flaw == "settles twice"

    async def list(
        self, state: DeliveryState, *, limit: int = 100, after: int | None = None
    ) -> Sequence[StoredDelivery]:
        if self.flaw == "begins a page with the last":
            after = None if after is None else after - 1
        found = await super().list(state, limit=limit, after=after)
        if self.flaw == "keeps bodies":
            return [attrs.evolve(one, body=one.body or b"{}") for one in found]
        return found

    async def counts(self) -> Mapping[DeliveryState, int]:
        found = await super().counts()
        return {state: number for state, number in found.items() if number or self.flaw != "counts what there is"}

    async def revive(self, event_ids: Iterable[int], *, now: float) -> int:
        ids = [*event_ids]
        attempts = {one: kept.attempts for one, kept in self._aside.items()}
        revived = await super().revive(ids, now=now + (self.flaw == "revives for later"))
        for event_id in attempts if self.flaw == "revives with what was counted" else ():
            self._pending[event_id].attempts = attempts[event_id]
        return len(ids) if self.flaw == "counts what was asked for" else revived

    async def prune(self, *, before: float) -> int:
        records = {**self._records}
        pruned = await super().prune(before=before + (self.flaw == "forgets too much"))
        if self.flaw == "remembers records":
            self._records.update(records)
        return pruned

    async def aclose(self) -> None:
        if self.flaw == "forgets when closed":
            self._pending.clear()


TESTS = [name for name in vars(DeliverySuite) if name.startswith("test_")]
FOUND_BY = {
    "counts what there is": "test_nothing_is_known_at_first",
    "forgets when closed": "test_a_claim_stores_and_leases",
    "rounds instants": "test_a_claim_stores_and_leases",
    "leases again to the owner": "test_a_lease_keeps_others_out_until_it_is_over",
    "leases for too long": "test_a_lease_keeps_others_out_until_it_is_over",
    "keeps the last body": "test_a_lease_keeps_others_out_until_it_is_over",
    "keeps bodies": "test_what_is_done_stays_done",
    "settles twice": "test_what_is_done_stays_done",
    "keeps the lease": "test_another_attempt",
    "counts no attempt": "test_another_attempt",
    "buries the dead": "test_a_dead_event_is_kept_and_tried_again_on_demand",
    "hands out what is unhandled": "test_an_unhandled_event_is_kept_and_not_handled",
    "settles for anybody": "test_who_lost_a_lease_changes_nothing",
    "lets nobody settle late": "test_a_lease_that_is_over_is_good_until_somebody_takes_it",
    "loses leases quietly": "test_leases_are_renewed_by_who_has_them",
    "takes more": "test_what_is_due_is_taken",
    "takes in its own order": "test_what_is_due_is_taken",
    "takes without a lease": "test_what_is_due_is_taken",
    "knows no record": "test_events_of_a_record_are_handled_once",
    "stores no duplicate": "test_events_of_a_record_are_handled_once",
    "begins a page with the last": "test_events_are_listed_by_id",
    "revives for later": "test_dead_and_unhandled_events_are_revived",
    "revives with what was counted": "test_dead_and_unhandled_events_are_revived",
    "counts what was asked for": "test_dead_and_unhandled_events_are_revived",
    "forgets too much": "test_what_was_done_is_forgotten",
    "remembers records": "test_what_was_done_is_forgotten",
    "keeps text": "test_any_text_and_any_body",
    "claims in two steps": "test_of_many_claims_one_has_it",
    "writes in pieces": "test_a_cancelled_claim_is_whole_or_not_at_all",
}


def flawed(flaw: str) -> Callable[[], Flawed]:
    store = Flawed(flaw)
    return lambda: store


@pytest.mark.parametrize("name", TESTS)
async def test_a_store_without_a_flaw_passes(name: str) -> None:
    await getattr(DeliverySuite(), name)(flawed(""))


@pytest.mark.parametrize("flaw", FOUND_BY)
async def test_a_flaw_is_found(flaw: str) -> None:
    with pytest.raises(AssertionError):
        await getattr(DeliverySuite(), FOUND_BY[flaw])(flawed(flaw))


def test_every_promise_is_tested_against_a_store_that_breaks_it() -> None:
    assert {*FOUND_BY.values()} == {*TESTS}
