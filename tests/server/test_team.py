"""What the team has spent, over real sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.server._account import Do, account, refused
from theirstack_async.models import CreditConsumption

END = datetime(2026, 3, 1, tzinfo=UTC)


async def test_credits_by_day() -> None:
    async with account() as (fake, client):
        now = datetime.fromtimestamp(fake.clock.now(), UTC)
        await client.companies.search(max_items=2).collect()
        await fake.clock.advance(86_400)
        await client.companies.search(max_items=1).collect()
        days = await client.team.credits_consumption(start=now, end=now + timedelta(days=2))
        assert all(isinstance(day, CreditConsumption) for day in days)
        assert [(day.period_start.date(), day.api_credits_consumed) for day in days] == [
            (now.date(), 6),
            ((now + timedelta(days=1)).date(), 3),
        ]
        one = await client.team.credits_consumption(start=now + timedelta(days=1), end=now + timedelta(days=2))
        assert one == days[1:]
        madrid = await client.team.credits_consumption(start=now, end=now + timedelta(days=2), timezone="Europe/Madrid")
        assert {day.period_start.hour for day in madrid} == {22}


async def test_both_instants_are_always_sent() -> None:
    async with account() as (fake, client):
        before = datetime.now(UTC)
        await client.team.credits_consumption()
        await client.team.credits_consumption(start=END.astimezone(timezone(timedelta(hours=5))))
        now, started = (dict(request.query) for request in fake.requests)
        first, last = (datetime.fromisoformat(now[name]) for name in ("start_datetime", "end_datetime"))
        assert before <= last <= datetime.now(UTC)
        assert last - first == timedelta(days=30)
        assert now["timezone"] == "UTC"
        assert started["start_datetime"] == "2026-03-01T00:00:00Z"
        assert datetime.fromisoformat(started["end_datetime"]) >= last


@pytest.mark.parametrize(
    ("do", "field"),
    [
        (lambda c: c.team.credits_consumption(start=END, end=END), "start"),
        (lambda c: c.team.credits_consumption(start=datetime.max.replace(tzinfo=UTC)), "start"),
        (lambda c: c.team.credits_consumption(start=END.replace(tzinfo=None)), "start"),
        (lambda c: c.team.credits_consumption(start="2026-01-01"), "start"),
        (lambda c: c.team.credits_consumption(end=END.replace(tzinfo=None)), "end"),
        (lambda c: c.team.credits_consumption(end="2026-01-01"), "end"),
        (lambda c: c.team.credits_consumption(end=END.date()), "end"),
        (lambda c: c.team.credits_consumption(end=datetime.min.replace(tzinfo=UTC)), "end"),
        (lambda c: c.team.credits_consumption(timezone=""), "timezone"),
        (lambda c: c.team.credits_consumption(timezone=UTC), "timezone"),
    ],
)
async def test_what_is_refused_is_not_sent(do: Do, field: str) -> None:
    assert await refused(do) == field
