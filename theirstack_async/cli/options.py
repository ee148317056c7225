"""Options and arguments that several commands share, and how their texts are read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias

import typer

from theirstack_async import ALL_HISTORY, ArgumentError

ALL_HISTORY_WORD: Final = "all-history"

WebhookId: TypeAlias = Annotated[
    int, typer.Argument(metavar="WEBHOOK_ID", help="As theirstack webhooks list shows it.")
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="One JSON object a line. So it is in any case when the output is piped.")
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
SecretFile: TypeAlias = Annotated[
    typer.FileText | None,
    typer.Option(
        metavar="FILE",
        help="A file that holds the signing secret, at least 16 characters; - reads it from stdin. "
        "On a command line everybody on the machine could read it.",
    ),
]
EventTypes: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--event-type", metavar="TYPE", help="job_new, company_new or job_closed; may be repeated."),
]
RowLimit: TypeAlias = Annotated[
    int | None, typer.Option("--limit", min=0, metavar="N", help="So many rows at the most; all, unless given.")
]
PreviewLimit: TypeAlias = Annotated[int, typer.Option("--limit", min=1, metavar="N", help="So many rows at the most.")]
EstimateLimit: TypeAlias = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="As a search with this limit.")
]
BatchSize: TypeAlias = Annotated[int, typer.Option(min=1, max=10_000, help="Ids a request.")]
Concurrency: TypeAlias = Annotated[int, typer.Option("--max-concurrency", min=1, help="Requests under way at once.")]
Resend: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--resend-unknown",
        help="Send a batch again when nobody knows whether it arrived: its events may then be delivered twice.",
    ),
]
ReportFileName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--report", metavar="FILE", help="Write what became of each id to FILE as JSON, also when interrupted."
    ),
]


def examples(*lines: str) -> str:
    """Return example lines as the end of a command's help, where they are not wrapped, so that they can be copied."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


def read_secret(file: typer.FileText | None) -> str | None:
    """Return the secret in a file, without the line break at its end."""
    return None if file is None else file.read().rstrip("\r\n")


def read_instant(option: str, text: str, *, or_else: str = "") -> datetime:
    """Return an ISO 8601 instant.

    Raises:
        ArgumentError: it is none, or it has no offset, so that it could mean any of 38 hours.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ArgumentError(
            f"{option}: expected {or_else}an instant with an offset such as 2026-05-01T09:00:00Z, got {text!r}",
            field=option,
        )
    return instant


def read_start(text: str, *, option: str = "--listen-from") -> Any:
    """Return what an option says, as ``listening_start_time`` takes it.

    Raises:
        ArgumentError: it is neither an instant, nor ``now``, nor ``all-history``.
    """
    if text == ALL_HISTORY_WORD:
        return ALL_HISTORY
    return text if text == "now" else read_instant(option, text, or_else="now, all-history or ")
