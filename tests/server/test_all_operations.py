"""Each of the API's operations, called through the public methods, over a real socket."""

from __future__ import annotations

import re

import pytest

from tests._operations import CALLS, Known
from tests.server._searches import AT_ONCE
from theirstack_async import TheirStack
from theirstack_async._engine.theirstack import OPERATIONS
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.routes import TABLE


def test_no_operation_is_left_out() -> None:
    assert list(CALLS) == list(OPERATIONS)
    assert len(OPERATIONS) == 55


def test_the_fake_has_each_of_them_and_no_other() -> None:
    ours = {(each.method, re.sub(r"{\w+}", "{id}", each.path)): each.needs_key for each in OPERATIONS.values()}
    assert {(row.method, row.path): row.needs_key for row in TABLE} == ours


async def furnish(fake: FakeTheirStack, client: TheirStack) -> Known:
    """Make what the calls ask for, and return the ids."""
    webhook = fake.seed_webhook("http://127.0.0.1:9/hook")
    events = fake.seed_events(webhook, 3)
    companies = [row async for row in client.companies.search(max_items=5) if row.domain]
    lists = [await client.company_lists.create(name) for name in ("a", "b")]
    await client.company_lists.add_companies(lists[0].id, [row.id for row in companies])
    search = next(iter(fake._backend.registry.searches), 1)
    fake.seed_search(search)
    preference = next(key for keys in fake._backend.account.emails.values() for key in keys)
    return Known(
        webhook=webhook,
        search=search,
        company_list=lists[0].id,
        other_list=lists[1].id,
        companies=[row.id for row in companies[:2]],
        domain=companies[0].domain or "",
        events=events,
        preference=preference,
    )


@pytest.mark.parametrize("name", CALLS)
async def test_each_is_answered_with_its_model(name: str) -> None:
    operation, call = OPERATIONS[name], CALLS[name]
    fake = FakeTheirStack(jobs=200, companies=8, deliver=False)
    async with fake, TheirStack(fake.api_key, base_url=fake.base_url, retries=AT_ONCE) as client:
        known = await furnish(fake, client)
        fake.requests.clear()
        answer = await call.do(client, known)
        *_, request = fake.requests
        assert [request.status for request in fake.requests] == [200] * fake.requests.total
        assert request.method == operation.method
        assert re.fullmatch(re.sub(r"{\w+}", "[^/]+", operation.path), request.path)
        assert request.needs_key is operation.needs_key is ("authorization" in request.headers)
        rows = answer if isinstance(answer, list) else [answer]
        assert rows
        assert all(type(row) is call.answer for row in rows)
