"""``theirstack jobs``: job postings searched, counted, and looked at for free."""

# The options that stand for a filter are read from the context, all at once.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeAlias

import typer

from theirstack_async.cli.buying import (
    STOPPING,
    CheckpointName,
    Goods,
    Limit,
    Order,
    PageSize,
    agree,
    buy,
    read_checkpoint,
)
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.filtering import Asked, ExtraFilter, Filter, FilterFile, read_filters
from theirstack_async.cli.listing import print_preview
from theirstack_async.cli.messages import note
from theirstack_async.cli.options import Json, PreviewLimit, Yes, examples
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import call, guarding
from theirstack_async.cli.text import counted

if TYPE_CHECKING:
    from theirstack_async import Job, JobFilters, JobPreview, TheirStack

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Search job postings, at 1 credit each; count them and look at them for free.",
)
JOBS: Final = Goods("job", 1)

Titles: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--title", metavar="WORDS", help="Titles with all of these words; may be repeated (job_title_or)."),
]
Countries: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--country", metavar="CODE", help="Two letters, such as US; may be repeated (job_country_code_or)."),
]
PostedDays: TypeAlias = Annotated[
    int | None,
    typer.Option(min=0, metavar="DAYS", help="Posted so many days ago at the most (posted_at_max_age_days)."),
]
DiscoveredSince: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="INSTANT", help="Found by TheirStack at 2026-05-01T09:00:00Z or later (discovered_at_gte)."),
]
DiscoveredUntil: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="INSTANT", help="Found then or earlier, which keeps a search from moving (discovered_at_lte)."
    ),
]
Technologies: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--technology", metavar="SLUG", help="As catalog keywords shows it; may be repeated (job_technology_slug_or)."
    ),
]
Remote: TypeAlias = Annotated[
    bool | None, typer.Option("--remote/--no-remote", help="Remote jobs only, or the others only (remote).")
]
Seniorities: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--seniority",
        metavar="LEVEL",
        help="c_level, staff, senior, junior or mid_level; may be repeated (job_seniority_or).",
    ),
]
MinSalary: TypeAlias = Annotated[
    float | None, typer.Option(metavar="USD", help="US dollars a year at the least (min_salary_usd).")
]
Domains: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--domain", metavar="DOMAIN", help="Of the employer; may be repeated (company_domain_or)."),
]
_SHORT: Final = {
    "title": "job_title_or",
    "country": "job_country_code_or",
    "posted_days": "posted_at_max_age_days",
    "discovered_since": "discovered_at_gte",
    "discovered_until": "discovered_at_lte",
    "technology": "job_technology_slug_or",
    "remote": "remote",
    "seniority": "job_seniority_or",
    "min_salary": "min_salary_usd",
    "domain": "company_domain_or",
}
"""The options that stand for a filter each, with its name."""


def _countries(job: Job | JobPreview) -> str | None:
    return ",".join(dict.fromkeys(place.country_code for place in job.locations if place.country_code)) or None


def _salary(job: Job | JobPreview) -> str | None:
    known = [bound for bound in (job.min_annual_salary_usd, job.max_annual_salary_usd) if bound is not None]
    return "-".join(dict.fromkeys(f"{bound / 1000:,.0f}k" for bound in known)) or None


_COLUMNS: Final = (
    Column("id", lambda job: job.id, width=9, right=True),
    Column("posted", lambda job: job.date_posted, width=10),
    Column("title", lambda job: job.job_title, least=20),
    Column("company", lambda job: job.company_object.name, width=18),
    Column("in", _countries, width=5),
    Column("remote", lambda job: job.remote, width=6),
    Column("USD a year", _salary, width=10, right=True),
    Column("domain", lambda job: job.company_object.domain, width=24),
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
        asked = _asked(ctx)
        resume = read_checkpoint(checkpoint)
        order = Order(JOBS, agree(limit, JOBS, yes=yes), page_size, checkpoint)

    async def work(client: TheirStack) -> int:
        found = client.jobs.search(
            asked.filters, extra_filters=asked.extra, max_items=order.number, page_size=page_size, resume=resume,
            partial=True, rejects="collect",
        )  # fmt: skip
        return await buy(found, order, out, _COLUMNS)

    call(ctx, work, whole=out.json, on_interrupt=STOPPING)


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
        asked = _asked(ctx)

    async def work(client: TheirStack) -> int:
        found = await client.jobs.count(asked.filters, extra_filters=asked.extra)
        if out.json:
            out.line(found)
        companies = "" if found.total_companies is None else f" at {counted(found.total_companies, 'company')}"
        out.say(f"{counted(found.total_results, 'job')}{companies}")
        note("Counting is free.")
        return ExitCode.OK

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
        asked = _asked(ctx)

    async def work(client: TheirStack) -> int:
        found = client.jobs.preview(
            asked.filters, extra_filters=asked.extra, max_items=limit, partial=True, rejects="collect"
        )
        return await print_preview(found, out, _COLUMNS, "job")

    call(ctx, work, whole=out.json)


def _asked(ctx: typer.Context) -> Asked[JobFilters]:
    """Return what the options ask.

    Raises:
        ArgumentError: a filter was refused, or there is none of the six that a job search needs.
    """
    from theirstack_async import JobFilters
    from theirstack_async.filters import build, check_required

    asked = read_filters(JobFilters, ctx.params, _SHORT)
    check_required(build(JobFilters, asked.filters, {}, asked.extra))
    return asked
