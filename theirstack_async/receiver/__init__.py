"""Receive deliveries: checked, stored before anything is done, handled once, and none lost.

:class:`Receiver` answers the API's requests in any async web framework; :func:`verify_signature` and
:func:`parse_delivery` are its two first steps for those who need no more. What is named here is imported when first
used, and none of it needs aiohttp but the adapter for ``aiohttp.web``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from theirstack_async.receiver._aiohttp import AiohttpReceiver
    from theirstack_async.receiver._answer import Answer
    from theirstack_async.receiver._asgi import ASGIReceiver
    from theirstack_async.receiver._deliveries import (
        CompanyNew,
        Delivery,
        JobClosed,
        JobNew,
        UnknownDelivery,
        parse_delivery,
    )
    from theirstack_async.receiver._ensure import EnsuredWebhook, ensure_webhook
    from theirstack_async.receiver._memory import MemoryDeliveries
    from theirstack_async.receiver._receiver import Receiver
    from theirstack_async.receiver._reconcile import ReconcileReport
    from theirstack_async.receiver._signature import SIGNATURE_HEADER, verify_signature
    from theirstack_async.receiver._sqlite import SQLiteDeliveries
    from theirstack_async.receiver._stats import ReceiverStats
    from theirstack_async.receiver._store import Claimed, DeliveryState, DeliveryStore, StoredDelivery

__all__ = [
    "SIGNATURE_HEADER",
    "ASGIReceiver",
    "AiohttpReceiver",
    "Answer",
    "Claimed",
    "CompanyNew",
    "Delivery",
    "DeliveryState",
    "DeliveryStore",
    "EnsuredWebhook",
    "JobClosed",
    "JobNew",
    "MemoryDeliveries",
    "Receiver",
    "ReceiverStats",
    "ReconcileReport",
    "SQLiteDeliveries",
    "StoredDelivery",
    "UnknownDelivery",
    "ensure_webhook",
    "parse_delivery",
    "verify_signature",
]

_MODULES: Final = {
    "SIGNATURE_HEADER": "_signature",
    "ASGIReceiver": "_asgi",
    "AiohttpReceiver": "_aiohttp",
    "Answer": "_answer",
    "Claimed": "_store",
    "CompanyNew": "_deliveries",
    "Delivery": "_deliveries",
    "DeliveryState": "_store",
    "DeliveryStore": "_store",
    "EnsuredWebhook": "_ensure",
    "JobClosed": "_deliveries",
    "JobNew": "_deliveries",
    "MemoryDeliveries": "_memory",
    "Receiver": "_receiver",
    "ReceiverStats": "_stats",
    "ReconcileReport": "_reconcile",
    "SQLiteDeliveries": "_sqlite",
    "StoredDelivery": "_store",
    "UnknownDelivery": "_deliveries",
    "ensure_webhook": "_ensure",
    "parse_delivery": "_deliveries",
    "verify_signature": "_signature",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
