"""A retry run seen from outside: its progress while it runs, and what became of each id when it is over."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import attrs
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from theirstack_async.cli.exits import ExitCode, explain
from theirstack_async.cli.messages import fail
from theirstack_async.cli.output import Output, drawn
from theirstack_async.cli.whole_file import WholeFile

if TYPE_CHECKING:
    from theirstack_async import RetryReport, TheirStack

DRAINING: Final = "Stopping. Requests under way get 5 seconds to end; Ctrl-C again cuts them."
_SHOWN: Final = 20
"""Ids of a kind that a line for people names."""


@attrs.frozen
class RetryOptions:
    """How a run is made and where its report goes."""

    batch_size: int
    max_concurrency: int
    resend_unknown: bool
    report: str | None
    """A file for the whole report."""
    out: Output

    @property
    def on_unknown(self) -> Literal["report", "resend"]:
        """As ``events.retry`` takes it."""
        return "resend" if self.resend_unknown else "report"


async def retry(client: TheirStack, ids: Sequence[int], options: RetryOptions) -> int:
    """Retry events, and return the exit code. However it ends, the report is shown, and written where asked for.

    Raises:
        ArgumentError: the report cannot be written to its file; nothing was sent.
    """
    with WholeFile(options.report, "--report") as file, _Follower(len(set(ids)), options.out, file) as follower:
        report = await client.webhooks.events.retry(
            ids,
            batch_size=options.batch_size,
            max_concurrency=options.max_concurrency,
            on_unknown=options.on_unknown,
            on_progress=follower.update,
        )
    code, said = _verdict(report)
    if code is not ExitCode.OK:
        fail(said)
    return code


def summary(report: RetryReport, *, accepted: bool) -> dict[str, Any]:
    """Return a report as JSON data; ``accepted`` names the accepted ids, instead of giving their number."""
    return {
        "requested": report.requested,
        "duplicates": report.duplicates,
        "requests": report.batches,
        "seconds": round(report.elapsed, 3),
        "ok": report.ok,
        "complete": report.complete,
        "stopped_by": None if report.stopped_by is None else str(report.stopped_by),
        "accepted": [*report.accepted] if accepted else len(report.accepted),
        "rejected": {str(id_): str(error) for id_, error in report.rejected.items()},
        "unknown": [*report.unknown],
        "skipped": [*report.skipped],
    }


class _Follower:
    """Draws the progress of a run on stderr, if that is a terminal, and shows the report in the end."""

    def __init__(self, total: int, out: Output, file: WholeFile) -> None:
        self._report: RetryReport | None = None
        self._out = out
        self._file = file
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("retrying"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]}", style="red"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID = self._progress.add_task("", total=total, failed="")
        self._drawing = drawn(self._progress)

    def update(self, report: RetryReport) -> None:
        """Take the live report in."""
        self._report = report
        failed = len(report.rejected) + len(report.unknown)
        self._progress.update(
            self._task,
            completed=report.settled - len(report.skipped),
            failed=f"{failed:,} failed" if failed else "",
        )

    def __enter__(self) -> Self:
        self._drawing.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._drawing.__exit__(kind, error, traceback)
        if self._report is None:
            return
        try:
            self._file.write(json.dumps(summary(self._report, accepted=True)))
        finally:
            # A disk that has become full must not take what is known from the screen too.
            if self._out.json:
                self._out.line(summary(self._report, accepted=False))
            for line in _lines(self._report):
                self._out.say(line)


def _verdict(report: RetryReport) -> tuple[ExitCode, str]:
    """Return the exit code of a run that was not interrupted, and a sentence on what went wrong."""
    if report.stopped_by is not None:
        return explain(report.stopped_by)
    if report.unknown:
        return ExitCode.UNKNOWN, "For some events nobody knows whether they were taken. See which are still FAILED."
    if report.rejected:
        return ExitCode.FAILED, f"Some ids were refused. The last: {[*report.rejected.values()][-1]}"
    if report.skipped:
        return ExitCode.NETWORK, f"Not everything could be sent. The last failure: {report.last_error}"
    return ExitCode.OK, ""


def _lines(report: RetryReport) -> list[str]:
    """Return a report for people."""
    dropped = f", {report.duplicates:,} duplicates dropped" if report.duplicates else ""
    first = (
        f"{len(report.accepted):,} of {report.requested:,} accepted in {report.elapsed:.1f} s, "
        f"{report.batches:,} requests{dropped}"
    )
    kinds: tuple[tuple[str, Collection[int], str], ...] = (
        ("rejected", report.rejected, "the API refused them"),
        ("unknown", report.unknown, "sent, and perhaps taken: see which are still FAILED before you retry them"),
        ("skipped", report.skipped, "never sent: retry them"),
    )
    return [first, *(f"{len(ids):,} {name}, {meaning}: {_sample(ids)}" for name, ids, meaning in kinds if ids)]


def _sample(ids: Collection[int]) -> str:
    shown = ", ".join(str(id_) for id_ in islice(ids, _SHOWN))
    return shown if len(ids) <= _SHOWN else f"{shown}, ... (--report FILE names them all)"
