"""What all tests share: the Hypothesis profiles, and the guards of ``_guards.py``."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from tests._guards import only_loopback, tasks_left
from tests._scale import EXAMPLES

# A busy machine is no defect of the code, so slowness fails nothing; the default profile tries the same examples each
# time, so that a run can be repeated, and the deep one looks further.
for _name, _examples in EXAMPLES.items():
    settings.register_profile(
        _name,
        max_examples=_examples,
        deadline=None,
        derandomize=_name != "deep",
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "default")


def pytest_configure() -> None:
    """Let Ctrl-C reach the programs that tests start, and begin without a current event loop."""
    # A shell starts what it runs behind itself with SIGINT ignored.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # Before 1.4 pytest-asyncio asks for the current loop, and Python 3.11 and 3.12 then open one that nobody closes.
    asyncio.set_event_loop(None)


def pytest_collection_finish() -> None:
    """Leave what collecting made, which stays to the end, out of the rounds of the garbage collector."""
    gc.freeze()


def pytest_sessionfinish() -> None:
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    with only_loopback():
        yield


@pytest_asyncio.fixture
async def no_task_left() -> AsyncIterator[None]:
    """Fail a test whose tasks outlive it and its other fixtures. Every async test uses it, see below."""
    yield
    left = tasks_left()
    assert not left, "asyncio tasks left behind:\n" + "\n".join(left)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put ``no_task_left`` first on each async test: first set up is last torn down, after the other fixtures."""
    for item in items:
        if isinstance(item, pytest.Function) and pytest_asyncio.is_async_test(item):
            item.fixturenames.insert(0, "no_task_left")
