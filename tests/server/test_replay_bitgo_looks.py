"""How the provider looks for what became of notifications: few calls, however many and however old they are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.server._replay_bitgo import BitGoWorld, a_world
from theirstack_async.errors import RateLimitError
from theirstack_async.replay import Trace
from theirstack_async.testing import Status


def asked(world: BitGoWorld) -> list[dict[str, str]]:
    return [dict(each.query) for each in world.fake.requests if each.method == "GET"]


async def test_few_are_looked_up_one_by_one() -> None:
    """Of those that a new row tells of, the old one is not looked for."""
    async with a_world() as world:
        ids = world.fake.seed_notifications(world.webhook_id, 25, age=86_400 * 900)
        found = await world.provider.status_of(world.webhook_id, dict.fromkeys(ids, Trace()), world.now())
        assert {id_: event.id for id_, event in found.items()} == {id_: id_ for id_ in ids}
        queries = asked(world)
        assert [each.get("webhookNotificationId") for each in queries] == [None, *ids]
        assert "status" not in queries[0]
        assert (queries[0]["start"], queries[0]["end"]) == ("2026-09-21T14:12:50.000Z", "2026-09-21T14:13:50.000Z")


async def test_many_are_searched_for_in_stretches_that_grow() -> None:
    """1 day, 4, 16 and so on, until so few are left that they are looked up."""
    async with a_world() as world:
        ids = [
            id_
            for days, n in ((0.5, 10), (4, 10), (15, 10), (70, 3))
            for id_ in world.fake.seed_notifications(world.webhook_id, n, age=86_400 * days)
        ]
        strangers = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(5)]
        wanted = dict.fromkeys([*ids, *strangers], Trace())
        found = await world.provider.status_of(world.webhook_id, wanted, world.now())
        assert found.keys() == {*ids}
        queries = asked(world)
        assert [each["start"][:10] for each in queries[:3]] == ["2026-09-21", "2026-09-20", "2026-09-16"]
        assert [each["end"][:10] for each in queries[:3]] == ["2026-09-21", "2026-09-21", "2026-09-20"]
        assert [each["webhookNotificationId"] for each in queries[3:]] == [*ids[20:], *strangers]


async def test_the_search_ends_before_there_was_anything() -> None:
    async with a_world() as world:
        strangers = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(26)]
        assert await world.provider.status_of(world.webhook_id, dict.fromkeys(strangers, Trace()), world.now()) == {}
        queries = asked(world)
        assert len(queries) == 9
        assert queries[-1]["start"] == "2010-01-01T00:00:00.000Z"
        assert not any("webhookNotificationId" in each for each in queries)


async def test_rows_that_were_added_are_found_in_one_list() -> None:
    """By the handle, or by what they have in common; nothing is looked up then."""
    async with a_world(adds_rows=True) as world:
        ids = world.fake.seed_notifications(world.webhook_id, 40)
        listed = world.provider.list_failed(world.webhook_id, start=None, end=None, status=["FAILED"])
        groups = {event.id: event.group async for event in listed}
        since = world.now()
        first = await world.provider.resend(world.webhook_id, ids[:20])
        await world.provider.resend(world.webhook_id, ids[20:])
        await world.settle()
        world.fake.requests.clear()
        traces = {id_: Trace(handle=first.accepted[id_]) for id_ in ids[:20]}
        traces |= {id_: Trace(group=groups[id_]) for id_ in ids[20:]}
        found = await world.provider.status_of(world.webhook_id, traces, since)
        assert {event.status for event in found.values()} == {"delivered"}
        assert found.keys() == {*ids} and {event.id for event in found.values()}.isdisjoint(ids)
        assert len(asked(world)) == 1


async def test_a_row_of_before_is_no_attempt_of_after() -> None:
    async with a_world() as world:
        [one] = world.fake.seed_notifications(world.webhook_id, 1, payload="same")
        world.fake.seed_notifications(world.webhook_id, 1, payload="same", age=120, status="SENT")
        [group] = {
            event.group
            async for event in world.provider.list_failed(world.webhook_id, start=None, end=None, status=["FAILED"])
        }
        found = await world.provider.status_of(world.webhook_id, {one: Trace(group=group)}, world.now())
        assert (found[one].id, found[one].status) == (one, "failed")
        long_before = world.now() - timedelta(seconds=120)
        found = await world.provider.status_of(world.webhook_id, {one: Trace(group=group)}, long_before)
        assert (found[one].id != one, found[one].status) == (True, "delivered")


async def test_a_look_for_nothing_asks_nothing() -> None:
    async with a_world() as world:
        assert await world.provider.status_of(world.webhook_id, {}, world.now()) == {}
        assert not world.fake.requests


async def test_a_look_that_fails_is_an_error() -> None:
    async with a_world() as world:
        world.fake.faults.add("GET *", Status(429, b"{}", {"Retry-After": "500"}), times=None)
        with pytest.raises(RateLimitError):
            await world.provider.status_of(world.webhook_id, dict.fromkeys(world.strangers, Trace()), world.now())
