"""Reading the values of filters from a request's JSON, strictly; each reader raises BadValueError for what is none."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import RefusedError

T = TypeVar("T")
Reader = Callable[[Any], T]

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WHOLE_DAY: Final = timedelta(days=1, microseconds=-1)
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")
_NOT_RE2: Final = re.compile(r"\(\?<?[=!]|\\[1-9]|\(\?P=")


def list_of(item: Reader[T]) -> Reader[list[T]]:
    """Return a reader of lists."""

    def read_list(value: Any) -> list[T]:
        return [item(one) for one in read.items(value)]

    return read_list


def number(value: Any) -> float:
    """Read a JSON number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise read.BadValueError("Input should be a valid number", "float_type")
    return value


def natural(value: Any) -> int:
    """Read a JSON integer from 0 on."""
    return _at_least(read.integer(value), 0)


def positive(value: Any) -> int:
    """Read a JSON integer from 1 on."""
    return _at_least(read.integer(value), 1)


def day(value: Any) -> int:
    """Read an ISO 8601 date, as an ordinal."""
    text = read.string(value)
    try:
        if not _DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text).toordinal()
    except ValueError:
        raise read.BadValueError("Input should be a valid date in the format YYYY-MM-DD", "date_parsing") from None


def from_instant(value: Any) -> float:
    """Read a lower bound as a Unix timestamp; a date alone is its first second."""
    return read.instant(value).timestamp()


def to_instant(value: Any) -> float:
    """Read an upper bound as a Unix timestamp; a date alone is its last microsecond."""
    moment = read.instant(value)
    return (moment + _WHOLE_DAY if _DATE.fullmatch(value) else moment).timestamp()


def country_code(value: Any) -> str:
    """Read a country code. Raises RefusedError 400 for a text that cannot be one."""
    code = read.string(value)
    if not _COUNTRY.fullmatch(code):
        raise RefusedError(400, f"Invalid country code {code[:40]!r}: it has two letters")
    return code


def regex(flags: re.RegexFlag = re.IGNORECASE) -> Reader[re.Pattern[str]]:
    """Return a reader of regular expressions, which raises RefusedError 400 for one that is none.

    The real API takes RE2 expressions; here Python's take their place, without what RE2 has not: look-around and
    back-references.
    """

    def read_regex(value: Any) -> re.Pattern[str]:
        text = read.string(value)
        try:
            if _NOT_RE2.search(text):
                raise ValueError("look-around and back-references are not supported")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return re.compile(text, flags)
        except (ValueError, OverflowError, RecursionError, re.error) as error:
            raise RefusedError(400, f"Invalid re2 expression {text[:80]!r}: {error}") from None

    return read_regex


def location_id(value: Any) -> int | None:
    """Read a location filter; one without an id is no place at all."""
    found = read.mapping(value).get("id")
    return None if found is None else read.integer(found)


def domain(value: Any) -> str:
    """Read a domain, an address of the web or an e-mail address, as the domain in it."""
    text = read.string(value).strip().lower().rpartition("://")[2]
    host = re.split(r"[/?#]", text, maxsplit=1)[0].rpartition("@")[2].partition(":")[0]
    return host.removeprefix("www.")


def linkedin_slug(value: Any) -> str:
    """Read the address of a company on LinkedIn, or the last part of one, as that part."""
    path = re.split(r"[?#]", read.string(value).strip().lower(), maxsplit=1)[0]
    return path.rstrip("/").rpartition("/")[2]


def _at_least(value: int, least: int) -> int:
    if value < least:
        raise read.BadValueError(f"Input should be greater than or equal to {least}", "greater_than_equal")
    return value
