"""Replay: failed events planned, delivered again, and followed until they arrived, over any API that can resend.

:class:`Replay` makes plans and runs; :class:`TheirStackEvents` and :class:`BitGoNotifications` are the APIs that it
knows. What is named here is imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from theirstack_async.replay._provider import (
        RateWindow,
        ReplayCapabilities,
        ReplayEvent,
        ReplayProvider,
        Resent,
        StopWhen,
        Trace,
    )
    from theirstack_async.replay._states import ReplayState

__all__ = [
    "RateWindow",
    "ReplayCapabilities",
    "ReplayEvent",
    "ReplayProvider",
    "ReplayState",
    "Resent",
    "StopWhen",
    "Trace",
]

_MODULES: Final = {
    "RateWindow": "_provider",
    "ReplayCapabilities": "_provider",
    "ReplayEvent": "_provider",
    "ReplayProvider": "_provider",
    "ReplayState": "_states",
    "Resent": "_provider",
    "StopWhen": "_provider",
    "Trace": "_provider",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
