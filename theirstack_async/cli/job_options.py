"""The options of the ``jobs`` commands that stand for a filter each, and the columns of a table of jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from theirstack_async.cli.buying import Goods
from theirstack_async.cli.filtering import Asked, read_filters
from theirstack_async.cli.output import Column

if TYPE_CHECKING:
    from theirstack_async import Job, JobFilters, JobPreview

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
SHORT: Final = {
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


COLUMNS: Final = (
    Column("id", lambda job: job.id, width=9, right=True),
    Column("posted", lambda job: job.date_posted, width=10),
    Column("title", lambda job: job.job_title, least=20),
    Column("company", lambda job: job.company_object.name, width=18),
    Column("in", _countries, width=5),
    Column("remote", lambda job: job.remote, width=6),
    Column("USD a year", _salary, width=10, right=True),
    Column("domain", lambda job: job.company_object.domain, width=24),
)


def asked_jobs(ctx: typer.Context) -> Asked[JobFilters]:
    """Return what the options ask.

    Raises:
        ArgumentError: a filter was refused, or there is none of the six that a job search needs.
    """
    from theirstack_async import JobFilters
    from theirstack_async.filters import build, check_required

    asked = read_filters(JobFilters, ctx.params, SHORT)
    check_required(build(JobFilters, asked.filters, {}, asked.extra))
    return asked
