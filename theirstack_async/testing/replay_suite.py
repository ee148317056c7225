"""The tests that every API has to pass whose events are replayed, one of your own making included.

A test module inherits them and says in a fixture how to make a :class:`ReplayWorld`: the provider over an API, a fake
one by preference, and the levers that the tests pull in it. They run under pytest-asyncio; unless its
``asyncio_mode`` is ``"auto"``, the class needs the mark::

    @pytest.mark.asyncio
    class TestMyEvents(ReplaySuite):
        @pytest_asyncio.fixture
        async def world(self) -> AsyncIterator[ReplayWorld[int]]:
            async with MyFake() as fake:
                world = MyWorld(fake)
                yield world
                await world.provider.aclose()

A world is new for each test: one webhook without events, whose receiver takes what is delivered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from theirstack_async.errors import ArgumentError
from theirstack_async.replay import Trace
from theirstack_async.testing.replay_world import ReplayWorld

if TYPE_CHECKING:
    from theirstack_async.replay import ReplayEvent, Resent

__all__ = ["ReplaySuite", "ReplayWorld"]


_RESPONSE: Final = 1_000
"""Characters of a receiver's answer at the most."""


class ReplaySuite:
    """What a :class:`~theirstack_async.replay.ReplayProvider` promises, one promise a test."""

    async def test_capabilities_make_sense(self, world: ReplayWorld[Any]) -> None:
        """Sizes and bounds are in order, and what tells accounts and APIs apart is there, without a secret."""
        provider, can = world.provider, world.provider.capabilities
        _holds(bool(can.provider) and bool(provider.where), "provider and where are not empty")
        _holds("@" not in provider.where and "?" not in provider.where, "where shows no credentials")
        most = can.batch_size if can.max_ids is None else can.max_ids
        _holds(1 <= can.batch_size <= most, "batch_size is from 1 to max_ids")
        _holds(bool(can.statuses) and all(can.statuses), "there is a status to ask for")
        _holds(all(window.limit >= 1 and window.seconds > 0 for window in can.windows), "windows have a room")

    async def test_ids_are_checked(self, world: ReplayWorld[Any]) -> None:
        """What is an id comes back as it is sent; what is none is an ArgumentError that names the field."""
        [event_id] = await world.fail(1)
        provider = world.provider
        for value in (event_id, *world.strangers):
            _same(provider.check_id("ids", value), value, "an id that was checked")
            _holds(isinstance(value, provider.capabilities.id_type), f"{value!r} is of the id_type of the capabilities")
        _same(provider.check_webhook_id("webhook_id", world.webhook_id), world.webhook_id, "a webhook's id")
        for check, values in ((provider.check_id, world.no_ids), (provider.check_webhook_id, world.no_webhook_ids)):
            for value in (*values, None, True, object()):
                try:
                    check("the field", value)
                except ArgumentError as error:
                    _same(error.field, "the field", f"the field of the ArgumentError(..., field=field) for {value!r}")
                else:
                    raise AssertionError(f"{value!r} passed for an id")

    async def test_every_failed_event_is_listed_once(self, world: ReplayWorld[Any]) -> None:
        """However long the list: empty, a page short of one event, just a page, and a little more than two."""
        ids: list[Any] = []
        for length in (0, 1, world.page_size - 1, world.page_size, 2 * world.page_size + 1):
            ids += await world.fail(length - len(ids))
            found = await _failed(world)
            _same(sorted(event.id for event in found), sorted(ids), f"the list of {length} failed events")
        for event in (await _failed(world))[:: world.page_size]:
            _same((event.webhook_id, event.status), (world.webhook_id, "failed"), "webhook and status of an event")
            _same(event.word.upper(), world.provider.capabilities.statuses[0].upper(), "the API's word for failed")
            _holds(event.created_at.utcoffset() == event.updated_at.utcoffset() == timedelta(0), "times are in UTC")
            _holds(event.created_at <= event.updated_at <= world.now(), "times are in order")
            _holds(len(event.response or "") <= _RESPONSE, "a long response is cut")

    async def test_events_within_the_bounds_are_listed(self, world: ReplayWorld[Any]) -> None:
        """None of ``start <= created_at < end`` is missing; more may come, unless the API is said to list by time."""
        ids = await world.fail(9)
        at = {event.id: event.created_at for event in await _failed(world)}
        start, end = at[ids[3]], at[ids[6]]
        for first, last, bounds in ((3, 6, (start, end)), (3, 9, (start, None)), (0, 6, (None, end))):
            found = {event.id for event in await _failed(world, *bounds)}
            _same([each for each in ids[first:last] if each not in found], [], f"what the list from {bounds} lacks")
            if world.provider.capabilities.time_filter:
                allowed = {each for each in ids[first : last + 1] if bounds[1] is None or at[each] <= bounds[1]}
                _same(sorted(found - allowed), [], f"what the list from {bounds} has too much")

    async def test_statuses_can_be_asked_for(self, world: ReplayWorld[Any]) -> None:
        """All that there are together bring every event; what was delivered is not among what failed."""
        ids = await world.fail(4)
        await _accept(world, ids[:2])
        await world.settle()
        can = world.provider.capabilities
        all_of_them = {event.id for event in await _listed(world, can.statuses)}
        _same([each for each in ids if each not in all_of_them], [], "what is missing in the list of all statuses")
        failed = {event.id for event in await _failed(world)}
        _same(failed, set(ids[2:]), "what is listed as failed after two of four were delivered")

    async def test_a_list_that_moves_loses_nothing(self, world: ReplayWorld[Any]) -> None:
        """What failed before and after is listed, although other rows vanish and appear between two pages."""
        ids = await world.fail(world.page_size + 20)
        await _shaken(world, ids, 5, new=10)

    async def test_a_list_that_shrinks_loses_nothing(self, world: ReplayWorld[Any]) -> None:
        """What stays is listed, although rows vanish between two pages, a few or a whole page, and none appears.

        What is behind them moves up, so the next page by offset begins too late, whichever end the list begins with.
        """
        ids = await world.fail(2 * world.page_size + 30)
        left = await _shaken(world, ids, 5, new=0)
        await _shaken(world, left, world.page_size, new=0)

    async def test_accepted_is_delivered(self, world: ReplayWorld[Any]) -> None:
        """Each id of a call is accepted once, and a look finds it delivered, and finds nothing else."""
        *ids, other = await world.fail(4)
        since = world.now()
        traces = await _traced(world, ids, await _accept(world, ids))
        await world.settle()
        found = await world.provider.status_of(world.webhook_id, traces, since)
        _same({each: event.status for each, event in found.items()}, dict.fromkeys(ids, "delivered"), "the outcome")
        _same([await world.taken(each) for each in (*ids, other)], [1, 1, 1, 0], "how often each was taken")

    async def test_a_new_failure_shows(self, world: ReplayWorld[Any]) -> None:
        """After an attempt that fails too, an event is another than before: tried later, or by another name."""
        ids = await world.fail(3)
        before = {event.id: event for event in await _failed(world)}
        await world.receive(takes=False)
        since = world.now()
        traces = await _traced(world, ids, await _accept(world, ids))
        await world.settle()
        found = await world.provider.status_of(world.webhook_id, traces, since)
        _same({each: event.status for each, event in found.items()}, dict.fromkeys(ids, "failed"), "the outcome")
        for each, event in found.items():
            new = event.updated_at > before[each].updated_at or event.handle not in (None, before[each].handle)
            _holds(new, f"the failed attempt of {each!r} can be seen")

    async def test_a_receiver_recovers_for_a_while(self, world: ReplayWorld[Any]) -> None:
        """What was sent while it took things is delivered, what was sent before and after is not."""
        ids = await world.fail(3)
        since, handles = world.now(), dict[Any, Any]()
        for each, takes in zip(ids, (False, True, False), strict=True):
            await world.receive(takes=takes)
            handles.update((await _accept(world, [each])).accepted)
            await world.settle()
        events = await _by_id(world)
        traces = {each: Trace(group=events[each].group, handle=handles[each]) for each in ids}
        found = await world.provider.status_of(world.webhook_id, traces, since)
        _same([found[each].status for each in ids], ["failed", "delivered", "failed"], "the outcomes")

    async def test_a_look_finds_only_what_is_there(self, world: ReplayWorld[Any]) -> None:
        """Ids that the API does not have are left out, and a look for nothing finds nothing."""
        ids = await world.fail(2)
        look = world.provider.status_of
        _same(dict(await look(world.webhook_id, {}, world.now())), {}, "a look for nothing")
        wanted = {each: Trace() for each in (ids[0], *world.strangers)}
        found = await look(world.webhook_id, wanted, world.now())
        _same({each: event.status for each, event in found.items()}, {ids[0]: "failed"}, "a look for strangers")

    async def test_a_poisoned_id_harms_no_other(self, world: ReplayWorld[Any]) -> None:
        """It is rejected alone, or its call is refused as a whole and nothing done; the others go without it."""
        ids = await world.fail(4)
        await world.poison(ids[1])
        others = [ids[0], *ids[2:]]
        result = await _resend(world, ids)
        if result.verdict == "refused":
            _same([await world.taken(each) for each in ids], [0] * 4, "what was taken of a call that was refused")
            _same((await _resend(world, [ids[1]])).verdict, "refused", "the verdict on the poisoned id alone")
            result = await _resend(world, others)
        else:
            _same(set(result.rejected), {ids[1]}, "what was rejected")
        _same((result.verdict, set(result.accepted)), ("answered", set(others)), "the others")
        await world.settle()
        _same([await world.taken(each) for each in others], [1] * 3, "how often each of the others was taken")
        _same(await world.taken(ids[1]), 0, "how often the poisoned id was taken")

    async def test_strangers_are_not_accepted(self, world: ReplayWorld[Any]) -> None:
        """An id that the API does not have, or that is none at all, sinks its call or is rejected; nothing raises."""
        [event_id] = await world.fail(1)
        for stranger in (world.strangers[0], *world.no_ids):
            result = await _resend(world, [stranger])
            _holds(not result.accepted, f"{stranger!r} is not accepted")
            _holds(result.verdict == "refused" or stranger in result.rejected, f"{stranger!r} is refused or rejected")
        _same(await world.taken(event_id), 0, "how often an event was taken that was in no call")

    async def test_throttled_does_nothing(self, world: ReplayWorld[Any]) -> None:
        """A call that comes too fast says so, nothing is done, and the same call is taken the next time."""
        ids = await world.fail(2)
        await world.throttle()
        result = await _resend(world, ids)
        _same(result.verdict, "throttled", "the verdict on a call that comes too fast")
        _holds(result.retry_after is None or result.retry_after >= 0, "retry_after is no negative number")
        _same([await world.taken(each) for each in ids], [0, 0], "what was taken of it")
        await _accept(world, ids)

    async def test_a_lost_answer_is_unknown(self, world: ReplayWorld[Any]) -> None:
        """Whether the call was carried out before or not; a look shows which."""
        ids = await world.fail(4)
        before, since = await _by_id(world), world.now()
        for part, carried_out in ((ids[:2], True), (ids[2:], False)):
            await world.lose(carried_out=carried_out)
            _same((await _resend(world, part)).verdict, "unknown", "the verdict on a call whose answer is lost")
        await world.settle()
        _same([await world.taken(each) for each in ids], [1, 1, 0, 0], "what was taken")
        traces = {each: Trace(group=event.group) for each, event in before.items()}
        found = await world.provider.status_of(world.webhook_id, traces, since)
        statuses = [found[each].status for each in ids]
        _same(statuses, ["delivered", "delivered", "failed", "failed"], "what a look finds")
        for each in ids[2:]:
            _same(found[each].updated_at, before[each].updated_at, "when it was tried last, as it never was since")

    async def test_a_webhook_that_is_gone(self, world: ReplayWorld[Any]) -> None:
        """Nothing is done, and the verdict tells that nothing will be."""
        ids = await world.fail(2)
        await world.close()
        result = await _resend(world, ids)
        _holds(result.verdict in ("closed", "over"), f"the verdict is closed or over, and not {result.verdict}")
        _same([await world.taken(each) for each in ids], [0, 0], "what was taken")

    async def test_cancellation_comes_through(self, world: ReplayWorld[Any]) -> None:
        """A call that is cancelled under way ends in just that, and the provider is of use afterwards."""
        ids = await world.fail(2)
        await world.hang()
        call = asyncio.ensure_future(world.provider.resend(world.webhook_id, ids))
        await world.hanging()
        call.cancel()
        await asyncio.wait([call])
        _holds(call.cancelled(), "a call that is cancelled ends in that")
        await _accept(world, ids)


