"""The notifications that the fake BitGo holds, and the webhooks that they are of."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

Status = Literal["PENDING", "PROCESSING", "SENT", "FAILED", "SKIPPED"]
Order = Literal["newest", "oldest"]

_WEEK: Final = 7 * 86_400.0
_NAMESPACE: Final = uuid.UUID("9b2f0f7e-5a1c-4d0e-8f53-0d6a3f1c2b4d")
"""Ids are made of it, so that they are the same in each run."""


@dataclass(slots=True, eq=False)
class Row:
    """A notification, or one attempt at one."""

    id: str
    request_id: str
    origin: str
    """The id of the notification that it is an attempt at; its own for a first one."""
    type: str
    payload: str
    created: float
    updated: float
    """Unix seconds, as ``created``."""
    status: Status
    retries: int
    response: dict[str, Any] | None = None


@dataclass(slots=True, eq=False)
class Webhook:
    """A webhook, and what is scripted of its receiver."""

    id: str
    url: str
    rows: dict[str, Row] = field(default_factory=dict[str, Row])
    """By id, in the order in which they were added."""
    suspended: bool = False
    takes: bool | None = None
    """Whether its receiver takes what is delivered; None where it is really asked."""
    turns: int | None = None
    """After how many deliveries ``takes`` turns into its opposite; None for never."""
    failures: deque[float] = field(default_factory=deque[float])
    """When deliveries failed, the latest last."""

    def scripted(self) -> bool | None:
        """Return whether the receiver takes the delivery that is made now; None where it is to be asked."""
        takes = self.takes
        if self.turns is not None and takes is not None:
            self.turns -= 1
            if self.turns == 0:
                self.takes, self.turns = not takes, None
        return takes

    def note_failure(self, now: float, most: int | None) -> None:
        """Count a failure, and suspend the webhook when there were too many within a week."""
        self.failures.append(now)
        while self.failures[0] <= now - _WEEK:
            self.failures.popleft()
        self.suspended = self.suspended or (most is not None and len(self.failures) >= most)


class Store:
    """All that the fake knows."""

    def __init__(self) -> None:
        self.webhooks: dict[str, Webhook] = {}
        self.refused: dict[str, str] = {}
        """By id, why it is refused, it alone."""
        self.poison: dict[str, tuple[int, str]] = {}
        """By id, the status and the name of the error with which it sinks each call."""
        self.accepted: Counter[str] = Counter()
        self.delivered: Counter[str] = Counter()
        self.after_page: deque[Callable[[], object]] = deque()
        self._numbers: Iterator[int] = itertools.count(1)

    def new_id(self) -> str:
        """Return an id that no notification has."""
        return str(uuid.uuid5(_NAMESPACE, str(next(self._numbers))))

    def new_handle(self) -> str:
        """Return the id of a request that delivers something, in the manner of a cuid."""
        return f"cfake{next(self._numbers):020d}"

    def add_webhook(self, url: str) -> Webhook:
        """Add a webhook."""
        made = Webhook(uuid.uuid5(_NAMESPACE, f"webhook {next(self._numbers)}").hex, url)
        self.webhooks[made.id] = made
        return made

    def find(self, id_: str) -> tuple[Webhook, Row]:
        """Return a notification, and its webhook. Raises KeyError for an unknown id."""
        for webhook in self.webhooks.values():
            if (row := webhook.rows.get(id_)) is not None:
                return webhook, row
        raise KeyError(id_)


def in_words(instant: float) -> str:
    """Return an instant as the API writes it."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def as_json(row: Row, url: str, *, lower_case: bool) -> dict[str, Any]:
    """Return a row as the list shows it."""
    shown: dict[str, Any] = {
        "id": row.id,
        "notificationRequestId": row.request_id,
        "url": url,
        "payload": row.payload,
        "type": row.type,
        "status": row.status.lower() if lower_case else row.status,
        "retries": row.retries,
        "createdAt": in_words(row.created),
        "updatedAt": in_words(row.updated),
    }
    return shown if row.response is None else {**shown, "response": row.response}
