"""The databases that extractions are stored in."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from tests.incremental._postgres_server import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def _shared_server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(_shared_server: PostgresServer) -> str:
    """The address of an empty database of the test's own, on a server that all share."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(_shared_server.url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{_shared_server.url.rpartition('/')[0]}/{name}"


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server of the test's own, that it may stop."""
    with postgres_server() as server:
        yield server
