"""``theirstack webhooks``: one thin command a method of ``client.webhooks``."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from theirstack_async.cli.ensure_webhook import ensure
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.messages import confirm
from theirstack_async.cli.options import (
    ALL_HISTORY_WORD,
    EventTypes,
    Json,
    SecretFile,
    WebhookId,
    Yes,
    examples,
    read_secret,
    read_start,
)
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import call

if TYPE_CHECKING:
    from theirstack_async import TheirStack, Webhook

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Set webhooks up, switch and test them. The events that a webhook sends cost credits.",
)
_COLUMNS: Final = (
    Column("id", lambda webhook: webhook.id, width=8, right=True),
    Column("active", lambda webhook: webhook.is_active, width=6),
    Column("search", lambda webhook: f"{webhook.search_id} {webhook.search_name}", width=20),
    Column("events", lambda webhook: webhook.active_event_types or webhook.event_type, width=11),
    Column("url", lambda webhook: webhook.url),
)
_HISTORY: Final = "Every past match of the search will be replayed, and billed (1 credit a job, 3 a company). Go on?"

_LISTEN_FROM: Final = typer.Option(
    metavar="WHEN",
    help="Which matches are delivered: those from an instant on (2026-05-01T09:00:00Z), from now on (now), "
    "or all that there ever were (all-history), each of which is billed.",
)


class Clearable(enum.StrEnum):
    """The fields that ``update --clear`` empties."""

    DESCRIPTION = "description"
    SECRET = "secret"  # noqa: S105  # the name of a field
    EVENT_TYPES = "event-types"


class SearchType(enum.StrEnum):
    """The kinds of saved searches."""

    JOBS = "jobs"
    COMPANIES = "companies"


@app.command("list")
def list_(ctx: typer.Context, json: Json = False) -> NoReturn:
    """List all webhooks that are not archived."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        webhooks = await client.webhooks.list()
        out.records(webhooks, _COLUMNS)
        if not webhooks:
            out.say("There is no webhook yet; theirstack webhooks create makes one.")
        return ExitCode.OK

    call(ctx, work, whole=out.json)


@app.command()
def get(ctx: typer.Context, webhook_id: WebhookId, json: Json = False) -> NoReturn:
    """Show one webhook."""
    _show(ctx, json, lambda client: client.webhooks.get(webhook_id))


@app.command(
    epilog=examples(
        "theirstack webhooks create --url https://example.com/hook \\", "    --search-id 42 --listen-from now"
    )
)
def create(
    ctx: typer.Context,
    url: Annotated[str, typer.Option(help="Where events are delivered; http or https.")],
    search_id: Annotated[int, typer.Option(help="The saved search to follow.")],
    listen_from: Annotated[str, _LISTEN_FROM],
    description: Annotated[str | None, typer.Option(help="Free text.")] = None,
    once_per_company: Annotated[
        bool, typer.Option("--once-per-company", help="At most one job_new event a company.")
    ] = False,
    event_type: EventTypes = None,
    secret_file: SecretFile = None,
    yes: Yes = False,
    json: Json = False,
) -> NoReturn:
    """Create a webhook on a saved search.

    It is never sent twice, since two webhooks on one search bill every event twice. If the exit code is 7, look at
    theirstack webhooks list before you create it again.
    """
    if listen_from == ALL_HISTORY_WORD:
        confirm(_HISTORY, yes=yes)

    async def make(client: TheirStack) -> Webhook:
        return await client.webhooks.create(
            url=url,
            search_id=search_id,
            listening_start_time=read_start(listen_from),
            description=description,
            trigger_once_per_company=once_per_company,
            secret=read_secret(secret_file),
            active_event_types=event_type,
        )

    _show(ctx, json, make)


app.command(
    epilog=examples(
        "theirstack webhooks ensure --url https://example.com/hook \\",
        "    --search-id 42 --secret-env HOOK_SECRET --start now",
    )
)(ensure)


