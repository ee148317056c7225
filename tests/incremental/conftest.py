"""The databases that extractions are stored in."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.incremental._postgres_server import PostgresServer, postgres_server

CLEAN = (
    """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    """,
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public",
)
"""What makes a database empty: that takes milliseconds, and a new one for each test many times as long."""


@pytest.fixture(scope="session")
def _shared_server() -> Iterator[PostgresServer]:
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(_shared_server: PostgresServer) -> Iterator[str]:
    """The address of an empty database, on a server that all tests share."""
    yield _shared_server.url
    with psycopg.connect(_shared_server.url, autocommit=True) as connection:
        for statement in CLEAN:
            connection.execute(statement.encode())


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A server of the test's own, that it may stop."""
    with postgres_server() as server:
        yield server
