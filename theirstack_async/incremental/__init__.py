"""Incremental extraction: every row once, in the user's own store, whatever dies.

``client.jobs.incremental(...)`` and its like make a run; see :class:`IncrementalRun`. What is named here is imported
when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from theirstack_async.incremental._batch import Batch, Window
    from theirstack_async.incremental._run import IncrementalRun
    from theirstack_async.incremental._summary import Summary
    from theirstack_async.incremental.sinks._lines import JSONLinesSink
    from theirstack_async.incremental.sinks._open import open_sink
    from theirstack_async.incremental.sinks._parquet import ParquetSink
    from theirstack_async.incremental.sinks._sink import Sink
    from theirstack_async.incremental.sinks._sql import DuckDBSink, PostgresSink, SQLiteSink
    from theirstack_async.incremental.state._json import JSONState
    from theirstack_async.incremental.state._open import open_state
    from theirstack_async.incremental.state._sql import PostgresState, SQLiteState
    from theirstack_async.incremental.state._state import IncrementalState, SavedState, StateChange

__all__ = [
    "Batch",
    "DuckDBSink",
    "IncrementalRun",
    "IncrementalState",
    "JSONLinesSink",
    "JSONState",
    "ParquetSink",
    "PostgresSink",
    "PostgresState",
    "SQLiteSink",
    "SQLiteState",
    "SavedState",
    "Sink",
    "StateChange",
    "Summary",
    "Window",
    "open_sink",
    "open_state",
]

_MODULES: Final = {
    "Batch": "_batch",
    "DuckDBSink": "sinks._sql",
    "IncrementalRun": "_run",
    "IncrementalState": "state._state",
    "JSONLinesSink": "sinks._lines",
    "JSONState": "state._json",
    "ParquetSink": "sinks._parquet",
    "PostgresSink": "sinks._sql",
    "PostgresState": "state._sql",
    "SQLiteSink": "sinks._sql",
    "SQLiteState": "state._sql",
    "SavedState": "state._state",
    "Sink": "sinks._sink",
    "StateChange": "state._state",
    "Summary": "_summary",
    "Window": "_batch",
    "open_sink": "sinks._open",
    "open_state": "state._open",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value
