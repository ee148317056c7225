"""Checks of arguments that several resources take, made before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from theirstack_async._check import check_enum, nearest
from theirstack_async._warn import warn_user
from theirstack_async._wire.encode import encode_instant, encode_json
from theirstack_async.errors import ArgumentError
from theirstack_async.models import OpenEnum

T = TypeVar("T")
Check = Callable[[str, object], T]
"""From an argument's name and value to the value as it is sent; it raises an ArgumentError for a wrong one."""


def optional(check: Check[T], field: str, value: object) -> T | None:
    """Return a checked value, or None where there is none."""
    return None if value is None else check(field, value)


def list_of(check: Check[T]) -> Check[list[T]]:
    """Return the check of a list that is not empty. It gives each value once.

    The check raises an ArgumentError for a single text, for what cannot be iterated, and for an empty list.
    """

    def checked(field: str, values: object) -> list[T]:
        if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
            raise ArgumentError(f"{field}: expected a list, got {values!r}", field=field)
        each = dict.fromkeys(check(field, value) for value in cast("Iterable[object]", values))
        if not each:
            raise ArgumentError(f"{field}: expected a list of at least one, got an empty one", field=field)
        return list(each)

    return checked


def one_or_list_of(check: Check[T]) -> Check[T | list[T]]:
    """Return the check of one value, or of a list as :func:`list_of` makes it."""

    def checked(field: str, value: object) -> T | list[T]:
        return check(field, value) if isinstance(value, (str, int)) else list_of(check)(field, value)

    return checked


def member_of(members: type[OpenEnum]) -> Check[str]:
    """Return the check of a value of an enumeration, as :func:`check_enum` makes it; it gives the text."""

    def checked(field: str, value: object) -> str:
        return check_enum(field, value, members).value

    return checked


def one_of(*known: str) -> Check[str]:
    """Return the check of one of a few texts. One that this release does not know is let through, with a warning.

    The check raises an ArgumentError for what is no text.
    """
    listed = ", ".join(map(repr, known))

    def checked(field: str, value: object) -> str:
        if not isinstance(value, str):
            raise ArgumentError(f"{field}: expected one of {listed}, got {value!r}", field=field)
        if value not in known:
            near = nearest(value, known)
            hint = f"did you mean {near!r}?" if near else f"known are {listed}"
            warn_user(f"{field}: {value!r} is not known to this release; {hint}", UserWarning)
        return value

    return checked


def check_flag(field: str, value: object) -> bool:
    """Return True or False.

    Raises:
        ArgumentError: it is something else.
    """
    if isinstance(value, bool):
        return value
    raise ArgumentError(f"{field}: expected True or False, got {value!r}", field=field)


def check_mapping(field: str, value: object) -> dict[str, Any]:
    """Return a mapping of names to JSON data as a dict.

    Raises:
        ArgumentError: it is something else.
    """
    if not isinstance(value, Mapping) or not all(
        isinstance(key, str) for key in cast("Mapping[object, object]", value)
    ):
        raise ArgumentError(f"{field}: expected a mapping with names as keys, got {value!r}", field=field)
    data = dict(cast("Mapping[str, Any]", value))
    try:
        encode_json(data)
    except ArgumentError as error:
        why = str(error).removeprefix("json: ")
    else:
        return data
    raise ArgumentError(f"{field}: {why}", field=field)


def check_period(start: object, end: object, now: datetime, *, days: int) -> dict[str, str]:
    """Return the parameters of a period, which is the last ``days`` days before its end, and up to now, unless given.

    Raises:
        ArgumentError: an end is no datetime, or has no time zone, or ``start`` is not before ``end``.
    """
    last = now if end is None else end
    until = encode_instant(last, "end")
    first = _before(cast("datetime", last), days) if start is None else start
    since = encode_instant(first, "start")
    if cast("datetime", first) >= cast("datetime", last):
        raise ArgumentError(f"start: {since} is not before end, {until}", field="start")
    return {"start_datetime": since, "end_datetime": until}


def _before(end: datetime, days: int) -> datetime:
    try:
        return end - timedelta(days=days)
    except OverflowError:
        raise ArgumentError(
            f"end: {end.isoformat()} leaves no {days} days before it; give start=", field="end"
        ) from None
