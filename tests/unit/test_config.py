"""Settings are refused when they are given, not in the middle of a call."""

from __future__ import annotations

import math
from typing import Any, cast

import pytest

from theirstack_async import RequestOptions, RetryPolicy, TheirStack, Timeouts
from theirstack_async._values import Secret
from theirstack_async.config import check_count, check_key, check_proxy, load_base_url, load_key
from theirstack_async.errors import ArgumentError, ConfigurationError

SECONDS: list[Any] = [-1, math.inf, math.nan, "3", True]


@pytest.mark.parametrize("value", [*SECONDS, 0])
@pytest.mark.parametrize("name", ["connect", "read", "deadline"])
def test_a_timeout_that_is_none(name: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=f"{name}: expected seconds above 0") as caught:
        Timeouts(**{name: value})
    assert caught.value.field == name


@pytest.mark.parametrize(
    ("name", "value"),
    [("attempts", 0), ("attempts", 1.0), ("attempts", True), ("retry_paid", "no"), ("base", None), ("cap", None)]
    + [(name, value) for name in ("base", "cap") for value in SECONDS],
)
def test_a_retry_policy_that_is_none(name: str, value: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        RetryPolicy(**{name: value})
    assert caught.value.field == name


def test_what_is_allowed() -> None:
    assert Timeouts(connect=None, read=0.5, deadline=1).connect is None
    assert RetryPolicy(base=0, cap=0, attempts=1).base == 0
    options = RequestOptions(timeouts=Timeouts(), retries=RetryPolicy(), headers={"X-A": "b\tc"})
    assert options.headers == {"X-A": "b\tc"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "x"},
        {"HOST": "x"},
        {"content-length": "1"},
        {"Transfer-Encoding": "chunked"},
        {"": "x"},
        {"a b": "x"},
        {"a:": "x"},
        {"é": "x"},
        {"a": "x\r\nb: c"},
        {"a": "x\0"},
        {"a": "é"},
        {"a": 1},
    ],
)
def test_headers_that_cannot_be_sent_along(headers: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        RequestOptions(headers=headers)
    assert caught.value.field == "headers"


def test_options_show_no_values_of_headers() -> None:
    assert "canary" not in repr(RequestOptions(headers={"X-Token": "canary"}))


@pytest.mark.parametrize(
    ("field", "expected"), [("timeouts", "Timeouts"), ("retries", "RetryPolicy"), ("budget", "a CreditBudget")]
)
def test_options_of_a_wrong_type(field: str, expected: str) -> None:
    for made in (RequestOptions, TheirStack):
        with pytest.raises(ArgumentError, match=f"^{field}: expected {expected}") as caught:
            made(**{field: 3})
        assert caught.value.field == field


def test_what_is_no_store_of_rate_windows() -> None:
    with pytest.raises(ArgumentError, match=r"^quota: expected a QuotaStore, .* got 'quota\.db'") as caught:
        TheirStack(quota=cast("Any", "quota.db"))
    assert caught.value.field == "quota"


async def _hook(event: object) -> None: ...


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"max_concurrency": 0}, ArgumentError),
        ({"max_concurrency": 2.0}, ArgumentError),
        ({"max_rate_wait": 0}, ArgumentError),
        ({"max_body_bytes": 0}, ArgumentError),
        ({"hooks": [_hook]}, ArgumentError),
        ({"hooks": [3]}, ArgumentError),
        ({"api_key": ""}, ConfigurationError),
        ({"api_key": 3}, ConfigurationError),
        ({"api_key": "Bearer abc"}, ConfigurationError),
        ({"api_key": "canary\n"}, ConfigurationError),
        ({"api_key": "can ary"}, ConfigurationError),
        ({"api_key": "canaryé"}, ConfigurationError),
        ({"base_url": "api.theirstack.com"}, ConfigurationError),
        ({"proxy": "canary:canary@nowhere"}, ConfigurationError),
        ({"proxy": "socks5://user:canary@nowhere"}, ConfigurationError),
    ],
)
def test_a_client_that_cannot_work(settings: Any, error: type[Exception]) -> None:
    with pytest.raises(error) as caught:
        TheirStack(**settings)
    assert "canary" not in str(caught.value)


def test_counts() -> None:
    assert check_count("n", 3, at_most=3) == 3
    with pytest.raises(ArgumentError, match="n: expected a whole number from 1 to 3, got 4"):
        check_count("n", 4, at_most=3)


@pytest.mark.parametrize(
    "url",
    [
        "api.theirstack.com",
        "ftp://h",
        "http://",
        "http://user@h",
        "http://u:canary@h",
        "http://h?x=1",
        "http://h/#x",
        "http://h:99999",
        "http://h:0",
        "http://[::1",
        "http://a b",
        "http://h\n",
        "http://hé",
    ],
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ConfigurationError, match="base_url: expected an address") as caught:
        load_base_url(url)
    assert "canary" not in str(caught.value)


def test_where_the_address_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THEIRSTACK_BASE_URL", raising=False)
    assert load_base_url(None) == "https://api.theirstack.com"
    monkeypatch.setenv("THEIRSTACK_BASE_URL", "http://127.0.0.1:80/api/")
    assert load_base_url(None) == "http://127.0.0.1:80/api"
    assert load_base_url("https://h//") == "https://h"


def test_where_the_key_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THEIRSTACK_API_KEY", raising=False)
    assert load_key(None) is None
    monkeypatch.setenv("THEIRSTACK_API_KEY", "")
    assert load_key(None) is None
    monkeypatch.setenv("THEIRSTACK_API_KEY", "from-env")
    assert load_key(None) == Secret("from-env")
    assert load_key("given") == Secret("given")
    provider = lambda: "x"  # noqa: E731
    assert load_key(provider) is provider
    monkeypatch.setenv("THEIRSTACK_API_KEY", "can ary")
    with pytest.raises(ConfigurationError, match="THEIRSTACK_API_KEY: the API key holds white space"):
        load_key(None)


def test_a_key_that_can_be_sent() -> None:
    assert check_key("abc.DEF_1-2=", "x") == "abc.DEF_1-2="


def test_a_proxy() -> None:
    assert check_proxy(None) is None
    assert check_proxy("http://u:p@127.0.0.1:3128") == "http://u:p@127.0.0.1:3128"
