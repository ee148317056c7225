"""Saved searches, over real sockets."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from tests.server._account import Do, account, keys, refused, sent
from theirstack_async import DecodeError, NotFoundError, OutcomeUnknownError, UnprocessableError
from theirstack_async.filters import CompanyFilters, JobFilters
from theirstack_async.models import SavedSearch, SearchType
from theirstack_async.testing.faults import GarbageJson, ResetBeforeBody, Status

ENVELOPE = b'{"error": {"title": "Not allowed"}}'
BODY = JobFilters(posted_at_max_age_days=7, job_title_or=["engineer"])


async def test_the_life_of_a_saved_search() -> None:
    async with account() as (_, client):
        made = await client.saved_searches.create(name="Engineers", body=BODY, is_alert_active=True)
        assert isinstance(made, SavedSearch)
        assert (made.name, made.type, made.is_alert_active) == ("Engineers", SearchType.JOBS, True)
        assert JobFilters.from_dict(made.body) == BODY
        assert made.created_at.tzinfo is UTC
        assert await client.saved_searches.get(made.id) == made
        changed = await client.saved_searches.update(made.id, name="All engineers", frequency="weekly")
        assert (changed.name, changed.frequency, changed.body) == ("All engineers", "weekly", made.body)
        assert await client.saved_searches.archive(made.id) == {"message": "archived"}
        assert await client.saved_searches.list() == []
        assert (await client.saved_searches.get(made.id)).is_archived


async def test_a_new_body_brings_its_type_along() -> None:
    async with account() as (_, client):
        made = await client.saved_searches.create(body=BODY)
        changed = await client.saved_searches.update(
            made.id, body=CompanyFilters(min_employee_count=50), emails_subscribed=["ada@team.example"]
        )
        assert (changed.type, changed.body) == (SearchType.COMPANIES, {"min_employee_count": 50})
        assert changed.emails_subscribed == ("ada@team.example",)
        cleared = await client.saved_searches.update(made.id, emails_subscribed=None)
        assert not cleared.emails_subscribed


async def test_a_list_in_an_order_and_of_a_kind() -> None:
    async with account() as (_, client):
        searches = client.saved_searches
        for name in ("b", "c", "a"):
            await searches.create(name=name, body=BODY)
        await searches.create(name="d", body=CompanyFilters())
        found = await searches.list(types=[SearchType.JOBS], order_by="name", order_direction="asc")
        assert [each.name for each in found] == ["a", "b", "c"]
        assert await searches.list(user_ids=[99]) == []
        assert len(await searches.list(user_ids=[found[0].user_id])) == 4


async def test_a_search_that_is_not_there() -> None:
    async with account() as (_, client):
        for call in (client.saved_searches.get, client.saved_searches.archive):
            with pytest.raises(NotFoundError, match=r"/v0/saved_searches/99 |/v0/saved_searches/99/archive "):
                await call(99)
        with pytest.raises(NotFoundError):
            await client.saved_searches.update(99, name="x")


@pytest.mark.parametrize("key", [None, "fake-theirstack-key"])
async def test_leaving_an_alert_needs_no_key_and_sends_none(key: str | None) -> None:
    async with account(key=key) as (fake, client):
        fake.seed_search(7)
        await client.saved_searches.unsubscribe_alerts("7")
        assert '"ok"' in await client.saved_searches.unsubscribe_alerts_page("7")
        assert sent(fake) == [f"{method} /v0/saved_searches/alerts/unsubscribe" for method in ("POST", "GET")]
        assert keys(fake) == {False}


async def test_an_alert_is_left() -> None:
    async with account() as (_, client):
        for leave in (client.saved_searches.unsubscribe_alerts, client.saved_searches.unsubscribe_alerts_page):
            made = await client.saved_searches.create(body=BODY, is_alert_active=True)
            await leave(str(made.id))
            assert not (await client.saved_searches.get(made.id)).is_alert_active


async def test_an_error_in_a_success_is_no_yes() -> None:
    """A 200 whose body is the error envelope is not taken for an archived search, or an alert that was left."""
    async with account() as (fake, client):
        calls: dict[str, Do] = {
            "PATCH /v0/saved_searches/7/archive": lambda c: c.saved_searches.archive(7),
            "POST /v0/saved_searches/alerts/unsubscribe": lambda c: c.saved_searches.unsubscribe_alerts("t"),
        }
        for match, do in calls.items():
            fake.faults.add(match, Status(200, ENVELOPE))
            with pytest.raises(DecodeError, match=match) as caught:
                await do(client)
            assert caught.value.body == ENVELOPE
        fake.faults.add("PATCH *", GarbageJson(b"[]"))
        with pytest.raises(DecodeError, match="is no dict"):
            await client.saved_searches.archive(7)


async def test_a_creation_of_unknown_outcome_is_not_repeated() -> None:
    async with account() as (fake, client):
        fake.faults.add("POST *", ResetBeforeBody(apply=True))
        with pytest.raises(OutcomeUnknownError):
            await client.saved_searches.create(body=BODY)
        assert len(await client.saved_searches.list()) == 1


async def test_a_change_is_repeated() -> None:
    async with account() as (fake, client):
        made = await client.saved_searches.create(body=BODY)
        fake.faults.add("PATCH *", Status(503, apply=True))
        assert (await client.saved_searches.update(made.id, name="x")).name == "x"


@pytest.mark.filterwarnings("ignore:frequency")
@pytest.mark.parametrize("style", ["envelope", "detail"])
async def test_what_the_api_refuses(style: Any) -> None:
    async with account(error_style=style) as (_, client):
        made = await client.saved_searches.create(body=BODY)
        with pytest.raises(UnprocessableError, match="frequency"):
            await client.saved_searches.update(made.id, frequency="hourly")


async def test_values_that_are_not_known_pass_with_a_warning() -> None:
    async with account() as (_, client):
        calls: dict[str, Do] = {
            "order_by: 'nme' is not known to this release; did you mean 'name'": lambda c: c.list(order_by="nme"),
            "order_direction: 'x' is not known to this release; known are 'asc', 'd": lambda c: c.list(
                order_direction="x"
            ),
            "types: 'people' is not known": lambda c: c.list(types=["people"]),
        }
        for said, do in calls.items():
            with pytest.warns(UserWarning, match=said) as caught, pytest.raises(UnprocessableError):
                await do(client.saved_searches)  # type: ignore[arg-type]
            assert [each.filename for each in caught] == [__file__]


@pytest.mark.parametrize(
    ("do", "field"),
    [
        (lambda c: c.saved_searches.get("7"), "search_id"),
        (lambda c: c.saved_searches.archive(-1), "search_id"),
        (lambda c: c.saved_searches.list(user_ids="7"), "user_ids"),
        (lambda c: c.saved_searches.list(user_ids=7), "user_ids"),
        (lambda c: c.saved_searches.list(user_ids={7: 8}), "user_ids"),
        (lambda c: c.saved_searches.list(user_ids=[]), "user_ids"),
        (lambda c: c.saved_searches.list(user_ids=[True]), "user_ids"),
        (lambda c: c.saved_searches.list(types="jobs"), "types"),
        (lambda c: c.saved_searches.list(types=[7]), "types"),
        (lambda c: c.saved_searches.list(order_by=7), "order_by"),
        (lambda c: c.saved_searches.list(order_direction=7), "order_direction"),
        (lambda c: c.saved_searches.create(body={"job_title_or": ["x"]}), "body"),
        (lambda c: c.saved_searches.create(body=BODY, name=" "), "name"),
        (lambda c: c.saved_searches.create(body=BODY, is_alert_active=1), "is_alert_active"),
        (lambda c: c.saved_searches.create(body=BODY, extra_filters={"limit": 3}), "extra_filters.limit"),
        (lambda c: c.saved_searches.update(7), "changes"),
        (lambda c: c.saved_searches.update(7, nam="x"), "nam"),
        (lambda c: c.saved_searches.update(7, name=None), "name"),
        (lambda c: c.saved_searches.update(7, body=None), "body"),
        (lambda c: c.saved_searches.update(7, name="x", extra_filters={"x": 1}), "extra_filters"),
        (lambda c: c.saved_searches.update(7, is_alert_active="no"), "is_alert_active"),
        (lambda c: c.saved_searches.update(7, frequency=7), "frequency"),
        (lambda c: c.saved_searches.update(7, emails_subscribed="a@b.example"), "emails_subscribed"),
        (lambda c: c.saved_searches.update(7, emails_subscribed=[""]), "emails_subscribed"),
        (lambda c: c.saved_searches.update("7", name="x"), "search_id"),
        (lambda c: c.saved_searches.unsubscribe_alerts(""), "token"),
        (lambda c: c.saved_searches.unsubscribe_alerts_page(7), "token"),
    ],
)
async def test_what_is_refused_is_not_sent(do: Do, field: str) -> None:
    assert await refused(do) == field
