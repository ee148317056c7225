"""E-mail preferences, over real sockets."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from tests.server._account import Do, account, keys, refused, sent
from theirstack_async import ConfigurationError, DecodeError, UnprocessableError
from theirstack_async.models import EmailPreferences
from theirstack_async.testing.faults import Status


async def test_preferences_are_read_and_changed() -> None:
    async with account() as (fake, client):
        before = await client.email_preferences.get()
        assert isinstance(before, EmailPreferences)
        assert before.form_data["newsletters"]["product"] is True
        after = await client.email_preferences.update(MappingProxyType({"newsletters": {"product": False}}))
        assert after.form_data["newsletters"] == {**before.form_data["newsletters"], "product": False}
        assert after == await client.email_preferences.get()
        assert keys(fake) == {True}


async def test_a_change_is_repeated() -> None:
    async with account() as (fake, client):
        fake.faults.add("PUT *", Status(503, apply=True))
        await client.email_preferences.update({"newsletters": {"product": False}})
        assert sent(fake) == ["PUT /v0/email-preferences"] * 2


async def test_what_the_api_refuses() -> None:
    """Its 422 is FastAPI's list, so the problems have paths."""
    async with account() as (_, client):
        with pytest.raises(UnprocessableError) as caught:
            await client.email_preferences.update({"newsletters": {"product": "no"}})
        assert caught.value.problems
        with pytest.raises(UnprocessableError) as caught:
            await client.email_preferences.unsubscribe("nothing", token="t")
        assert [problem.path for problem in caught.value.problems] == ["path.preference_key"]


async def test_a_refusal_in_the_shape_of_the_other_operations() -> None:
    async with account() as (fake, client):
        fake.faults.add("*", Status(422))
        with pytest.raises(UnprocessableError) as caught:
            await client.email_preferences.unsubscribe("product", token="t")
        assert (caught.value.problems, caught.value.description) == ((), "on cue")


@pytest.mark.parametrize("key", [None, "fake-theirstack-key"])
async def test_unsubscribing_needs_no_key_and_sends_none(key: str | None) -> None:
    async with account(key=key) as (fake, client):
        assert await client.email_preferences.unsubscribe("product", token="to/ken&") is None
        page = await client.email_preferences.unsubscribe_page("tips", token="to/ken&")
        assert page.startswith("<!doctype html>")
        assert sent(fake) == [
            "POST /v0/email-preferences/unsubscribe/product",
            "GET /v0/email-preferences/unsubscribe/tips",
        ]
        assert [dict(request.query) for request in fake.requests] == [{"token": "to/ken&"}] * 2
        assert fake.requests[0].body == b"list_unsubscribe=One-Click"
        assert keys(fake) == {False}


async def test_unsubscribing_is_seen_in_the_preferences() -> None:
    async with account() as (_, client):
        await client.email_preferences.unsubscribe("product", token="t")
        await client.email_preferences.unsubscribe_page("tips", token="t")
        assert (await client.email_preferences.get()).form_data["newsletters"] == {"product": False, "tips": False}


async def test_the_others_need_the_key() -> None:
    async with account(key=None) as (fake, client):
        with pytest.raises(ConfigurationError, match="GET /v0/email-preferences needs an API key"):
            await client.email_preferences.get()
        assert sent(fake) == []


async def test_an_error_in_a_success_is_no_yes() -> None:
    async with account() as (fake, client):
        fake.faults.add("*", Status(200, b'{"detail": "no"}'))
        with pytest.raises(DecodeError, match="POST /v0/email-preferences/unsubscribe/product: "):
            await client.email_preferences.unsubscribe("product", token="t")


async def test_an_empty_answer_is_a_yes() -> None:
    async with account() as (fake, client):
        fake.faults.add("*", Status(200, b" "))
        assert await client.email_preferences.unsubscribe("product", token="t") is None


@pytest.mark.parametrize(
    ("do", "field"),
    [
        (lambda c: c.email_preferences.update({}), "preferences"),
        (lambda c: c.email_preferences.update([("a", 1)]), "preferences"),
        (lambda c: c.email_preferences.update({7: True}), "preferences"),
        (lambda c: c.email_preferences.update({"a": {1, 2}}), "preferences"),
        (lambda c: c.email_preferences.unsubscribe("", token="t"), "preference_key"),
        (lambda c: c.email_preferences.unsubscribe("..", token="t"), "preference_key"),
        (lambda c: c.email_preferences.unsubscribe("product", token=" "), "token"),
        (lambda c: c.email_preferences.unsubscribe_page(7, token="t"), "preference_key"),
        (lambda c: c.email_preferences.unsubscribe_page("product", token=None), "token"),
    ],
)
async def test_what_is_refused_is_not_sent(do: Do, field: str) -> None:
    assert await refused(do) == field
