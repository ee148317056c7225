"""A journal as people and programs read it: how far its replay is, and what became of each event."""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import attrs

from theirstack_async import ArgumentError
from theirstack_async.cli.messages import note
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.replay_options import RowFormat, check_journal
from theirstack_async.cli.text import counted, shown, some

if TYPE_CHECKING:
    from theirstack_async.replay import ReplayPlan, ReplayReport

_COLUMNS: Final = (
    Column("id", lambda row: row["id"], width=12, right=True),
    Column("state", lambda row: row["state"].value.replace("_", " "), width=12),
    Column("created (UTC)", lambda row: row["created_at"], width=19),
    Column("http", lambda row: row["response_status"], width=4, right=True),
    Column("webhook", lambda row: row["webhook_id"], width=10, right=True),
    Column("why", lambda row: row["reason"]),
)
_WIDE_IDS: Final = (Column("id", lambda row: row["id"], width=36), *_COLUMNS[1:])
"""For ids that are texts: 36 characters have a UUID."""


@attrs.frozen
class Rows:
    """How the rows of a report are written, and where: None for stdout."""

    format: RowFormat
    file: str | None = None


def rows_to(output: Output, format_: RowFormat | None, file: str | None, *, json: bool, only_some: bool) -> Rows | None:
    """Return how rows are written by the options; None for the totals and what needs attention.

    Raises:
        ArgumentError: a table was asked for in a file, or JSON and another format.
    """
    if json and format_ not in (None, RowFormat.JSONL):
        raise ArgumentError(f"--json: means --format jsonl, and --format is {format_.value}", field="--json")
    if file is not None:
        if format_ is RowFormat.TABLE:
            raise ArgumentError("--format: a table is for the terminal; a file is jsonl or csv", field="format")
        return Rows(format_ or (RowFormat.CSV if file.endswith(".csv") else RowFormat.JSONL), file)
    if format_ is not None:
        return Rows(format_)
    if output.json:
        return Rows(RowFormat.JSONL)
    return Rows(RowFormat.TABLE) if only_some else None


async def print_report(journal: str, output: Output, rows: Rows | None, states: Collection[str] | None) -> None:
    """Write what became of each event, those of some states only where they are named.

    Raises:
        ArgumentError: there is no journal.
        JournalError: the journal cannot be read.
        ReplayError: the file cannot be written.
    """
    from theirstack_async.replay import ReplayReport

    check_journal(journal)
    report = await ReplayReport.read(journal)
    if rows is None:
        output.say(str(report))
        return
    if states is not None:
        report = ReplayReport(row for row in report.rows if row.state.value in states)
    if rows.file is not None:
        _save(report, rows.format, rows.file)
        note(f"{counted(report.total, 'row')} in {rows.file}.")
    elif rows.format is RowFormat.CSV:
        _print_csv(report)
    elif rows.format is RowFormat.JSONL:
        for row in report.rows:
            output.line(attrs.asdict(row))
    else:
        # In a pipe too, where nobody gets a table but those who ask for one.
        output.json = False
        texts = any(isinstance(row.id, str) for row in report.rows)
        output.records(map(attrs.asdict, report.rows), _WIDE_IDS if texts else _COLUMNS)


def _save(report: ReplayReport, format_: RowFormat, file: str) -> None:
    if format_ is RowFormat.CSV:
        report.save_csv(file)
    else:
        report.save_jsonl(file)


def _print_csv(report: ReplayReport) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "rows.csv")
        report.save_csv(path)
        sys.stdout.flush()
        # As bytes: its lines end as RFC 4180 has it on every system.
        sys.stdout.buffer.write(path.read_bytes())


def print_nothing(plan: ReplayPlan, output: Output) -> None:
    """Say that a plan has nothing to send. A program gets the object that a run ends with, without a journal."""
    from theirstack_async.replay import ReplayReport
    from theirstack_async.replay._report_rows import Fold

    if output.json:
        output.line({"journal": None, **ReplayReport(Fold(plan).rows()).to_dict()})
    note("There is nothing to send.")


async def print_status(journal: str, output: Output) -> None:
    """Write how far a replay is.

    Raises:
        ArgumentError: there is no journal.
        JournalError: the journal cannot be read.
    """
    from theirstack_async.replay import ReplayReport
    from theirstack_async.replay._journal import Journal
    from theirstack_async.replay._steps import Intended, Resumed, Seen

    check_journal(journal)
    report = await ReplayReport.read(journal)
    async with aclosing(await Journal.open(journal, write=False)) as opened:
        plan, under_way = opened.plan, len(opened.ledger.open_batches)
        at = [step.at async for step in opened.steps() if isinstance(step, Intended | Seen | Resumed)]
    last = datetime.fromtimestamp(max(at), UTC) if at else None
    if output.json:
        facts = {"journal": journal, "provider": plan.provider, "where": plan.where, "planned_at": plan.made_at}
        output.line({**facts, "last_step_at": last, "calls_under_way": under_way, **report.to_dict()})
        return
    counts = {state.value.replace("_", " "): f"{count:,}" for state, count in report.counts.items() if count}
    facts = {"journal": journal, "API": f"{plan.provider}, {plan.where}", "webhooks": some(plan.webhook_ids)}
    stopped = {
        "stopped" if webhook is None else f"webhook {shown(webhook)}": reason
        for webhook, reason in report.stopped.items()
    }
    times = {"planned at (UTC)": plan.made_at, "last step at (UTC)": last}
    totals = {"events": f"{report.total:,}", **counts, "calls under way": under_way}
    output.record(None, {**facts, **times, **totals, **stopped})
