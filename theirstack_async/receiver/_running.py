"""What the parts of a running receiver share."""

from __future__ import annotations

import asyncio

import attrs

from theirstack_async._clock import Clock
from theirstack_async.receiver._hand import Hand, Wake
from theirstack_async.receiver._routes import Routes
from theirstack_async.receiver._settings import Settings
from theirstack_async.receiver._stats import Counters
from theirstack_async.receiver._store import DeliveryStore


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


def is_cancelled() -> bool:
    """Return whether it is this task that is being cancelled, and not something that it waits for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
