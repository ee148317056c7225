"""What all models share: instants in UTC, unknown fields, equality and pickling."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

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

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model) or other.__class__ is not self.__class__:
            return NotImplemented
        return compared(self) == compared(other) and self.extra == other.extra

    def __hash__(self) -> int:
        return hash((type(self), compared(self)))

    def __getstate__(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in field_names(type(self))}
        return {**state, "_extra": dict(self.extra)} if self.extra else state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)


def field_names(cls: type[Any]) -> dict[str, None]:
    """Return the names of a model's fields, which are those on the wire, in order; as a dict to be looked up fast."""
    if cls not in _NAMES:
        _NAMES[cls] = dict.fromkeys(attrs.fields_dict(cls))
    return _NAMES[cls]


def compared(model: Model) -> tuple[Any, ...]:
    """Return the values of a model's fields, by which it is told from others."""
    return tuple(getattr(model, name) for name in field_names(type(model)))


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
