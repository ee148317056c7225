"""What of a run is acknowledged, and so how far the mark may move. Pure.

The mark follows the batches in their order, up to the first that is not acknowledged. The ids of later ones are
remembered at once, so nothing that was acknowledged is bought again, in whatever order that happened.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs

from theirstack_async.errors import StateError
from theirstack_async.incremental.state._saved import check_document
from theirstack_async.incremental.state._state import Id, SavedState, StateChange

LAST_INSTANT: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()
"""The last second that Python knows, in Unix seconds."""


@attrs.define(eq=False)
class Entry:
    """One page of a run, as long as it is not acknowledged or one before it is not."""

    ids: Mapping[Id, float]
    mark: float | None
    """How far every row is known with this page; None if it does not say."""
    rows: int = 0
    credits: int = 0
    landed: str | None = None
    """The name of its page in the landing folder."""
    done: bool = False


class Progress:
    """How far one profile is."""

    def __init__(self, base: Mapping[str, Any], saved: SavedState) -> None:
        """Args:
        base: what its document says of the profile.
        saved: what the state holds.

        Raises:
            StateError: that belongs to another release or to another API.
        """
        _check(base, saved.document)
        self.document: dict[str, Any] = {
            "mark": None,
            "rows": 0,
            "credits": 0,
            "sink": None,
            "landed": [],
            "kept_from": None,
            "into": None,
            **base,
        }
        self.document |= {name: saved.document[name] for name in self.document.keys() & saved.document.keys()}
        self._revision = saved.revision
        self._entries: deque[Entry] = deque()
        self.landed: list[str] = list(self.document["landed"])
        """Pages in the landing folder that are acknowledged and may still lie there."""

    @property
    def mark(self) -> float | None:
        """Up to where every row is stored, in Unix seconds."""
        text = self.document["mark"]
        return None if text is None else datetime.fromisoformat(text).timestamp()

    def add(self, entry: Entry) -> None:
        """Take in a page that was handed out, or that needs no acknowledgement."""
        self._entries.append(entry)

    def change(
        self,
        entries: Collection[Entry],
        note: Mapping[str, Any] | None,
        keeps_from: Callable[[float | None], float | None],
    ) -> StateChange | None:
        """Return what the acknowledgement of some pages changes; None if nothing."""
        mark = self._mark_with(entries)
        if not entries and mark == self.mark:
            return None
        kept_from = keeps_from(mark)
        document = {
            **self.document,
            "mark": None if mark is None else datetime.fromtimestamp(min(mark, LAST_INSTANT), UTC).isoformat(),
            "kept_from": kept_from,
            "rows": self.document["rows"] + sum(entry.rows for entry in entries),
            "credits": self.document["credits"] + sum(entry.credits for entry in entries),
            "landed": [*self.landed, *(entry.landed for entry in entries if entry.landed)],
        }
        if note is not None:
            document["sink"] = dict(note)
        seen = {id_: at for entry in entries for id_, at in entry.ids.items()}
        return StateChange(self._revision, document, seen, kept_from)

    def saved(self, change: StateChange, entries: Collection[Entry]) -> None:
        """Note that a change was saved."""
        for entry in entries:
            entry.done = True
        while self._entries and self._entries[0].done:
            self._entries.popleft()
        self._revision = change.revision + 1
        self.document = dict(change.document)
        self.landed = list(self.document["landed"])

    def _mark_with(self, entries: Collection[Entry]) -> float | None:
        mark = self.mark
        for entry in self._entries:
            if not entry.done and entry not in entries:
                break
            if entry.mark is not None:
                mark = entry.mark if mark is None else max(mark, entry.mark)
        return mark


def _check(base: Mapping[str, Any], document: Mapping[str, Any]) -> None:
    """Refuse what cannot be read, in a state of somebody's own too, and what was saved of another server."""
    if not document:
        return
    check_document(document, "the state of this profile")
    if document.get("base_url") != base["base_url"]:
        raise StateError(
            f"the state of this profile was made with {document.get('base_url')}, and this client talks to "
            f"{base['base_url']}: its mark means nothing there; use another state, or reset the profile"
        )
