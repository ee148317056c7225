"""The pytest fixture ``fake_theirstack``: a FakeTheirStack that serves while the test runs.

It runs on the event loop of the test, under pytest-asyncio (in either mode) or under anyio's plugin on asyncio.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from theirstack_async.testing.server import FakeTheirStack


async def serve() -> AsyncIterator[FakeTheirStack]:
    """Yield a fake server, on the running event loop."""
    from theirstack_async.testing.server import FakeTheirStack  # late: loading the plugin must stay cheap

    async with FakeTheirStack() as fake:
        yield fake


_on_anyio = pytest.fixture(name="_fake_theirstack_on_anyio")(serve)

if find_spec("pytest_asyncio") is not None:
    import pytest_asyncio

    _on_asyncio = pytest_asyncio.fixture(name="_fake_theirstack_on_asyncio")(serve)


def choose(request: pytest.FixtureRequest) -> FakeTheirStack:
    """Return a fake server on 127.0.0.1 that serves while the test runs."""
    plugin = "anyio" if "anyio_backend" in request.fixturenames or find_spec("pytest_asyncio") is None else "asyncio"
    fake: FakeTheirStack = request.getfixturevalue(f"_fake_theirstack_on_{plugin}")
    return fake


# "object", for what pytest makes of it has no public name.
fake_theirstack: object = pytest.fixture(name="fake_theirstack")(choose)
