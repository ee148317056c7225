"""``theirstack searches``: saved searches, which webhooks and e-mail alerts follow."""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeAlias

import typer

from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.filtering import Asked, ExtraFilter, Filter, FilterFile, read_filters
from theirstack_async.cli.listing import print_list
from theirstack_async.cli.messages import confirm
from theirstack_async.cli.options import Json, Yes, examples
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import call, guarding

if TYPE_CHECKING:
    from theirstack_async import SavedSearch, TheirStack

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Keep saved searches, which webhooks and e-mail alerts follow. Free; what their webhooks send is not.",
)
SearchId: TypeAlias = Annotated[int, typer.Argument(metavar="SEARCH_ID", help="As theirstack searches list shows it.")]
_COLUMNS: Final = (
    Column("id", lambda row: row.id, width=8, right=True),
    Column("type", lambda row: row.type, width=9),
    Column("alert", lambda row: row.is_alert_active, width=5),
    Column("webhook", lambda row: row.has_active_webhooks, width=7),
    Column("updated (UTC)", lambda row: row.updated_at, width=19),
    Column("name", lambda row: row.name),
)


class SearchType(enum.StrEnum):
    """The kinds of saved searches."""

    JOBS = "jobs"
    COMPANIES = "companies"


class Frequency(enum.StrEnum):
    """How often an e-mail alert is sent."""

    DAILY = "daily"
    WEEKLY = "weekly"


@app.command("list")
def list_(
    ctx: typer.Context,
    type: Annotated[SearchType | None, typer.Option(help="Of one kind only.")] = None,  # noqa: A002  # the option's name
    json: Json = False,
) -> NoReturn:
    """List all saved searches that are not archived."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        found = await client.saved_searches.list(types=None if type is None else [type.value])
        return print_list(found, out, _COLUMNS, none="There is no such search; theirstack searches create makes one.")

    call(ctx, work, whole=out.json)


@app.command(
    epilog=examples(
        "theirstack searches get 42",
        "theirstack searches get 42 --json | jq .body |",
        "    theirstack jobs search --filters - --limit 25",
    )
)
def get(ctx: typer.Context, search_id: SearchId, json: Json = False) -> NoReturn:
    """Show one saved search with its filters."""
    _show(ctx, json, lambda client: client.saved_searches.get(search_id))


@app.command(
    epilog=examples(
        'theirstack searches create --type jobs --name "New CTOs" \\',
        "    --filter job_title_or=CTO --filter posted_at_max_age_days=7",
    )
)
def create(
    ctx: typer.Context,
    type: Annotated[SearchType, typer.Option(help="What it looks for.")],  # noqa: A002  # the option's name
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    filter: Filter = None,  # noqa: A002, ARG001  # the option's name; read from the context
    filters: FilterFile = None,  # noqa: ARG001  # read from the context
    extra_filter: ExtraFilter = None,  # noqa: ARG001  # read from the context
    alert: Annotated[bool, typer.Option("--alert", help="Send what matches by e-mail.")] = False,
    json: Json = False,
) -> NoReturn:
    """Create a saved search.

    It is never sent twice. If the exit code is 7, look at theirstack searches list before you create it again.
    """
    with guarding(ctx):
        asked = _asked(ctx, type)

    async def make(client: TheirStack) -> SavedSearch:
        return await client.saved_searches.create(
            body=asked.filters, name=name, is_alert_active=alert, extra_filters=asked.extra
        )

    _show(ctx, json, make)


@app.command(epilog=examples('theirstack searches update 42 --name "CTOs" --frequency weekly --alert'))
def update(
    ctx: typer.Context,
    search_id: SearchId,
    name: Annotated[str | None, typer.Option(help="What it is called.")] = None,
    type: Annotated[  # noqa: A002  # the option's name
        SearchType | None, typer.Option(help="With new filters: what they look for.")
    ] = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    alert: Annotated[bool | None, typer.Option("--alert/--no-alert", help="Send what matches by e-mail.")] = None,
    frequency: Annotated[Frequency | None, typer.Option(help="How often an e-mail is sent.")] = None,
    email: Annotated[
        list[str] | None, typer.Option(help="Who gets it, in place of all before; may be repeated.")
    ] = None,
    json: Json = False,
) -> NoReturn:
    """Change a saved search. What you do not name stays as it is.

    New filters take the place of all filters it has, and need --type. Webhooks follow them from then on.
    """
    changes: dict[str, Any] = {
        "name": name,
        "is_alert_active": alert,
        "frequency": None if frequency is None else frequency.value,
        "emails_subscribed": email,
    }
    changes = {field: value for field, value in changes.items() if value is not None}
    with guarding(ctx):
        anew = bool(filter or filters or extra_filter)
        if anew and type is None:
            raise typer.BadParameter("say with --type what the new filters look for")
        if type is not None and not anew:
            raise typer.BadParameter("--type comes with new filters, which would be none at all")
        if type is not None:
            asked = _asked(ctx, type)
            changes |= {"body": asked.filters, "extra_filters": asked.extra}

    _show(ctx, json, lambda client: client.saved_searches.update(search_id, **changes))


@app.command()
def archive(ctx: typer.Context, search_id: SearchId, yes: Yes = False, json: Json = False) -> NoReturn:
    """End a saved search, and its webhooks with it."""
    confirm(f"Saved search {search_id} and its webhooks will end for good. Go on?", yes=yes)
    _show(ctx, json, lambda client: client.saved_searches.archive(search_id))


def _asked(ctx: typer.Context, kind: SearchType) -> Asked[Any]:
    from theirstack_async import CompanyFilters, JobFilters

    return read_filters(JobFilters if kind is SearchType.JOBS else CompanyFilters, ctx.params, {})


def _show(ctx: typer.Context, json: bool, ask: Callable[[TheirStack], Awaitable[Any]]) -> NoReturn:
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        out.record(await ask(client))
        return ExitCode.OK

    call(ctx, work, whole=out.json)
