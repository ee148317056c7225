"""Reading a request's path, query and body, strictly; all that is wrong with one of them is told at once."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from theirstack_async.testing.answers import FieldProblem, InvalidError

T = TypeVar("T")
Where = Literal["path", "query", "body"]

MAX_URL: Final = 2083
MIN_SECRET: Final = 16
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)
_URL: Final = re.compile(r"https?://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_INTEGER: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)


class BadValueError(ValueError):
    """A value is not what it must be."""

    def __init__(self, msg: str, kind: str) -> None:
        super().__init__(msg)
        self.msg = msg
        self.kind = kind


class Fields:
    """The fields of one part of a request. Collects problems; :meth:`check` raises them together."""

    def __init__(self, where: Where, values: dict[str, Any]) -> None:
        self._where: Where = where
        self._values = values
        self.problems: list[FieldProblem] = []

    def has(self, name: str) -> bool:
        """Return whether the field was given, null included."""
        return name in self._values

    def names(self) -> list[str]:
        """Return the names of all fields that were given."""
        return list(self._values)

    def required(self, name: str, read: Callable[[Any], T]) -> T | None:
        """Return a field that must be there; None after noting a problem."""
        if name not in self._values:
            self.problems.append(FieldProblem((self._where, name), "Field required", "missing"))
            return None
        return self._read(name, read)

    def optional(self, name: str, read: Callable[[Any], T]) -> T | None:
        """Return a field that may be left out or null; None then, or after noting a problem."""
        return None if self._values.get(name) is None else self._read(name, read)

    def defaulted(self, name: str, read: Callable[[Any], T], default: T) -> T:
        """Return a field that may be left out, but not null."""
        value = self._read(name, read) if name in self._values else default
        return default if value is None else value

    def listed(self, name: str, values: Iterable[Any], read: Callable[[Any], T]) -> list[T]:
        """Return the values of a field that was given several times; none after noting a problem with one."""
        return self._checked(name, lambda: [read(value) for value in values]) or []

    def window(self) -> slice:
        """Return which rows of a list the fields ``page``, ``offset`` and ``limit`` of a query ask for.

        Without a limit it is 25. Sending page and offset together is undocumented: here a page other than 0 counts.
        """
        page = self.defaulted("page", partial(number_text, least=0), 0)
        offset = self.defaulted("offset", partial(number_text, least=0), 0)
        limit = self.defaulted("limit", partial(number_text, least=1), 25)
        start = page * limit or offset
        return slice(start, start + limit)

    def refuse(self, name: str, msg: str) -> None:
        """Note a problem with a field."""
        self.problems.append(FieldProblem((self._where, name), msg, "value_error"))

    def check(self) -> None:
        """Raise InvalidError if anything was wrong."""
        if self.problems:
            raise InvalidError(self.problems)

    def _read(self, name: str, read: Callable[[Any], T]) -> T | None:
        return self._checked(name, lambda: read(self._values[name]))

    def _checked(self, name: str, value: Callable[[], T]) -> T | None:
        try:
            return value()
        except BadValueError as bad:
            self.problems.append(FieldProblem((self._where, name), bad.msg, bad.kind))
            return None


def body_fields(body: bytes, content_type: str) -> Fields:
    """Return the fields of a JSON object. Raises InvalidError when the body is none."""
    if content_type != "application/json":
        raise InvalidError([FieldProblem(("body",), "Content-Type must be application/json", "content_type")])
    try:
        value = json.loads(body, parse_constant=_no_number, parse_float=_finite)
    except (ValueError, RecursionError):
        raise InvalidError([FieldProblem(("body",), "JSON decode error", "json_invalid")]) from None
    if not isinstance(value, dict):
        raise InvalidError([FieldProblem(("body",), "Input should be a valid dictionary", "model_attributes_type")])
    return Fields("body", {str(name): item for name, item in value.items()})  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]


def form_fields(body: bytes, content_type: str) -> Fields:
    """Return the fields of a form; none of an empty body. Raises InvalidError when the body is no form."""
    if body and content_type != "application/x-www-form-urlencoded":
        problem = FieldProblem(("body",), "Content-Type must be application/x-www-form-urlencoded", "content_type")
        raise InvalidError([problem])
    return Fields("body", dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True)))


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def query_fields(pairs: Iterable[tuple[str, str]]) -> Fields:
    """Return the fields of a query. Of a repeated parameter the last counts; an empty one counts as left out."""
    return Fields("query", {name: value for name, value in pairs if value != ""})


def integer(value: Any) -> int:
    """Read a JSON integer; true, 7.0 and "7" are none."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadValueError("Input should be a valid integer", "int_type")
    return value


