"""Room for calls: never more in any window than it allows, and none left unused for long."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay._virtual import LoopClock, play, virtual
from theirstack_async.replay._pace import Pace
from theirstack_async.replay._provider import ReplayWindow

IDS = ReplayWindow(45, 60.0, "ids", "webhook")
CALLS = ReplayWindow(3, 60.0, "calls", "account")


def now() -> float:
    return asyncio.get_running_loop().time()


async def sizes(pace: Pace, want: int, times: int, latency: float = 0.0, webhook: int = 1) -> list[tuple[float, int]]:
    """Return when each of so many calls, one after the other, began, and how many ids it had."""
    found: list[tuple[float, int]] = []
    for _ in range(times):
        place = await pace.take(webhook, lambda: want)
        assert place is not None
        found.append((now(), place.size))
        await asyncio.sleep(latency)
        pace.settle(place)
    return found


@virtual
async def test_without_windows_there_is_room_at_once() -> None:
    pace = Pace((), None, LoopClock())
    assert await sizes(pace, 100, 3) == [(0.0, 100)] * 3
    assert not pace.one_at_a_time()


@virtual
async def test_a_window_is_filled_and_then_waited_for() -> None:
    pace = Pace((IDS,), None, LoopClock())
    assert await sizes(pace, 25, 4) == [(0.0, 25), (0.0, 20), (60.0, 25), (60.0, 20)]
    assert pace.one_at_a_time()


@virtual
async def test_a_call_counts_for_a_whole_window_from_its_end() -> None:
    pace = Pace((IDS,), None, LoopClock())
    assert await sizes(pace, 45, 2, latency=5.0) == [(0.0, 45), (65.0, 45)]


@virtual
async def test_calls_of_all_webhooks_share_an_accounts_window() -> None:
    pace = Pace((CALLS,), None, LoopClock())
    begun = [(await sizes(pace, 1_000, 1, webhook=each))[0] for each in (1, 2, 3, 4)]
    assert begun == [(0.0, 1_000), (0.0, 1_000), (0.0, 1_000), (60.0, 1_000)]
    assert not pace.one_at_a_time()


@virtual
async def test_webhooks_have_windows_of_their_own() -> None:
    pace = Pace((IDS,), None, LoopClock())
    assert await sizes(pace, 45, 1, webhook=1) == [(0.0, 45)]
    assert await sizes(pace, 45, 1, webhook=2) == [(0.0, 45)]


@virtual
async def test_crumbs_that_come_soon_after_each_other_become_one_call() -> None:
    """What a halved batch leaves must not stay in pieces for good."""
    pace = Pace((IDS,), None, LoopClock())
    await sizes(pace, 5, 9, latency=0.1)
    assert [size for _, size in await sizes(pace, 25, 4)] == [25, 20, 25, 20]


@virtual
async def test_what_fits_is_not_kept_waiting_for_more() -> None:
    pace = Pace((IDS,), None, LoopClock())
    await sizes(pace, 5, 9, latency=0.1)
    [(began, size)] = await sizes(pace, 5, 1)
    assert (began, size) == (pytest.approx(60.1), 5)


@virtual
async def test_crumbs_are_waited_for_once_and_not_each_time_that_one_comes() -> None:
    pace = Pace((IDS,), None, LoopClock())
    await sizes(pace, 1, 45, latency=1.0)
    assert await sizes(pace, 25, 1) == [(62.0, 2)]


@virtual
async def test_room_that_is_far_away_is_not_waited_for() -> None:
    pace = Pace((IDS,), None, LoopClock())
    await sizes(pace, 25, 1)
    await asyncio.sleep(30)
    await sizes(pace, 20, 1)
    assert await sizes(pace, 45, 2) == [(60.0, 25), (90.0, 20)]


@virtual
async def test_room_that_was_given_back_is_there_again() -> None:
    pace = Pace((IDS,), None, LoopClock())
    place = await pace.take(1, lambda: 45)
    assert place is not None
    waiting = asyncio.create_task(pace.take(1, lambda: 45))
    await asyncio.sleep(1)
    pace.give_back(place)
    assert (await waiting, now()) == (place, 1.0)


@virtual
async def test_a_call_under_way_is_waited_for() -> None:
    pace = Pace((IDS,), None, LoopClock())
    place = await pace.take(1, lambda: 45)
    assert place is not None
    waiting = asyncio.create_task(pace.take(1, lambda: 45))
    await asyncio.sleep(7)
    pace.settle(place)
    assert await waiting is not None
    assert now() == 67.0


@pytest.mark.parametrize(("rate", "size", "seconds"), [(10.0, 10, 1.0), (2.5, 2, 0.8), (0.25, 1, 4.0)])
def test_the_users_rate(rate: float, size: int, seconds: float) -> None:
    """From start to start, however long a call takes; what was given back was no call, and cannot be told apart."""

    async def played() -> None:
        pace = Pace((), rate, LoopClock())
        begun = await sizes(pace, 100, 3, latency=seconds / 2)
        assert [at for at, _ in begun] == pytest.approx([0.0, seconds, 2 * seconds])
        assert [each for _, each in begun] == [size] * 3
        assert pace.one_at_a_time()

    play(played())


@virtual
async def test_a_place_of_a_rate_stays_taken_when_it_is_given_back() -> None:
    pace = Pace((), 1.0, LoopClock())
    place = await pace.take(1, lambda: 5)
    assert place is not None
    pace.give_back(place)
    assert await sizes(pace, 5, 1) == [(1.0, 1)]


@virtual
async def test_a_webhook_that_is_held_waits_and_the_others_do_not() -> None:
    pace = Pace((), None, LoopClock())
    pace.hold(1, 10.0)
    pace.hold(1, 5.0)
    assert await sizes(pace, 5, 1, webhook=2) == [(0.0, 5)]
    assert await sizes(pace, 5, 1, webhook=1) == [(10.0, 5)]


@virtual
async def test_who_waits_when_it_closes_gets_nothing() -> None:
    pace = Pace((IDS,), None, LoopClock())
    await sizes(pace, 45, 1, webhook=1)
    await sizes(pace, 45, 1, webhook=2)
    first, second = asyncio.create_task(pace.take(1, lambda: 1)), asyncio.create_task(pace.take(2, lambda: 1))
    await asyncio.sleep(1)
    pace.close(1)
    assert (await first, now()) == (None, 1.0)
    assert not second.done()
    pace.close()
    assert (await second, now()) == (None, 1.0)
    assert await pace.take(3, lambda: 1) is None


@virtual
async def test_who_is_cancelled_leaves_nothing_behind() -> None:
    pace = Pace((IDS,), None, LoopClock())
    await sizes(pace, 45, 1)
    waiting = asyncio.create_task(pace.take(1, lambda: 45))
    await asyncio.sleep(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await sizes(pace, 45, 1) == [(60.0, 45)]


wants = st.lists(st.tuples(st.integers(1, 30), st.floats(0, 20), st.integers(1, 3)), min_size=1, max_size=40)


@given(wants)
def test_no_window_is_ever_exceeded(calls: list[tuple[int, float, int]]) -> None:
    """The API may count a call at its start, at its end or between; whichever, no stretch of a window has too many."""

    async def played() -> list[tuple[float, float, int, int]]:
        pace = Pace((IDS, ReplayWindow(5, 30.0, "calls", "account")), None, LoopClock())
        log: list[tuple[float, float, int, int]] = []

        async def call(want: int, latency: float, webhook: int) -> None:
            place = await pace.take(webhook, lambda: want)
            assert place is not None
            assert place.size <= want
            began = now()
            await asyncio.sleep(latency)
            pace.settle(place)
            log.append((began, now(), webhook, place.size))

        await asyncio.gather(*(call(*each) for each in calls))
        return log

    log = play(played())
    assert len(log) == len(calls)
    for webhook in (1, 2, 3):
        own = [(began, ended, size) for began, ended, each, size in log if each == webhook]
        assert busiest(own, 60.0) <= 45
    assert busiest([(began, ended, 1) for began, ended, _, _ in log], 30.0) <= 5


def busiest(log: Sequence[tuple[float, float, int]], seconds: float) -> float:
    """Return the most that can be within a window that begins when a call begins or ends, at the latest moment."""
    found = -math.inf
    for _, ended, _ in log:
        # Those that may be counted from just after ``ended - seconds`` until ``ended``.
        found = max(found, sum(size for b, e, size in log if b <= ended and e > ended - seconds + 2e-6))
    return max(found, 0)


@virtual
async def test_calls_of_another_process_count_from_when_they_were_made() -> None:
    pace = Pace((IDS,), 1_000.0, LoopClock())
    pace.recall(1, 25, ago=61.0)
    pace.recall(1, 25, ago=50.0)
    assert await sizes(pace, 45, 2) == [(0.0, 20), (10.0, 25)]
    assert await sizes(pace, 45, 1, webhook=2) == [(10.0, 45)]


@virtual
async def test_who_waits_for_what_others_have_sent_meanwhile_gets_nothing_once_their_call_has_ended() -> None:
    pace, left = Pace((ReplayWindow(1, 60.0, "calls", "account"),), None, LoopClock()), [25]
    first = await pace.take(1, lambda: left[0])
    waiting = asyncio.create_task(pace.take(1, lambda: left[0]))
    await asyncio.sleep(1)
    left[0] = 0
    assert first is not None
    pace.settle(first)
    assert (await waiting, now()) == (None, 1.0)


@virtual
async def test_a_webhook_is_held_until_its_time_is_over() -> None:
    pace = Pace((), None, LoopClock())
    pace.hold(1, 10.0)
    assert (pace.held(1), pace.held(2)) == (True, False)
    await asyncio.sleep(10)
    assert not pace.held(1)
