"""Whatever a server says in its rate and Retry-After headers: nothing raises, and no wait is senseless."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine._windows import known
from theirstack_async._engine.windows import LONGEST, Wait, forecast, reserve, settle, state
from theirstack_async._values import Headers
from theirstack_async._wire.dates import parse_retry_after
from theirstack_async._wire.ratelimit import parse_rate_limit

Lines = list[tuple[str, str]]
NOW: Final = 1_900_000_000.0

HUGE: Final = "9" * 12
STATES: Final = [
    *('"x";r=0;t=1', '"x";r=0;t=0', '"x";r=0', '"x";t=5', '"x"', '"x";', '"x";;', '"x";r', '"x";r=', '"x";=0'),
    *('"x";r=-1;t=-1', '"x";r=+1;t=+1', '"x";r=1e9;t=1e9', '"x";r=nan;t=nan', '"x";r=inf;t=-inf', '"x";r=0x1;t=0b1'),
    *(f'"x";r={HUGE};t={HUGE}', f'"x";r=0;t={HUGE}', f'"x";r=0;t=9{HUGE}', f'"x";r=9{HUGE};t=1', '"x";r=0;t=1.5'),
    *('"x";t=3;r=2', '"x";pk="a,b";t=3;r=2', '"x";pk="a;r=0";r=2;t=3', '"x";pk="\\"";r=2;t=3', '"x";pk=:YWI=:;r=2;t=3'),
    *('"x";r=2;r=0;t=3', '"x";r=2;t=3, "x";r=0;t=9', '"x";r=0;t=9,"x";r=2;t=3', '"x";R=0;T=9', ' "x" ; r = 0 ; t = 9 '),
    *('"x";r=0;t=9,', ',"x";r=0;t=9', ",,,", '"x";r=0;t=9;', '"x" r=0 t=9', "'x';r=0;t=9", "x;r=0;t=9", '"";r=0;t=9'),
    *('"x;r=0;t=9', 'x";r=0;t=9', '"x"";r=0;t=9', '"\\', '"x\\";r=0;t=9', '"é";r=٣;t=٣', '"x";r=0\t;t=9', '"x"\n;r=0'),
    *('"x";r=0;t=9, "y";r=0;t=99, "z";r=0;t=999', '"Retry-After";r=0;t=9'),
    ", ".join(f'"{n}";r=0;t={n}' for n in range(99)),
]  # fmt: skip
POLICIES: Final = [
    *(
        '"x";q=0;w=0',
        '"x";q=0;w=60',
        '"x";q=1;w=0',
        '"x";q=4',
        '"x";w=60',
        '"x";q=-4;w=-60',
        '"x";w=60;q=4',
        '"y";q=4;w=1',
    ),
    *(f'"x";q={HUGE};w={HUGE}', f'"x";q=1;w={HUGE}', f'"x";q={HUGE};w=1', f'"x";q=9{HUGE};w=9{HUGE}', '"x";q=4;w=0.5'),
    *(
        '"x";q=4;w=1, "x";q=10;w=60',
        '"x";q=10;w=60, "x";q=4;w=1',
        '"x";q=1.5;w=nan',
        '"x";q=4;w=1;pk="a,b"',
        "",
        "4, 10",
    ),
    ", ".join(f'"{n}";q={n};w={n}' for n in range(99)),
]
PLAIN: Final = [
    *(
        ("4", "0", "1"),
        ("0", "0", "0"),
        ("", "0", "5"),
        ("4", "", ""),
        ("4, 10", "0", "1, 60"),
        ("4;w=1", "0;w=1", "1"),
    ),
    *(
        ("-4", "-1", "-1"),
        ("nan", "inf", "1e3"),
        (HUGE, "0", HUGE),
        ("1", HUGE, HUGE),
        ("4, ", ", 0", ",,"),
        ("a", "b", "c"),
    ),
]
RETRIES: Final = [
    *(
        "0",
        "1",
        "-1",
        "1.5",
        "1,5",
        "1 ",
        "+1",
        "1e9",
        "nan",
        "inf",
        "-inf",
        HUGE,
        "9" * 15,
        "9" * 16,
        "9" * 5000,
        "0x10",
    ),
    *(
        "",
        " ",
        "soon",
        "1s",
        "5, 10",
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Sun, 00 Foo 0000",
    ),
    *(
        "Tue, 17 Mar 2030 18:00:00 GMT",
        "Tue, 17 Mar 2030 18:00:00",
        "2030-03-17T18:00:00Z",
        "Tue, 17 Mar 99999 18:00:00 GMT",
    ),
]
PICKED: Final[list[Lines]] = [
    *([("RateLimit", each), ("RateLimit-Policy", '"x";q=4;w=10')] for each in STATES),
    *([("RateLimit", each)] for each in STATES[:20]),
    *([("RateLimit", '"x";r=0;t=9'), ("RateLimit-Policy", each)] for each in POLICIES),
    *([(f"RateLimit-{k}", v) for k, v in zip(("Limit", "Remaining", "Reset"), each, strict=True)] for each in PLAIN),
    *([("Retry-After", each), ("RateLimit", '"x";r=1;t=9')] for each in RETRIES),
]


def check(wait: Wait | None, most: float) -> None:
    if wait is not None:
        assert 0 < wait.seconds <= most
        assert math.isfinite(wait.seconds)
        assert 0 <= wait.reset <= LONGEST


def drive(doc: dict[str, Any], now: float, lines: Lines, *, counted: bool) -> float:
    """Make one request whose answer says that, and then another; return when the second was let in."""
    headers = Headers(lines)
    told, retry_after = parse_rate_limit(headers), parse_retry_after(headers.get("retry-after"), now)
    assert retry_after is None or 0 <= retry_after < math.inf
    reserve(doc, now, "first", lease=60.0)
    settle(doc, now + 0.25, "first", told, counted=counted, retry_after=retry_after)
    now += 0.5
    for ahead in (0, 1, 5, 10**6):
        check(forecast(doc, now, ahead), math.inf if ahead else LONGEST)
    for window in state(doc, now).windows:
        assert window.window is not None
        assert window.reset is not None
        assert 0 < window.window <= LONGEST
        assert 0 <= window.reset <= LONGEST
        assert window.remaining is None or window.remaining >= 0
    lengths = {window["length"] for window in doc["windows"].values()} if doc else set()
    for _ in range(10):
        wait = reserve(doc, now, "second", lease=60.0)
        check(wait, max(lengths, default=0.0))
        if wait is None:
            break
        now += wait.seconds
    else:
        raise AssertionError("it waited again and again")
    settle(doc, now, "second", None, counted=False)
    json.dumps(doc, allow_nan=False)
    return now


@pytest.mark.parametrize("lines", PICKED)
def test_hand_picked_headers(lines: Lines) -> None:
    for counted in (True, False):
        drive({}, NOW, lines, counted=counted)
        drive(known(("x", 4, 1), ("minute", 1, 60)), NOW, lines, counted=counted)


def test_more_than_a_hundred_are_hand_picked() -> None:
    assert len(PICKED) >= 100


NUMBERS = st.sampled_from(["0", "1", "4", "60", "-1", "1.5", "nan", HUGE, "9" * 13, "", "x"]) | st.integers().map(str)
PARAMETERS = st.tuples(
    st.sampled_from(["r", "t", "q", "w", " r ", "R", ""]), st.sampled_from(["=", " = ", ""]), NUMBERS
)
KEYS = st.sampled_from(['pk="a,b"', 'pk="a;r=0"', 'pk="\\""', 'pk="', "pk=a"])
NAMES = st.sampled_from(['"x"', '"y"', "x", '"', '""', ' "x" ', '"Retry-After"', '"\\""'])
ITEMS = st.builds(
    lambda name, parts: ";".join([name, *parts]), NAMES, st.lists(PARAMETERS.map("".join) | KEYS, max_size=4)
)
TEXTS = st.lists(ITEMS, max_size=4).map(", ".join) | st.lists(NUMBERS, max_size=4).map(",".join) | st.text(max_size=30)
DATES = st.datetimes().map(lambda date: f"{date:%a, %d %b %Y %H:%M:%S} GMT")
CHAOS = st.lists(
    st.tuples(st.sampled_from(["RateLimit", "RateLimit-Policy"]), TEXTS)
    | st.tuples(st.sampled_from(["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]), TEXTS)
    | st.tuples(st.just("Retry-After"), NUMBERS | DATES | TEXTS),
    max_size=6,
)
COUNTS = st.sampled_from(["0", "1", "3", "4", "10", HUGE])
SOUND = st.builds(
    lambda names, r, t, q, w: [
        ("RateLimit", ", ".join(f'"{name}";r={r};t={t};pk="a,b"' for name in names)),
        ("RateLimit-Policy", ", ".join(f'"{name}";q={q};w={w}' for name in names)),
    ],
    *(st.lists(st.sampled_from("xyz"), min_size=1, max_size=3), COUNTS, COUNTS, COUNTS, COUNTS),
)
LINES = CHAOS | SOUND | st.tuples(SOUND, CHAOS).map(lambda both: [*both[0], *both[1]])


@settings(max_examples=settings().max_examples * 10)
@given(st.lists(st.tuples(LINES, st.booleans(), st.sampled_from([-100.0, 0.0, 1.0, 1e6])), min_size=1, max_size=3))
def test_random_headers_one_after_the_other(answers: list[tuple[Lines, bool, float]]) -> None:
    """The clock may jump between them."""
    doc: dict[str, Any] = {}
    now = NOW
    for lines, counted, jump in answers:
        now = drive(doc, now + jump, lines, counted=counted)
