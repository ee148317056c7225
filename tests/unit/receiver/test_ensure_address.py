"""Which URLs are one address, and what an ensured webhook says of itself."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async.models import Webhook, WebhookEventType
from theirstack_async.receiver import EnsuredWebhook
from theirstack_async.receiver._address import address

URL = "https://example.com/hook"
NOW = datetime(2026, 9, 1, tzinfo=UTC)
WEBHOOK = Webhook(
    url=URL, search_id=42, id=7, user_id=1, team_id=1, is_active=True, is_archived=False, created_at=NOW,
    updated_at=NOW, search_name="Rust jobs", event_type=WebhookEventType.JOB_NEW, has_secret=True,
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.com/hook", "HTTPS://Example.COM/hook"),
        ("https://example.com/hook", "https://example.com:443/hook"),
        ("http://example.com/hook", "http://example.com:80/hook"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com?a=1", "https://example.com/?a=1"),
        ("https://example.com/hook", "https://example.com/hook#part"),
        ("https://example.com/caf\u00e9?q=\u00e9", "https://example.com/caf%C3%A9?q=%C3%A9"),
        ("https://b\u00fccher.example/", "https://xn--bcher-kva.example/"),
        ("http://[::1]:80/hook", "http://[::1]/hook"),
        ("https://me:Pass@EXAMPLE.com/", "https://me:Pass@example.com"),
    ],
)
def test_what_leads_to_the_same_place(one: str, other: str) -> None:
    assert address(one) == address(other)


@pytest.mark.parametrize(
    "other",
    [
        "http://example.com/hook",
        "https://example.com:8443/hook",
        "https://example.com:80/hook",
        "https://example.org/hook",
        "https://example.com/Hook",
        "https://example.com/hook2",
        "https://example.com/hook?team=1",
        "https://example.com/hook%2F",
        "https://me@example.com/hook",
        "https://example.com",
    ],
)
def test_what_does_not(other: str) -> None:
    assert address(URL).without_slash != address(other).without_slash


def test_a_slash_at_the_end_is_a_difference_that_can_be_left_out() -> None:
    assert address(URL) != address(f"{URL}/")
    assert address(URL).without_slash == address(f"{URL}/").without_slash
    assert address(f"{URL}/?a=1").without_slash == address(f"{URL}?a=1").without_slash
    assert address(f"{URL}?a=/").without_slash != address(f"{URL}?a=").without_slash


@pytest.mark.parametrize("url", ["http://h:99999/hook", "http://h:x/hook", "http://[::1/hook", "http://a..b/", ""])
def test_what_cannot_be_understood_is_like_itself_only(url: str) -> None:
    assert address(url) == address(url)
    assert address(url) not in (address(URL), address(f"{url}x"))


@given(st.text())
def test_any_text_has_an_address(text: str) -> None:
    """The API's list may hold what it likes; a lone surrogate cannot be written as an escape, and is kept as it is."""
    assert address(text) == address(text)
    assert address(f"https://example.com/{text}") == address(f"https://EXAMPLE.com:443/{text}")


def test_a_result_says_what_was_done() -> None:
    assert str(EnsuredWebhook(WEBHOOK)) == "Webhook 7: nothing to change."
    assert not EnsuredWebhook(WEBHOOK, notes=("Know this.",)).changed
    ensured = EnsuredWebhook(WEBHOOK, ("changed the description", "set the secret"), ("Know this.",))
    assert ensured.changed
    assert str(ensured) == "Webhook 7: changed the description; set the secret. Know this."


def test_a_result_is_plain_data() -> None:
    ensured = EnsuredWebhook(WEBHOOK, ("created it",), ("Know this.",))
    assert copy.deepcopy(ensured) == pickle.loads(pickle.dumps(ensured)) == ensured
    assert ensured != EnsuredWebhook(WEBHOOK)
