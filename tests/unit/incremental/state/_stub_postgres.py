"""As much of a PostgreSQL server as a state uses, in memory: SQLite stands in for its tables."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from psycopg import OperationalError, ProgrammingError
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import TransactionStatus

SECRET = "a-password-that-nobody-should-see"


class StubServer:
    """Tables, advisory locks, and failures on cue. Any number of connections share them, one transaction at a time."""

    url = f"postgresql://me:{SECRET}@db.invalid:5433/jobs"

    def __init__(self) -> None:
        self.tables = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self.turn = threading.Lock()
        self.locks: dict[int, StubConnection] = {}
        self.connections: list[StubConnection] = []
        self.statements: list[str] = []
        self.asked: list[dict[str, Any]] = []
        self.is_down = False
        self.break_at = ""
        """The connection breaks when a statement that begins so was done."""

    def connect(self, conninfo: str, *, autocommit: bool) -> StubConnection:
        """Do as ``psycopg.connect`` does."""
        assert autocommit
        self.asked.append(dict(conninfo_to_dict(conninfo)))
        if self.is_down:
            raise OperationalError("connection failed:\n  Connection refused.")
        self.connections.append(StubConnection(self))
        return self.connections[-1]

    def restart(self) -> None:
        """End all connections; who has one finds out when it is used."""
        for connection in self.connections:
            connection.end()

    def close(self) -> None:
        """End the server."""
        self.restart()
        self.tables.close()


class StubConnection:
    """One session of the server."""

    def __init__(self, server: StubServer) -> None:
        self._server = server
        self._status = TransactionStatus.IDLE
        self._lost = False

    @property
    def closed(self) -> bool:
        """Tell whether it has ended."""
        return self._lost

    @property
    def info(self) -> Any:
        """Tell the state of the transaction."""
        return SimpleNamespace(transaction_status=self._status)

    def execute(self, sql: str | bytes, parameters: Sequence[Any] = ()) -> Any:
        """Do a statement as the server would."""
        text = sql.decode() if isinstance(sql, bytes) else sql
        if self._lost:
            raise OperationalError("the connection is closed")
        self._server.statements.append(text)
        answer = self._answer(text.strip(), parameters)
        if self._server.break_at and text.strip().startswith(self._server.break_at):
            self._server.break_at = ""
            self.end()
            raise OperationalError("server closed the connection unexpectedly")
        return answer

    def close(self) -> None:
        """Do as a connection does: whatever is under way is undone, and locks are let go of."""
        self.end()

    def end(self) -> None:
        """Lose the connection."""
        if self._status != TransactionStatus.IDLE:
            self._finish("ROLLBACK")
        self._lost = True
        for number in [number for number, owner in self._server.locks.items() if owner is self]:
            del self._server.locks[number]

    def _answer(self, text: str, parameters: Sequence[Any]) -> Any:
        if text == "BEGIN":
            self._server.turn.acquire()
            self._status = TransactionStatus.INTRANS
            return self._server.tables.execute(text)
        if text in ("COMMIT", "ROLLBACK"):
            self._finish("ROLLBACK" if self._status == TransactionStatus.INERROR else text)
            return None
        if "advisory" in text:
            row = (self._lock(text, parameters),)
            return SimpleNamespace(fetchone=lambda: row)
        return self._query(text, parameters)

    def _lock(self, text: str, parameters: Sequence[Any]) -> bool:
        locks = self._server.locks
        if "try" in text:
            return locks.setdefault(parameters[0], self) is self
        if "unlock" in text:
            assert locks.pop(parameters[0]) is self
        return True

    def _query(self, text: str, parameters: Sequence[Any]) -> Any:
        tables = self._server.tables
        try:
            if "unnest" in text:
                key, ids, instants = parameters
                kept = text.replace("SELECT %s::TEXT, unnest(%s::TEXT[]), unnest(%s::FLOAT8[])", "VALUES (?, ?, ?)")
                return tables.executemany(kept, [(key, *each) for each in zip(ids, instants, strict=True)])
            return tables.execute(text.replace("%s", "?"), parameters)
        except sqlite3.Error as error:
            self._status = TransactionStatus.INERROR
            raise ProgrammingError(str(error)) from error

    def _finish(self, how: str) -> None:
        if self._status != TransactionStatus.IDLE:
            self._server.tables.execute(how)
            self._status = TransactionStatus.IDLE
            self._server.turn.release()
