"""``theirstack events``: what a webhook sent, what failed, and sending it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.ids import read_ids
from theirstack_async.cli.listing import PAGES_AHEAD, print_rows
from theirstack_async.cli.options import (
    BatchSize,
    Concurrency,
    Json,
    ReportFileName,
    Resend,
    WebhookId,
    examples,
    read_instant,
)
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.retrying import DRAINING, RetryOptions, retry
from theirstack_async.cli.session import call

if TYPE_CHECKING:
    from theirstack_async import Paginator, TheirStack, WebhookEvent

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="List and count the events of webhooks, and have them delivered again. Listing and counting cost no credits; "
    "what a retry costs is not documented.",
)


def _about(event: WebhookEvent) -> str:
    from theirstack_async import Company, Job

    match event.payload:
        case Job():
            return f"{event.payload.job_title} at {event.payload.company}"
        case Company():
            return str(event.payload.name)
        case _:
            return event.company_name or "-"


_EVENTS: Final = (
    Column("id", lambda event: event.id, width=10, right=True),
    Column("status", lambda event: event.status, width=13),
    Column("triggered (UTC)", lambda event: event.triggered_at, width=19),
    Column("http", lambda event: event.response_status_code, width=4, right=True),
    Column("about", _about),
)
_COUNTS: Final = (
    Column("from (UTC)", lambda count: count.period_start, width=19),
    Column("events", lambda count: f"{count.number_of_events:,}", width=10, right=True),
    Column("of", lambda count: count.status or count.event_type or count.webhook_id),
)


@app.command(
    "list",
    epilog=examples(
        "theirstack events list 7 --status FAILED --limit 20",
        "theirstack events list 7 --status FAILED --ids | theirstack events retry -",
    ),
)
def list_(
    ctx: typer.Context,
    webhook_id: WebhookId,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="FAILED, SUCCESS, IN_PROGRESS or NOT_TRIGGERED only.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="So many events at the most.")] = None,
    offset: Annotated[int, typer.Option(min=0, help="Leave so many out at the beginning.")] = 0,
    page_size: Annotated[int, typer.Option(min=1, max=500, help="Events a request.")] = 500,
    ids: Annotated[bool, typer.Option("--ids", help="Print the ids only, one a line. Much faster.")] = False,
    json: Json = False,
) -> NoReturn:
    """List the events of a webhook.

    An event that does not decode is printed as it came (with --json) and ends in exit code 6; no other is lost.
    """
    out = Output(json=json)
    paging: dict[str, Any] = {"status": status, "max_items": limit, "offset": offset, "page_size": page_size}

    async def work(client: TheirStack) -> int:
        events = client.webhooks.events
        if ids:
            return await _print_ids(events.ids(webhook_id, **paging))
        listed = events.list(webhook_id, rejects="collect", **paging)
        return await print_rows(listed, out, _EVENTS, none="There is no such event.")

    call(ctx, work, whole=out.json and not ids)


@app.command()
def count(ctx: typer.Context, webhook_id: WebhookId, json: Json = False) -> NoReturn:
    """Count the events of a webhook, of every status."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        number = await client.webhooks.events.count(webhook_id)
        if out.json:
            out.line({"webhook_id": webhook_id, "number_of_events": number})
        out.say(f"{number:,}")
        return ExitCode.OK

    call(ctx, work, whole=out.json)


@app.command(epilog=examples("theirstack events counts --start 2026-05-01T00:00:00Z --group-by event_type"))
def counts(
    ctx: typer.Context,
    start: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Such as 2026-05-01T00:00:00Z; 30 days before the end.")
    ] = None,
    end: Annotated[str | None, typer.Option(metavar="INSTANT", help="Now, unless given.")] = None,
    timezone: Annotated[str, typer.Option(help="In which days begin, such as Europe/Madrid.")] = "UTC",
    webhook_id: Annotated[int | None, typer.Option(help="The events of this webhook only.")] = None,
    group_by: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD", help="status (the default), webhook_id or event_type; may be repeated."),
    ] = None,
    json: Json = False,
) -> NoReturn:
    """Count events day by day."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        found = await client.webhooks.events.counts(
            start=None if start is None else read_instant("--start", start),
            end=None if end is None else read_instant("--end", end),
            timezone=timezone,
            webhook_id=webhook_id,
            group_by=group_by or "status",
        )
        out.records(found, _COUNTS)
        return ExitCode.OK

    call(ctx, work, whole=out.json)


@app.command(
    "retry",
    epilog=examples(
        "theirstack events retry 1001 1002 1003",
        "theirstack events list 7 --status FAILED --json | jq .id |",
        "    theirstack events retry - --report run.json",
        "jq '.skipped[]' run.json | theirstack events retry - --report run2.json",
    ),
)
def retry_(
    ctx: typer.Context,
    ids: Annotated[
        list[str], typer.Argument(metavar="ID", help="Event ids; - reads them from stdin, also out of JSON lines.")
    ],
    batch_size: BatchSize = 100,
    max_concurrency: Concurrency = 4,
    resend_unknown: Resend = False,
    report: ReportFileName = None,
    json: Json = False,
) -> NoReturn:
    """Have events delivered again.

    Each id is sent once, and the report says of each whether it was accepted, rejected, is unknown (sent, and nobody
    knows) or skipped (never sent). Ctrl-C lets the requests under way end, 5 seconds at the most, and then reports;
    a second one cuts them at once.
    """
    options = RetryOptions(batch_size, max_concurrency, resend_unknown, report, Output(json=json))
    wanted = read_ids(ids, "an event id")

    async def work(client: TheirStack) -> int:
        return await retry(client, wanted, options)

    call(ctx, work, on_interrupt=DRAINING)


@app.command()
def retry_failed(
    ctx: typer.Context,
    webhook_id: WebhookId,
    batch_size: BatchSize = 100,
    max_concurrency: Concurrency = 4,
    resend_unknown: Resend = False,
    report: ReportFileName = None,
    json: Json = False,
) -> NoReturn:
    """Have all FAILED events of a webhook delivered again.

    The ids are read to the end first; see theirstack events retry for the rest.
    """
    options = RetryOptions(batch_size, max_concurrency, resend_unknown, report, Output(json=json))

    async def work(client: TheirStack) -> int:
        failed = await client.webhooks.events.ids(webhook_id, status="FAILED").collect()
        return await retry(client, failed, options)

    call(ctx, work, on_interrupt=DRAINING)


async def _print_ids(paginator: Paginator[int]) -> int:
    async with paginator.prefetch(PAGES_AHEAD) as ids:
        async for id_ in ids:
            print(id_)
    return ExitCode.OK