async def _listed(
    world: ReplayWorld[Any], status: Collection[str], start: datetime | None = None, end: datetime | None = None
) -> list[ReplayEvent[Any]]:
    events = world.provider.list_failed(world.webhook_id, start=start, end=end, status=status)
    return [event async for event in events]


async def _shaken(world: ReplayWorld[Any], ids: Sequence[Any], n: int, *, new: int) -> Sequence[Any]:
    """Let the ``n`` oldest and the ``n`` newest events vanish while the list is read, and return the others."""
    gone, stay = {*ids[:n], *ids[-n:]}, ids[n:-n]
    await world.shake([*gone], new=new)
    found = {event.id for event in await _failed(world)}
    lost = [each for each in stay if each not in found]
    _same(lost[:9], [], f"what stayed, and was not listed ({len(lost)} in all)")
    await world.settle()
    after = {event.id for event in await _failed(world)}
    _same(sorted(after & gone), [], "what shake() was to deliver before the second page, and is still listed")
    _same(len(after - set(ids)), new, "how many events shake() was to add")
    return stay


async def _failed(
    world: ReplayWorld[Any], start: datetime | None = None, end: datetime | None = None
) -> list[ReplayEvent[Any]]:
    """Return what failed; of an API that adds a row for each attempt, only events of which no row was delivered."""
    events = await _listed(world, world.provider.capabilities.statuses[:1], start, end)
    delivered = {event.group for event in events if event.status == "delivered"} - {None}
    return [event for event in events if event.status == "failed" and event.group not in delivered]


