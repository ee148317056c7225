"""The life of one planned event, as a table: what state may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class ReplayState(StrEnum):
    """Where one planned event stands. At any time it is in exactly one of these."""

    PLANNED = "planned"
    """To be sent, or never sent because the run ended before its turn."""
    EXCLUDED = "excluded"
    """Not to be sent; the plan or the journal says why."""
    INTENDED = "intended"
    """About to be sent, or on its way: the journal notes this before the request begins."""
    ACCEPTED = "accepted"
    """The API said that it will deliver the event again. Whether it arrived is for ``verify()`` to find out."""
    REJECTED = "rejected"
    """The API refused this event, for good."""
    THROTTLED = "throttled"
    """Put back unsent; it is planned again at once."""
    UNKNOWN = "unknown"
    """Sent, and nobody knows whether the API took it."""
    DELIVERED = "delivered"
    """The receiver took it."""
    FAILED_AGAIN = "failed_again"
    """It was tried, and the receiver did not take it, or the API left it out."""
    PENDING = "pending"
    """Accepted, and not delivered when it was looked at last."""
    MISSING = "missing"
    """Accepted, and not in the API's list when it was looked at last."""


_S = ReplayState

SEEN: Final = frozenset({_S.DELIVERED, _S.FAILED_AGAIN, _S.PENDING, _S.MISSING})
"""What a look at an accepted event can find. A later look replaces what an earlier one found."""
TAKEN: Final = SEEN | {_S.ACCEPTED}
"""What the API has taken, whatever became of it since."""

MOVES: Final[Mapping[ReplayState, frozenset[ReplayState]]] = MappingProxyType(
    {
        _S.PLANNED: frozenset({_S.EXCLUDED, _S.INTENDED}),
        _S.INTENDED: frozenset({_S.ACCEPTED, _S.REJECTED, _S.THROTTLED, _S.UNKNOWN}),
        _S.THROTTLED: frozenset({_S.PLANNED}),
        # From unknown to unknown: it was looked for, found nowhere, and is left at that.
        _S.UNKNOWN: frozenset({_S.ACCEPTED, _S.PLANNED, _S.UNKNOWN}),
        _S.ACCEPTED: SEEN,
        _S.EXCLUDED: frozenset(),
        _S.REJECTED: frozenset(),
        _S.DELIVERED: frozenset(),
        _S.FAILED_AGAIN: frozenset(),
        _S.PENDING: frozenset(),
        _S.MISSING: frozenset(),
    }
)
"""The only moves there are."""


def may_follow(old: ReplayState, new: ReplayState) -> bool:
    """Return whether a state may follow another one. A further look at an event counts from ``accepted`` again."""
    if old in SEEN and new in SEEN:
        return True
    return new in MOVES[old]
