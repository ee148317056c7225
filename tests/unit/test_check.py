"""Arguments are refused before anything is sent, by name."""

from __future__ import annotations

from typing import Any

import pytest

from theirstack_async._check import (
    check_enum,
    check_id,
    check_names,
    check_secret,
    check_text,
    check_url,
    nearest,
)
from theirstack_async.errors import ArgumentError
from theirstack_async.models import WebhookEventStatus


@pytest.mark.parametrize("value", [-1, 1.0, "1", None, True])
def test_an_id_that_is_none(value: object) -> None:
    with pytest.raises(ArgumentError, match="webhook_id: expected an id"):
        check_id("webhook_id", value)


def test_ids() -> None:
    assert (check_id("x", 0), check_id("x", 2**70)) == (0, 2**70)


@pytest.mark.parametrize("value", ["", " \t\n", 3, b"x", None])
def test_a_text_that_is_none(value: object) -> None:
    with pytest.raises(ArgumentError, match=r"^name: expected a text that is not blank, got") as caught:
        check_text("name", value)
    assert caught.value.field == "name"


def test_texts() -> None:
    assert check_text("name", " x ") == " x "


@pytest.mark.parametrize(
    "value",
    [None, 3, b"http://h", "", "h", "ftp://h/", "http://", "http:///x", "http://h/ x", "http://h/\n", "http://[h", "http://h/\x00",
     "http://h/\ud800"],
)  # fmt: skip
def test_a_url_that_is_none(value: object) -> None:
    with pytest.raises(ArgumentError, match="url: expected an") as caught:
        check_url("url", value)
    assert caught.value.field == "url"


def test_urls() -> None:
    longest = "https://h/" + "x" * 2073
    assert check_url("url", longest) == longest
    assert check_url("url", "http://hé/ü?x=1") == "http://hé/ü?x=1"
    with pytest.raises(ArgumentError, match="2084 characters, the API allows 2,083"):
        check_url("url", longest + "x")


@pytest.mark.parametrize("value", ["canary", "canary-canary-1", 3, None])
def test_a_secret_that_is_none_is_not_shown(value: object) -> None:
    with pytest.raises(ArgumentError, match="secret: ") as caught:
        check_secret("secret", value)
    assert "canary" not in str(caught.value)


def test_secrets() -> None:
    assert check_secret("secret", "x" * 16) == "x" * 16


def test_an_unknown_value_of_an_enumeration_passes_with_a_warning() -> None:
    assert check_enum("status", "FAILED", WebhookEventStatus) is WebhookEventStatus.FAILED
    with pytest.warns(UserWarning, match="status: 'FAILD' is not known to this release; did you mean 'FAILED'"):
        assert check_enum("status", "FAILD", WebhookEventStatus) == "FAILD"
    with pytest.warns(UserWarning, match="known are '"):
        check_enum("status", "zzzzzz", WebhookEventStatus)
    with pytest.raises(ArgumentError, match="status: expected one of 'IN_PROGRESS'"):
        check_enum("status", 3, WebhookEventStatus)


def test_the_nearest_name() -> None:
    assert nearest("URLL", ["url", "secret"]) == "url"
    assert nearest("zzz", ["url", "secret"]) is None


@pytest.mark.parametrize(("name", "hint"), [("ulr", "did you mean 'url'"), ("zzz", "there are url, secret")])
def test_an_unknown_name_is_refused(name: str, hint: str) -> None:
    known: Any = iter(["url", "secret"])
    with pytest.raises(ArgumentError, match=f"{name}: no such field; {hint}") as caught:
        check_names(["url", name], known, "field")
    assert caught.value.field == name


def test_known_names_pass() -> None:
    check_names(["url", "secret"], ["secret", "url"], "field")
