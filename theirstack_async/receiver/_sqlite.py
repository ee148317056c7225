"""Deliveries in a SQLite file: one that was claimed outlives the process, and the machine's crash."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from theirstack_async._database.database import DatabaseError
from theirstack_async._database.sqlite import SQLiteDatabase
from theirstack_async.errors import DeliveryStoreError
from theirstack_async.receiver._group import GroupCommit, Work
from theirstack_async.receiver._sqlite_schema import check_head, prepare
from theirstack_async.receiver._store import Claimed, DeliveryState, StoredDelivery

T = TypeVar("T")

_PRUNED: Final = 1000
"""Events that are forgotten in one transaction."""

_FIND: Final = "SELECT state, due, attempts FROM delivery WHERE id = ?"
_FIND_RECORD: Final = """
SELECT id, state, attempts FROM delivery WHERE record = ? ORDER BY state = 'pending' DESC LIMIT 1
"""
_ADD: Final = """
INSERT INTO delivery (id, state, due, owner, received_at, record) VALUES (?, ?, ?, ?, ?, ?)
"""
_ADD_BODY: Final = "INSERT INTO body VALUES (?, ?)"
_LEASE: Final = "UPDATE delivery SET state = 'pending', owner = ?, due = ? WHERE id = ?"
_DUE: Final = "SELECT id FROM delivery WHERE state = 'pending' AND due <= ? ORDER BY due, id LIMIT ?"
# Only a pending event has an owner.
_RENEW: Final = "UPDATE delivery SET due = ? WHERE id = ? AND owner = ?"
_SETTLE: Final = """
UPDATE delivery SET state = ?, due = ?, attempts = ?, error = ?, owner = NULL WHERE id = ? AND owner = ?
"""
_DROP_BODY: Final = "DELETE FROM body WHERE id = ?"
_NEXT_DUE: Final = "SELECT min(due) FROM delivery WHERE state = 'pending'"
_COUNTS: Final = "SELECT state, count(*) FROM delivery GROUP BY state"
_REVIVE: Final = """
UPDATE delivery SET state = 'pending', due = ?, attempts = 0 WHERE id = ? AND state IN ('dead', 'unhandled')
"""
_PRUNE: Final = """
DELETE FROM delivery WHERE id IN (SELECT id FROM delivery WHERE state = 'done' AND due < ? LIMIT ?)
"""
_STORED: Final = """
SELECT id, body, state, attempts, error, received_at, due FROM delivery LEFT JOIN body USING (id) WHERE id = ?
"""
# It asks for ids only, which an index has: of a million events, no row is looked at for the few that are dead.
_LIST: Final = "SELECT id FROM delivery WHERE state = ? AND id > ? ORDER BY id LIMIT ?"


class SQLiteDeliveries:
    """A :class:`~theirstack_async.receiver.DeliveryStore` in a SQLite file, for the processes of one machine.

    What was claimed survives a crash of the program and of the machine: it is on the disk when ``claim()`` returns.
    Claims that come at once share a transaction. The work is done in a thread of the object's own, so the event loop
    never waits for the disk. Any number of processes may share the file, but not over a network file system. Of an
    event that is done about 100 bytes are kept.

    An object serves one event loop at a time. A call whose caller is cancelled is done all the same.

    Args:
        path: the file; it is made when it is missing, its folder is not. It holds nothing else.
        timeout: seconds that a call waits for other programs to be done with the file.

    Raises:
        ArgumentError: ``timeout`` is no number of seconds.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 30.0) -> None:
        self._database: Final = SQLiteDatabase(path, timeout=timeout)
        self._group: Final = GroupCommit(self._transact)
        self._prepared: Any = None
        """The connection whose file was looked into, if any."""

    def __repr__(self) -> str:
        return f"SQLiteDeliveries({self._database.path!r})"

    @property
    def durable(self) -> bool:
        """True: what was claimed outlives the process."""
        return True

    async def claim(
        self, event_id: int, body: bytes, *, record: str | None, owner: str, now: float, until: float
    ) -> Claimed:
        """Store an event and lease it, unless that was done before. See :meth:`DeliveryStore.claim`."""
        record = _text(record)

        def work(connection: Any) -> Claimed:
            row = connection.execute(_FIND, (event_id,)).fetchone()
            if row is not None:
                return _claim_known(connection, event_id, row, owner, now, until)
            if record is not None and (same := connection.execute(_FIND_RECORD, (record,)).fetchone()) is not None:
                other, state, attempts = same
                connection.execute(_ADD, (event_id, DeliveryState.DONE.value, now, None, now, record))
                return Claimed("pending" if state == DeliveryState.PENDING else "done", other, attempts)
            connection.execute(_ADD, (event_id, DeliveryState.PENDING.value, until, owner, now, record))
            connection.execute(_ADD_BODY, (event_id, body))
            return Claimed("mine", event_id)

        return await self._do(work)

    async def take(self, *, owner: str, now: float, until: float, limit: int) -> Sequence[StoredDelivery]:
        """Lease pending events that are due, longest due first. See :meth:`DeliveryStore.take`."""

        def work(connection: Any) -> list[StoredDelivery]:
            ids = [event_id for (event_id,) in connection.execute(_DUE, (now, max(0, limit)))]
            connection.executemany(_LEASE, [(owner, until, event_id) for event_id in ids])
            return _read(connection, ids)

        return await self._do(work)

    async def renew(self, event_ids: Iterable[int], *, owner: str, until: float) -> Sequence[int]:
        """Prolong leases, and return the ids that were lost. See :meth:`DeliveryStore.renew`."""
        ids = tuple(event_ids)

        def work(connection: Any) -> list[int]:
            return [one for one in ids if not connection.execute(_RENEW, (until, one, owner)).rowcount]

        return await self._do(work)

    async def settle(
        self,
        event_id: int,
        *,
        owner: str,
        state: DeliveryState,
        attempts: int,
        error: str | None,
        due: float,
        now: float,
    ) -> bool:
        """Note what became of an event; False if its lease was lost. See :meth:`DeliveryStore.settle`."""
        instant = due if state is DeliveryState.PENDING else now
        row = (state.value, instant, attempts, _text(error), event_id, owner)

        def work(connection: Any) -> bool:
            settled = bool(connection.execute(_SETTLE, row).rowcount)
            if settled and state is DeliveryState.DONE:
                connection.execute(_DROP_BODY, (event_id,))
            return settled

        return await self._do(work)

    async def next_due(self) -> float | None:
        """Return when the first pending event is due. See :meth:`DeliveryStore.next_due`."""

        def work(connection: Any) -> float | None:
            (due,) = connection.execute(_NEXT_DUE).fetchone()
            return None if due is None else float(due)

        return await self._do(work)

    async def known(self, event_ids: Iterable[int]) -> Mapping[int, DeliveryState]:
        """Return where events stand, those that are known. See :meth:`DeliveryStore.known`."""
        ids = tuple(event_ids)

        def work(connection: Any) -> dict[int, DeliveryState]:
            rows = ((one, connection.execute(_FIND, (one,)).fetchone()) for one in ids)
            return {one: DeliveryState(row[0]) for one, row in rows if row is not None}

        return await self._do(work)

    async def list(
        self, state: DeliveryState, *, limit: int = 100, after: int | None = None
    ) -> Sequence[StoredDelivery]:
        """Return events of a state by id, lowest first. See :meth:`DeliveryStore.list`."""
        low = -math.inf if after is None else after

        def work(connection: Any) -> list[StoredDelivery]:
            found = connection.execute(_LIST, (state.value, low, max(0, limit))).fetchall()
            return _read(connection, [event_id for (event_id,) in found])

        return await self._do(work)

    async def counts(self) -> Mapping[DeliveryState, int]:
        """Return how many events there are of each state. See :meth:`DeliveryStore.counts`."""

        def work(connection: Any) -> dict[DeliveryState, int]:
            found = dict(connection.execute(_COUNTS).fetchall())
            return {state: found.get(state.value, 0) for state in DeliveryState}

        return await self._do(work)

    async def revive(self, event_ids: Iterable[int], *, now: float) -> int:
        """Make dead and unhandled events pending again. See :meth:`DeliveryStore.revive`."""
        ids = tuple(event_ids)

        def work(connection: Any) -> int:
            return sum(connection.execute(_REVIVE, (now, one)).rowcount for one in ids)

        return await self._do(work)

    async def prune(self, *, before: float) -> int:
        """Forget the events that were done before an instant, 1,000 a transaction. See :meth:`DeliveryStore.prune`."""

        def work(connection: Any) -> int:
            gone: int = connection.execute(_PRUNE, (before, _PRUNED)).rowcount
            return gone

        pruned = last = await self._do(work)
        while last == _PRUNED:
            last = await self._do(work)
            pruned += last
        return pruned

    async def aclose(self) -> None:
        """Close the file when what is under way is done. A further call opens it again."""
        await self._group.settled()
        self._prepared = None
        await self._database.aclose()

    async def _do(self, work: Work[T]) -> T:
        try:
            return await self._group.do(work)
        except DatabaseError as error:
            raise DeliveryStoreError(str(error)) from error.__cause__
        except (ValueError, OverflowError) as error:
            # An id beyond SQLite's 64 bits, or a state that no release writes.
            raise DeliveryStoreError(f"{self._database.where} cannot take or give an event: {error}") from error

    async def _transact(self, work: Work[T]) -> T:
        if self._prepared is None:
            await asyncio.to_thread(check_head, self._database.path)

        def prepared(connection: Any) -> tuple[Any, T]:
            if connection is not self._prepared:
                prepare(connection, self._database.path, known=self._prepared is not None)
            return connection, work(connection)

        # Noted once it is committed: a transaction that is undone takes its tables along.
        self._prepared, result = await self._database.do(prepared)
        return result


def _claim_known(
    connection: Any, event_id: int, row: tuple[str, float, int], owner: str, now: float, until: float
) -> Claimed:
    state, due, attempts = row
    if state in (DeliveryState.DONE, DeliveryState.UNHANDLED):
        return Claimed("done", event_id, attempts)
    if state == DeliveryState.PENDING and due > now:
        return Claimed("pending", event_id, attempts)
    connection.execute(_LEASE, (owner, until, event_id))
    return Claimed("mine", event_id, attempts)


def _read(connection: Any, ids: Iterable[int]) -> list[StoredDelivery]:
    rows = (connection.execute(_STORED, (event_id,)).fetchone() for event_id in ids)
    return [
        StoredDelivery(event_id, body or b"", DeliveryState(state), attempts, error, received_at, due)
        for event_id, body, state, attempts, error, received_at, due in rows
    ]


def _text(text: str | None) -> str | None:
    """Return a text as SQLite can keep it, which has no half of a surrogate pair."""
    return None if text is None else text.encode("utf-8", "backslashreplace").decode()
