"""One run of a replay: its progress is drawn, an interrupt ends it in order, and its end is told."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import attrs
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from theirstack_async import JournalError
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.messages import fail, note
from theirstack_async.cli.output import Output, drawn
from theirstack_async.cli.replay_provider import Api
from theirstack_async.cli.text import counted

if TYPE_CHECKING:
    from theirstack_async.replay import Replay, ReplayReport, ReplayRun, ReplaySnapshot

STOPPING: Final = "Stopping. The requests under way are waited for; Ctrl-C again cuts them."
_EVERY: Final = 0.5
"""Seconds between two pictures of a run on a terminal."""
_EVERY_LINE: Final = 10.0
"""Seconds between two lines about a run in a pipe."""
_ROOM: Final = 110
"""Columns from which on the counts by state are drawn too."""


@attrs.frozen
class Ending:
    """What is left to do when everything is sent, and how it is told."""

    api: Api
    journal: str
    out: Output
    verify: bool
    deadline: float
    """Seconds."""

    def command(self, verb: str) -> str:
        """Return the command that goes on with this journal."""
        admin = " --admin" if self.api.admin and verb == "resume" else ""
        return self.api.command(f"{verb} {shlex.quote(self.journal)}{admin}")


async def carry_out(replay: Replay[Any], run: ReplayRun[Any], ending: Ending) -> int:
    """Run a replay to its end, look what arrived, print the report, and return the exit code.

    At the first interrupt the requests under way are waited for, at the second they are cut.

    Raises:
        asyncio.CancelledError: it was interrupted; what is known was told.
        TheirStackError: it was refused, or something else ended it.
    """
    try:
        report, interrupted = await _follow(run)
        if ending.verify and not interrupted:
            report = await _look(replay, report, ending)
    except asyncio.CancelledError:
        await _tell_interrupted(ending)
        raise
    if interrupted:
        _print_unfinished(report, ending)
        raise asyncio.CancelledError
    return conclude(report, ending)


async def look_again(replay: Replay[Any], ending: Ending) -> int:
    """Look what has arrived since, print the report, and return the exit code.

    Raises:
        asyncio.CancelledError: it was interrupted; what is known was told.
        TheirStackError: the API could not be asked.
    """
    try:
        report = await _verified(replay, ending)
    except asyncio.CancelledError:
        await _tell_interrupted(ending)
        raise
    return conclude(report, ending)


def conclude(report: ReplayReport, ending: Ending) -> int:
    """Print the report of a replay that was not interrupted, and return the exit code."""
    _print(report, ending)
    code, said = verdict(report, ending.command)
    if code is ExitCode.MORE:
        note(said)
    elif code is not ExitCode.OK:
        fail(said)
    return code


def verdict(report: ReplayReport, command: Callable[[str], str]) -> tuple[ExitCode, str]:
    """Return the exit code for a report, and what to do next; ``command`` makes a command line of a verb."""
    from theirstack_async.replay import ReplayState as State

    def number(*states: State) -> int:
        return sum(report.counts[state] for state in states)

    if report.ok:
        return ExitCode.OK, ""
    left = number(State.PLANNED, State.INTENDED, State.THROTTLED)
    rest = f" {counted(left, 'event')} not sent yet: {command('resume')} goes on." if left else ""
    if unknown := number(State.UNKNOWN):
        return ExitCode.UNKNOWN, (
            f"Nobody knows whether the API took {counted(unknown, 'event')}. See whether the receiver has them. "
            f"{command('resume')} --on-unknown resend looks once more, and sends those that it does not find, which "
            f"may then arrive twice.{rest}"
        )
    if report.stopped:
        reasons = "; ".join(
            f"{'all webhooks' if webhook is None else f'webhook {webhook}'}: {reason}"
            for webhook, reason in report.stopped.items()
        )
        return ExitCode.FAILED, f"It was stopped for {reasons}.{rest}"
    if failed := number(State.FAILED_AGAIN, State.REJECTED, State.MISSING):
        return ExitCode.FAILED, f"{counted(failed, 'event')} did not arrive.{rest}"
    if left:
        return ExitCode.MORE, rest.strip()
    return ExitCode.MORE, (
        f"{counted(number(State.ACCEPTED, State.PENDING), 'event')} not known to have arrived yet: "
        f"{command('verify')} looks again."
    )


async def _follow(run: ReplayRun[Any]) -> tuple[ReplayReport, bool]:
    """Return the report of a run, and whether it was interrupted."""
    interrupted = False
    with Follower() as follower:
        async with run:
            try:
                async for snapshot in run.progress(every=follower.every):
                    follower.update(snapshot)
            except asyncio.CancelledError:
                interrupted = True
                run.cancel()
            report = await run.result()
            if interrupted:
                follower.update(run.snapshot)
            return report, interrupted


async def _look(replay: Replay[Any], report: ReplayReport, ending: Ending) -> ReplayReport:
    from theirstack_async.replay import ReplayState as State

    if not any(report.counts[state] for state in (State.ACCEPTED, State.PENDING, State.MISSING)):
        return report
    return await _verified(replay, ending)


async def _verified(replay: Replay[Any], ending: Ending) -> ReplayReport:
    console = Console(stderr=True)
    most = f"{_clock(ending.deadline)} at the most"
    if not console.is_terminal:
        note(f"Looking what has arrived, for {most}.")
    progress = Progress(
        SpinnerColumn(),
        TextColumn("looking what has arrived"),
        TimeElapsedColumn(),
        TextColumn(f"of {most}"),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    )
    progress.add_task("", total=None)
    with drawn(progress):
        return await replay.verify(ending.journal, deadline=ending.deadline)


async def _tell_interrupted(ending: Ending) -> None:
    from theirstack_async.replay import ReplayReport

    try:
        report = await ReplayReport.read(ending.journal)
    except JournalError:
        note("It had not begun: nothing was sent.")
        return
    _print_unfinished(report, ending)


def _print_unfinished(report: ReplayReport, ending: Ending) -> None:
    """Print the report of a replay that was interrupted, and how to go on."""
    from theirstack_async.replay import ReplayState as State

    _print(report, ending)
    if any(report.counts[state] for state in (State.PLANNED, State.INTENDED, State.THROTTLED, State.UNKNOWN)):
        note(f"{ending.command('resume')} goes on.")
    elif not report.ok:
        note(f"{ending.command('verify')} looks again.")


def _print(report: ReplayReport, ending: Ending) -> None:
    if ending.out.json:
        ending.out.line({"journal": ending.journal, **report.to_dict()})
    ending.out.say(str(report))


class Follower:
    """Draws how far a run is: a bar on a terminal, else a line now and then. Both go to stderr."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._drawing = console.is_terminal
        self._wide = console.width >= _ROOM
        self._progress = Progress(
            TextColumn("replaying"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[done]}"),
            console=console,
            disable=not self._drawing,
        )
        self._task = self._progress.add_task("", total=None, done="")
        self._bar = drawn(self._progress)
        self._last: ReplaySnapshot | None = None
        self.every: float = _EVERY if self._drawing else _EVERY_LINE
        """Seconds between two snapshots."""

    def update(self, snapshot: ReplaySnapshot) -> None:
        """Show one."""
        if self._drawing:
            done = in_words(snapshot, states=self._wide)
            settled = snapshot.total - snapshot.waiting
            self._progress.update(self._task, total=snapshot.total, completed=settled, done=done)
        else:
            note(in_words(snapshot, states=True))

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, traceback)


def in_words(snapshot: ReplaySnapshot, *, states: bool) -> str:
    """Return a snapshot as a line, with ``states`` also the numbers of those that are in each."""
    pace = "" if snapshot.eta is None else f" {snapshot.rate:,.0f}/s ETA {_clock(snapshot.eta)}"
    if snapshot.done:
        pace = f" in {_clock(snapshot.elapsed)}"
    counts = [f"{count:,} {state.value.replace('_', ' ')}" for state, count in snapshot.counts.items() if count]
    told = f" ({', '.join(counts)})" if states else ""
    return f"{snapshot.total - snapshot.waiting:,}/{snapshot.total:,}{told}{pace}"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
