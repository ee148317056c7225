"""The requests that the team has made, over real sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.server._account import Do, account, refused
from theirstack_async import DecodeError
from theirstack_async.models import RequestCount
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.faults import GarbageJson

KEY_ID = "8b7f4a52-6c1e-4f0d-9a43-0d5c7e21b6f0"
END = datetime(2026, 3, 1, tzinfo=UTC)


def around(fake: FakeTheirStack) -> dict[str, datetime]:
    """Return a period in which the clock of the fake stands."""
    now = datetime.fromtimestamp(fake.clock.now(), UTC)
    return {"start": now - timedelta(hours=1), "end": now + timedelta(hours=1)}


async def test_a_page_of_requests() -> None:
    async with account() as (fake, client):
        await client.webhooks.list()
        await client.company_lists.list()
        period = around(fake)
        assert [row["path"] for row in await client.requests.list(**period)] == ["/v0/company_lists", "/v0/webhooks"]
        assert [row["path"] for row in await client.requests.list(**period, page=2, limit=1)] == ["/v0/webhooks"]
        assert await client.requests.list() == []


async def test_counts_by_day() -> None:
    async with account() as (fake, client):
        await client.webhooks.list()
        await client.company_lists.list()
        days = await client.requests.count(**around(fake))
        assert [(type(day), day.number_of_requests) for day in days] == [(RequestCount, 2)]
        assert await client.requests.count(**around(fake), origin="mcp") == []
        assert await client.requests.count(**around(fake), is_origin_app=True) == []
        assert await client.requests.count(**around(fake), api_key_id=UUID(KEY_ID)) != []
        assert await client.requests.count(**around(fake), api_key_id=KEY_ID.replace("8", "9")) == []


@pytest.mark.parametrize("body", [b' [{"a": 1}, {}]', b'{"data": [{"a": 1}, {}], "page": 3}'])
async def test_an_array_or_an_object_that_holds_it(body: bytes) -> None:
    async with account() as (fake, client):
        fake.faults.add("GET *", GarbageJson(body))
        assert await client.requests.list() == [{"a": 1}, {}]


@pytest.mark.parametrize(
    "body", [b'{"rows": []}', b'{"error": {"title": "no"}}', b'"x"', b"null", b'{"data": {}}', b"["]
)
async def test_an_answer_that_holds_no_list(body: bytes) -> None:
    async with account() as (fake, client):
        fake.faults.add("GET *", GarbageJson(body))
        with pytest.raises(DecodeError) as caught:
            await client.requests.list()
        assert caught.value.body == body


async def test_rows_that_are_no_objects() -> None:
    async with account() as (fake, client):
        fake.faults.add("GET *", GarbageJson(b'[{"a": 1}, 7]'))
        with pytest.raises(DecodeError, match="GET /v0/requests/: row 1 does not decode") as caught:
            await client.requests.list()
        assert caught.value.items_so_far == [{"a": 1}]


async def test_the_days_that_are_asked_for_unless_given() -> None:
    async with account() as (fake, client):
        await client.requests.list(end=END)
        await client.requests.count(end=END)
        asked = [dict(request.query)["start_datetime"] for request in fake.requests]
        assert asked == ["2026-02-24T00:00:00Z", "2026-01-30T00:00:00Z"]


async def test_an_origin_that_is_not_known_passes_with_a_warning() -> None:
    async with account() as (fake, client):
        fake.faults.add("GET *", GarbageJson(b"[]"))
        with pytest.warns(UserWarning, match="origin: 'fax' is not known") as caught:
            assert await client.requests.list(origin="fax") == []
        assert [each.filename for each in caught] == [__file__]


async def test_a_key_in_the_place_of_its_id_is_not_repeated() -> None:
    async with account() as (_, client):
        with pytest.raises(ValueError, match="api_key_id: expected the id of a key, a UUID") as caught:
            await client.requests.list(api_key_id="canary-key-5f3a")
        assert "canary" not in str(caught.value)
        assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("do", "field"),
    [
        (lambda c: c.requests.list(page=-1), "page"),
        (lambda c: c.requests.list(page="1"), "page"),
        (lambda c: c.requests.list(limit=0), "limit"),
        (lambda c: c.requests.list(is_origin_app="yes"), "is_origin_app"),
        (lambda c: c.requests.list(origin=7), "origin"),
        (lambda c: c.requests.list(api_key_id=7), "api_key_id"),
        (lambda c: c.requests.list(start=END, end=END), "start"),
        (lambda c: c.requests.list(end=END.replace(tzinfo=None)), "end"),
        (lambda c: c.requests.count(start=END, end=END), "start"),
        (lambda c: c.requests.count(timezone=" "), "timezone"),
        (lambda c: c.requests.count(is_origin_app=1), "is_origin_app"),
    ],
)
async def test_what_is_refused_is_not_sent(do: Do, field: str) -> None:
    assert await refused(do) == field
