"""Addresses in the app, over real sockets."""

from __future__ import annotations

import json

import pytest

from tests.server._account import Do, account, refused
from theirstack_async import NotFoundError
from theirstack_async.filters import CompanyFilters, JobFilters
from theirstack_async.models import AppUrl
from theirstack_async.testing.faults import GarbageJson, Status


async def test_the_page_of_a_webhook() -> None:
    async with account() as (fake, client):
        webhook = fake.seed_webhook("http://localhost:9/hook")
        found = await client.app_urls.create(type="webhook", webhook_id=webhook)
        assert isinstance(found, AppUrl)
        assert found.url is not None
        assert found.url.endswith(f"/webhooks/{webhook}")
        with pytest.raises(NotFoundError):
            await client.app_urls.create(type="webhook", webhook_id=webhook + 1)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (CompanyFilters(min_employee_count=5), {"min_employee_count": 5}),
        (JobFilters(job_title_or=["x"]), {"job_title_or": ["x"]}),
        ({"new": 1}, {"new": 1}),
        ({}, {}),
    ],
)
async def test_only_what_is_given_is_sent(filters: CompanyFilters, expected: object) -> None:
    async with account() as (fake, client):
        await client.app_urls.create(type="search", filters=filters)
        assert json.loads(fake.requests[0].body) == {"type": "search", "filters": expected}


async def test_a_call_is_repeated_since_it_makes_nothing() -> None:
    async with account() as (fake, client):
        fake.faults.add("POST *", Status(503))
        await client.app_urls.create(type="list", list_id=3)
        assert len(fake.requests) == 2


async def test_an_answer_without_an_address() -> None:
    async with account() as (fake, client):
        fake.faults.add("POST *", GarbageJson(b"{}"))
        assert (await client.app_urls.create(type="list", list_id=3)).url is None


async def test_a_search_type_that_is_not_known_passes_with_a_warning() -> None:
    async with account() as (fake, client):
        fake.faults.add("POST *", GarbageJson(b"{}"))
        with pytest.warns(UserWarning, match="search_type: 'people' is not known") as caught:
            await client.app_urls.create(type="search", search_type="people")
        assert [each.filename for each in caught] == [__file__]


@pytest.mark.parametrize(
    ("do", "field"),
    [
        (lambda c: c.app_urls.create(type=""), "type"),
        (lambda c: c.app_urls.create(type=7), "type"),
        (lambda c: c.app_urls.create(type="webhook"), "webhook_id"),
        (lambda c: c.app_urls.create(type="webhook", webhook_id="7"), "webhook_id"),
        (lambda c: c.app_urls.create(type="x", list_id=-1), "list_id"),
        (lambda c: c.app_urls.create(type="x", saved_search_id="7"), "saved_search_id"),
        (lambda c: c.app_urls.create(type="x", search_type=7), "search_type"),
        (lambda c: c.app_urls.create(type="x", filters=["a"]), "filters"),
        (lambda c: c.app_urls.create(type="x", filters={7: 8}), "filters"),
        (lambda c: c.app_urls.create(type="x", filters={"a": float("nan")}), "filters"),
    ],
)
async def test_what_is_refused_is_not_sent(do: Do, field: str) -> None:
    assert await refused(do) == field
