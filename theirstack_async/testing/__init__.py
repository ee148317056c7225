"""A fake TheirStack to test against: a real server on this machine, with state, real deliveries and faults on cue.

It imports nothing of the client, so it cannot share the client's mistakes. What is named here is imported when first
used, because pytest loads this package in every run to find the fixture ``fake_theirstack``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from theirstack_async.testing.answers import Answer
    from theirstack_async.testing.backend import EventState
    from theirstack_async.testing.bitgo.server import FakeBitGo
    from theirstack_async.testing.clock import SystemClock, VirtualClock
    from theirstack_async.testing.cues import Faults
    from theirstack_async.testing.exchange import Exchange
    from theirstack_async.testing.faults import (
        DripBody,
        EchoKey,
        Fault,
        GarbageJson,
        Hang,
        HugeBody,
        Latency,
        PaymentRequiredData,
        ResetAfterHeaders,
        ResetBeforeBody,
        ResetBeforeRead,
        SamePageForever,
        Status,
        TruncatedBody,
        ValidationDetail,
        WrongContentType,
    )
    from theirstack_async.testing.options import Options
    from theirstack_async.testing.records import RequestLog, RequestRecord
    from theirstack_async.testing.server import FakeTheirStack
    from theirstack_async.testing.signing import sign

__all__ = [
    "Answer",
    "DripBody",
    "EchoKey",
    "EventState",
    "Exchange",
    "FakeBitGo",
    "FakeTheirStack",
    "Fault",
    "Faults",
    "GarbageJson",
    "Hang",
    "HugeBody",
    "Latency",
    "Options",
    "PaymentRequiredData",
    "RequestLog",
    "RequestRecord",
    "ResetAfterHeaders",
    "ResetBeforeBody",
    "ResetBeforeRead",
    "SamePageForever",
    "Status",
    "SystemClock",
    "TruncatedBody",
    "ValidationDetail",
    "VirtualClock",
    "WrongContentType",
    "sign",
]

_MODULES = {
    "Answer": "answers",
    "EventState": "backend",
    "Exchange": "exchange",
    "FakeBitGo": "bitgo.server",
    "FakeTheirStack": "server",
    "Faults": "cues",
    "Options": "options",
    "RequestLog": "records",
    "RequestRecord": "records",
    "SystemClock": "clock",
    "VirtualClock": "clock",
    "sign": "signing",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'faults')}"), name)
