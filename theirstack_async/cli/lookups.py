"""``theirstack companies technologies`` and ``buying-intents``: what one company uses and plans."""

# The options that stand for a filter are read from the context, all at once.
# ruff: noqa: ARG001

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeAlias

import typer

from theirstack_async import BudgetExceededError, TheirStackError
from theirstack_async.cli.buying import Budget, Goods, out_of_budget
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.filtering import ExtraFilter, Filter, FilterFile, read_filters
from theirstack_async.cli.listing import print_list
from theirstack_async.cli.messages import note
from theirstack_async.cli.options import Json
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import call, guarding
from theirstack_async.cli.text import counted
from theirstack_async.cli.till import STOPPING, Till, saved

if TYPE_CHECKING:
    from theirstack_async import CompanyKeyword, CompanyKeywords, TheirStack
    from theirstack_async.resources.companies import Companies

COMPANIES: Final = Goods("company", 3)

Domain: TypeAlias = Annotated[
    str | None, typer.Option(help="The company's domain; give one of --domain, --name, --linkedin-url, --company-id.")
]
Name: TypeAlias = Annotated[str | None, typer.Option(help="Its name.")]
LinkedinUrl: TypeAlias = Annotated[str | None, typer.Option(metavar="URL", help="Its page at LinkedIn.")]
CompanyId: TypeAlias = Annotated[str | None, typer.Option(metavar="ID", help="Its id, which may change.")]
Rows: TypeAlias = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="So many rows at the most; the price is the same.")
]
_COLUMNS: Final = (
    Column("slug", lambda row: row.technology.slug, width=20),
    Column("name", lambda row: row.technology.name, least=16),
    Column("confidence", lambda row: row.confidence, width=10),
    Column("jobs", lambda row: f"{row.jobs:,}", width=6, right=True),
    Column("last", lambda row: row.last_date_found, width=10),
    Column("category", lambda row: row.technology.category, width=24),
    Column("first", lambda row: row.first_date_found, width=10),
)


def technologies(
    ctx: typer.Context,
    domain: Domain = None,
    name: Name = None,
    linkedin_url: LinkedinUrl = None,
    company_id: CompanyId = None,
    limit: Rows = None,
    budget: Budget = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    json: Json = False,
) -> NoReturn:
    """Look up the technologies that a company's jobs name. 3 credits, or none if nothing is found."""
    company = {"domain": domain, "name": name, "linkedin_url": linkedin_url, "company_id": company_id}
    _look_up(ctx, json, company, "technology", lambda companies: companies.technologies)


def buying_intents(
    ctx: typer.Context,
    domain: Domain = None,
    name: Name = None,
    linkedin_url: LinkedinUrl = None,
    company_id: CompanyId = None,
    limit: Rows = None,
    budget: Budget = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    json: Json = False,
) -> NoReturn:
    """Look up the buying-intent topics that a company's jobs name. 3 credits, or none if nothing is found."""
    company = {"domain": domain, "name": name, "linkedin_url": linkedin_url, "company_id": company_id}
    _look_up(ctx, json, company, "buying-intent topic", lambda companies: companies.buying_intents)


def _look_up(
    ctx: typer.Context,
    json: bool,
    company: dict[str, str | None],
    noun: str,
    method: Callable[[Companies], Callable[..., Awaitable[CompanyKeywords]]],
) -> NoReturn:
    from theirstack_async import KeywordFilters

    out = Output(json=json)
    limit, budget = ctx.params["limit"], ctx.params["budget"]
    with guarding(ctx):
        asked = read_filters(KeywordFilters, ctx.params, {})
        extra = asked.filters.to_dict() | (asked.extra or {})
        if len([value for value in company.values() if value is not None]) != 1:
            raise typer.BadParameter("give one of --domain, --name, --linkedin-url and --company-id")
        note(f"{counted(COMPANIES.price, 'credit')}, or none if nothing is found.")

    async def work(client: TheirStack) -> int:
        ask = partial(method(client.companies), **company, limit=limit, extra_filters=extra)
        try:
            return await _buy(ask, Till(client.usage, noun), out)
        except BudgetExceededError:
            return out_of_budget(COMPANIES, budget)

    call(ctx, work, whole=out.json, credits=budget, on_interrupt=STOPPING)


async def _buy(ask: Callable[[], Awaitable[CompanyKeywords]], till: Till, out: Output) -> int:
    """Print what one request brings, and return the exit code."""

    def show(rows: Sequence[CompanyKeyword]) -> None:
        till.rows += len(rows)
        print_list(rows, out, _COLUMNS, none="Nothing is known of it.")

    with till:
        try:
            async with aclosing(till.requests([ask])) as coming:
                async for found in coming:
                    show(found.data)
        except TheirStackError as error:
            if rows := saved(error):
                show(rows)
            raise
    return ExitCode.OK
