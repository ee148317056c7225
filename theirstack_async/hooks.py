"""Hooks: callables that are told what the client does, as it does it.

A hook is any callable that takes one of the four frozen events. It is called on the event loop, so it should be quick.
What it raises is logged on the logger ``theirstack_async`` and goes no further.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Final

import attrs

from theirstack_async._values import Value
from theirstack_async._wire.message import Kind
from theirstack_async.errors import Sent

logger: Final = logging.getLogger("theirstack_async")


@attrs.frozen(eq=False, repr=False)
class CallStarted(Value):
    """A method of the client was called and its arguments were found good."""

    call_id: int
    """Tells the events of one call from those of others; unique in this process."""
    operation: str
    """Such as ``webhooks.events.list``."""
    method: str
    """The HTTP method."""
    path: str
    """The path, filled in, without the query."""
    kind: Kind
    """What a repeated request would do; see :data:`Kind`."""


@attrs.frozen(eq=False, repr=False)
class AttemptEnded(Value):
    """A request was sent, or could not be."""

    call_id: int
    operation: str
    number: int
    """Counts from 1."""
    status: int | None
    """The HTTP status; None without a complete answer."""
    error: str | None
    """What went wrong, in one sentence; None after a success."""
    sent: Sent
    """Whether the API can have acted on it."""
    elapsed: float
    """Seconds that this attempt took."""


@attrs.frozen(eq=False, repr=False)
class WaitStarted(Value):
    """The client pauses before it sends the request again."""

    call_id: int
    operation: str
    seconds: float
    reason: str
    """Such as ``refused by the rate limit (429)``."""


@attrs.frozen(eq=False, repr=False)
class CallEnded(Value):
    """The call is over."""

    call_id: int
    operation: str
    status: int | None
    """The HTTP status of the last complete answer; None without one."""
    error: str | None
    """The name of the exception that ended the call; None after a success, even one that does not decode."""
    attempts: int
    elapsed: float
    """Seconds, all waits included."""
    credits: int = 0
    """What the answer cost; 0 when nobody knows."""


HookEvent = CallStarted | AttemptEnded | WaitStarted | CallEnded
"""What a hook receives."""
Hook = Callable[[HookEvent], object]
"""A callable that takes a :data:`HookEvent`; what it returns is ignored."""


def emit(hooks: Iterable[Hook], event: HookEvent) -> None:
    """Tell each hook; log what a hook raises."""
    for hook in hooks:
        try:
            hook(event)
        except Exception as error:  # noqa: BLE001 - it is the user's code, and must not end a paid call
            logger.warning("hook %r failed on %s: %s: %s", hook, type(event).__name__, type(error).__name__, error)
