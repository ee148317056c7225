"""How far a replay is, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from theirstack_async.replay._provider import WebhookId
from theirstack_async.replay._states import TAKEN, ReplayState

OPEN: Final = frozenset({ReplayState.PLANNED, ReplayState.INTENDED, ReplayState.THROTTLED})
"""Still to be sent, or on the way."""


@attrs.frozen(kw_only=True)
class ReplaySnapshot:
    """How far a replay is. The counts add up to ``total``."""

    counts: Mapping[ReplayState, int]
    """Events by state; every state is named."""
    calls: int
    """Resend calls that this run has made."""
    elapsed: float
    """Seconds since this run began."""
    settled_here: int
    """Events whose sending this run has settled."""
    stopped: Mapping[WebhookId | None, str]
    """Webhooks that nothing more is sent to, each with the reason; None stands for all of them."""
    done: bool
    """Whether the run has ended."""

    @property
    def total(self) -> int:
        """Events in the plan."""
        return sum(self.counts.values())

    @property
    def accepted(self) -> int:
        """Events that the API took, whatever became of them since."""
        return sum(self.counts[state] for state in TAKEN)

    @property
    def waiting(self) -> int:
        """Events that are still to be sent, or on their way."""
        return sum(self.counts[state] for state in OPEN)

    @property
    def rate(self) -> float:
        """Events a second that this run has settled so far."""
        return self.settled_here / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds until all are sent, at the rate so far; None while there is no rate, and where some will not be."""
        if self.waiting == 0:
            return 0.0
        return self.waiting / self.rate if self.rate > 0 and not self.done else None

    def to_dict(self) -> dict[str, Any]:
        """Return it as what JSON can tell."""
        return {
            "total": self.total,
            "counts": {state.value: count for state, count in self.counts.items()},
            "accepted": self.accepted,
            "waiting": self.waiting,
            "calls": self.calls,
            "elapsed": round(self.elapsed, 3),
            "rate": round(self.rate, 3),
            "eta": None if self.eta is None else round(self.eta, 1),
            "stopped": {"all" if key is None else str(key): reason for key, reason in self.stopped.items()},
            "done": self.done,
        }
