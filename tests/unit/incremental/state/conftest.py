"""A PostgreSQL server that is none."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.unit.incremental.state._stub_postgres import StubServer


@pytest.fixture
def stub_postgres(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubServer]:
    server = StubServer()
    monkeypatch.setattr(psycopg, "connect", server.connect)
    yield server
    server.close()
