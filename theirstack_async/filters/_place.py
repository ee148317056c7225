"""Where a value of a filter stands, and how it was written."""

from __future__ import annotations

import reprlib

import attrs

from theirstack_async.errors import ArgumentError


@attrs.frozen
class Place:
    """A place in a search's body; each error names it."""

    path: str = ""
    """Dotted, such as ``job_filters.remote``; empty for the body itself."""
    json: bool = False
    """Whether the values are plain JSON data: dates and instants are ISO 8601 texts, and paging switches are there."""
    ignore_unknown: bool = False
    """Whether names that are not known here are left out."""

    def at(self, name: str) -> Place:
        """Return the place of a field of the object that stands here."""
        return attrs.evolve(self, path=f"{self.path}.{name}" if self.path else str(name))

    def refuse(self, message: str) -> ArgumentError:
        """Return the error that refuses what stands here."""
        return ArgumentError(f"{self.path}: {message}", field=self.path)


def shown(value: object) -> str:
    """Return a value as an error shows it, cut short where it is long."""
    return reprlib.repr(value)
