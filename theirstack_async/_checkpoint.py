"""Where a listing stands, as plain data that can be stored and taken up in another process."""

from __future__ import annotations

import json
from typing import Any, Final, Self

import attrs

from theirstack_async.errors import ArgumentError

VERSION: Final = 1
MEMORY: Final = 500
"""How many of the last ids a checkpoint keeps: one page of the largest size that the API allows."""


@attrs.frozen
class Checkpoint:
    """How far a listing was read. Pass it as ``resume=`` to the same call, in this process or in another one.

    It covers everything that was handed out, so take it after the rows are stored.
    """

    version: int
    """The version of this format."""
    digest: str
    """A digest of the path and the filters: a checkpoint of another query is refused."""
    offset: int
    """The position in the list after the last row handed out."""
    ids: tuple[int, ...]
    """The ids of the last rows handed out, at most 500, in list order: what the listing is picked up by."""

    def to_json(self) -> str:
        """Return the checkpoint as one line of JSON."""
        return json.dumps({"version": self.version, "digest": self.digest, "offset": self.offset, "ids": self.ids})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises:
            ArgumentError: the text is not a checkpoint of a version that is known here.
        """
        try:
            data: Any = json.loads(text)
            point = cls(data["version"], data["digest"], data["offset"], tuple(data["ids"]))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            reason = f"{type(error).__name__}: {error}"
        else:
            reason = point._fault()
            if not reason:
                return point
        message = f"resume: not a checkpoint ({reason}); pass what checkpoint().to_json() gave"
        raise ArgumentError(message, field="resume")

    def _fault(self) -> str:
        if self.version != VERSION:
            return f"version {self.version!r}, this release reads version {VERSION}"
        if type(self.digest) is not str:
            return f"digest {self.digest!r} is not text"
        if type(self.offset) is not int or self.offset < 0:
            return f"offset {self.offset!r} is not a whole number from 0"
        return "" if all(type(value) is int for value in self.ids) else "an id is not a whole number"
