"""Small values that every layer uses."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn, cast

import attrs

MASK: Final = "***"
_HIDDEN: Final = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})


class Unset(enum.Enum):
    """The type of :data:`UNSET`."""

    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET
"""Stands for "not given", where None is a value with a meaning of its own."""


class AllHistory(enum.Enum):
    """The type of :data:`ALL_HISTORY`."""

    ALL_HISTORY = "ALL_HISTORY"

    def __repr__(self) -> str:
        return "ALL_HISTORY"


ALL_HISTORY: Final = AllHistory.ALL_HISTORY
"""For ``listening_start_time``: replay every past match, each of them billed."""


class All(enum.Enum):
    """The type of :data:`ALL`."""

    ALL = "ALL"

    def __repr__(self) -> str:
        return "ALL"


ALL: Final = All.ALL
"""For ``max_items`` of a search: every row that there is, each of them billed."""


class Value:
    """The base of frozen values: those of one class with equal fields are equal, have one hash, and show their fields.

    attrs would write these methods anew for each class, and have them compiled whenever a program starts: a quarter of
    what it costs to make a client. So they are written here, once, and the values leave them to this class
    (``eq=False, repr=False``), as models do.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return _fields(self) == _fields(other) if other.__class__ is self.__class__ else NotImplemented

    def __hash__(self) -> int:
        return hash((type(self), *_fields(self)))

    def __repr__(self) -> str:
        cls: Any = type(self)
        shown = (
            f"{field.name}={field.repr(value) if callable(field.repr) else repr(value)}"
            for field, value in zip(attrs.fields(cls), _fields(self), strict=True)
            if field.repr
        )
        return f"{cls.__qualname__}({', '.join(shown)})"


def _fields(value: object) -> tuple[Any, ...]:
    cls: Any = type(value)
    return tuple(getattr(value, field.name) for field in attrs.fields(cls))


class Secret:
    """A text that shows as ``***`` wherever it is printed, and refuses to be pickled. ``reveal()`` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied to another process; pass the text where it is needed")


class Headers(Mapping[str, str]):
    """HTTP headers: immutable, the names in any case, several lines of one name joined by commas (RFC 9110, 5.3)."""

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        merged: dict[str, str] = {}
        for name, value in cast("Iterable[tuple[str, str]]", items.items() if isinstance(items, Mapping) else items):
            key = name.lower()
            merged[key] = f"{merged[key]}, {value}" if key in merged else value
        self._items = merged

    def __getitem__(self, name: str) -> str:
        return self._items[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._items

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Give the names, in lower case, each with its value: as ``items()`` does, which asks for each name anew."""
        return iter(self._items.items())

    def adding(self, name: str, value: str) -> Headers:
        """Return these headers with one more, or with one replaced."""
        more = Headers()
        more._items = {**self._items, name.lower(): value}
        return more

    def __repr__(self) -> str:
        shown = {name: MASK if name in _HIDDEN else value for name, value in self._items.items()}
        return f"Headers({shown!r})"


@attrs.frozen(eq=False, repr=False)
class RateWindow(Value):
    """One sliding window of the API's rate limit, as its headers tell it."""

    name: str
    """Such as ``per-second``; a number in the headers' order when only the plain headers were sent."""
    quota: int | None = None
    """Requests allowed in the window."""
    window: float | None = None
    """Length of the window in seconds."""
    remaining: int | None = None
    """Requests left in the window."""
    reset: float | None = None
    """Seconds until the window has room again, or is full again."""


@attrs.frozen(eq=False, repr=False)
class RateLimit(Value):
    """What an answer's rate headers said (https://theirstack.com/en/docs/api-reference/rate-limit.md)."""

    windows: tuple[RateWindow, ...]

    @property
    def wait(self) -> float:
        """Seconds until every window that is empty has room again; 0.0 when none is empty."""
        return max((w.reset for w in self.windows if w.remaining == 0 and w.reset is not None), default=0.0)
