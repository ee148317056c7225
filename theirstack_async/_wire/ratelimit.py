"""The rate headers: ``RateLimit``, ``RateLimit-Policy`` and the three plain ones.

Grammar: https://theirstack.com/en/docs/api-reference/rate-limit.md. The page's prose has a space after semicolons and
its example has none, so both are read; a partition key is a quoted string that may hold commas and semicolons, and
escaped quotes (RFC 9651, 3.3.3). Several headers of one name are one list. Where a window is named twice, as it is when
each of several partitions has its own, the one with fewer requests counts.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from theirstack_async._values import Headers, RateLimit, RateWindow

# Each character has one way to match, so a hostile header costs time in proportion to its length. A string that nobody
# closes goes on to the end, or its quote would be tried again and again.
_STRING: Final = r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)'
_ITEMS: Final = re.compile(rf'(?:{_STRING}|[^",])+', re.DOTALL)
_PARTS: Final = re.compile(rf'(?:{_STRING}|[^";])+', re.DOTALL)
_NAME: Final = re.compile(r'"((?:[^"\\]|\\.)+)"\Z', re.DOTALL)
_NUMBER: Final = re.compile(r"\d{1,12}\Z", re.ASCII)
_NAMES: Final = ("ratelimit", "ratelimit-policy", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset")


def parse_rate_limit(headers: Headers) -> RateLimit | None:
    """Return what the rate headers say, or None where there are none. What cannot be read is left out; never raises."""
    if not any(map(headers.__contains__, _NAMES)):
        return None
    states = _items(headers.get("ratelimit", ""), "r")
    policies = _items(headers.get("ratelimit-policy", ""), "q")
    if states or policies:
        names = list(dict.fromkeys([*policies, *states]))
        return RateLimit(tuple(_window(name, states.get(name, {}), policies.get(name, {})) for name in names))
    return _plain(headers)


def _window(name: str, state: Mapping[str, int], policy: Mapping[str, int]) -> RateWindow:
    window = policy.get("w")
    return RateWindow(name, policy.get("q"), window, state.get("r"), state.get("t"))


# The policy is the same in each answer, and where nobody calls meanwhile so is the rest.
@lru_cache(maxsize=32)
def _items(text: str, count: str) -> Mapping[str, Mapping[str, int]]:
    """Return each window's numbers by its name; of two of a name, those whose ``count`` parameter is the smaller."""
    found: dict[str, dict[str, int]] = {}
    for item in _ITEMS.findall(text):
        first, *parameters = [part.strip() for part in _PARTS.findall(item)] or [""]
        name = _NAME.match(first)
        if name is None:
            continue
        pairs = [parameter.partition("=") for parameter in parameters]
        numbers = {key.strip(): int(value) for key, _, value in pairs if _NUMBER.match(value.strip())}
        known = found.get(name[1])
        if known is None or numbers.get(count, math.inf) < known.get(count, math.inf):
            found[name[1]] = numbers
    return found


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
