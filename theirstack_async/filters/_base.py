"""What all parts of a search's body share: they are checked when made, and hold only what was given."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final, Self, TypeVar, cast

import attrs

from theirstack_async._values import UNSET
from theirstack_async._warn import warn_user
from theirstack_async.errors import ArgumentError
from theirstack_async.filters._kinds import Check, Kind, Rule, many, rules
from theirstack_async.filters._place import Place, shown
from theirstack_async.models._writing import plain

SWITCHES: Final[Mapping[str, str]] = {
    "page": "paging is done by iterating; max_pages= bounds it",
    "limit": "page_size= says how many rows a page has, max_items= how many are wanted in all",
    "offset": "paging is done by iterating; resume= goes on where another run stopped",
    "cursor": "paging is done by iterating; resume= goes on where another run stopped",
    "include_total_results": "count() gives the totals",
    "blur_company_data": "preview() is the search that is free and has blurred rows",
}
"""Fields of the API's bodies that say how to read and not what is asked, and where that is said here."""
_OPTIONS: Final = frozenset({"budget", "headers", "retries", "timeouts"})
"""Names that say how a call is made."""


class Part:
    """The base of all filters, and of what stands in them, such as sort keys.

    They are immutable and compare by value. A field that was not given is ``UNSET``, and is not sent. Each value is
    checked at once, so that nothing is billed for a mistake.

    Comparison and hash are written here, once, so the classes leave both to this one (``eq=False``).
    """

    def __init__(self, /, **values: Any) -> None:
        _fill(self, _checked(type(self), values, Place()), Place())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, ignore_unknown: bool = False) -> Self:
        """Return the filters that plain JSON data says, such as the ``body`` of a saved search.

        Dates and instants are texts in ISO 8601; an instant without an offset means UTC, as the API's do. The fields of
        paging (``limit`` and the like) are left out, because how much is read is said where it is read, and so are
        empty lists, which the API writes where there is no condition. Deprecated filters do not warn.
        ``from_dict(x.to_dict()) == x`` holds.

        Args:
            data: a mapping of wire names to values.
            ignore_unknown: leave out filters that this release does not know, with a UserWarning, because the search
                then finds more than was meant. To send them, put them in ``extra_filters=``.

        Raises:
            ArgumentError: a name is not known, a value is not of its kind, or ``blur_company_data`` is true: the data
                asks for a free preview, and leaving that out would make it a search that costs credits.
        """
        place = Place(json=True, ignore_unknown=ignore_unknown)
        if not isinstance(cast("object", data), Mapping):
            raise ArgumentError(f"data: expected a mapping of filters, got {shown(data)}", field="data")
        return make(cls, data, place)

    def to_dict(self) -> dict[str, Any]:
        """Return what was given as plain JSON data: wire names, dates and instants as ISO 8601 texts, lists."""
        return cast("dict[str, Any]", plain(self))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Part) or other.__class__ is not self.__class__:
            return NotImplemented
        return given(self) == given(other)

    def __hash__(self) -> int:
        return hash((type(self), *given(self).items()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in given(self).items())})"


P = TypeVar("P", bound=Part)


def given(part: Part) -> dict[str, Any]:
    """Return the fields that were given, by name."""
    pairs = ((name, getattr(part, name)) for name in rules(type(part)))
    return {name: value for name, value in pairs if value is not UNSET}


def make(cls: type[P], values: Mapping[str, Any], place: Place) -> P:
    """Return a part made of values that stand at a place."""
    return _fill(cls.__new__(cls), _checked(cls, values, place), place)


def changed(part: P, values: Mapping[str, Any]) -> P:
    """Return a part with some values changed. Only these are checked, and only these can warn."""
    cls = type(part)
    return _fill(cls.__new__(cls), given(part) | _checked(cls, values, Place()), Place())


def _fill(part: P, values: Mapping[str, Any], place: Place) -> P:
    for field in attrs.fields(cast("type[Any]", type(part))):
        value = values.get(field.name, UNSET)
        value = field.default if value is UNSET else value
        if value is attrs.NOTHING:
            raise place.at(field.name).refuse("is missing")
        object.__setattr__(part, field.name, value)
    return part


