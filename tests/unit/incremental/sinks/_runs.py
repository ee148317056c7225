"""Rows, and a stand-in for the run whose batches a file sink acknowledges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs

from theirstack_async.incremental._batch import Batch
from theirstack_async.incremental.state._state import Within
from theirstack_async.models import Company, Job

BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)


def company(**fields: Any) -> Company:
    return Company(**{"id": "c1", "name": "Müller", **fields})


def job(number: int, **fields: Any) -> Job:
    """Return a job that was discovered so many hours after the first day's noon."""
    plain: dict[str, Any] = {
        "id": number,
        "job_title": f"Title {number}",
        "url": f"https://jobs.example/{number}",
        "date_posted": date(2025, 12, 1),
        "source_url": "https://source.example",
        "discovered_at": BEGIN + timedelta(hours=number),
        "company_object": company(),
    }
    return Job(**{**plain, **fields})


@attrs.define(eq=False)
class StubRun:
    """Keeps what was acknowledged, as a state would."""

    landing: object | None = None
    note: Mapping[str, Any] | None = None
    acknowledged: list[list[int]] = attrs.field(factory=list[list[int]])
    """The ids of each acknowledgement."""
    error: BaseException | None = None
    """Raised by the next acknowledgement."""
    saves: bool = False
    """Whether one that raises is saved all the same."""
    saving: Callable[[], None] | None = None
    """Called when something is acknowledged."""
    numbers: list[int] = attrs.field(factory=list[int])
    """Those of the batches that were acknowledged."""
    _made: dict[int, list[int]] = attrs.field(factory=dict[int, list[int]])

    def batch(self, *rows: Any, credits_: int = 0, number: int | None = None, **fields: Any) -> Batch[Any]:
        number = len(self._made) + 1 if number is None else number
        self._made[number] = [row.id for row in rows]
        return Batch(run=self, number=number, rows=list(rows), credits=credits_, **fields)

    async def ack(
        self, batches: Sequence[Batch[Any]], *, within: Within | None = None, note: Mapping[str, Any] | None = None
    ) -> None:
        assert within is None
        if self.saving:
            self.saving()
        error, self.error = self.error, None
        if error is None or self.saves:
            self.note = note
            # A run knows them by their numbers: a sink need not keep the rows.
            self.acknowledged.append([id_ for batch in batches for id_ in self._made[batch.number]])
            self.numbers += [batch.number for batch in batches]
            for batch in batches:
                batch.acknowledged = True
        if error is not None:
            raise error

    @property
    def ids(self) -> list[int]:
        """All ids that were acknowledged, in order."""
        return [id_ for ids in self.acknowledged for id_ in ids]
