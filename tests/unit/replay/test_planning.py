"""Which events a plan holds, and which of them are left out for what reason."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.unit.replay._planned import NOON, Lister, delivered, event, fates, minutes, plan
from theirstack_async.errors import ArgumentError, ConnectionLostError
from theirstack_async.replay import ReplayEvent


async def test_it_says_how_it_was_made() -> None:
    start, end = minutes(600), minutes(1)
    provider = Lister({7: [event(1)], 8: [event(2, webhook_id=8)]})
    made = await plan(provider, [8, 7], start=start, end=end, status=["pending", "FAILED"])
    assert (made.provider, made.where, made.made_at) == ("letters", "https://letters.invalid", NOON)
    assert (made.start, made.end, made.status, made.auto_retry) == (start, end, ("PENDING", "FAILED"), "include")
    assert (made.batch_size, made.windows) == (10, provider.capabilities.windows)
    assert provider.asked == [
        {"webhook_id": each, "start": start, "end": end, "status": ("PENDING", "FAILED")} for each in (8, 7)
    ]


async def test_an_entry_says_what_the_list_says() -> None:
    row = event(5, age=90, tried=30, type="letter.read", next_attempt=minutes(-30), group="g", webhook_id=7)
    (entry,) = (await plan(Lister({7: [row]}))).entries
    same = ("id", "webhook_id", "type", "created_at", "updated_at", "next_attempt", "group")
    assert [getattr(entry, name) for name in same] == [getattr(row, name) for name in same]
    assert entry.excluded is None


async def test_webhooks_in_the_order_given_and_the_oldest_first_within_one() -> None:
    rows = [event(3, age=10), event(2, age=50), event(1, age=50)]
    provider = Lister({7: rows, 9: [event(4, webhook_id=9, age=500)]})
    made = await plan(provider, iter([7, 8, 9, 7]))
    assert [each.id for each in made.entries] == [1, 2, 3, 4]
    assert made.webhook_ids == (7, 8, 9)
    assert [each["webhook_id"] for each in provider.asked] == [7, 8, 9]


async def test_the_end_of_the_time_asked_for_is_outside_and_the_start_inside() -> None:
    rows = [event(age, age=age) for age in (61, 60, 31, 30, 29)]
    made = await plan(Lister({7: rows}), start=minutes(60), end=minutes(30))
    assert [each.id for each in made.entries] == [60, 31]
    assert [each.id for each in (await plan(Lister({7: rows}), start=minutes(30))).entries] == [30, 29]
    assert [each.id for each in (await plan(Lister({7: rows}), end=minutes(60))).entries] == [61]


async def test_the_list_is_read_on_behind_rows_out_of_time() -> None:
    made = await plan(Lister({7: [event(1, age=900), event(2), event(3, age=901), event(4)]}), start=minutes(200))
    assert [each.id for each in made.entries] == [2, 4]


async def test_bounds_in_another_time_zone() -> None:
    there = timezone(timedelta(hours=5))
    made = await plan(Lister(), start=NOON.astimezone(there), end=(NOON + timedelta(hours=1)).astimezone(there))
    assert made.start == NOON
    assert made.start.tzinfo is UTC


@pytest.mark.parametrize(
    ("status", "ids"),
    [
        (None, [1, 2]),
        ("failed", [1, 2]),
        ("Pending", [3]),
        (("PENDING", "FAILED", "pending"), [1, 2, 3]),
        (iter(["SENT"]), [4]),
    ],
)
async def test_statuses_in_any_case(status: Any, ids: list[int]) -> None:
    rows = [event(1), event(2, word="failed"), event(3, word="pending", status="pending"), delivered(4)]
    assert [each.id for each in (await plan(Lister({7: rows}), status=status)).entries] == ids


async def test_an_event_that_comes_twice_counts_once_as_it_was_tried_last() -> None:
    rows = [event(1, tried=50, type="old"), event(2, tried=20, type="new"), event(1, tried=20, type="new")]
    made = await plan(Lister({7: [*rows, event(2, tried=50, type="old")]}))
    assert [(each.id, each.type, each.updated_at) for each in made.entries] == [
        (1, "new", minutes(20)),
        (2, "new", minutes(20)),
    ]


async def test_of_rows_tried_at_the_same_time_the_one_read_last_counts() -> None:
    made = await plan(Lister({7: [event(1, type="first"), event(1, type="second")]}))
    assert [each.type for each in made.entries] == ["second"]


async def test_an_event_that_was_delivered_while_the_list_was_read_is_not_in_the_plan() -> None:
    rows = [event(1, tried=50), delivered(2, tried=20), delivered(1, tried=20), event(2, tried=50)]
    assert (await plan(Lister({7: rows}))).entries == ()


async def test_of_the_attempts_of_one_event_the_newest_is_sent() -> None:
    rows = [event(3, age=10, group="a"), event(1, age=30, group="a"), event(2, age=20, group="a"), event(4, group="b")]
    assert fates(await plan(Lister({7: rows}))) == {
        4: None,
        1: "another attempt of 3",
        2: "another attempt of 3",
        3: None,
    }


async def test_an_event_of_which_an_attempt_was_delivered_is_left_out() -> None:
    """Whenever that was: the delivered row may be out of the time asked for."""
    rows = [event(1, age=30, group="a"), event(2, age=20, group="a"), event(3, group="b"), delivered(4)]
    late = [delivered(9, age=1, group="a"), event(8, age=1, group="b")]
    assert fates(await plan(Lister({7: [*rows, *late]}), end=minutes(5))) == {
        3: None,
        1: "delivered as 9",
        2: "delivered as 9",
    }


async def test_delivered_ones_that_are_asked_for_are_sent() -> None:
    rows = [event(1, age=30, group="a"), delivered(2, age=20, group="a"), delivered(3, age=10)]
    made = await plan(Lister({7: rows}), status=["FAILED", "SENT"])
    assert fates(made) == {1: "another attempt of 2", 2: None, 3: None}


async def test_rows_out_of_time_only_speak_for_their_groups() -> None:
    rows = [
        event(1, age=30, group="a"),
        event(2, age=3, group="a"),
        delivered(3, age=30),
        delivered(4, group="b", age=3),
    ]
    assert fates(await plan(Lister({7: rows}), end=minutes(10), status=["FAILED", "SENT"])) == {1: None, 3: None}


async def test_groups_of_two_webhooks_have_nothing_to_do_with_each_other() -> None:
    lists = {7: [event(1, group="a")], 8: [delivered(2, group="a", webhook_id=8), event(3, webhook_id=8)]}
    assert fates(await plan(Lister(lists), [7, 8])) == {1: None, 3: None}


@pytest.mark.parametrize(("default", "given"), [("skip", None), ("include", "skip"), ("skip", "skip")])
async def test_events_that_the_api_tries_again_are_left_to_it(default: Any, given: Any) -> None:
    rows = [event(1, next_attempt=datetime(2026, 3, 10, 13, 5, 9, 70, tzinfo=UTC)), event(2)]
    made = await plan(Lister({7: rows}, auto_retry=default), auto_retry=given)
    assert fates(made) == {1: "the API tries it again at 2026-03-10 13:05:09 UTC", 2: None}
    assert made.auto_retry == "skip"


@pytest.mark.parametrize(("default", "given"), [("include", None), ("skip", "include"), ("include", "include")])
async def test_events_that_the_api_tries_again_are_sent_all_the_same(default: Any, given: Any) -> None:
    made = await plan(Lister({7: [event(1, next_attempt=minutes(-5))]}, auto_retry=default), auto_retry=given)
    assert fates(made) == {1: None}
    assert made.entries[0].next_attempt == minutes(-5)
    assert made.auto_retry == "include"


async def test_an_event_is_left_to_the_api_if_it_tries_any_of_its_rows_again() -> None:
    rows = [
        event(1, age=30, group="a", next_attempt=minutes(-9)),
        event(2, age=20, group="a", next_attempt=minutes(-4)),
        event(3, age=10, group="a"),
        event(4, age=5, group="b"),
    ]
    assert fates(await plan(Lister({7: rows}), auto_retry="skip")) == {
        1: "another attempt of 3",
        2: "another attempt of 3",
        3: "the API tries it again at 2026-03-10 12:04:00 UTC",
        4: None,
    }


async def test_a_predicate_is_asked_once_for_each_event_that_would_be_sent_the_oldest_first() -> None:
    seen: list[ReplayEvent[int]] = []

    def is_wanted(each: ReplayEvent[int]) -> bool:
        seen.append(each)
        return each.id != 3

    long = "what the receiver said"
    rows = [
        *(event(2, age=20, response=long), event(2, age=20, response=long), event(3, age=30)),
        *(event(4, age=3, group="a"), event(5, age=5, group="a"), event(6, next_attempt=minutes(-1)), delivered(9)),
    ]
    made = await plan(Lister({7: rows}), predicate=is_wanted, auto_retry="skip")
    assert [each.id for each in seen] == [3, 2, 4]
    assert seen[1].response == long
    assert {id_ for id_, reason in fates(made).items() if reason == "vetoed"} == {3}


async def test_a_predicate_may_be_async() -> None:
    async def is_wanted(each: ReplayEvent[int]) -> bool:
        await asyncio.sleep(0)
        return each.id == 1

    assert fates(await plan(Lister({7: [event(1), event(2)]}), predicate=is_wanted)) == {1: None, 2: "vetoed"}


async def test_what_a_predicate_raises_comes_out_as_it_is() -> None:
    class OwnError(Exception):
        """The user's."""

    error = OwnError("no")

    def fail(each: object) -> bool:
        raise error

    async def fail_later(each: object) -> bool:
        await asyncio.sleep(0)
        raise error

    for predicate in (fail, fail_later):
        with pytest.raises(OwnError) as caught:
            await plan(Lister({7: [event(1)]}), predicate=predicate)
        assert caught.value is error


