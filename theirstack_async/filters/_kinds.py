"""The kinds of values that filters take. Each is a type to annotate a field with, which says how it is checked.

What a field is annotated with is what it holds once checked: lists are tuples then, and instants are in UTC.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

import attrs

from theirstack_async._check import check_enum, check_id
from theirstack_async._values import Unset
from theirstack_async.filters._place import Place, shown
from theirstack_async.models._open_enum import OpenEnum

T = TypeVar("T")
Many: TypeAlias = Sequence[T] | Set[T]
"""Several values: a list, a tuple or a set. A text alone is refused, though it is a sequence of texts."""

Check: TypeAlias = Callable[[Place, object], Any]
"""Takes a value, None excepted, and returns it as it is kept; an ArgumentError where it is not of the kind."""


@attrs.frozen
class Kind:
    """A kind of value."""

    accepts: str
    """The type of the argument, as source text: what ``_kwargs.py`` says."""
    expected: str
    """What it has to be, in words."""
    check: Check
    nullable: bool = False
    """Whether None is taken, which is sent as null."""
    part: type[Any] | None = None
    """The class of a value that has fields itself."""


@attrs.frozen
class Deprecated:
    """Marks a filter that the API deprecates."""

    advice: str
    """What to do instead, such as ``use job_id_or``."""


@attrs.frozen
class Rule:
    """What is known of one field: its kind, and whether it is deprecated."""

    kind: Kind
    deprecated: str | None = None


_RULES: Final[dict[type[Any], dict[str, Rule]]] = {}


def rules(cls: type[Any]) -> dict[str, Rule]:
    """Return the rule of each field of a class, from its annotations, in order."""
    if cls not in _RULES:
        hints = get_type_hints(cls, include_extras=True)
        _RULES[cls] = {name: _rule(hints[name]) for name in attrs.fields_dict(cls)}
    return _RULES[cls]


def _rule(hint: Any) -> Rule:
    marks: tuple[Any, ...] = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    kind = next(mark for mark in marks if isinstance(mark, Kind))
    advice = next((mark.advice for mark in marks if isinstance(mark, Deprecated)), None)
    return Rule(kind, advice)


def many(check: Check) -> Check:
    """Return the check of a list, each item of which has to pass a check.

    A set is put in order, so that the same values always make the same request.
    """

    def check_many(place: Place, value: object) -> tuple[Any, ...]:
        return tuple(check(place, each) for each in _items(place, value))

    return check_many


def _items(place: Place, value: object) -> Iterable[object]:
    if isinstance(value, str):
        raise place.refuse(f"expected a list, got the text {shown(value)}; write [{shown(value)}]")
    if isinstance(value, Set):
        return sorted(cast("Set[object]", value), key=repr)
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return cast("Sequence[object]", value)
    raise place.refuse(f"expected a list, got {shown(value)}")


def _text(place: Place, value: object) -> str:
    if isinstance(value, str):
        # Not str(value), which of a member of ``class Country(str, Enum)`` is "Country.US".
        return str.__str__(value)
    raise place.refuse(f"expected a text, got {shown(value)}")


def _id(place: Place, value: object) -> int:
    return check_id(place.path, value)


def _flag(place: Place, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise place.refuse(f"expected True or False, got {shown(value)}")


def _whole(place: Place, value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise place.refuse(f"expected a whole number, got {shown(value)}")


def _number(place: Place, value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if isinstance(value, int) or math.isfinite(value):
            return value
        raise place.refuse(f"expected a finite number, got {shown(value)}")
    raise place.refuse(f"expected a number, got {shown(value)}")


def _day(place: Place, value: object) -> date:
    if isinstance(value, datetime):
        raise place.refuse(f"expected a date, got the instant {value}; say which day it is: write ....date()")
    if isinstance(value, date):
        return value
    found = _parsed(date, value) if isinstance(value, str) else None
    if found is None:
        raise place.refuse(f"expected a date, got {shown(value)}; write date(2026, 1, 31)")
    if not place.json:
        raise place.refuse(f"expected a date, got the text {shown(value)}; write date.fromisoformat({shown(value)})")
    return found


def _instant(place: Place, value: object) -> datetime | date:
    if place.json and isinstance(value, str):
        value = _parsed(date, value) or _utc(_parsed(datetime, value)) or value
    if isinstance(value, datetime):
        # Some time zones have no offset; such an instant would be taken for one of this machine's.
        if value.utcoffset() is None:
            raise place.refuse(f"{value} has no time zone; say which one, such as datetime(..., tzinfo=UTC)")
        try:
            return value.astimezone(UTC)
        except OverflowError:
            raise place.refuse(f"{value} is outside the years 1 to 9999 in UTC") from None
    if isinstance(value, date):
        return value
    example = "datetime(2026, 1, 31, 12, tzinfo=UTC)"
    raise place.refuse(f"expected a datetime with a time zone, or a date, got {shown(value)}; write {example}")


D = TypeVar("D", date, datetime)


def _parsed(form: type[D], text: str) -> D | None:
    try:
        return form.fromisoformat(text)
    except ValueError:
        return None


def _utc(instant: datetime | None) -> datetime | None:
    # The API's instants without an offset mean UTC.
    return instant.replace(tzinfo=UTC) if instant is not None and instant.tzinfo is None else instant


def enum_of(members: type[OpenEnum], *, nullable: bool = False) -> Kind:
    """Return the kind of one value of an enumeration, as a member or as its text."""
    name = members.__name__

    def check(place: Place, value: object) -> OpenEnum:
        return check_enum(place.path, value, members)

    return Kind(f"{name} | str{' | None' * nullable}", f"a {name}", check, nullable)


def enums_of(members: type[OpenEnum], *, nullable: bool = False) -> Kind:
    """Return the kind of a list of values of an enumeration."""
    name = members.__name__
    check = many(enum_of(members).check)
    return Kind(f"Many[{name} | str]{' | None' * nullable}", f"a list of {name}", check, nullable)


TEXT: Final = Kind("str", "a text", _text)
ID: Final = Kind("int | None", "an id, a whole number from 0", _id, nullable=True)
INTEGER: Final = Kind("int", "a whole number", _whole)
FLAG: Final = Kind("bool", "True or False", _flag)

Texts: TypeAlias = Annotated[tuple[str, ...] | Unset, Kind("Many[str]", "a list of texts", many(_text))]
"""A list of texts."""
Ids: TypeAlias = Annotated[tuple[int, ...] | Unset, Kind("Many[int]", "a list of ids", many(_id))]
"""A list of ids, whole numbers from 0."""
Flag: TypeAlias = Annotated[bool | Unset | None, Kind("bool | None", "True or False", _flag, nullable=True)]
"""True, False, or None for both."""
Whole: TypeAlias = Annotated[int | Unset | None, Kind("int | None", "a whole number", _whole, nullable=True)]
"""A whole number, or None for any."""
Number: TypeAlias = Annotated[float | Unset | None, Kind("float | None", "a number", _number, nullable=True)]
"""A finite number, or None for any."""
Day: TypeAlias = Annotated[date | Unset | None, Kind("date | None", "a date", _day, nullable=True)]
"""A date, or None for any. A datetime is refused, since its day depends on the time zone."""
Instant: TypeAlias = Annotated[
    datetime | date | Unset | None, Kind("datetime | date | None", "an instant", _instant, nullable=True)
]
"""A datetime with a time zone, kept in UTC; or a date; or None for any."""