@app.command(epilog=examples("theirstack webhooks update 7 --url https://example.com/new --clear secret"))
def update(
    ctx: typer.Context,
    webhook_id: WebhookId,
    url: Annotated[str | None, typer.Option(help="Where events are delivered.")] = None,
    search_id: Annotated[int | None, typer.Option(help="The saved search to follow.")] = None,
    listen_from: Annotated[str | None, _LISTEN_FROM] = None,
    description: Annotated[str | None, typer.Option(help="Free text.")] = None,
    once_per_company: Annotated[
        bool | None, typer.Option("--once-per-company/--every-job", help="One job_new event a company, or each.")
    ] = None,
    event_type: EventTypes = None,
    secret_file: SecretFile = None,
    clear: Annotated[
        list[Clearable] | None,
        typer.Option(metavar="FIELD", help="Empty description, secret or event-types; may be repeated."),
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> NoReturn:
    """Change a webhook. What you do not name stays as it is, the secret too.

    Unless --url and --search-id are both given, the webhook is read first: a change that somebody else makes in
    between is overwritten.
    """
    if listen_from == ALL_HISTORY_WORD:
        confirm(_HISTORY, yes=yes)

    async def change(client: TheirStack) -> Webhook:
        named: dict[str, Any] = {
            "url": url,
            "search_id": search_id,
            "listening_start_time": None if listen_from is None else read_start(listen_from),
            "description": description,
            "trigger_once_per_company": once_per_company,
            "active_event_types": event_type,
            "secret": read_secret(secret_file),
        }
        changes = {name: value for name, value in named.items() if value is not None}
        for field in clear or ():
            changes["active_event_types" if field is Clearable.EVENT_TYPES else field.value] = None
        return await client.webhooks.update(webhook_id, **changes)

    _show(ctx, json, change)


@app.command()
def enable(ctx: typer.Context, webhook_id: WebhookId, json: Json = False) -> NoReturn:
    """Switch a webhook on. What matched while it was off is delivered, and billed, now."""
    _show(ctx, json, lambda client: client.webhooks.enable(webhook_id))


@app.command()
def disable(ctx: typer.Context, webhook_id: WebhookId, json: Json = False) -> NoReturn:
    """Switch a webhook off. What matches meanwhile waits until it is on again."""
    _show(ctx, json, lambda client: client.webhooks.disable(webhook_id))


@app.command()
def archive(ctx: typer.Context, webhook_id: WebhookId, yes: Yes = False, json: Json = False) -> NoReturn:
    """End a webhook for good. Its events stay."""
    confirm(f"Webhook {webhook_id} will end for good; this cannot be undone. Go on?", yes=yes)
    _show(ctx, json, lambda client: client.webhooks.archive(webhook_id))


@app.command(
    "test",
    epilog=examples(
        "theirstack webhooks test 7", "theirstack webhooks test --url https://example.com/hook --event-type job_new"
    ),
)
def send_test(
    ctx: typer.Context,
    webhook_id: Annotated[
        int | None, typer.Argument(metavar="WEBHOOK_ID", help="Whose address and type to use.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Deliver it here instead.")] = None,
    event_type: Annotated[str | None, typer.Option(metavar="TYPE", help="job_new, company_new or job_closed.")] = None,
    secret_file: SecretFile = None,
    json: Json = False,
) -> NoReturn:
    """Have a test event delivered, and show what the receiver answered; any answer but 2xx exits with 1."""
    if webhook_id is None and (url is None or event_type is None):
        raise typer.BadParameter("name a WEBHOOK_ID, or give --url with --event-type")
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        result = await client.webhooks.test(
            webhook_id=webhook_id, url=url, event_type=event_type, secret=read_secret(secret_file)
        )
        out.record(result)
        return ExitCode.OK if 200 <= result.status <= 299 else ExitCode.FAILED

    call(ctx, work, whole=out.json)


@app.command()
def event_types(
    ctx: typer.Context,
    search_type: Annotated[SearchType | None, typer.Option(help="Of one kind of search only.")] = None,
    json: Json = False,
) -> NoReturn:
    """List the event types that a webhook can subscribe to."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        found = await client.webhooks.event_types(None if search_type is None else search_type.value)
        out.records(found, [Column("event type", lambda info: info.event_type)])
        return ExitCode.OK

    call(ctx, work, whole=out.json)


def _show(ctx: typer.Context, json: bool, ask: Callable[[TheirStack], Awaitable[Webhook]]) -> NoReturn:
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        out.record(await ask(client))
        return ExitCode.OK

    call(ctx, work, whole=out.json)
