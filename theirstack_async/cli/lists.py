"""``theirstack lists``: one thin command a method of ``client.company_lists``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeAlias

import typer

from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.ids import read_names
from theirstack_async.cli.listing import print_list, print_rows
from theirstack_async.cli.messages import confirm, note
from theirstack_async.cli.options import Json, RowLimit, Yes, examples
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import call
from theirstack_async.cli.text import shown

if TYPE_CHECKING:
    from theirstack_async import CompanyList, TheirStack

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Keep lists of companies. All of it is free, but what it costs to put a company on a list is not documented.",
)
ListId: TypeAlias = Annotated[int, typer.Argument(metavar="LIST_ID", help="As theirstack lists list shows it.")]
CompanyIds: TypeAlias = Annotated[
    list[str],
    typer.Argument(metavar="COMPANY_ID", help="Ids of companies; - reads them from stdin, also out of JSON lines."),
]
_COLUMNS: Final = (
    Column("id", lambda row: row.id, width=8, right=True),
    Column("companies", lambda row: f"{row.companies_count:,}", width=9, right=True),
    Column("created (UTC)", lambda row: row.created_at, width=19),
    Column("type", lambda row: row.type, width=18),
    Column("name", lambda row: row.name),
)
_ENTRIES: Final = (
    Column("company", lambda row: row.company_name, least=20),
    Column("domain", lambda row: row.company_object.domain, width=24),
    Column("added (UTC)", lambda row: row.added_at, width=19),
    Column("id", lambda row: row.company_object.id, width=16),
)


@app.command("list")
def list_(ctx: typer.Context, json: Json = False) -> NoReturn:
    """List all company lists."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        none = "There is no list yet; theirstack lists create makes one."
        return print_list(await client.company_lists.list(), out, _COLUMNS, none=none)

    call(ctx, work, whole=out.json)


@app.command()
def get(ctx: typer.Context, list_id: ListId, json: Json = False) -> NoReturn:
    """Show one list, without its companies."""
    _show(ctx, json, lambda client: client.company_lists.get(list_id))


@app.command()
def create(ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME")], json: Json = False) -> NoReturn:
    """Create an empty list.

    It is never sent twice. If the exit code is 7, look at theirstack lists list before you create it again.
    """
    _show(ctx, json, lambda client: client.company_lists.create(name))


@app.command()
def rename(
    ctx: typer.Context,
    list_id: ListId,
    new_name: Annotated[str, typer.Argument(metavar="NAME")],
    json: Json = False,
) -> NoReturn:
    """Give a list another name."""
    _show(ctx, json, lambda client: client.company_lists.rename(list_id, new_name))


@app.command()
def delete(ctx: typer.Context, list_id: ListId, yes: Yes = False) -> NoReturn:
    """Delete a list."""
    confirm(f"List {list_id} will be deleted; this cannot be undone. Go on?", yes=yes)

    async def work(client: TheirStack) -> int:
        await client.company_lists.delete(list_id)
        note(f"List {list_id} is deleted.")
        return ExitCode.OK

    call(ctx, work)


@app.command()
def duplicate(ctx: typer.Context, list_id: ListId, json: Json = False) -> NoReturn:
    """Make a second list with the same companies."""
    _show(ctx, json, lambda client: client.company_lists.duplicate(list_id))


@app.command(
    epilog=examples(
        "theirstack lists companies 7 --limit 20", "theirstack lists companies 7 --ids | theirstack lists add 8 -"
    )
)
def companies(
    ctx: typer.Context,
    list_id: ListId,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="Only those with it in their names.")] = None,
    limit: RowLimit = None,
    ids: Annotated[bool, typer.Option("--ids", help="Print the ids only, one a line.")] = False,
    json: Json = False,
) -> NoReturn:
    """List the companies on a list."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        found = client.company_lists.companies(
            list_id, company_name_partial=name, max_items=limit, page_size=500, rejects="raise" if ids else "collect"
        )
        if ids:
            async for entry in found:
                print(shown(entry.company_object.id))
            return ExitCode.OK
        return await print_rows(found, out, _ENTRIES, none="There is no such company on it.")

    call(ctx, work, whole=out.json and not ids)


@app.command(
    epilog=examples(
        "theirstack companies search --technology snowflake --limit 10 --json |", "    theirstack lists add 7 -"
    )
)
def add(ctx: typer.Context, list_id: ListId, company_ids: CompanyIds, json: Json = False) -> NoReturn:
    """Put companies on a list.

    What that costs is not documented, so it is never sent twice. If the exit code is 7, look at theirstack lists
    companies before you repeat it.
    """
    wanted = read_names(company_ids)
    _show(ctx, json, lambda client: client.company_lists.add_companies(list_id, wanted))


@app.command()
def remove(ctx: typer.Context, list_id: ListId, company_ids: CompanyIds, json: Json = False) -> NoReturn:
    """Take companies off a list."""
    wanted = read_names(company_ids)
    _show(ctx, json, lambda client: client.company_lists.remove_companies(list_id, wanted))


def _show(ctx: typer.Context, json: bool, ask: Callable[[TheirStack], Awaitable[CompanyList]]) -> NoReturn:
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        out.record(await ask(client))
        return ExitCode.OK

    call(ctx, work, whole=out.json)
