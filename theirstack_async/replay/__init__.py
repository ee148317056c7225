"""Replay: failed events planned, delivered again, and followed until they arrived, over any API that can resend.

:class:`Replay` makes plans and runs; :class:`TheirStackEvents` and :class:`BitGoNotifications` are the APIs that it
knows. What is named here is imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from theirstack_async.replay._bitgo import BITGO_PRODUCTION, BITGO_TEST, BitGoNotifications
    from theirstack_async.replay._plan import PlanDiff, PlanEntry, ReplayPlan
    from theirstack_async.replay._plan_summary import PlanSummary
    from theirstack_async.replay._provider import (
        ReplayCapabilities,
        ReplayEvent,
        ReplayProvider,
        ReplayWindow,
        Resent,
        StopWhen,
        Trace,
    )
    from theirstack_async.replay._replay import Replay
    from theirstack_async.replay._report import ReplayReport
    from theirstack_async.replay._report_rows import ReplayRow
    from theirstack_async.replay._run import ReplayRun
    from theirstack_async.replay._snapshot import ReplaySnapshot
    from theirstack_async.replay._states import ReplayState
    from theirstack_async.replay._theirstack import TheirStackEvents

__all__ = [
    "BITGO_PRODUCTION",
    "BITGO_TEST",
    "BitGoNotifications",
    "PlanDiff",
    "PlanEntry",
    "PlanSummary",
    "Replay",
    "ReplayCapabilities",
    "ReplayEvent",
    "ReplayPlan",
    "ReplayProvider",
    "ReplayReport",
    "ReplayRow",
    "ReplayRun",
    "ReplaySnapshot",
    "ReplayState",
    "ReplayWindow",
    "Resent",
    "StopWhen",
    "TheirStackEvents",
    "Trace",
]

_MODULES: Final = {
    "BITGO_PRODUCTION": "_bitgo",
    "BITGO_TEST": "_bitgo",
    "BitGoNotifications": "_bitgo",
    "PlanDiff": "_plan",
    "PlanEntry": "_plan",
    "PlanSummary": "_plan_summary",
    "ReplayWindow": "_provider",
    "Replay": "_replay",
    "ReplayCapabilities": "_provider",
    "ReplayEvent": "_provider",
    "ReplayPlan": "_plan",
    "ReplayProvider": "_provider",
    "ReplayReport": "_report",
    "ReplayRow": "_report_rows",
    "ReplayRun": "_run",
    "ReplaySnapshot": "_snapshot",
    "ReplayState": "_states",
    "Resent": "_provider",
    "StopWhen": "_provider",
    "TheirStackEvents": "_theirstack",
    "Trace": "_provider",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
