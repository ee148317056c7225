"""Checks of arguments, made before anything is sent."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import urlsplit

from theirstack_async._warn import warn_user
from theirstack_async.errors import ArgumentError
from theirstack_async.models._open_enum import OpenEnum

E = TypeVar("E", bound=OpenEnum)

URL_LIMIT = 2083
"""Characters of a webhook's address at the most (the API's schema)."""
SECRET_MINIMUM = 16
"""Characters of a signing secret at the least (the API's schema)."""


def check_id(field: str, value: object) -> int:
    """Return an id, which is a whole number from 0.

    Raises:
        ArgumentError: it is not.
    """
    if type(value) is int and value >= 0:
        return value
    raise ArgumentError(f"{field}: expected an id, a whole number from 0, got {value!r}", field=field)


def check_text(field: str, value: object) -> str:
    """Return a text that is not blank.

    Raises:
        ArgumentError: it is.
    """
    if isinstance(value, str) and value.strip():
        return value
    raise ArgumentError(f"{field}: expected a text that is not blank, got {value!r}", field=field)


def check_url(field: str, value: object) -> str:
    """Return an address that a webhook can be delivered to: http or https, at most 2,083 characters.

    Raises:
        ArgumentError: it is not one.
    """
    if not isinstance(value, str):
        raise ArgumentError(f"{field}: expected an address as text, got {value!r}", field=field)
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and value.isprintable()
    except ValueError:
        usable = False
    if not usable or any(ch.isspace() for ch in value):
        raise ArgumentError(f"{field}: expected an http or https address, got {value!r}", field=field)
    if len(value) > URL_LIMIT:
        raise ArgumentError(f"{field}: {len(value)} characters, the API allows {URL_LIMIT:,}", field=field)
    return value


def check_secret(field: str, value: object) -> str:
    """Return a signing secret of at least 16 characters. The error does not show it.

    Raises:
        ArgumentError: it is shorter, or no text.
    """
    if not isinstance(value, str):
        raise ArgumentError(f"{field}: expected the secret as text, got {type(value).__name__}", field=field)
    if len(value) < SECRET_MINIMUM:
        raise ArgumentError(f"{field}: {len(value)} characters, the API asks for {SECRET_MINIMUM}", field=field)
    return value


def check_enum(field: str, value: object, members: type[E]) -> E:
    """Return a value of an enumeration. One that this release does not know is let through, with a warning.

    Raises:
        ArgumentError: it is no text.
    """
    if not isinstance(value, str):
        raise ArgumentError(f"{field}: expected one of {_listed(members)}, got {value!r}", field=field)
    # Not str(value), which of a member of the user's own ``class Status(str, Enum)`` is "Status.FAILED".
    member = members(str.__str__(value))
    if not member.is_known:
        near = nearest(value, members)
        hint = f"; did you mean {near!r}?" if near else f"; known are {_listed(members)}"
        warn_user(f"{field}: {value!r} is not known to this release{hint}", UserWarning)
    return member


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like one that is not known, or None when none is near."""
    by_lower = {each.lower(): str(each) for each in known}
    found = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def check_names(given: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse a name that is not known.

    Raises:
        ArgumentError: it names the nearest known one.
    """
    names = tuple(known)
    for name in given:
        if name not in names:
            near = nearest(name, names)
            hint = f"did you mean {near!r}?" if near else f"there are {', '.join(names)}"
            raise ArgumentError(f"{name}: no such {what}; {hint}", field=name)


def _listed(members: Iterable[str]) -> str:
    return ", ".join(repr(str(member)) for member in members)
