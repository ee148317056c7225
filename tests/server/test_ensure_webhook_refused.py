"""What ``ensure_webhook`` refuses: arguments that cannot be, and webhooks of which it cannot tell which is meant."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.server._account import Do, account, refused
from theirstack_async import ArgumentError, NotFoundError, TheirStack, ensure_webhook
from theirstack_async.receiver import EnsuredWebhook
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.faults import Status

URL = "https://example.invalid/hook"
SECRET = "canary-secret-5f3a"


async def ensure(client: TheirStack, **arguments: Any) -> EnsuredWebhook:
    """Ensure the webhook that these tests are about."""
    return await ensure_webhook(client, **{"url": URL, "search_id": 1, "start": "now", "secret": SECRET, **arguments})


def written(fake: FakeTheirStack) -> list[str]:
    """Return the method and path of each request that was more than a look."""
    return [f"{one.method} {one.path}" for one in fake.requests if one.method != "GET"]


async def test_several_are_refused_by_their_ids() -> None:
    async with account() as (fake, client):
        fake.seed_webhook(URL, secret=SECRET)
        fake.seed_webhook(f"{URL}/", secret=SECRET)
        await client.webhooks.update(102, active_event_types=["job_new", "job_closed"])
        fake.requests.clear()
        for arguments in ({}, {"event_types": ["job_closed"]}):
            with pytest.raises(ArgumentError, match="keep one, and archive the others") as caught:
                await ensure(client, **arguments)
            assert caught.value.field == "url"
            assert "2 webhooks deliver search 1 to" in str(caught.value)
            assert "101 (job_new), 102 (job_closed, job_new)" in str(caught.value)
        assert written(fake) == []


async def test_of_several_the_one_with_just_the_event_types_is_meant() -> None:
    async with account() as (fake, client):
        fake.seed_webhook(URL, secret=SECRET)
        fake.seed_webhook(URL, secret=SECRET)
        await client.webhooks.update(102, active_event_types=["job_closed"])
        for types, webhook in ((["job_new"], 101), (["job_closed"], 102)):
            ensured = await ensure(client, event_types=types)
            assert (ensured.webhook.id, ensured.changed) == (webhook, False)


async def test_one_that_goes_away_meanwhile_is_an_error() -> None:
    async with account() as (fake, client):
        fake.seed_webhook(URL)
        fake.faults.add("PATCH /v0/webhooks/101", Status(404))
        with pytest.raises(NotFoundError):
            await ensure(client)


@pytest.mark.parametrize(
    ("do", "field"),
    [
        (lambda client: ensure(client, url="ftp://example.com"), "url"),
        (lambda client: ensure(client, search_id=-1), "search_id"),
        (lambda client: ensure(client, secret="short"), "secret"),
        (lambda client: ensure(client, start="yesterday"), "start"),
        (lambda client: ensure(client, start=None), "start"),
        (lambda client: ensure(client, start=datetime(2026, 1, 1)), "start"),  # noqa: DTZ001
        (lambda client: ensure(client, event_types=[]), "event_types"),
        (lambda client: ensure(client, event_types="job_new"), "event_types"),
        (lambda client: ensure(client, event_types={"job_new"}), "event_types"),
        (lambda client: ensure(client, event_types=[7]), "event_types"),
        (lambda client: ensure(client, secret=None, rotate_secret=True), "rotate_secret"),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_sent(do: Do, field: str) -> None:
    assert await refused(do) == field


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("wrong", [{"description": 7}, {"trigger_once_per_company": "yes"}])
async def test_what_the_resource_refuses_changes_nothing(exists: bool, wrong: dict[str, Any]) -> None:
    async with account() as (fake, client):
        if exists:
            fake.seed_webhook(URL)
        with pytest.raises(ArgumentError) as caught:
            await ensure(client, **wrong)
        assert (caught.value.field, written(fake)) == (next(iter(wrong)), [])


async def test_an_event_type_that_is_not_known_is_let_through_with_a_warning() -> None:
    async with account() as (fake, client):
        fake.faults.add("POST /v0/webhooks", Status(422))
        with pytest.warns(UserWarning, match="tech_new"), pytest.raises(Exception, match="422"):
            await ensure(client, event_types=["tech.new"])
