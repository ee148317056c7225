"""What became of each event of a plan, as its journal tells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import aclosing
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from theirstack_async.errors import ReplayError
from theirstack_async.replay import _report_files, _report_text
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._provider import WebhookId
from theirstack_async.replay._report_rows import Fold, ReplayRow
from theirstack_async.replay._states import ReplayState

_FINE: Final = (ReplayState.DELIVERED, ReplayState.EXCLUDED)

Counts = Mapping[ReplayState, int]


class ReplayReport:
    """What became of each event of a plan: one row an event, each in exactly one state.

    ``str(report)`` is for people; :meth:`save_jsonl` and :meth:`save_csv` write all rows. It tells how things stood
    when the journal was read, and does not change.
    """

    def __init__(self, rows: Iterable[ReplayRow], stopped: Mapping[WebhookId | None, str] | None = None) -> None:
        self.rows: Final[tuple[ReplayRow, ...]] = tuple(rows)
        """One an entry of the plan, in its order."""
        self.stopped: Final[Mapping[WebhookId | None, str]] = MappingProxyType(dict(stopped or {}))
        """The webhooks that nothing more is sent to unless the run is resumed, each with the reason; None stands for
        the whole run."""
        self.by_webhook: Final[Mapping[WebhookId, Counts]] = _count(self.rows)
        """How many events of each webhook are in each state, all states named."""
        self.counts: Final[Counts] = MappingProxyType(
            {state: sum(counts[state] for counts in self.by_webhook.values()) for state in ReplayState}
        )
        """How many events are in each state, all states named. They add up to ``total``."""

    @classmethod
    async def read(cls, path: str | Path) -> Self:
        """Read the report from a journal, also while a run has it. The API is asked nothing.

        Raises:
            JournalError: the journal cannot be read, or is none.
        """
        journal = await Journal.open(Path(path), write=False)
        async with aclosing(journal):
            fold = Fold(journal.plan)
            async for step in journal.steps():
                fold.take(step)
        return cls(fold.rows(), fold.ledger.stopped)

    @property
    def total(self) -> int:
        """How many events the plan has, those included that were not to be sent."""
        return len(self.rows)

    @property
    def ok(self) -> bool:
        """Whether every event that was to be sent was delivered."""
        return sum(self.counts[state] for state in _FINE) == self.total

    def raise_for_failures(self) -> None:
        """Return when every event that was to be sent was delivered.

        Raises:
            ReplayError: some were not, which names how many, and the first ids.
        """
        if not self.ok:
            raise ReplayError(_report_text.failures(self))

    def save_jsonl(self, path: str | Path) -> None:
        """Write all rows as JSON lines, one object a row. The file is there as a whole or not at all.

        Instants are ISO 8601 in UTC and end in ``Z``; ids keep their type. An older file of that name is replaced.

        Raises:
            ReplayError: it cannot be written.
        """
        _report_files.save_jsonl(Path(path), self.rows)

    def save_csv(self, path: str | Path) -> None:
        """Write all rows as CSV (RFC 4180, UTF-8) under a line of names. The file is there as a whole or not at all.

        It may be opened in a spreadsheet: a text that would be taken for a formula gets an apostrophe in front, so
        read :meth:`save_jsonl`'s file where texts have to be exact. An older file of that name is replaced.

        Raises:
            ReplayError: it cannot be written.
        """
        _report_files.save_csv(Path(path), self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the totals as plain JSON data, without the rows."""
        return {
            "ok": self.ok,
            "total": self.total,
            "counts": _plain(self.counts),
            "stopped": [{"webhook_id": each, "reason": reason} for each, reason in self.stopped.items()],
            "by_webhook": [
                {"webhook_id": each, "total": sum(counts.values()), "counts": _plain(counts)}
                for each, counts in self.by_webhook.items()
            ],
        }

    def __str__(self) -> str:
        return _report_text.report(self)

    def __repr__(self) -> str:
        return f"<ReplayReport {_report_text.totals(self)}>"


def _count(rows: Iterable[ReplayRow]) -> Mapping[WebhookId, Counts]:
    found: dict[WebhookId, dict[ReplayState, int]] = {}
    for row in rows:
        found.setdefault(row.webhook_id, dict.fromkeys(ReplayState, 0))[row.state] += 1
    return MappingProxyType({webhook_id: MappingProxyType(counts) for webhook_id, counts in found.items()})


def _plain(counts: Counts) -> dict[str, int]:
    return {state.value: number for state, number in counts.items()}
