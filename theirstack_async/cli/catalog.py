"""``theirstack catalog``: what filters can name."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeAlias

import typer

from theirstack_async.cli.listing import print_list, print_rows
from theirstack_async.cli.options import Json, RowLimit, examples
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import call

if TYPE_CHECKING:
    from theirstack_async import TheirStack

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Find the slugs, ids and codes that filters take. Free; all but locations works without a key.",
)
Text: TypeAlias = Annotated[str | None, typer.Argument(metavar="[TEXT]", help="A text that it holds.")]
CategorySlug: TypeAlias = Annotated[
    str | None, typer.Option("--category", metavar="SLUG", help="Of this main category only.")
]
_PAGE: Final = 500
"""Rows a request."""
_KEYWORDS: Final = (
    Column("slug", lambda row: row.slug, width=24),
    Column("name", lambda row: row.name, least=16),
    Column("companies", lambda row: _number(row.companies), width=10, right=True),
    Column("jobs", lambda row: _number(row.jobs), width=11, right=True),
    Column("type", lambda row: row.type, width=18),
    Column("category", lambda row: row.category, width=22),
)
_CATEGORIES: Final = (
    Column("slug", lambda row: row.slug, width=30),
    Column("keywords", lambda row: _number(row.number_of_technologies), width=8, right=True),
    Column("companies", lambda row: _number(row.number_of_companies), width=10, right=True),
    Column("name", lambda row: row.name, least=16),
)
_INDUSTRIES: Final = (
    Column("id", lambda row: row.industry_id, width=6, right=True),
    Column("industry", lambda row: row.industry, least=20),
    Column("companies", lambda row: _number(row.companies), width=10, right=True),
    Column("jobs", lambda row: _number(row.jobs), width=11, right=True),
    Column("within", lambda row: row.hierarchy, least=24),
)
_LOCATIONS: Final = (
    Column("id", lambda row: row.id, width=9, right=True),
    Column("kind", lambda row: row.feature_name, width=9),
    Column("place", lambda row: row.display_name),
)
_COUNTRIES: Final = (
    Column("code", lambda row: row.iso2, width=4),
    Column("companies", lambda row: _number(row.num_companies), width=11, right=True),
    Column("jobs", lambda row: _number(row.num_jobs), width=12, right=True),
    Column("country", lambda row: row.country),
)
_NONE: Final = "Nothing of that kind is known."


class CountriesOf(enum.StrEnum):
    """What is counted by country."""

    JOBS = "jobs"
    COMPANIES = "companies"


def _number(value: int | None) -> str | None:
    return None if value is None else f"{value:,}"


@app.command(epilog=examples("theirstack catalog keywords postgres --limit 10"))
def keywords(
    ctx: typer.Context,
    text: Text = None,
    type: Annotated[  # noqa: A002  # the option's name
        str | None, typer.Option(metavar="TYPE", help="Such as technology; all others are buying-intent topics.")
    ] = None,
    category: Annotated[str | None, typer.Option(metavar="SLUG", help="Of this subcategory only.")] = None,
    limit: RowLimit = None,
    json: Json = False,
) -> NoReturn:
    """List technologies and buying-intent topics. Filters take their slugs."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        found = client.catalog.keywords(
            q=text, keyword_type=type, category_slug=category, max_items=limit, page_size=_page(limit),
            rejects="collect",
        )  # fmt: skip
        return await print_rows(found, out, _KEYWORDS, none=_NONE)

    call(ctx, work, whole=out.json)


@app.command()
def categories(ctx: typer.Context, json: Json = False) -> NoReturn:
    """List the main categories of keywords."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        return print_list(await client.catalog.categories(), out, _CATEGORIES, none=_NONE)

    call(ctx, work, whole=out.json)


@app.command()
def subcategories(ctx: typer.Context, category: CategorySlug = None, json: Json = False) -> NoReturn:
    """List the subcategories of keywords."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        found = await client.catalog.subcategories(category_slug=category)
        return print_list(found, out, _CATEGORIES, none=_NONE)

    call(ctx, work, whole=out.json)


@app.command(epilog=examples("theirstack catalog industries hospital"))
def industries(ctx: typer.Context, text: Text = None, limit: RowLimit = None, json: Json = False) -> NoReturn:
    """List industries. Filters take their ids."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        found = client.catalog.industries(industry=text, max_items=limit, page_size=_page(limit), rejects="collect")
        return await print_rows(found, out, _INDUSTRIES, none=_NONE)

    call(ctx, work, whole=out.json)


@app.command(epilog=examples("theirstack catalog locations denver --country US"))
def locations(
    ctx: typer.Context,
    text: Text = None,
    country: Annotated[str | None, typer.Option(metavar="CODE", help="Two letters, such as US.")] = None,
    limit: RowLimit = None,
    json: Json = False,
) -> NoReturn:
    """List places. Filters take their ids, as in --filter 'job_location_or={"id": 5419384}'. This needs the key."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        found = client.catalog.locations(
            name=text, country_code=country, max_items=limit, page_size=_page(limit), rejects="collect"
        )
        return await print_rows(found, out, _LOCATIONS, none=_NONE)

    call(ctx, work, whole=out.json)


@app.command()
def countries(
    ctx: typer.Context,
    text: Annotated[str | None, typer.Argument(metavar="[NAME]", help="An English name.")] = None,
    of: Annotated[CountriesOf, typer.Option(help="Count jobs, or the headquarters of companies.")] = CountriesOf.JOBS,
    limit: RowLimit = None,
    json: Json = False,
) -> NoReturn:
    """List countries with how many jobs and companies they have. Filters take their codes."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        page_size = _page(limit)
        if of is CountriesOf.JOBS:
            jobs = client.catalog.job_countries(country=text, max_items=limit, page_size=page_size, rejects="collect")
            return await print_rows(jobs, out, _COUNTRIES, none=_NONE)
        companies = client.catalog.company_countries(
            country=text, max_items=limit, page_size=page_size, rejects="collect"
        )
        return await print_rows(companies, out, (*_COUNTRIES[:2], _COUNTRIES[3]), none=_NONE)

    call(ctx, work, whole=out.json)


def _page(limit: int | None) -> int:
    """Return how many rows to ask for at a time."""
    return _PAGE if limit is None else max(1, min(limit, _PAGE))
