"""Retry-After and the rate headers: read leniently, and never raise."""

from __future__ import annotations

import math
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from theirstack_async._values import Headers, RateLimit, RateWindow
from theirstack_async._wire.dates import parse_retry_after
from theirstack_async._wire.ratelimit import parse_rate_limit

NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("2.", 2.0),
        ("-3", None),
        ("+3", None),
        ("1e3", None),
        ("nan", None),
        ("inf", None),
        ("٣", None),
        ("9" * 15, 999_999_999_999_999.0),
        ("9" * 400, None),
        ("soon", None),
        ("Sun, 06 Nov 1994 08:49:47 GMT", 10.0),
        ("Sunday, 06-Nov-94 08:49:47 GMT", 10.0),
        ("Sun Nov  6 08:49:47 1994", 10.0),
        ("Sun, 06 Nov 1994 08:49:47 -0000", 10.0),
        ("Sun, 06 Nov 1994 09:49:47 +0100", 10.0),
        ("Sun, 06 Nov 1990 08:49:37 GMT", 0.0),
        ("Sun, 32 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 1994 08:49:37 +999999999999", None),
    ],
)
def test_retry_after(value: str | None, expected: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dates mean GMT wherever the program runs, those without a zone too."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert parse_retry_after(value, NOW) == expected
    finally:
        monkeypatch.undo()
        time.tzset()


@given(st.text(max_size=60) | st.text(st.sampled_from("0123456789 :,-+GMTSunNov."), max_size=40), st.floats())
@example("Mon, 01 Jan 0001 00:00:00 +2359", 0.0)
@example("Fri, 31 Dec 9999 23:59:59 -2359", 0.0)
def test_retry_after_never_raises_and_is_finite(value: str, now: float) -> None:
    found = parse_retry_after(value, now)
    assert found is None or (math.isfinite(found) and found >= 0)


FREE = (
    RateWindow("per-second", 4, 1, 3, 1),
    RateWindow("per-minute", 10, 60, 9, 60),
)


@pytest.mark.parametrize(
    ("headers", "windows"),
    [
        ({}, None),
        ({"date": "x"}, None),
        (
            {
                "RateLimit": '"per-second";r=3;t=1;pk="dXNlcjoxMjM0", "per-minute";r=9;t=60;pk="a,b;r=1"',
                "RateLimit-Policy": '"per-second";q=4;w=1, "per-minute";q=10;w=60',
            },
            FREE,
        ),
        (
            {
                "ratelimit": ' "per-second" ; r = 3 ; t = 1,"per-minute"; r=9; t=60 ',
                "ratelimit-policy": '"per-second"; q=4; w=1 ,, "per-minute"; q=10; w=60,',
            },
            FREE,
        ),
        ({"ratelimit": '"x";r=1'}, (RateWindow("x", None, None, 1, None),)),
        ({"ratelimit-policy": '"x";q=1'}, (RateWindow("x", 1),)),
        ({"ratelimit": 'bare;r=1, "";r=2, ;;, "good";r=-1;t=1.5;q=x'}, (RateWindow("good"),)),
        ({"ratelimit": "garbage"}, None),
        ({"ratelimit": '"' * 3}, None),
        (
            {"ratelimit": r'"a\"b";r=1;pk="x\",\"y;r=9", "c";pk=":;,";t=3;r=2', "ratelimit-policy": '"c";w=9;q=1;q=2'},
            (RateWindow("c", 2, 9, 2, 3), RateWindow(r"a\"b", None, None, 1, None)),
        ),
        (
            {"ratelimit": '"x";r=2;t=9;pk="a", "x";r=1;t=8;pk="b", "x";t=7, "x"', "ratelimit-policy": '"x","x";q=4'},
            (RateWindow("x", 4, None, 1, 8),),
        ),
        ({"ratelimit": '"x";r=1, "y;r=2;t=3, "z";r=3'}, (RateWindow("x", None, None, 1, None),)),
        ({"ratelimit-limit": "4, 10", "ratelimit-remaining": "3", "ratelimit-reset": "1, x, 9"},
         (RateWindow("0", 4, None, 3, 1), RateWindow("1", 10), RateWindow("2", None, None, None, 9))),
        ({"ratelimit-limit": "9" * 13}, (RateWindow("0"),)),
        ({"ratelimit-limit": " "}, None),
    ],
)  # fmt: skip
def test_rate_headers(headers: dict[str, str], windows: tuple[RateWindow, ...] | None) -> None:
    found = parse_rate_limit(Headers(headers))
    assert found == (None if windows is None else RateLimit(windows))


@pytest.mark.parametrize(
    ("windows", "wait"),
    [
        ((), 0.0),
        ((RateWindow("a", remaining=1, reset=9.0),), 0.0),
        ((RateWindow("a", remaining=0),), 0.0),
        ((RateWindow("a", remaining=0, reset=2.0), RateWindow("b", remaining=0, reset=9.0)), 9.0),
    ],
)
def test_the_wait_is_until_each_empty_window_has_room(windows: tuple[RateWindow, ...], wait: float) -> None:
    assert RateLimit(windows).wait == wait


NAMES = ["ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"]
GRAMMAR = st.text(st.sampled_from('"a;=, rtqw0159-.'), max_size=60) | st.text(max_size=30)


@given(st.dictionaries(st.sampled_from(NAMES), GRAMMAR))
@example({"ratelimit": '"a";r=' + " " * 8000 + '"'})
@example({"ratelimit": '"' * 8001})
@example({"ratelimit": '"\\' * 20_000})
@example({"ratelimit": '"a"' + "\\" * 20_001})
def test_rate_headers_never_raise_and_are_never_negative(headers: dict[str, str]) -> None:
    """The long examples took minutes with a pattern that could match blanks in several ways."""
    found = parse_rate_limit(Headers(headers))
    for window in found.windows if found else ():
        for value in (window.quota, window.window, window.remaining, window.reset):
            assert value is None or 0 <= value < math.inf
    assert found is None or 0 <= found.wait < math.inf


def test_several_headers_of_a_name_are_one_list() -> None:
    lines = [("RateLimit", '"x";r=1;t=2;pk="a,b"'), ("RateLimit-Policy", '"x";q=3;w=4'), ("ratelimit", '"y";r=5;t=6')]
    assert parse_rate_limit(Headers(lines)) == RateLimit(
        (RateWindow("x", 3, 4, 1, 2), RateWindow("y", None, None, 5, 6))
    )
