"""Sets of ids that stay small: a million ids take a few hundred kilobytes here, and 66 MB in a Python set."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from typing import Final

from pyroaring import BitMap64

_TOP: Final = 2**64


class IdSet(Set[int]):
    """A growing set of whole numbers over a compressed bitmap. Iterates in rising order."""

    __slots__ = ("_bits", "_odd")

    def __init__(self, ids: Iterable[int] = ()) -> None:
        self._bits = BitMap64()
        # What the bitmap cannot hold, which no well-behaved API sends: negative numbers and those over 64 bits.
        self._odd: set[int] = set()
        self.update(ids if isinstance(ids, Collection) else [*ids])

    def add(self, value: int) -> bool:
        """Add an id. Returns whether it is new."""
        if value in self:
            return False
        if 0 <= value < _TOP:
            self._bits.add(value)
        else:
            self._odd.add(value)
        return True

    def update(self, ids: Collection[int]) -> None:
        """Add many ids."""
        if isinstance(ids, IdSet):
            self._bits |= ids._bits  # noqa: SLF001  # another of this class
            self._odd |= ids._odd  # noqa: SLF001
            return
        try:
            self._bits.update(ids)
        except OverflowError:
            for value in ids:
                self.add(value)

    def add_new(self, ids: Collection[int]) -> bool:
        """Add ids if all of them are new and none is there twice. Returns whether they were added."""
        fresh = BitMap64()
        try:
            fresh.update(ids)  # twice as fast as BitMap64(ids)
        except OverflowError:
            return False
        if len(fresh) != len(ids) or not self._bits.isdisjoint(fresh):
            return False
        # Not |=, which looks at the whole of the set: five milliseconds a time for ids that lie far apart.
        self._bits.update(ids)
        return True

    def discard(self, value: int) -> None:
        """Take an id out, if it is there."""
        if 0 <= value < _TOP:
            self._bits.discard(value)
        else:
            self._odd.discard(value)

    def difference_update(self, ids: Collection[int]) -> None:
        """Take many ids out, as far as they are there."""
        other = ids if isinstance(ids, IdSet) else IdSet(ids)
        self._bits -= other._bits  # noqa: SLF001  # another of this class
        self._odd -= other._odd  # noqa: SLF001

    def among(self, ids: Sequence[int]) -> Set[int]:
        """Return those of ``ids`` that are in the set; much faster than asking for one after the other."""
        try:
            return frozenset(self._bits & BitMap64(ids))
        except OverflowError:
            return frozenset(value for value in ids if value in self)

    def __contains__(self, value: object) -> bool:
        if type(value) is not int:
            return False
        return value in self._bits if 0 <= value < _TOP else value in self._odd

    def __iter__(self) -> Iterator[int]:
        yield from sorted(value for value in self._odd if value < 0)
        # A copy, for a bitmap must not grow while it is iterated, and a live report's does.
        yield from self._bits.copy()
        yield from sorted(value for value in self._odd if value > 0)

    def __len__(self) -> int:
        return len(self._bits) + len(self._odd)

    def __repr__(self) -> str:
        return f"IdSet({len(self)} ids)"


class IdView(Set[int]):
    """A live, read-only view of an :class:`IdSet`."""

    __slots__ = ("_ids",)

    def __init__(self, ids: IdSet) -> None:
        self._ids = ids

    @classmethod
    def _from_iterable(cls, it: Iterable[int]) -> IdSet:  # type: ignore[override]  # what &, | and - give is no view
        return IdSet(it)

    def __contains__(self, value: object) -> bool:
        return value in self._ids

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __repr__(self) -> str:
        return f"IdView({len(self)} ids)"
