"""The suite for replays finds an API that breaks a promise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs
import pytest

from tests.server._replay_theirstack import TheirStackWorld, a_world
from theirstack_async import ArgumentError
from theirstack_async.replay import ReplayCapabilities, ReplayEvent, ReplayWindow, Resent, TheirStackEvents, Trace
from theirstack_async.testing.replay_suite import ReplaySuite


class Flawed(TheirStackEvents):
    """TheirStack's events, with the one flaw that it is told to have."""

    def __init__(self, world: TheirStackWorld, flaw: str) -> None:
        super().__init__(world.client)
        self.client = world.client
        self.flaw = flaw

    @property
    def capabilities(self) -> ReplayCapabilities:
        can = super().capabilities
        changes: dict[str, dict[str, Any]] = {
            "no name": {"provider": ""},
            "no room in a batch": {"batch_size": 0},
            "a batch beyond the bound": {"max_ids": 99},
            "nothing to ask for": {"statuses": ()},
            "a window without room": {"windows": (ReplayWindow(0, 60.0, "ids", "webhook"),)},
            "another type of ids": {"id_type": str},
            "another word for failed": {"statuses": ("SUCCESS", "FAILED")},
            "is said to list by time": {"time_filter": True},
            "is said to tell of each": {"outcomes": "each"},
        }
        return attrs.evolve(can, **changes.get(self.flaw, {}))

    @property
    def where(self) -> str:
        return "https://user:password@api.example" if self.flaw == "shows a password" else super().where

    def check_id(self, field: str, value: object) -> int:
        if self.flaw == "takes text for an id" and isinstance(value, str):
            return int(value)
        if self.flaw == "names no field" and not isinstance(value, int):
            raise ArgumentError("no id")
        return super().check_id(field, value)

    def check_webhook_id(self, field: str, value: object) -> int:
        return 1 if self.flaw == "takes any webhook" else int(super().check_webhook_id(field, value))

    async def list_failed(
        self, webhook_id: int | str, *, start: datetime | None, end: datetime | None, status: Collection[str]
    ) -> AsyncGenerator[ReplayEvent[int], None]:
        if self.flaw == "lists what failed only":
            status = ["FAILED"]
        elif self.flaw == "lists all the same":
            status = super().capabilities.statuses
        seen = await self._by_offset(webhook_id, OVERLAP[self.flaw]) if self.flaw in OVERLAP else None
        number = 0
        async for event in super().list_failed(webhook_id, start=start, end=end, status=status):
            number += 1
            if (seen is not None and event.id not in seen) or self._leaves_out(event, number, start, end):
                continue
            yield self._changed(event)
            if self.flaw == "lists twice" and number == 1:
                yield event

    async def _by_offset(self, webhook_id: int | str, overlap: int) -> set[int]:
        """Return the ids on pages of which none is looked at for what it has in common with the one before."""
        pages: list[list[dict[str, Any]]] = []
        while not pages or len(pages[-1]) == 500:
            query = {"status": "FAILED", "offset": len(pages) * (500 - overlap), "limit": 500}
            reply = await self.client.request("GET", f"/v0/webhooks/{webhook_id}/events", query=query)
            pages.append(json.loads(reply.body))
        return {row["id"] for page in pages for row in page}

    def _leaves_out(self, event: ReplayEvent[int], number: int, start: datetime | None, end: datetime | None) -> bool:
        return (
            (self.flaw == "loses the last of a page" and number == 500)
            or (self.flaw == "reads one page" and number > 500)
            or (self.flaw == "leaves the start out" and event.created_at == start)
            or (self.flaw == "takes the end for the start" and end is not None and event.created_at >= (start or end))
        )

    def _changed(self, event: ReplayEvent[int]) -> ReplayEvent[int]:
        changes: dict[str, dict[str, Any]] = {
            "mixes webhooks up": {"webhook_id": 1},
            "times without a zone": {"created_at": event.created_at.replace(tzinfo=None)},
            "long responses": {"response": "x" * 1001},
            "times out of order": {"updated_at": event.created_at.replace(year=2000)},
        }
        return attrs.evolve(event, **changes.get(self.flaw, {}))

    async def resend(self, webhook_id: int | str, ids: Collection[int]) -> Resent[int]:
        if self.flaw == "raises" and not all(isinstance(each, int) for each in ids):
            raise ArgumentError("no id")
        if self.flaw == "sends nothing":
            return Resent(verdict="answered", accepted=dict.fromkeys(ids))
        try:
            found = await super().resend(webhook_id, ids)
        except asyncio.CancelledError:
            if self.flaw == "swallows cancellation":
                return Resent(verdict="unknown", reason="cancelled")
            raise
        again = {"sends twice": "answered", "sends again at once": "throttled", "sends again blindly": "unknown"}
        if found.verdict == again.get(self.flaw):
            return await super().resend(webhook_id, ids)
        return self._told(found, ids)

    def _told(self, found: Resent[int], ids: Collection[int]) -> Resent[int]:
        bad = dict.fromkeys(ids, "bad")
        changes: dict[tuple[str, str], dict[str, Any]] = {
            ("takes refusals for answers", "refused"): {"verdict": "answered", "accepted": dict.fromkeys(ids)},
            ("rejects all for one", "refused"): {"verdict": "answered", "rejected": bad},
            ("leaves all open", "answered"): {"accepted": {}},
            ("accepts others", "answered"): {"accepted": {**found.accepted, 5: None}},
            ("accepts what it rejects", "answered"): {"rejected": bad},
            ("gives no reason", found.verdict): {"reason": ""},
            ("accepts what is throttled", "throttled"): {"accepted": dict.fromkeys(ids)},
            ("waits before now", "throttled"): {"retry_after": -1.0},
            ("takes lost for refused", "unknown"): {"verdict": "refused"},
            ("never gives up", "closed"): {"verdict": "unsent"},
        }
        return attrs.evolve(found, **changes.get((self.flaw, found.verdict), {}))

    async def status_of(
        self, webhook_id: int | str, ids: Mapping[int, Trace], since: datetime
    ) -> Mapping[int, ReplayEvent[int]]:
        if self.flaw == "looks at others too":
            everything = super().list_failed(webhook_id, start=None, end=None, status=super().capabilities.statuses)
            return {event.id: event async for event in everything}
        found = dict(await super().status_of(webhook_id, ids, since))
        if self.flaw == "makes strangers up" and found:
            found |= {each: next(iter(found.values())) for each in ids}
        if self.flaw == "believes what was accepted":
            return {each: attrs.evolve(event, status="delivered") for each, event in found.items()}
        if self.flaw == "hides attempts":
            return {each: attrs.evolve(event, updated_at=event.created_at) for each, event in found.items()}
        if self.flaw == "takes a look for an attempt":
            return {each: attrs.evolve(event, updated_at=since + timedelta(1)) for each, event in found.items()}
        return found


