"""Waits that are long enough to wonder about, told on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from theirstack_async.cli.messages import note

if TYPE_CHECKING:
    from theirstack_async.hooks import HookEvent

_TOLD_FROM: Final = 2.0
"""Seconds up to which a wait goes without a word."""


class Waits:
    """A hook that says how long the client waits, and for what. Waits that end at the same time are told once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = 0.0
        """When the last wait that was told of ends."""

    def __call__(self, event: HookEvent) -> None:
        """Tell of it, if it is a wait."""
        from theirstack_async.hooks import WaitStarted

        if not isinstance(event, WaitStarted) or event.seconds <= _TOLD_FROM:
            return
        until = self._clock() + event.seconds
        if until > self._until + 1:
            self._until = until
            note(f"Waiting {event.seconds:.0f} s: {event.reason}.")
