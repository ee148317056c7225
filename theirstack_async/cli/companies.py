"""``theirstack companies``: companies searched, counted, looked at for free, and asked for what they use."""

# The options that stand for a filter are read from the context, all at once.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NoReturn

import typer

from theirstack_async.cli.buying import (
    Budget,
    CheckpointName,
    Limit,
    PageSize,
    Search,
    agree,
    buy,
    read_checkpoint,
)
from theirstack_async.cli.company_options import (
    Countries,
    Domains,
    Industries,
    MaxEmployees,
    MinEmployees,
    Names,
    Technologies,
    asked_companies,
)
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.filtering import ExtraFilter, Filter, FilterFile
from theirstack_async.cli.listing import print_estimate, print_preview
from theirstack_async.cli.lookups import COMPANIES, buying_intents, technologies
from theirstack_async.cli.messages import note
from theirstack_async.cli.options import EstimateLimit, Json, PreviewLimit, Yes, examples
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import call, guarding
from theirstack_async.cli.text import counted
from theirstack_async.cli.till import STOPPING

if TYPE_CHECKING:
    from theirstack_async import TheirStack

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Search companies, at 3 credits each; look up what one uses; count, preview and estimate for free.",
)

_COLUMNS: Final = (
    Column("name", lambda company: company.name, least=20),
    Column("domain", lambda company: company.domain, width=24),
    Column("in", lambda company: company.country_code, width=2),
    Column("people", lambda company: _number(company.employee_count), width=9, right=True),
    Column("jobs", lambda company: _number(company.num_jobs), width=7, right=True),
    Column("industry", lambda company: company.industry, width=24),
    Column("id", lambda company: company.id, width=16),
)


def _number(value: int | None) -> str | None:
    return None if value is None else f"{value:,}"


@app.command(
    epilog=examples(
        "theirstack companies search --technology snowflake --country US --limit 10",
        "theirstack companies search --filter job_filters.job_title_or=CTO \\",
        "    --filter job_filters.posted_at_max_age_days=30 --limit 10",
    )
)
def search(
    ctx: typer.Context,
    limit: Limit = None,
    budget: Budget = None,
    name: Names = None,
    domain: Domains = None,
    country: Countries = None,
    industry: Industries = None,
    technology: Technologies = None,
    min_employees: MinEmployees = None,
    max_employees: MaxEmployees = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    page_size: PageSize = 100,
    checkpoint: CheckpointName = None,
    yes: Yes = False,
    json: Json = False,
) -> NoReturn:
    """Search companies. Each row costs 3 credits, again each time.

    The cost is told before and after; from 100 credits on it is asked about, and in a pipe --yes is wanted from 1,000
    on.
    """
    out = Output(json=json)
    with guarding(ctx):
        asked = asked_companies(ctx)
        resume = read_checkpoint(checkpoint)
        order = agree(limit, COMPANIES, budget=budget, yes=yes)

    async def work(client: TheirStack) -> int:
        found = client.companies.search(
            asked.filters, extra_filters=asked.extra, max_items=order.number, page_size=page_size, resume=resume,
            partial=True, rejects="collect",
        )  # fmt: skip
        return await buy(Search(found, order, client.usage, checkpoint), out, _COLUMNS)

    call(ctx, work, whole=out.json, credits=order.credits, on_interrupt=STOPPING)


@app.command(epilog=examples("theirstack companies count --technology snowflake --country US"))
def count(
    ctx: typer.Context,
    name: Names = None,
    domain: Domains = None,
    country: Countries = None,
    industry: Industries = None,
    technology: Technologies = None,
    min_employees: MinEmployees = None,
    max_employees: MaxEmployees = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    json: Json = False,
) -> NoReturn:
    """Count companies. Free.

    Filters that name companies are refused, because the API would bill for them.
    """
    out = Output(json=json)
    with guarding(ctx):
        asked = asked_companies(ctx)

    async def work(client: TheirStack) -> int:
        found = await client.companies.count(asked.filters, extra_filters=asked.extra)
        if out.json:
            out.line(found)
        out.say(counted(found.total_results, "company"))
        note("Counting is free.")
        return ExitCode.OK

    call(ctx, work, whole=out.json)


@app.command(epilog=examples("theirstack companies estimate --technology snowflake --country US"))
def estimate(
    ctx: typer.Context,
    limit: EstimateLimit = None,
    name: Names = None,
    domain: Domains = None,
    country: Countries = None,
    industry: Industries = None,
    technology: Technologies = None,
    min_employees: MinEmployees = None,
    max_employees: MaxEmployees = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    json: Json = False,
) -> NoReturn:
    """Say how many rows a search would bring now, and what they would cost. Free.

    Filters that name companies are refused, because the API would bill for them.
    """
    out = Output(json=json)
    with guarding(ctx):
        asked = asked_companies(ctx)

    async def work(client: TheirStack) -> int:
        found = await client.companies.estimate(asked.filters, extra_filters=asked.extra, max_items=limit)
        return print_estimate(found, out, COMPANIES.cost(found.rows))

    call(ctx, work, whole=out.json)


@app.command(epilog=examples("theirstack companies preview --technology snowflake --limit 10"))
def preview(
    ctx: typer.Context,
    limit: PreviewLimit = 25,
    name: Names = None,
    domain: Domains = None,
    country: Countries = None,
    industry: Industries = None,
    technology: Technologies = None,
    min_employees: MinEmployees = None,
    max_employees: MaxEmployees = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    json: Json = False,
) -> NoReturn:
    """Look at companies, with what would identify them blurred. Free.

    Filters that name companies are refused, because the API would bill for them.
    """
    out = Output(json=json)
    with guarding(ctx):
        asked = asked_companies(ctx)

    async def work(client: TheirStack) -> int:
        found = client.companies.preview(
            asked.filters, extra_filters=asked.extra, max_items=limit, partial=True, rejects="collect"
        )
        return await print_preview(found, out, _COLUMNS, "company")

    call(ctx, work, whole=out.json)


app.command(epilog=examples("theirstack companies technologies --domain example.com --filter min_jobs=5"))(technologies)
app.command(epilog=examples("theirstack companies buying-intents --domain example.com"))(buying_intents)
