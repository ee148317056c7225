"""What is particular to the store in memory."""

from __future__ import annotations

import pytest

import theirstack_async.quota
from tests.unit.quota._changes import count, tell_time
from theirstack_async.quota import MemoryQuota
from theirstack_async.testing import VirtualClock


async def test_its_time_is_the_clocks() -> None:
    clock = VirtualClock()
    store = MemoryQuota(clock)
    assert await store.update("key", tell_time) == 0.0
    await clock.advance(2.5)
    assert await store.update("key", tell_time) == 2.5


def test_it_never_suspends() -> None:
    update = MemoryQuota().update("key", count)
    with pytest.raises(StopIteration) as end:
        update.send(None)
    assert end.value.value == 1


def test_the_package_has_the_names_it_lists_and_no_others() -> None:
    for name in theirstack_async.quota.__all__:
        assert getattr(theirstack_async.quota, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'FileQuota'"):
        _ = theirstack_async.quota.FileQuota
