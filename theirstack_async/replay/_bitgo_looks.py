"""Which rows of BitGo's list tell where notifications stand that were sent again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from theirstack_async.replay._bitgo_api import Notification
from theirstack_async.replay._provider import Trace


class Sought:
    """Notifications that are looked for, and the row of each that tells most."""

    def __init__(self, ids: Mapping[str, Trace], since: datetime) -> None:
        self._ids = ids
        self._since = since
        self._by_handle = {trace.handle: id_ for id_, trace in ids.items() if trace.handle is not None}
        self._by_group = {trace.group: id_ for id_, trace in ids.items() if trace.group is not None}
        self.found: dict[str, Notification] = {}
        """By the id that was looked for."""

    @property
    def missing(self) -> list[str]:
        """The ids of which no row was seen."""
        return [id_ for id_ in self._ids if id_ not in self.found]

    def take(self, row: Notification) -> None:
        """Look at a row: an old one, one that bears the handle of a resend, or a new one of the same notification."""
        if (id_ := self._named(row)) is None:
            return
        known = self.found.get(id_)
        if known is None or _weight(row) > _weight(known):
            self.found[id_] = row

    def _named(self, row: Notification) -> str | None:
        if row.id in self._ids:
            return row.id
        named = self._by_handle.get(row.request_id)
        if named is None and row.created_at >= self._since:
            named = self._by_group.get(row.group)
        return named


def _weight(row: Notification) -> tuple[bool, datetime, datetime]:
    """Return by what one row tells more than another: one delivery counts whatever other attempts came to."""
    return row.status == "SENT", row.updated_at, row.created_at
