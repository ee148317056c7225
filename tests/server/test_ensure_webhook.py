"""``ensure_webhook`` against a fake server: what is missing is made, what differs is changed, the rest left alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.server._account import account
from theirstack_async import ALL_HISTORY, TheirStack, ensure_webhook
from theirstack_async.receiver import EnsuredWebhook
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.faults import Status

URL = "https://example.invalid/hook"
SECRET = "canary-secret-5f3a"
NEW = "canary-secret-77b1"
UNSIGNED = "It has no secret, so its deliveries are not signed, and a Receiver refuses them."


async def ensure(client: TheirStack, **arguments: Any) -> EnsuredWebhook:
    """Ensure the webhook that these tests are about."""
    return await ensure_webhook(client, **{"url": URL, "search_id": 1, "start": "now", "secret": SECRET, **arguments})


def written(fake: FakeTheirStack) -> list[str]:
    """Return the method and path of each request that was more than a look."""
    return [f"{one.method} {one.path}" for one in fake.requests if one.method != "GET"]


def secret_of(fake: FakeTheirStack, webhook_id: int) -> str | None:
    return fake._backend.registry.webhooks[webhook_id].secret


async def test_what_is_missing_is_created_with_all_that_was_asked_for() -> None:
    async with account() as (fake, client):
        ensured = await ensure(
            client, description="mine", event_types=["job.new", "job_closed", "job_new"], trigger_once_per_company=True
        )
        body = next(one.json() for one in fake.requests if one.method == "POST")
    assert body.pop("listening_start_time").endswith("Z")
    assert body == {
        "url": URL,
        "search_id": 1,
        "description": "mine",
        "secret": SECRET,
        "active_event_types": ["job_new", "job_closed"],
        "trigger_once_per_company": True,
    }
    assert (ensured.webhook.url, ensured.webhook.has_secret, ensured.notes) == (URL, True, ())
    assert str(ensured) == (
        "Webhook 101: created it; matches from now on are delivered, and billed (1 credit a job, 3 a company)."
    )


async def test_what_is_not_given_is_left_to_the_api() -> None:
    async with account() as (fake, client):
        await ensure_webhook(client, url=URL, search_id=1, start="now")
        body = next(one.json() for one in fake.requests if one.method == "POST")
    assert sorted(body) == ["listening_start_time", "search_id", "trigger_once_per_company", "url"]
    assert body["trigger_once_per_company"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"description": "mine"},
        {"event_types": ["job_new"]},
        {"event_types": ["job_closed", "job_new"]},
        {"trigger_once_per_company": True},
        {"trigger_once_per_company": False},
        {"description": ""},
        {"secret": None},
    ],
)
async def test_the_second_time_nothing_is_sent_but_a_look(arguments: dict[str, Any]) -> None:
    async with account() as (fake, client):
        first = await ensure(client, **arguments)
        fake.requests.clear()
        second = await ensure(client, **arguments)
        assert [f"{one.method} {one.path}" for one in fake.requests] == ["GET /v0/webhooks"]
        assert (first.changed, second.changed, second.actions) == (True, False, ())
        assert second.webhook == first.webhook
        assert str(second).startswith("Webhook 101: nothing to change.")
        assert fake.credits_billed == 0


@pytest.mark.parametrize(
    ("start", "billed", "said"),
    [
        ("now", 0, "matches from now on are"),
        (ALL_HISTORY, 50, "every match there ever was is"),
        (timedelta(hours=5), 5, "matches from 2026-09-21 09:13:20+00:00 on are"),
    ],
)
async def test_the_start_decides_what_a_new_webhook_costs_and_nothing_about_an_old_one(
    start: Any, billed: int, said: str
) -> None:
    async with account() as (fake, client):
        fake.seed_search(1, past_matches=50)
        if isinstance(start, timedelta):
            start = datetime.fromtimestamp(fake.clock.now(), UTC) - start
        ensured = await ensure(client, start=start)
        assert ensured.actions == (f"created it; {said} delivered, and billed (1 credit a job, 3 a company)",)
        assert fake.credits_billed == billed
        for other in (ALL_HISTORY, "now", datetime(2020, 1, 1, tzinfo=UTC)):
            assert not (await ensure(client, start=other)).changed
        assert fake.credits_billed == billed


async def test_another_search_or_address_is_another_webhook() -> None:
    async with account() as (fake, client):
        fake.seed_webhook(URL, search_id=2, secret=SECRET)
        fake.seed_webhook(f"{URL}/other", secret=SECRET)
        fake.seed_webhook(URL.replace("https", "http"), secret=SECRET)
        assert (await ensure(client)).webhook.id == 104
        assert not (await ensure(client)).changed


async def test_an_archived_one_is_none() -> None:
    async with account() as (fake, client):
        await client.webhooks.archive(fake.seed_webhook(URL))
        assert (await ensure(client)).webhook.id == 102


async def test_an_archived_one_that_is_listed_nevertheless_is_none() -> None:
    async with account() as (fake, client):
        archived = await client.webhooks.archive(fake.seed_webhook(URL))
        fake.faults.add("GET /v0/webhooks", Status(200, json.dumps([archived.to_dict()])))
        assert (await ensure(client)).webhook.id == 102


@pytest.mark.parametrize("url", ["https://EXAMPLE.invalid:443/hook", "HTTPS://example.invalid/hook#part"])
async def test_another_spelling_of_the_address_changes_nothing(url: str) -> None:
    async with account() as (fake, client):
        fake.seed_webhook(URL, secret=SECRET)
        ensured = await ensure(client, url=url)
        assert (ensured.webhook.url, ensured.changed) == (URL, False)


@pytest.mark.parametrize(("old", "new"), [(URL, f"{URL}/"), (f"{URL}/", URL)])
async def test_a_slash_at_the_end_is_set_as_asked_for(old: str, new: str) -> None:
    async with account() as (fake, client):
        webhook = fake.seed_webhook(old, secret=SECRET)
        ensured = await ensure(client, url=new)
        assert ensured.actions == (f"changed the url from {old} to {new}",)
        assert (ensured.webhook.id, ensured.webhook.url) == (webhook, new)
        assert not (await ensure(client, url=new)).changed


@pytest.mark.parametrize("left_out", ["keep", "default"])
async def test_what_differs_is_changed_and_the_rest_stays(left_out: str) -> None:
    """Also where the API gives left-out fields their defaults, which is not documented."""
    start = datetime(2026, 5, 1, tzinfo=UTC)
    async with account(left_out=left_out) as (fake, client):
        made = await client.webhooks.create(
            url=URL, search_id=1, listening_start_time=start, description="old", secret=SECRET,
            trigger_once_per_company=True, active_event_types=["job_new", "job_closed"],
        )  # fmt: skip
        ensured = await ensure(client, description="new")
        assert ensured.actions == ("changed the description",)
        assert ensured.webhook == await client.webhooks.get(made.id)
        kept = ("url", "search_id", "listening_start_time", "trigger_once_per_company", "active_event_types")
        assert [getattr(ensured.webhook, name) for name in kept] == [getattr(made, name) for name in kept]
        assert (ensured.webhook.description, secret_of(fake, made.id)) == ("new", SECRET)
        assert not (await ensure(client, description="new")).changed


@pytest.mark.parametrize(
    ("arguments", "action"),
    [
        ({"event_types": ["job_closed"]}, "changed the event types from job_new to job_closed"),
        ({"event_types": ["job.new", "job.closed"]}, "changed the event types from job_new to job_closed, job_new"),
        ({"trigger_once_per_company": True}, "at most one event a company from now on"),
    ],
)
async def test_each_field_that_differs_is_changed_once(arguments: dict[str, Any], action: str) -> None:
    async with account() as (fake, client):
        fake.seed_webhook(URL, secret=SECRET)
        ensured = await ensure(client, **arguments)
        assert (ensured.actions, written(fake)) == ((action,), ["PATCH /v0/webhooks/101"])
        assert not (await ensure(client, **arguments)).changed
        assert not (await ensure(client)).changed


@pytest.mark.parametrize("arguments", [{"description": ""}, {"event_types": ["job_closed", "job_new"]}])
async def test_what_means_the_same_is_no_difference(arguments: dict[str, Any]) -> None:
    """No description and an empty one, and event types in another order."""
    async with account() as (_, client):
        await ensure(client, event_types=["job_new", "job_closed"])
        assert not (await ensure(client, **arguments)).changed


async def test_every_job_makes_an_event_again() -> None:
    async with account() as (_, client):
        await ensure(client, trigger_once_per_company=True)
        ensured = await ensure(client, trigger_once_per_company=False)
        assert ensured.actions == ("an event for each job from now on",)
        assert ensured.webhook.trigger_once_per_company is False


async def test_a_secret_is_set_where_there_is_none() -> None:
    async with account() as (fake, client):
        webhook = fake.seed_webhook(URL)
        ensured = await ensure(client)
        assert (ensured.actions, ensured.notes, ensured.webhook.has_secret) == (("set the secret",), (), True)
        assert secret_of(fake, webhook) == SECRET


async def test_a_secret_that_is_there_stays_and_the_result_says_so() -> None:
    async with account() as (fake, client):
        webhook = fake.seed_webhook(URL, secret=SECRET)
        ensured = await ensure(client, secret=NEW)
        assert (ensured.changed, secret_of(fake, webhook), written(fake)) == (False, SECRET, [])
        assert len(ensured.notes) == 1
        assert "cannot be read back" in ensured.notes[0]
        assert "Rotate it" in str(ensured)
        assert (await ensure(client, secret=None)).notes == ()


async def test_a_secret_is_replaced_when_it_is_meant_and_then_each_time() -> None:
    async with account() as (fake, client):
        webhook = fake.seed_webhook(URL, secret=SECRET)
        for _ in "12":
            ensured = await ensure(client, secret=NEW, rotate_secret=True)
            assert (ensured.actions, ensured.notes) == (("replaced the secret",), ())
            assert secret_of(fake, webhook) == NEW
        assert len(written(fake)) == 2


async def test_deliveries_that_are_not_signed_are_pointed_out() -> None:
    async with account() as (_, client):
        for changed in (True, False):
            ensured = await ensure(client, secret=None)
            assert (ensured.changed, ensured.notes) == (changed, (UNSIGNED,))


async def test_one_that_is_off_is_enabled_after_it_was_changed() -> None:
    """What waited is delivered at once, so by then the address and the secret have to be right."""
    async with account() as (fake, client):
        webhook = fake.seed_webhook(URL)
        await client.webhooks.disable(webhook)
        fake.trigger(webhook, 3)
        fake.requests.clear()
        ensured = await ensure(client, url=f"{URL}/")
        assert written(fake) == ["PATCH /v0/webhooks/101", "PATCH /v0/webhooks/101/status"]
        assert ensured.actions == (
            f"changed the url from {URL} to {URL}/",
            "set the secret",
            "enabled it; what matched while it was off is delivered, and billed, now (1 credit a job, 3 a company)",
        )
        assert (ensured.webhook.is_active, ensured.webhook.has_secret, fake.credits_billed) == (True, True, 3)
        await fake.settled()
        assert not (await ensure(client, url=f"{URL}/")).changed
        assert fake.credits_billed == 3
