"""What a receiver has done since it was started."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs


@attrs.frozen(kw_only=True)
class ReceiverStats:
    """What a receiver has done since it was started, in this process."""

    claimed: int
    """Events that were taken from a delivery, to be handled here."""
    recovered: int
    """Events that were taken up from the store: another attempt, or left behind by a process that died."""
    known: int
    """Deliveries of events that were stored before."""
    handled: int
    """Events whose handler returned."""
    failed: int
    """Attempts in which a handler failed."""
    dead: int
    """Events that went to the dead-letter list."""
    unhandled: int
    """Events that were kept because nothing handles their type."""
    in_hand: int
    """Events that wait or are being handled now."""
    answers: Mapping[int, int]
    """How many deliveries were answered with which status."""


class Counters:
    """The same, while it is counted."""

    def __init__(self) -> None:
        self.claimed = 0
        self.recovered = 0
        self.known = 0
        self.handled = 0
        self.failed = 0
        self.dead = 0
        self.unhandled = 0
        self.answers: Final[dict[int, int]] = {}

    def answered(self, status: int) -> None:
        """Count an answer."""
        self.answers[status] = self.answers.get(status, 0) + 1

    def snapshot(self, in_hand: int) -> ReceiverStats:
        """Return them as they are now."""
        return ReceiverStats(
            claimed=self.claimed,
            recovered=self.recovered,
            known=self.known,
            handled=self.handled,
            failed=self.failed,
            dead=self.dead,
            unhandled=self.unhandled,
            in_hand=in_hand,
            answers=MappingProxyType(dict(self.answers)),
        )
