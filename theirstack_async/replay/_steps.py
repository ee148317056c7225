"""What a journal is made of: one step is one line of what was meant, what came of it, and what was seen.

Events are named by their position in the plan, from 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from theirstack_async.replay._provider import WebhookId
from theirstack_async.replay._states import ReplayState


@attrs.frozen(kw_only=True)
class Excluded:
    """These are not sent after all: planned -> excluded."""

    positions: tuple[int, ...]
    reason: str


@attrs.frozen(kw_only=True)
class Intended:
    """A call is about to be made: planned -> intended."""

    batch: int
    """From 1, and never twice in a journal."""
    positions: tuple[int, ...]
    at: float
    """Unix time, in seconds, by this machine's clock."""


@attrs.frozen(kw_only=True)
class Answered:
    """The API took a call: intended -> accepted or rejected; ids of the batch in neither -> unknown."""

    batch: int
    accepted: Mapping[int, str | None]
    """By position, with the handle of the delivery."""
    rejected: Mapping[int, str]
    """By position, with the reason."""


@attrs.frozen(kw_only=True)
class PutBack:
    """Nothing was done: intended -> throttled -> planned."""

    batch: int
    reason: str


@attrs.frozen(kw_only=True)
class Doubtful:
    """Nobody knows what was done: intended -> unknown."""

    batch: int
    reason: str


@attrs.frozen(kw_only=True)
class Reconciled:
    """It was looked: unknown -> accepted, planned (to be sent again) or unknown (for good)."""

    positions: tuple[int, ...]
    to: Literal[ReplayState.ACCEPTED, ReplayState.PLANNED, ReplayState.UNKNOWN]


@attrs.frozen(kw_only=True)
class Sight:
    """What was seen of one event."""

    state: ReplayState
    """One of ``SEEN``."""
    word: str = ""
    """The API's own word for it; empty for a missing one."""
    response_status: int | None = None
    response: str | None = None


@attrs.frozen(kw_only=True)
class Seen:
    """Accepted events were looked at: accepted -> delivered, failed_again, pending or missing."""

    sights: Mapping[int, Sight]
    """By position."""
    at: float
    """Unix time, in seconds, by this machine's clock."""


@attrs.frozen(kw_only=True)
class Stopped:
    """Nothing more is sent to a webhook, or to any, in this run."""

    webhook_id: WebhookId | None
    """None for the whole run."""
    reason: str


@attrs.frozen(kw_only=True)
class Resumed:
    """A run begins, or goes on: what had stopped before may be sent again."""

    at: float
    """Unix time, in seconds, by this machine's clock."""


Step = Excluded | Intended | Answered | PutBack | Doubtful | Reconciled | Seen | Stopped | Resumed
