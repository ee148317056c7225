"""Equal short texts, and equal tuples of them, as one object each: less memory for programs that hold many rows.

The API repeats itself: names of countries, slugs of technologies, what receivers answered. Models are not shared, only
what is in them. To share equal companies and places too would save 3 % to 6 % of what is left, with 4,096 kept to
compare with, and needs more care than that is worth: 0.0 equals -0.0, and 1 equals True in their unknown fields.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable
from operator import attrgetter
from types import MemberDescriptorType, NoneType, UnionType
from typing import Any, Final, Union, cast, get_args, get_origin, get_type_hints

import attrs

from theirstack_async.models._base import Model

LONGEST: Final = 64
"""Characters of a text, and items of a tuple, beyond which it is not shared: long ones seldom come twice."""
MOST: Final = 65_536
"""Texts and tuples in a pool beyond which it is emptied, at the next page: about 10 MB, at the worst some 40."""
_UNIQUE: Final = frozenset(("description", "long_description", "seo_description", "url", "final_url", "source_url"))
"""Fields that are long, or whose values hardly ever come twice: to look for them would only cost time."""

_Get = Callable[[Any], Any]
_Put = Callable[[Any, Any], None]


class TextPool:
    """Shares what the rows given to it have in common. Their values stay equal, and of the same types.

    One lives as long as its converter, and not only for a page: of pages of 25 rows, as searches have them, a pool for
    each page would leave a fifth more.
    """

    def __init__(self) -> None:
        self._pool: Final = _Pool()
        self._plans: Final[dict[type[Any], _Plan]] = {}

    def share(self, rows: Iterable[object]) -> None:
        """Replace texts and tuples of texts in models, and in models within, that were just decoded and that nobody
        has seen yet. What is no model is left alone, as are unknown fields.
        """
        if len(self._pool) > MOST:
            self._pool.clear()
        self._share(rows)

    def _share(self, values: Iterable[object]) -> None:
        # Field by field and not row by row, so that the loops run in C: that takes three quarters of the instructions.
        models: defaultdict[type[Any], list[Any]] = defaultdict(list)
        for value in values:
            models[type(value)].append(value)
        pooled = self._pool.__getitem__
        for cls, group in models.items():
            plan = self._plans.get(cls) or self._plan(cls)
            for get, put in plan.shared:
                found = list(map(get, group))
                if any(found):
                    deque(map(put, group, map(pooled, found)), maxlen=0)
            if within := plan.within(group):
                self._share(within)

    def _plan(self, cls: type[Any]) -> _Plan:
        self._plans[cls] = plan = _Plan(cls)
        return plan


class _Pool(dict[Any, Any]):
    """Gives back the first of equal texts or tuples of texts; None for None."""

    long = 0
    """How many texts were too long to be kept."""

    def __missing__(self, value: Any) -> Any:
        if type(value) is tuple:
            long = self.long
            value = tuple(map(self.__getitem__, cast("tuple[str | None, ...]", value)))
            kept = len(value) <= LONGEST and self.long == long
        else:
            kept = value is None or len(value) <= LONGEST
            self.long += not kept
        if kept:
            self[value] = value
        return value


class _Plan:
    """Where to look in the models of a class."""

    def __init__(self, cls: type[Any]) -> None:
        self.shared: Final[list[tuple[_Get, _Put]]] = []
        """Reads and writes the fields that hold texts, or tuples of them."""
        self._models: Final[list[_Get]] = []
        self._tuples: Final[list[_Get]] = []
        if not issubclass(cls, Model):
            return
        hints = get_type_hints(cls)
        for field in attrs.fields(cast("type[attrs.AttrsInstance]", cls)):
            name, slot = field.name, getattr(cls, field.name)
            # What is no slot is computed, such as the payload of a row that is decoded when it is first asked for.
            if not isinstance(slot, MemberDescriptorType) or name in _UNIQUE:
                continue
            # What is not shown is a secret, which must not stay in a pool after its row was let go.
            if callable(field.repr):
                continue
            kinds, items = _kinds(hints[name])
            if items <= {str} if kinds == {tuple} else kinds == {str}:
                self.shared.append((attrgetter(name), slot.__set__))
            elif any(issubclass(kind, Model) for kind in kinds):
                self._models.append(attrgetter(name))
            elif any(issubclass(item, Model) for item in items):
                self._tuples.append(attrgetter(name))

    def within(self, group: list[Any]) -> list[object]:
        """Return what the fields for models hold, in models of this class."""
        found = [value for get in self._models for value in map(get, group)]
        found += [value for get in self._tuples for values in map(get, group) for value in values or ()]
        return found


def _kinds(hint: Any) -> tuple[set[type[Any]], set[type[Any]]]:
    """Return the classes that a field can hold besides None, and those that the tuples in it can."""
    options = {hint} if get_origin(hint) not in (Union, UnionType) else {*get_args(hint)}
    options -= {NoneType}
    items = {item for option in options if get_origin(option) is tuple for item in _kinds(get_args(option)[0])[0]}
    return {get_origin(option) or option for option in options}, items
