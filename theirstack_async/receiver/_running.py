"""What the parts of a running receiver share."""

from __future__ import annotations

import asyncio
from typing import Final

import attrs

from theirstack_async._clock import Clock
from theirstack_async.receiver._hand import Hand
from theirstack_async.receiver._routes import Routes
from theirstack_async.receiver._settings import Settings
from theirstack_async.receiver._stats import Counters
from theirstack_async.receiver._store import DeliveryStore


class Wake:
    """Wakes the task that takes events up from the store."""

    def __init__(self) -> None:
        self.event: Final = asyncio.Event()
        self.hungry = False
        """Whether there may be more to take up, for which there was no room."""


@attrs.frozen
class Running:
    """One receiver from its start to its end."""

    store: DeliveryStore
    owner: str
    """Names it in the store."""
    routes: Routes
    settings: Settings
    counters: Counters
    clock: Clock
    hand: Hand
    wake: Wake