OVERLAP = {"reads each page once": 0, "trusts that pages overlap": 50}
"""Rows that a page has in common with the one before, in a list that stands still."""
TESTS = [name for name in vars(ReplaySuite) if name.startswith("test_")]
FOUND_BY = {
    "no name": "test_capabilities_make_sense",
    "no room in a batch": "test_capabilities_make_sense",
    "a batch beyond the bound": "test_capabilities_make_sense",
    "nothing to ask for": "test_capabilities_make_sense",
    "a window without room": "test_capabilities_make_sense",
    "shows a password": "test_capabilities_make_sense",
    "another type of ids": "test_ids_are_checked",
    "takes text for an id": "test_ids_are_checked",
    "names no field": "test_ids_are_checked",
    "takes any webhook": "test_ids_are_checked",
    "loses the last of a page": "test_every_failed_event_is_listed_once",
    "lists twice": "test_every_failed_event_is_listed_once",
    "mixes webhooks up": "test_every_failed_event_is_listed_once",
    "another word for failed": "test_every_failed_event_is_listed_once",
    "times without a zone": "test_every_failed_event_is_listed_once",
    "times out of order": "test_every_failed_event_is_listed_once",
    "long responses": "test_every_failed_event_is_listed_once",
    "leaves the start out": "test_events_within_the_bounds_are_listed",
    "takes the end for the start": "test_events_within_the_bounds_are_listed",
    "is said to list by time": "test_events_within_the_bounds_are_listed",
    "lists what failed only": "test_statuses_can_be_asked_for",
    "reads one page": "test_a_list_that_moves_loses_nothing",
    "reads each page once": "test_a_list_that_shrinks_loses_nothing",
    "trusts that pages overlap": "test_a_list_that_shrinks_loses_nothing",
    "sends nothing": "test_accepted_is_delivered",
    "sends twice": "test_accepted_is_delivered",
    "looks at others too": "test_accepted_is_delivered",
    "leaves all open": "test_accepted_is_delivered",
    "accepts others": "test_accepted_is_delivered",
    "accepts what it rejects": "test_accepted_is_delivered",
    "hides attempts": "test_a_new_failure_shows",
    "believes what was accepted": "test_a_receiver_recovers_for_a_while",
    "makes strangers up": "test_a_look_finds_only_what_is_there",
    "takes refusals for answers": "test_a_poisoned_id_harms_no_other",
    "rejects all for one": "test_a_poisoned_id_harms_no_other",
    "gives no reason": "test_a_poisoned_id_harms_no_other",
    "raises": "test_strangers_are_not_accepted",
    "accepts what is throttled": "test_throttled_does_nothing",
    "waits before now": "test_throttled_does_nothing",
    "sends again at once": "test_throttled_does_nothing",
    "takes lost for refused": "test_a_lost_answer_is_unknown",
    "sends again blindly": "test_a_lost_answer_is_unknown",
    "takes a look for an attempt": "test_a_lost_answer_is_unknown",
    "never gives up": "test_a_webhook_that_is_gone",
    "swallows cancellation": "test_cancellation_comes_through",
}


@pytest.mark.parametrize("flaw", FOUND_BY)
async def test_a_flaw_is_found(flaw: str) -> None:
    async with a_world() as world:
        world.provider = Flawed(world, flaw)
        with pytest.raises((AssertionError, ArgumentError)):
            await getattr(ReplaySuite(), FOUND_BY[flaw])(world)


@pytest.mark.parametrize("flaw", ["", "is said to tell of each"])
@pytest.mark.parametrize("name", TESTS)
async def test_without_a_flaw_it_passes(name: str, flaw: str) -> None:
    """To refuse as a whole what could be refused alone is no flaw."""
    async with a_world() as world:
        world.provider = Flawed(world, flaw)
        await getattr(ReplaySuite(), name)(world)


@pytest.mark.parametrize(("delivers", "adds"), [(False, False), (False, True), (True, False)])
async def test_a_list_that_was_not_shaken_proves_nothing(
    monkeypatch: pytest.MonkeyPatch, delivers: bool, adds: bool
) -> None:
    """Such as where the provider reads it all as one page, and the lever waits for the second."""
    async with a_world() as world:
        shake = world.shake
        monkeypatch.setattr(
            world, "shake", lambda ids, new: shake(ids if delivers else ids[:1], new=new if adds else 0)
        )
        with pytest.raises(AssertionError, match=r"shake\(\) was to"):
            await ReplaySuite().test_a_list_that_moves_loses_nothing(world)


def test_every_promise_is_tested_against_an_api_that_breaks_it() -> None:
    assert {*FOUND_BY.values()} == {*TESTS}
