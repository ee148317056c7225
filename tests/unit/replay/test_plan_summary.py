"""A plan in numbers, and in words."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.unit.replay._planned import NOON, entry, minutes, plan_of
from theirstack_async.replay import PlanSummary, ReplayWindow
from theirstack_async.replay._plan_summary import age_of, kind_of, span

HOUR, DAY = 60, 24 * 60
PLAN = plan_of(
    *(entry(id_, age=30) for id_ in range(12)),
    entry(20, age=13 * HOUR, type="letter.read"),
    entry(21, age=3 * DAY, type="letter.read", next_attempt=minutes(-90)),
    entry(22, age=3 * DAY, next_attempt=minutes(-30), excluded="the API tries it again at 2026-03-10 12:30:00 UTC"),
    entry(23, age=3 * DAY, excluded="another attempt of 21"),
    entry(24, age=3 * DAY, excluded="another attempt of 20"),
    entry(30, age=40 * DAY, type="", webhook_id="w-8", excluded="delivered as 31"),
    entry(32, age=40 * DAY, type="", webhook_id="w-8"),
    entry(33, age=40 * DAY, type="", webhook_id="w-8", excluded="vetoed"),
    start=minutes(50 * DAY),
    end=NOON,
    status=("FAILED", "PENDING"),
    windows=(ReplayWindow(4, 60.0, "ids", "webhook"),),
    webhook_ids=(7, "w-8", 9),
)


def test_in_numbers() -> None:
    assert PLAN.summary() == PlanSummary(
        to_send=15,
        excluded={"another attempt": 2, "left to the API": 1, "delivered": 1, "vetoed": 1},
        automatic=2,
        by_webhook={7: 14, "w-8": 1, 9: 0},
        by_type={"letter.sent": 12, "letter.read": 2, "": 1},
        by_day={"2026-01-29": 1, "2026-03-07": 1, "2026-03-09": 1, "2026-03-10": 12},
        by_age={"under 1 h": 12, "1 h to 24 h": 1, "1 to 7 days": 1, "30 days and more": 1},
        oldest=minutes(40 * DAY),
        newest=minutes(30),
        calls=3,
        least_seconds=180.0,
    )


def test_tables_are_in_order() -> None:
    summary = PLAN.summary()
    assert list(summary.by_webhook) == [7, "w-8", 9]
    assert list(summary.by_type) == ["letter.sent", "letter.read", ""]
    assert list(summary.by_day) == ["2026-01-29", "2026-03-07", "2026-03-09", "2026-03-10"]
    assert list(summary.by_age) == ["under 1 h", "1 h to 24 h", "1 to 7 days", "30 days and more"]
    assert next(iter(summary.excluded)) == "another attempt"


def test_as_json() -> None:
    data = json.loads(json.dumps(PLAN.summary().to_dict()))
    assert data["by_webhook"] == {"7": 14, "w-8": 1, "9": 0}
    assert (data["oldest"], data["newest"]) == ("2026-01-29T12:00:00Z", "2026-03-10T11:30:00Z")
    assert (data["to_send"], data["automatic"], data["calls"], data["least_seconds"]) == (15, 2, 3, 180.0)
    assert data["excluded"]["another attempt"] == 2
    assert data["by_type"]["letter.read"] == data["by_day"]["2026-03-07"] + data["by_age"]["1 h to 24 h"] == 2


def test_a_plan_with_nothing_to_send() -> None:
    summary = plan_of(entry(1, excluded="vetoed"), windows=PLAN.windows).summary()
    assert (summary.to_send, summary.calls, summary.least_seconds) == (0, 0, 0.0)
    assert (summary.oldest, summary.newest) == (None, None)
    assert (summary.by_type, summary.by_day, summary.by_age, summary.by_webhook) == ({}, {}, {}, {7: 0})
    assert summary.to_dict()["oldest"] is None
    assert plan_of(windows=PLAN.windows).summary().least_seconds == 0.0


def test_instants_keep_their_fraction_in_json() -> None:
    at = datetime(2026, 3, 10, 11, 0, 0, 5, tzinfo=UTC)
    assert plan_of(entry(1, created_at=at)).summary().to_dict()["newest"] == "2026-03-10T11:00:00.000005Z"


@pytest.mark.parametrize(
    ("age", "name"),
    [
        (timedelta(seconds=-5), "under 1 h"),
        (timedelta(minutes=60) - timedelta(seconds=1), "under 1 h"),
        (timedelta(minutes=60), "1 h to 24 h"),
        (timedelta(hours=24), "1 to 7 days"),
        (timedelta(days=7), "7 to 30 days"),
        (timedelta(days=30), "30 days and more"),
    ],
)
def test_ages(age: timedelta, name: str) -> None:
    assert age_of(age) == name


def test_a_reason_of_somebody_else_is_a_kind_of_its_own() -> None:
    assert kind_of("the key was rotated") == "the key was rotated"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.2, "1 s"),
        (59, "59 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3599.5, "1 h"),
        (13_320, "3 h 42 min"),
        (13_321, "3 h 43 min"),
        (86_400, "1 d"),
        (90_001, "1 d 2 h"),
        (86_400 * 1000, "1,000 d"),
    ],
)
def test_spans(seconds: float, text: str) -> None:
    assert span(seconds) == text


@pytest.mark.parametrize(
    ("window", "least"),
    [
        (ReplayWindow(10, 60.0, "ids", "webhook"), 60.0),
        (ReplayWindow(20, 60.0, "ids", "webhook"), 0.0),
        (ReplayWindow(10, 60.0, "ids", "account"), 120.0),
        (ReplayWindow(1, 5.0, "calls", "webhook"), 15.0),
        (ReplayWindow(2, 5.0, "calls", "account"), 15.0),
        (ReplayWindow(7, 5.0, "calls", "account"), 0.0),
    ],
)
def test_the_least_time_by_each_kind_of_bound(window: ReplayWindow, least: float) -> None:
    """Of two webhooks with 14 and 10 events, and four a call: 4 and 3 calls."""
    first = [entry(id_, webhook_id=1) for id_ in range(14)]
    second = [entry(id_, webhook_id=2) for id_ in range(10)]
    plan = plan_of(*first, *second, batch_size=4, windows=(window,))
    assert plan.summary().calls == 7
    assert plan.summary().least_seconds == least


def test_the_tightest_bound_counts() -> None:
    windows = (ReplayWindow(10, 60.0, "ids", "webhook"), ReplayWindow(2, 60.0, "ids", "account"))
    plan = plan_of(*map(entry, range(12)), windows=windows)
    assert plan.summary().least_seconds == 300.0
    assert plan_of(*map(entry, range(12)), windows=windows[::-1]).summary().least_seconds == 300.0


def test_in_words() -> None:
    assert str(PLAN) == (
        "To be sent again: 15 of 20 events of 3 webhooks\n"
        "  webhooks  7, w-8, 9\n"
        "  created   from 2026-01-19 12:00:00 UTC, before 2026-03-10 12:00:00 UTC\n"
        "  status    FAILED, PENDING\n"
        "  API       letters, https://letters.invalid\n"
        "  made      2026-03-10 12:00:00 UTC\n"
        "\n"
        "By webhook\n"
        "  7    14  ########################\n"
        "  w-8   1  ##\n"
        "  9     0\n"
        "\n"
        "By type\n"
        "  letter.sent  12  ########################\n"
        "  letter.read   2  ####\n"
        "  (not told)    1  ##\n"
        "\n"
        "By day, UTC\n"
        "  2026-01-29   1  ##\n"
        "  2026-03-07   1  ##\n"
        "  2026-03-09   1  ##\n"
        "  2026-03-10  12  ########################\n"
        "\n"
        "By age\n"
        "  under 1 h         12  ########################\n"
        "  1 h to 24 h        1  ##\n"
        "  1 to 7 days        1  ##\n"
        "  30 days and more   1  ##\n"
        "\n"
        "Left out: 5\n"
        "  another attempt  2  a newer attempt of the same event stands for it\n"
        "  left to the API  1  the API tries it again by itself\n"
        "  delivered        1  another attempt of the same event arrived\n"
        "  vetoed           1  the predicate said no\n"
        "\n"
        "The API may still deliver 2 events by itself, the first at\n"
        "2026-03-10 12:30:00 UTC: 1 sent all the same, 1 left out.\n"
        "3 calls of at most 10 ids, which take at least 3 min at the allowed rate.\n"
        "This is a plan: nothing was sent."
    )


def test_nothing_in_words() -> None:
    assert str(plan_of(webhook_ids=(7,))) == (
        "To be sent again: 0 of 0 events of 1 webhook\n"
        "  webhooks  7\n"
        "  created   at any time, as far back as the API lists\n"
        "  status    FAILED\n"
        "  API       letters, https://letters.invalid\n"
        "  made      2026-03-10 12:00:00 UTC\n"
        "\n"
        "This is a plan: nothing was sent."
    )


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"start": NOON}, "  created   from 2026-03-10 12:00:00 UTC\n"),
        ({"end": NOON}, "  created   before 2026-03-10 12:00:00 UTC\n"),
        ({"windows": ()}, "\n1 call of at most 10 ids, as fast as the API takes them.\n"),
        ({"batch_size": 1}, "\n1 call of at most 1 id, as"),
        ({"windows": PLAN.windows}, "\n1 call of at most 10 ids, which the allowed rate lets go at once.\n"),
    ],
)
def test_what_else_it_may_say(fields: dict[str, Any], says: str) -> None:
    assert says in str(plan_of(entry(1), **fields))


@pytest.mark.parametrize(("excluded", "says"), [(None, "1 sent all the same"), ("vetoed", "1 left out")])
def test_of_automatic_attempts_it_says_what_there_is(excluded: str | None, says: str) -> None:
    assert f"deliver 1 event by itself, the first at\n2026-03-10 12:05:00 UTC: {says}.\n" in str(
        plan_of(entry(1, next_attempt=minutes(-5), excluded=excluded))
    )


def test_long_tables_are_cut() -> None:
    entries = [entry(id_, webhook_id=id_ % 14) for id_ in range(140)]
    text = str(plan_of(*entries))
    assert "  webhooks  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more\n" in text
    assert "\n  11      10  ########################\n  2 more  20\n\n" in text
    exact = str(plan_of(*(each for each in entries if each.webhook_id not in (12, 13))))
    assert "  webhooks  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11\n" in exact
    assert "\n  11  10  ########################\n\n" in exact


def test_a_terminal_is_told_nothing() -> None:
    """Words of the API are shown without the signs that a terminal obeys."""
    text = str(plan_of(entry(1, type="\x1b[2Jgone\r\n"), entry(2, excluded="\x1b[2J"), where="\x07"))
    assert "\n  ?[2Jgone??  1  " in text
    assert text.replace("\n", "").isprintable()


def test_an_attempt_that_is_due_may_come_at_any_moment() -> None:
    assert "the first at\nany moment: 1 sent all the same.\n" in str(plan_of(entry(1, next_attempt=minutes(0))))
