"""The plain data that exceptions carry, and how an exception is put together again."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

import attrs

from theirstack_async._values import Value

E = TypeVar("E", bound=Exception)

Sent = Literal["no", "maybe", "yes"]
"""Whether the API can have acted on a request: ``no`` (it never got there, or was refused unread), ``maybe`` (bytes
left this machine and no complete answer came back) or ``yes`` (it was answered)."""

Phase = Literal["slot", "connect", "read", "deadline"]
"""Which of our time limits ran out."""

SignatureFault = Literal["no_secret", "missing", "malformed", "mismatch"]
"""What is wrong with the signature of a delivery."""


@attrs.frozen(eq=False, repr=False)
class Problem(Value):
    """One thing that is wrong with a value: where it is, and what is the matter with it."""

    path: str
    """A path into the document such as ``payload.locations[0].latitude``; empty for the document itself."""
    message: str
    """What was expected and what was found, such as ``expected float, got "north"``."""

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def rebuild(cls: type[E], args: tuple[Any, ...], state: dict[str, Any], cause: Exception | None) -> E:
    """Return an exception as it was when it was pickled: its class's ``__init__`` is not called."""
    error = cls.__new__(cls, *args)
    error.args = args
    error.__dict__.update(state)
    error.__cause__ = cause
    return error