async def _by_id(world: ReplayWorld[Any]) -> dict[Any, ReplayEvent[Any]]:
    return {event.id: event for event in await _listed(world, world.provider.capabilities.statuses)}


async def _resend(world: ReplayWorld[Any], ids: Sequence[Any]) -> Resent[Any]:
    """Make a call, and hold its answer to what every answer has to be."""
    result = await world.provider.resend(world.webhook_id, ids)
    told = [*result.accepted, *result.rejected]
    _same(len(told), len(set(told)), "how many ids are accepted or rejected, each counted once")
    _same([each for each in told if each not in ids], [], "ids in the answer that were not in the call")
    if result.verdict != "answered":
        _same(told, [], f"ids that are told of in a call that is {result.verdict}")
        _holds(bool(result.reason), f"there is a reason why a call is {result.verdict}")
    elif world.provider.capabilities.outcomes == "all":
        _same(set(told), set(ids), "what is told of in an answer for all ids at once")
    _holds(all(result.rejected.values()), "there is a reason for each id that is rejected")
    return result


async def _accept(world: ReplayWorld[Any], ids: Sequence[Any]) -> Resent[Any]:
    result = await _resend(world, ids)
    _same((result.verdict, set(result.accepted)), ("answered", set(ids)), "a call in which nothing is wrong")
    return result


async def _traced(world: ReplayWorld[Any], ids: Sequence[Any], result: Resent[Any]) -> Mapping[Any, Trace]:
    events = await _by_id(world)
    return {each: Trace(group=events[each].group, handle=result.accepted[each]) for each in ids}


def _holds(truth: bool, what: str) -> None:
    if not truth:
        raise AssertionError(f"expected that {what}")


def _same(found: object, expected: object, what: str) -> None:
    # This file is no test module, so pytest does not explain an assert in it.
    if found != expected:
        raise AssertionError(f"{what}: expected {expected!r}, found {found!r}")
