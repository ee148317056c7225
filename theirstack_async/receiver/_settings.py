"""How a receiver goes about its work."""

from __future__ import annotations

from typing import Literal, Self, TypeVar

import attrs

from theirstack_async.config import check_count, check_seconds
from theirstack_async.errors import ArgumentError

S = TypeVar("S")

Dedupe = Literal["event", "record"]
"""What makes two deliveries the same: the event's id, or also the record that it is about."""


def check_store(store: S) -> S:
    """Return a store of deliveries.

    Raises:
        ArgumentError: it is none.
    """
    if isinstance(store, type) or not callable(getattr(store, "claim", None)):
        raise ArgumentError(
            f'store: expected a store, such as SQLiteDeliveries("deliveries.db") or MemoryDeliveries(), got {store!r}',
            field="store",
        )
    return store


@attrs.frozen(kw_only=True)
class Settings:
    """How a receiver goes about its work; see :class:`~theirstack_async.receiver.Receiver` for what each means."""

    queue: int
    budget: float
    max_concurrency: int
    max_attempts: int
    lease: float
    handler_timeout: float | None
    drain: float
    max_bytes: int
    dedupe: Dedupe
    keep: float | None
    keep_unknown_fields: bool

    def check(self) -> Self:
        """Return them if they can be used.

        Raises:
            ArgumentError: one cannot, which names the field.
        """
        for field in ("queue", "max_concurrency", "max_attempts", "max_bytes"):
            check_count(field, getattr(self, field))
        for field in ("budget", "lease", "drain", "handler_timeout", "keep"):
            value: object = getattr(self, field)
            if value is None and field in ("handler_timeout", "keep"):
                continue
            check_seconds(field, value)
            if value == 0 and field != "drain":
                raise ArgumentError(f"{field}: expected seconds above 0, got {value!r}", field=field)
        if self.dedupe not in ("event", "record"):
            raise ArgumentError(f"dedupe: expected 'event' or 'record', got {self.dedupe!r}", field="dedupe")
        return self
