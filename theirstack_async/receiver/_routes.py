"""Which handler a delivery goes to."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from theirstack_async.errors import ArgumentError
from theirstack_async.receiver._deliveries import Delivery

Handler: TypeAlias = Callable[[Any], Awaitable[object]]
"""A coroutine function that takes a delivery. What it returns is not looked at."""


class Routes:
    """One handler a class of deliveries. A delivery goes to that of its own class, or else to that of ``Delivery``."""

    def __init__(self) -> None:
        self._handlers: Final[dict[type[Delivery], Handler]] = {}

    def add(self, kind: type[Delivery], handler: Handler) -> None:
        """Let ``handler`` have the deliveries of a class.

        Raises:
            ArgumentError: the class has a handler already, or the handler is no coroutine function.
        """
        check_kind(kind)
        if not any(inspect.iscoroutinefunction(each) for each in (handler, type(handler).__call__)):
            raise ArgumentError(
                f"handler: expected a coroutine function (async def), got {handler!r}; work that blocks belongs into "
                "asyncio.to_thread() within one",
                field="handler",
            )
        if kind in self._handlers:
            raise ArgumentError(
                f"kind: {kind.__name__} has a handler already, {self._handlers[kind]!r}; call the second one from the "
                "first, so that both are tried again together",
                field="kind",
            )
        self._handlers[kind] = handler

    def find(self, delivery: Delivery) -> Handler | None:
        """Return the handler of a delivery; None if nothing handles its type."""
        return self._handlers.get(type(delivery)) or self._handlers.get(Delivery)


def check_kind(kind: object) -> None:
    """Refuse what is no class of deliveries.

    Raises:
        ArgumentError: it is none.
    """
    name = getattr(kind, "__name__", repr(kind))
    if not (isinstance(kind, type) and issubclass(kind, Delivery)):
        raise ArgumentError(
            f"kind: {name} is no class of deliveries; expected JobNew, JobClosed, CompanyNew, UnknownDelivery or "
            "Delivery of theirstack_async.receiver (theirstack_async.JobClosed is the record, not the delivery)",
            field="kind",
        )