async def test_a_list_that_cannot_be_read_to_its_end_makes_no_plan() -> None:
    error = ConnectionLostError("gone")
    with pytest.raises(ConnectionLostError) as caught:
        await plan(Lister({7: [event(1)], 8: [event(2), error]}), [7, 8])
    assert caught.value is error


def _made_at(*, tzinfo: Any = UTC) -> datetime:
    return datetime(2026, 1, 2, tzinfo=tzinfo)


@pytest.mark.parametrize(
    ("how", "field", "says"),
    [
        ({"webhook_ids": []}, "webhook_ids", "at least one webhook"),
        ({"webhook_ids": None}, "webhook_ids", "expected ids of webhooks, got None"),
        ({"webhook_ids": ["x"]}, "webhook_ids", "got 'x'"),
        ({"webhook_ids": "7"}, "webhook_ids", "got '7'"),
        ({"start": _made_at(tzinfo=None)}, "start", "start: 2026-01-02T00:00:00 has no time zone"),
        ({"end": _made_at(tzinfo=None)}, "end", "end: 2026-01-02T00:00:00 has no time zone"),
        ({"start": "2026-01-02"}, "start", "expected a datetime with a time zone, got '2026-01-02'"),
        ({"start": _made_at(), "end": _made_at()}, "start", "2026-01-02 00:00:00 UTC is not before the end"),
        ({"status": "FAILD"}, "status", "'FAILED' or 'PENDING' or 'SENT', got 'FAILD'; did you mean 'FAILED'?"),
        ({"status": ["FAILED", "zzz"]}, "status", "'SENT', got 'zzz'$"),
        ({"status": [5]}, "status", "got 5$"),
        ({"status": 5}, "status", "got 5$"),
        ({"status": []}, "status", "got none"),
        ({"auto_retry": "maybe"}, "auto_retry", "'include' or 'skip', got 'maybe'"),
        ({"auto_retry": False}, "auto_retry", "got False"),
        ({"predicate": "x"}, "predicate", "expected a function that takes an event, got 'x'"),
    ],
)
async def test_arguments_are_refused_before_anything_is_asked_for(how: Any, field: str, says: str) -> None:
    provider = Lister({7: [event(1)]})
    with pytest.raises(ArgumentError, match=says) as caught:
        await plan(provider, **{"webhook_ids": 7, **how})
    assert caught.value.field == field
    assert provider.asked == []


@pytest.mark.parametrize("webhook_ids", [7, [7], {7: "a webhook"}, (each for each in (7, 7))])
async def test_one_webhook_or_many(webhook_ids: int | Iterable[int]) -> None:
    assert (await plan(Lister(), webhook_ids)).webhook_ids == (7,)