def integers(value: Any) -> list[int]:
    """Read a JSON list of integers."""
    return [integer(item) for item in items(value)]


def strings(value: Any) -> list[str]:
    """Read a JSON list of strings."""
    return [string(item) for item in items(value)]


def items(value: Any) -> list[Any]:
    """Read a JSON list."""
    if not isinstance(value, list):
        raise BadValueError("Input should be a valid list", "list_type")
    return value  # pyright: ignore[reportUnknownVariableType]


def boolean(value: Any) -> bool:
    """Read a JSON true or false."""
    if not isinstance(value, bool):
        raise BadValueError("Input should be a valid boolean", "bool_type")
    return value


def mapping(value: Any) -> dict[str, Any]:
    """Read a JSON object."""
    if not isinstance(value, dict):
        raise BadValueError("Input should be a valid dictionary", "dict_type")
    return value  # pyright: ignore[reportUnknownVariableType]


def string(value: Any) -> str:
    """Read a JSON string."""
    if not isinstance(value, str):
        raise BadValueError("Input should be a valid string", "string_type")
    return value


def url(value: Any) -> str:
    """Read an http or https address with a host, of at most 2,083 characters."""
    text = string(value)
    if len(text) > MAX_URL:
        raise BadValueError(f"URL should have at most {MAX_URL} characters", "url_too_long")
    try:
        parts = urlsplit(text)
        valid = _URL.fullmatch(text) is not None and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise BadValueError("Input should be a valid URL", "url_parsing")
    return text


def secret(value: Any) -> str:
    """Read a secret of at least 16 characters."""
    text = string(value)
    if len(text) < MIN_SECRET:
        raise BadValueError(f"String should have at least {MIN_SECRET} characters", "string_too_short")
    return text


def number_text(value: Any, *, least: int | None = None, most: int | None = None) -> int:
    """Read an integer from a path or a query, within bounds."""
    if not _INTEGER.fullmatch(value):
        raise BadValueError("Input should be a valid integer", "int_parsing")
    number = int(value)
    if least is not None and number < least:
        raise BadValueError(f"Input should be greater than or equal to {least}", "greater_than_equal")
    if most is not None and number > most:
        raise BadValueError(f"Input should be less than or equal to {most}", "less_than_equal")
    return number


def boolean_text(value: Any) -> bool:
    """Read a boolean of a query: ``true`` or ``false`` in any case, or 1 or 0."""
    text = str(value).lower()
    if text not in ("true", "false", "1", "0"):
        raise BadValueError("Input should be a valid boolean, unable to interpret input", "bool_parsing")
    return text in ("true", "1")


def uuid_text(value: Any) -> str:
    """Read a UUID of a query, and return its usual form."""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise BadValueError("Input should be a valid UUID", "uuid_parsing") from None


def one_of(*choices: str) -> Callable[[Any], str]:
    """Return a reader of an enumeration."""

    def read(value: Any) -> str:
        if value not in choices:
            raise BadValueError(f"Input should be {' or '.join(map(repr, choices))}", "enum")
        return str(value)

    return read


def instant(value: Any) -> datetime:
    """Read an ISO 8601 instant as aware UTC; one without an offset means UTC, and a date alone its midnight."""
    text = string(value)
    try:
        if not _INSTANT.fullmatch(text):
            raise ValueError(text)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValueError("Input should be a valid datetime", "datetime_from_date_parsing") from None


def timezone(value: Any) -> ZoneInfo:
    """Read the name of an IANA time zone."""
    try:
        return ZoneInfo(value)
    except (ValueError, OSError, LookupError):
        raise BadValueError("Input should be an IANA time zone", "timezone") from None
