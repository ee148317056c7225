"""The options of ``theirstack replay``, and how their texts are read."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from theirstack_async import ArgumentError
from theirstack_async.cli.options import read_instant

if TYPE_CHECKING:
    from theirstack_async.replay import StopWhen


class ProviderName(StrEnum):
    """The APIs whose events the program can replay."""

    THEIRSTACK = "theirstack"
    BITGO = "bitgo"


class Environment(StrEnum):
    """The two addresses of BitGo."""

    TEST = "test"
    PRODUCTION = "production"


class Automatic(StrEnum):
    """What becomes of events that the API may still deliver by itself."""

    INCLUDE = "include"
    SKIP = "skip"


class OnUnknown(StrEnum):
    """What becomes of events of unknown outcome."""

    REPORT = "report"
    RESEND = "resend"


class RowFormat(StrEnum):
    """How the rows of a report are written."""

    TABLE = "table"
    JSONL = "jsonl"
    CSV = "csv"


Webhooks: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="WEBHOOK_ID", help="The webhooks whose events failed.")
]
Targets: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="PLAN_FILE|WEBHOOK_ID", help="A plan that was saved, or webhooks to plan for.")
]
JournalFile: TypeAlias = Annotated[str, typer.Argument(metavar="JOURNAL", help="The file that run was given.")]
NewJournal: TypeAlias = Annotated[
    str,
    typer.Option(
        "--journal", metavar="FILE", help="A new file that is told of each step before it is taken, such as replay.db."
    ),
]
Start: TypeAlias = Annotated[
    str | None, typer.Option(metavar="INSTANT", help="Events of 2026-05-01T09:00:00Z or later.")
]
End: TypeAlias = Annotated[str | None, typer.Option(metavar="INSTANT", help="Events of before this instant.")]
Statuses: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--status", metavar="STATUS", help="Events of this status, FAILED unless given; may be repeated."),
]
AutoRetry: TypeAlias = Annotated[
    Automatic | None,
    typer.Option(
        help="What becomes of events that the API may still deliver by itself. Unless given, theirstack includes "
        "them, since a receiver knows a second delivery by its id, and bitgo skips them."
    ),
]
Expect: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="Refuse unless about N events are still to be sent. A saved plan's own number by default.",
    ),
]
Tolerance: TypeAlias = Annotated[
    str, typer.Option(metavar="SHARE", help="By how much --expect may be off, such as 10% or 0.1.")
]
Rate: TypeAlias = Annotated[
    float | None, typer.Option(metavar="N", help="Events a second and webhook at the most. The API's bounds hold too.")
]
Concurrency: TypeAlias = Annotated[
    int | None, typer.Option("--max-concurrency", min=1, help="Requests under way at once; 4 unless given.")
]
BatchSize: TypeAlias = Annotated[
    int | None, typer.Option(min=1, help="Events a request; 100 for theirstack and 25 for bitgo, unless given.")
]
Canary: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        help="So many events of each webhook go first and have to arrive; 1 unless given, 0 for none.",
    ),
]
StopAt: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--stop-when",
        metavar="SHARE",
        help="End a webhook when this share of its last 20 deliveries failed, such as 50%; 50%/100 looks at the last "
        "100; never does not look.",
    ),
]
Unknown: TypeAlias = Annotated[
    OnUnknown | None,
    typer.Option(
        help="Events that were sent while nobody knows whether the API took them are looked for. Those that are not "
        "found are reported, or sent again, which may deliver them twice. report unless given."
    ),
]
Grace: TypeAlias = Annotated[
    float | None,
    typer.Option(
        min=0,
        metavar="SECONDS",
        help="How long to look for events of unknown outcome, from their call on; 60 unless given.",
    ),
]
Verify: TypeAlias = Annotated[
    bool, typer.Option("--verify/--no-verify", help="Look in the end whether they have arrived.")
]
Deadline: TypeAlias = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="How long to look for those that have not arrived yet.")
]
Provider: TypeAlias = Annotated[
    ProviderName | None,
    typer.Option(
        help="Whose events. Unless given, that of the plan or journal, or else theirstack. bitgo takes its token from "
        "BITGO_ACCESS_TOKEN."
    ),
]
BitGo: TypeAlias = Annotated[
    Environment | None,
    typer.Option(
        "--bitgo-environment",
        help="Where BitGo is. Unless given, that of the plan or journal, or else test. The global --base-url names "
        "another place.",
    ),
]
Admin: TypeAlias = Annotated[
    bool, typer.Option("--admin", help="Have BitGo send with the call for operators, which not every token may do.")
]
States: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--state", metavar="STATE,...", help="Rows of these states only, such as failed_again,unknown,missing."
    ),
]
OutFile: TypeAlias = Annotated[
    str | None, typer.Option("--out", metavar="FILE", help="Write them to FILE, which appears whole or not at all.")
]
Format: TypeAlias = Annotated[
    RowFormat | None,
    typer.Option(
        "--format",
        help="A row for each event: as a table, JSON lines or CSV. Unless given, a terminal gets the totals and what "
        "needs attention, a pipe or a file JSON lines.",
    ),
]

_NEVER: Final = "never"


def plan_file(targets: Sequence[str]) -> Path | None:
    """Return the file that is named instead of webhooks; None if webhooks are.

    What is no number is a file if there is such a file, or if it looks like the name of one.
    """
    if len(targets) != 1 or targets[0].isdecimal() or targets[0] == "-":
        return None
    path = Path(targets[0])
    return path if path.is_file() or path.suffix or len(path.parts) > 1 else None


def check_journal(file: str) -> None:
    """Return when there is something in the file of a journal.

    Raises:
        ArgumentError: there is not.
    """
    if not is_used(file):
        raise ArgumentError(
            f"JOURNAL: there is no journal at {file}; give the file that run was given", field="journal"
        )


def is_used(file: str) -> bool:
    """Return whether there is a file with something in it."""
    path = Path(file)
    return path.is_file() and path.stat().st_size > 0


def selection(
    start: str | None, end: str | None, status: list[str] | None, auto_retry: Automatic | None
) -> dict[str, Any]:
    """Return what events are meant, as ``Replay.plan`` takes it, with only what was given.

    Raises:
        ArgumentError: an instant is none.
    """
    return given(
        start=None if start is None else read_instant("--start", start),
        end=None if end is None else read_instant("--end", end),
        status=tuple(status) if status else None,
        auto_retry=None if auto_retry is None else auto_retry.value,
    )


def pace(
    *, rate: float | None, max_concurrency: int | None, canary: int | None, stop_when: str | None,
    on_unknown: OnUnknown | None, grace: float | None,
) -> dict[str, Any]:  # fmt: skip
    """Return how a run is to go, as ``Replay.run`` and ``Replay.resume`` take it, with only what was given.

    Raises:
        ArgumentError: a share is none.
    """
    found = given(
        rate=rate,
        max_concurrency=max_concurrency,
        canary=canary,
        on_unknown=None if on_unknown is None else on_unknown.value,
        grace=grace,
    )
    return found if stop_when is None else {**found, "stop_when": _stop_when(stop_when)}


def given(**options: Any) -> dict[str, Any]:
    """Return the options that are not None."""
    return {name: value for name, value in options.items() if value is not None}


def read_share(option: str, text: str) -> float:
    """Return a share: ``10%`` or ``0.1``.

    Raises:
        ArgumentError: it is none from 0 to 1.
    """
    number, percent = (text[:-1], 100) if text.endswith("%") else (text, 1)
    try:
        share = float(number) / percent
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ArgumentError(f"{option}: expected a share such as 10% or 0.1, got {text!r}", field=option)
    return share


def _stop_when(text: str) -> StopWhen | None:
    from theirstack_async.replay import StopWhen

    if text == _NEVER:
        return None
    share, slash, of = text.partition("/")
    if slash and not (of.isdecimal() and int(of)):
        raise ArgumentError(
            f"--stop-when: expected a share, such as 50%, or 50%/100 for the last 100, got {text!r}",
            field="--stop-when",
        )
    failed = read_share("--stop-when", share)
    if not failed:
        raise ArgumentError("--stop-when: expected a share above 0; never does not look", field="--stop-when")
    return StopWhen(failed=failed, of=int(of)) if slash else StopWhen(failed=failed)


def read_states(text: str | None) -> frozenset[str] | None:
    """Return the states that are named, None for all.

    Raises:
        ArgumentError: one of them is none.
    """
    from theirstack_async.replay import ReplayState

    if text is None:
        return None
    words = [word.strip().lower().replace("-", "_") for word in text.split(",")]
    known = [state.value for state in ReplayState]
    for word in words:
        if word not in known:
            raise ArgumentError(f"--state: {word!r} is none of {', '.join(known)}", field="--state")
    return frozenset(words)
