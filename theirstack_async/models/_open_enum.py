"""Enumerations that the API may extend at any time."""

from __future__ import annotations

import enum
from typing import Self


class OpenEnum(enum.StrEnum):
    """A text with known values. A value that this release does not know is kept, and never an error.

    Every member is a ``str``: it compares equal to its text and hashes like it, so ``event.status == "FAILED"`` works
    for known and unknown values alike. ``X("text")`` gives the member, or an unknown one with ``is_known`` False.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        # Made anew each time and never stored: the set of members must not grow with what a server sends.
        unknown = str.__new__(cls, value)
        unknown._name_ = str(value)
        unknown._value_ = str(value)
        return unknown

    @property
    def is_known(self) -> bool:
        """Whether this release knows the value."""
        return any(self is member for member in type(self))

    def __repr__(self) -> str:
        label = f"{type(self).__name__}.{self.name}" if self.is_known else f"{type(self).__name__}, unknown"
        return f"<{label}: {self.value!r}>"
