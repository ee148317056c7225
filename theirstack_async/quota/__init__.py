"""Where rate windows and budgets are kept, so that several workers that share one key also share what it allows.

:class:`MemoryQuota` serves one process, :class:`SQLiteQuota` the processes of one machine, :class:`RedisQuota` a fleet.
What is named here is imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from theirstack_async.quota._memory import MemoryQuota
    from theirstack_async.quota._redis import RedisQuota
    from theirstack_async.quota._sqlite import SQLiteQuota
    from theirstack_async.quota._store import Change, Document, QuotaStore

__all__ = ["Change", "Document", "MemoryQuota", "QuotaStore", "RedisQuota", "SQLiteQuota"]

_MODULES: Final = {"MemoryQuota": "_memory", "RedisQuota": "_redis", "SQLiteQuota": "_sqlite"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES.get(name, '_store')}"), name)
    globals()[name] = value
    return value
