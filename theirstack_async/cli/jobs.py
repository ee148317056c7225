"""``theirstack jobs``: job postings searched, counted, and looked at for free."""

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
from theirstack_async.cli.by_company import by_company
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.filtering import ExtraFilter, Filter, FilterFile
from theirstack_async.cli.job_options import (
    COLUMNS,
    JOBS,
    Countries,
    DiscoveredSince,
    DiscoveredUntil,
    Domains,
    MinSalary,
    PostedDays,
    Remote,
    Seniorities,
    Technologies,
    Titles,
    asked_jobs,
)
from theirstack_async.cli.listing import print_estimate, print_preview
from theirstack_async.cli.messages import note
from theirstack_async.cli.options import EstimateLimit, Json, PreviewLimit, Yes, examples
from theirstack_async.cli.output import Output
from theirstack_async.cli.reveal import reveal
from theirstack_async.cli.session import call, guarding
from theirstack_async.cli.text import counted
from theirstack_async.cli.till import STOPPING

if TYPE_CHECKING:
    from theirstack_async import TheirStack

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Search job postings, at 1 credit each; count, preview and estimate for free.",
)


@app.command(
    epilog=examples(
        'theirstack jobs search --title "data engineer" --country US \\',
        "    --posted-days 7 --limit 25",
        "theirstack jobs search --posted-days 30 --filter min_employee_count=500 \\",
        "    --limit 500 --checkpoint jobs.checkpoint --json >> jobs.jsonl",
    )
)
def search(
    ctx: typer.Context,
    limit: Limit = None,
    budget: Budget = None,
    title: Titles = None,
    country: Countries = None,
    posted_days: PostedDays = None,
    discovered_since: DiscoveredSince = None,
    discovered_until: DiscoveredUntil = None,
    technology: Technologies = None,
    remote: Remote = None,
    seniority: Seniorities = None,
    min_salary: MinSalary = None,
    domain: Domains = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    page_size: PageSize = 100,
    checkpoint: CheckpointName = None,
    yes: Yes = False,
    json: Json = False,
) -> NoReturn:
    """Search job postings. Each row costs 1 credit, again each time.

    Say how old they may be, with --posted-days, or whose they are, with --domain: the API wants one of the two. The
    cost is told before and after; from 100 credits on it is asked about, and in a pipe --yes is wanted from 1,000 on.
    """
    out = Output(json=json)
    with guarding(ctx):
        asked = asked_jobs(ctx)
        resume = read_checkpoint(checkpoint)
        order = agree(limit, JOBS, budget=budget, yes=yes)

    async def work(client: TheirStack) -> int:
        found = client.jobs.search(
            asked.filters, extra_filters=asked.extra, max_items=order.number, page_size=page_size, resume=resume,
            partial=True, rejects="collect",
        )  # fmt: skip
        return await buy(Search(found, order, client.usage, checkpoint), out, COLUMNS)

    call(ctx, work, whole=out.json, credits=order.credits, on_interrupt=STOPPING)


@app.command(epilog=examples('theirstack jobs count --title "data engineer" --posted-days 7'))
def count(
    ctx: typer.Context,
    title: Titles = None,
    country: Countries = None,
    posted_days: PostedDays = None,
    discovered_since: DiscoveredSince = None,
    discovered_until: DiscoveredUntil = None,
    technology: Technologies = None,
    remote: Remote = None,
    seniority: Seniorities = None,
    min_salary: MinSalary = None,
    domain: Domains = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    json: Json = False,
) -> NoReturn:
    """Count job postings, and the companies that offer them. Free.

    Filters that name companies are refused, because the API would bill for them.
    """
    out = Output(json=json)
    with guarding(ctx):
        asked = asked_jobs(ctx)

    async def work(client: TheirStack) -> int:
        found = await client.jobs.count(asked.filters, extra_filters=asked.extra)
        if out.json:
            out.line(found)
        companies = "" if found.total_companies is None else f" at {counted(found.total_companies, 'company')}"
        out.say(f"{counted(found.total_results, 'job')}{companies}")
        note("Counting is free.")
        return ExitCode.OK

    call(ctx, work, whole=out.json)


@app.command(epilog=examples('theirstack jobs estimate --title "data engineer" --posted-days 7 --limit 500'))
def estimate(
    ctx: typer.Context,
    limit: EstimateLimit = None,
    title: Titles = None,
    country: Countries = None,
    posted_days: PostedDays = None,
    discovered_since: DiscoveredSince = None,
    discovered_until: DiscoveredUntil = None,
    technology: Technologies = None,
    remote: Remote = None,
    seniority: Seniorities = None,
    min_salary: MinSalary = None,
    domain: Domains = None,
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
        asked = asked_jobs(ctx)

    async def work(client: TheirStack) -> int:
        found = await client.jobs.estimate(asked.filters, extra_filters=asked.extra, max_items=limit)
        return print_estimate(found, out, JOBS.cost(found.rows))

    call(ctx, work, whole=out.json)


@app.command(epilog=examples('theirstack jobs preview --title "data engineer" --posted-days 7 --limit 10'))
def preview(
    ctx: typer.Context,
    limit: PreviewLimit = 25,
    title: Titles = None,
    country: Countries = None,
    posted_days: PostedDays = None,
    discovered_since: DiscoveredSince = None,
    discovered_until: DiscoveredUntil = None,
    technology: Technologies = None,
    remote: Remote = None,
    seniority: Seniorities = None,
    min_salary: MinSalary = None,
    domain: Domains = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    json: Json = False,
) -> NoReturn:
    """Look at job postings, with what would identify the company blurred. Free.

    Filters that name companies are refused, because the API would bill for them.
    """
    out = Output(json=json)
    with guarding(ctx):
        asked = asked_jobs(ctx)

    async def work(client: TheirStack) -> int:
        found = client.jobs.preview(
            asked.filters, extra_filters=asked.extra, max_items=limit, partial=True, rejects="collect"
        )
        return await print_preview(found, out, COLUMNS, "job")

    call(ctx, work, whole=out.json)


app.command(
    epilog=examples(
        "theirstack jobs preview --posted-days 7 --limit 10 --json |", "    theirstack jobs reveal - --budget 10"
    )
)(reveal)
app.command(
    "by-company",
    epilog=examples(
        "theirstack jobs by-company example.com example.org --posted-days 30 --limit 50",
        "theirstack jobs by-company - --budget 500 < domains.txt > jobs.jsonl",
    ),
)(by_company)
