"""Every store passes the suite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from theirstack_async.receiver import DeliveryStore, MemoryDeliveries, SQLiteDeliveries
from theirstack_async.testing.delivery_suite import DeliverySuite


class TestMemory(DeliverySuite):
    @pytest.fixture
    def open_store(self) -> Callable[[], DeliveryStore]:
        store = MemoryDeliveries()
        return lambda: store


class TestSQLite(DeliverySuite):
    @pytest.fixture
    def open_store(self, tmp_path: Path) -> Callable[[], DeliveryStore]:
        return lambda: SQLiteDeliveries(tmp_path / "deliveries.db")
