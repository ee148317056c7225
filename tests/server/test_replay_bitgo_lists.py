"""Which lists the provider asks BitGo for, and what it takes from them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from tests.server._replay_bitgo import LIST, BitGoWorld, a_world, queries, seed
from theirstack_async.errors import (
    DecodeError,
    NotFoundError,
)
from theirstack_async.replay import ReplayEvent, Trace
from theirstack_async.testing import GarbageJson, Status


async def listed(
    world: BitGoWorld, *status: str, start: datetime | None = None, end: datetime | None = None
) -> list[str]:
    return [event.id for event in await events(world, *status, start=start, end=end)]


async def events(
    world: BitGoWorld, *status: str, start: datetime | None = None, end: datetime | None = None
) -> list[ReplayEvent[str]]:
    found = world.provider.list_failed(world.webhook_id, start=start, end=end, status=status or ("FAILED",))
    return [event async for event in found]


async def test_every_list_says_what_it_wants() -> None:
    """``start`` and ``end`` default to the last day, and ``limit`` to 25, where they are not sent."""
    async with a_world() as world:
        [old] = seed(world, age=400 * 86_400)
        assert await listed(world) == [old]
        await world.provider.status_of(world.webhook_id, {old: Trace()}, world.now())
        asked = queries(world)
        assert all({"start", "end", "limit", "offset"} <= each.keys() for each in asked)
        assert asked[0] == {
            "start": "2010-01-01T00:00:00.000Z", "end": "2026-09-21T14:13:50.000Z",
            "limit": "1000", "offset": "0", "status": "FAILED",
        }  # fmt: skip


async def test_bounds_are_sent_with_a_margin_and_kept_here() -> None:
    """Whether they are part of the stretch is not documented, and the two clocks may differ."""
    async with a_world() as world:
        ids = seed(world, 4, age=0, spacing=10.0)
        start, end = world.now() - timedelta(seconds=20), world.now()
        assert await listed(world, start=start, end=end) == [ids[2], ids[1]]
        asked = queries(world)[0]
        assert (asked["start"], asked["end"]) == ("2026-09-21T14:12:30.000Z", "2026-09-21T14:13:50.000Z")


async def test_statuses_are_listed_in_the_order_of_a_life() -> None:
    """So that what moves on meanwhile comes twice rather than never."""
    async with a_world() as world:
        for each in ("SENT", "PENDING", "FAILED", "SKIPPED", "PROCESSING"):
            seed(world, status=each)  # type: ignore[arg-type]
        everything = await events(world, "sent", "Failed", "PENDING", "processing", "SKIPPED", "NEW")
        assert [each.word for each in everything] == ["PENDING", "PROCESSING", "FAILED", "SKIPPED", "SENT"]
        asked = [each["status"] for each in queries(world)]
        assert list(dict.fromkeys(asked)) == ["NEW", "new", "PENDING", "PROCESSING", "FAILED", "SKIPPED", "SENT"]


async def test_a_status_that_is_not_asked_for_is_left_out() -> None:
    """Should the API pass the filter over."""
    async with a_world() as world:
        seed(world)
        page = world.fake.notification(seed(world, status="SENT")[0])
        world.fake.faults.add(LIST, Status(200, json.dumps({"notifications": [page]})), times=None)
        assert await listed(world) == []


async def test_delivered_attempts_at_what_failed_follow() -> None:
    """From the first failure on, whatever the end; those of other notifications do not."""
    async with a_world() as world:
        [one, two] = seed(world, 2, payload="same", spacing=3600)
        [other] = seed(world)
        [before] = seed(world, age=20 * 3600, payload="same", status="SENT")
        [after] = seed(world, age=60, payload="same", status="SENT")
        seed(world, age=60, status="SENT")
        found = await events(world, end=world.now() - timedelta(hours=1))
        assert {each.id for each in found[:3]} == {one, two, other}
        [group] = {each.group for each in found[:3] if each.id != other}
        assert [(each.id, each.status, each.group) for each in found[3:]] == [(after, "delivered", group)]
        assert before not in {each.id for each in found}
        assert queries(world)[-1]["status"] == "SENT"


async def test_nothing_more_is_asked_when_nothing_failed() -> None:
    async with a_world() as world:
        seed(world, status="SENT")
        assert await listed(world) == []
        assert [each["status"] for each in queries(world)] == ["FAILED", "failed"]


async def test_a_list_is_read_until_nothing_new_comes() -> None:
    async with a_world() as world:
        [first] = seed(world)
        late: list[str] = []
        world.fake.after_page(lambda: late.extend(seed(world)))
        assert await listed(world) == [first, *late]
        assert len(late) == 1


async def test_a_list_that_cannot_be_read_is_an_error() -> None:
    async with a_world() as world:
        world.fake.faults.add(LIST, GarbageJson(), times=None)
        with pytest.raises(DecodeError, match="expected a list of notifications"):
            await listed(world)
        world.fake.faults.clear()
        world.fake.remove_webhook(world.webhook_id)
        with pytest.raises(NotFoundError):
            await listed(world)
