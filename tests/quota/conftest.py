"""The places where processes share their windows and budgets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.quota._places import File, Fleet, Place
from tests.quota._redis_server import RedisServer, find_program


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(find_program(), tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "redis"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "sqlite":
        return File(str(tmp_path / "quota.db"))
    return Fleet(request.getfixturevalue("redis_server"))
