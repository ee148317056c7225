"""What all models share: instants in UTC, unknown fields, equality and pickling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, cast

import attrs

_NAMES: Final[dict[type[Any], dict[str, None]]] = {}
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Model:
    """The base of all models. They are immutable, compare by value, and can be pickled, copied and deep-copied.

    The unknown fields live in a plain slot and not in an attrs field, because a decoder that fills attrs fields by
    their names would fill it from a field of that name on the wire. So equality and pickling are written here, once,
    and the models leave both to this class (``eq=False, getstate_setstate=False``).
    """

    __slots__ = ("_extra",)

    _extra: dict[str, Any]

    @property
    def extra(self) -> Mapping[str, Any]:
        """The fields of the answer that the model does not know, as plain JSON data, in the order of the wire.

        Read-only, and empty unless the client was made with ``keep_unknown_fields=True``.
        """
        try:
            return MappingProxyType(self._extra)
        except AttributeError:
            return _NOTHING

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain JSON data under the names of the wire, kept unknown fields included.

        Instants are RFC 3339 texts in UTC with ``Z``, dates ISO 8601 texts, members of enumerations their text, tuples
        lists. The data are new: to change them does not change the model.

        Raises:
            ArgumentError: the ``raw`` of an :class:`UnknownPayload` in it is not JSON.
        """
        from theirstack_async.models._writing import plain

        written: dict[str, Any] = plain(self)
        return written

    def to_json(self) -> str:
        """Return what :meth:`to_dict` does as JSON text, on one line and in ASCII.

        Raises:
            ArgumentError: as for :meth:`to_dict`, or a number in it is not finite.
        """
        from theirstack_async.models._writing import compact

        return compact(self)

    def to_row(self, columns: Iterable[str] | None = None) -> dict[str, Any]:
        """Return the model as a flat row for a table: of a CSV file, a data frame or a database.

        Instants stay ``datetime`` in UTC and dates ``date``, members of enumerations become their text; numbers,
        texts, bools and None stay. What is none of these, such as a list, becomes JSON text.

        Args:
            columns: names of fields, or paths through models within, such as ``company_object.name``; a path beyond
                something that is None gives None. By default all fields that the class has, each model within spread
                over its own columns; they are the same for all rows of a class. Unknown fields are no columns.

        Raises:
            ArgumentError: the class has no such column; it names the nearest.
        """
        from theirstack_async.models._rows import row_of

        return row_of(self, columns)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model) or other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other) and self.extra == other.extra

    def __repr__(self) -> str:
        cls: type[Any] = type(self)
        shown = (f"{field.name}={_shown(field, getattr(self, field.name))}" for field in attrs.fields(cls))
        return f"{cls.__name__}({', '.join(shown)})"

    def __hash__(self) -> int:
        return hash((type(self), hashable(compared(self))))

    def __getstate__(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in field_names(type(self))}
        return {**state, "_extra": dict(self.extra)} if self.extra else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)


def _shown(field: attrs.Attribute[Any], value: object) -> str:
    return field.repr(value) if callable(field.repr) else repr(value)


def field_names(cls: type[Any]) -> dict[str, None]:
    """Return the names of a model's fields, which are those on the wire, in order; as a dict to be looked up fast."""
    if cls not in _NAMES:
        _NAMES[cls] = dict.fromkeys(attrs.fields_dict(cls))
    return _NAMES[cls]


def compared(model: Model) -> tuple[Any, ...]:
    """Return the values of a model's fields, by which it is told from others."""
    return tuple(getattr(model, name) for name in field_names(type(model)))


def hashable(value: Any) -> Any:
    """Return a value that can be hashed and is equal for equal values: few models hold plain JSON data."""
    try:
        hash(value)
    except TypeError:
        if isinstance(value, Mapping):
            return frozenset((name, hashable(item)) for name, item in cast("Mapping[str, Any]", value).items())
        return tuple(hashable(item) for item in value)
    return value


def keep_extra(model: Model, unknown: dict[str, Any]) -> None:
    """Keep the unknown fields of a model that was just decoded and that nobody has seen yet."""
    object.__setattr__(model, "_extra", unknown)


def as_utc(instant: datetime) -> datetime:
    """Return the same instant in UTC. One without an offset means UTC, as the API's do.

    Raises:
        ValueError: in UTC it lies before the year 1 or after the year 9999.
    """
    if instant.tzinfo is None:
        return instant.replace(tzinfo=UTC)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("an instant outside the years 1 to 9999") from None


def set_utc(model: Model, *names: str) -> None:
    """Turn the named fields of a model that is being made into UTC; None stays None."""
    for name in names:
        instant = getattr(model, name)
        if instant is not None and instant.tzinfo is not UTC:
            object.__setattr__(model, name, as_utc(instant))
