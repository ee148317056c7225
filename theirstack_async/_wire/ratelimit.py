"""The rate headers: ``RateLimit``, ``RateLimit-Policy`` and the three plain ones.

Grammar: https://theirstack.com/en/docs/api-reference/rate-limit.md. The page's prose has a space after semicolons and
its example has none, so both are read; a partition key is a quoted string that may hold commas and semicolons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from theirstack_async._values import Headers, RateLimit, RateWindow

# Each character has one way to match, so a hostile header costs time in proportion to its length.
_ITEMS: Final = re.compile(r'(?:"[^"]*"|[^",])+')
_PARTS: Final = re.compile(r'(?:"[^"]*"|[^";])+')
_NUMBER: Final = re.compile(r"\d{1,12}\Z", re.ASCII)
_NAMES: Final = ("ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")


def parse_rate_limit(headers: Headers) -> RateLimit | None:
    """Return what the rate headers say, or None where there are none. What cannot be read is left out; never raises."""
    if not any(name in headers for name in _NAMES):
        return None
    states = dict(_items(headers.get("ratelimit", "")))
    policies = dict(_items(headers.get("ratelimit-policy", "")))
    if states or policies:
        names = list(dict.fromkeys([*policies, *states]))
        return RateLimit(tuple(_window(name, states.get(name, {}), policies.get(name, {})) for name in names))
    return _plain(headers)


def _window(name: str, state: dict[str, int], policy: dict[str, int]) -> RateWindow:
    window = policy.get("w")
    return RateWindow(name, policy.get("q"), window, state.get("r"), state.get("t"))


def _items(text: str) -> Iterator[tuple[str, dict[str, int]]]:
    for item in _ITEMS.findall(text):
        name, *parameters = [part.strip() for part in _PARTS.findall(item)] or [""]
        if len(name) < 3 or name[0] != '"' or name[-1] != '"':
            continue
        pairs = (parameter.partition("=") for parameter in parameters)
        yield name[1:-1], {key.strip(): int(value) for key, _, value in pairs if _NUMBER.match(value.strip())}


def _plain(headers: Headers) -> RateLimit | None:
    limits, remaining, resets = ([*_numbers(headers.get(name, ""))] for name in _NAMES[2:])
    count = max(len(limits), len(remaining), len(resets))
    windows = [RateWindow(str(i), _at(limits, i), None, _at(remaining, i), _at(resets, i)) for i in range(count)]
    return RateLimit(tuple(windows)) if windows else None


def _numbers(text: str) -> Iterator[int | None]:
    for part in text.split(",") if text.strip() else ():
        yield int(part) if _NUMBER.match(part.strip()) else None


def _at(values: list[int | None], index: int) -> int | None:
    return values[index] if index < len(values) else None