def _checked(cls: type[Part], values: Mapping[str, Any], place: Place) -> dict[str, Any]:
    known = rules(cls)
    _check_names(cls, values, place)
    return {name: _value(known[name], place.at(name), value) for name, value in values.items() if name in known}


def _check_names(cls: type[Part], values: Mapping[str, Any], place: Place) -> None:
    known = rules(cls)
    strange = [name for name in values if name not in known and not _dropped(name, values[name], place)]
    if strange and not place.ignore_unknown:
        raise place.at(strange[0]).refuse(f"no such filter; {_hint(cls, str(strange[0]))}")
    if strange:
        paths = ", ".join(place.at(name).path for name in strange)
        warn_user(f"left out, as this release does not know them, so more is found: {paths}", UserWarning)


def _dropped(name: str, value: object, place: Place) -> bool:
    """Return whether a name is a switch that data may have and filters leave out.

    Raises:
        ArgumentError: a switch among keywords; or data that asks for a preview, which would be billed without that.
    """
    if name not in SWITCHES:
        return False
    if not place.json or (name == "blur_company_data" and value):
        raise place.at(name).refuse(f"this is no filter: {SWITCHES[name]}")
    return True


def _hint(cls: type[Part], name: str) -> str:
    if name in _OPTIONS:
        return f"options=RequestOptions({name}=...) says how calls are made"
    known = rules(cls)
    inside = [each for each, rule in known.items() if rule.kind.part and name in rules(rule.kind.part)]
    if inside:
        return f"it belongs inside {inside[0]}="
    near = _near(name, [each for each in known if not known[each].deprecated]) or _near(name, list(known))
    said = f"did you mean {' or '.join(map(repr, near))}?" if near else f"{cls.__name__} documents all."
    return f"{said} What this release does not know can be sent with extra_filters="


def _near(name: str, known: list[str]) -> list[str]:
    """Return the name that is very much like one that is not known; or two that are somewhat; or some with that word.

    One alone could be the opposite of what was meant: ``posted_after`` is as near to ``posted_at_lte`` as to ``_gte``.
    """
    name = name.lower()
    near = get_close_matches(name, known, n=1, cutoff=0.85) or get_close_matches(name, known, n=2)
    return near or [each for each in known if name in each.split("_")][:3]


def _value(rule: Rule, place: Place, value: object) -> Any:
    if value is UNSET:
        return UNSET
    if rule.deprecated and not place.json:
        warn_user(f"{place.path}: deprecated by the API; {rule.deprecated}", DeprecationWarning)
    if value is None:
        if rule.kind.nullable:
            return None
        raise place.refuse(f"expected {rule.kind.expected}, got None; leave it out instead")
    checked = rule.kind.check(place, value)
    return _empty(place) if checked == () and place.path.endswith(("_or", "_and")) else checked


def _empty(place: Place) -> Any:
    """Leave an empty list out of data, where the API writes one for no condition; elsewhere refuse it.

    Who has chosen nothing of a list, and gives that, wants nothing; the API would find, and bill, everything.
    """
    if place.json:
        return UNSET
    raise place.refuse("an empty list is no condition to the API, so everything would match; leave it out to mean that")


def part_of(cls: type[Part], *, accepts: str = "", nullable: bool = False) -> Kind:
    """Return the kind of a part in a part. A mapping of its fields is taken too."""
    name = cls.__name__
    return Kind(f"{name}{accepts}{' | None' * nullable}", f"a {name}", check_part(cls), nullable, cls)


def parts_of(cls: type[Part]) -> Kind:
    """Return the kind of a list of parts."""
    return Kind(f"Many[{cls.__name__}]", f"a list of {cls.__name__}", many(check_part(cls)))


def check_part(cls: type[Part]) -> Check:
    """Return the check of a part in a part."""

    def check(place: Place, value: object) -> Part:
        if isinstance(value, cls):
            return value
        if isinstance(value, Mapping):
            return make(cls, cast("Mapping[str, Any]", value), place)
        raise place.refuse(f"expected {cls.__name__}, got {shown(value)}; write {cls.__name__}(...)")

    return check
