"""``theirstack sync``: new rows into a store of one's own, each once, however often it is run."""

# The options that stand for a filter are read from the context, all at once.
# ruff: noqa: ARG001

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from theirstack_async.cli import company_options as companies_by
from theirstack_async.cli import job_options as jobs_by
from theirstack_async.cli.buying import Budget, Goods, PageSize
from theirstack_async.cli.filtering import ExtraFilter, Filter, FilterFile, read_filters
from theirstack_async.cli.lookups import COMPANIES
from theirstack_async.cli.options import Json, WebhookId, Yes, examples
from theirstack_async.cli.output import Output
from theirstack_async.cli.session import call, guarding
from theirstack_async.cli.sync_options import (
    DryRun,
    LandingFolder,
    MaxEvents,
    MaxItems,
    NoLanding,
    Overlap,
    Since,
    State,
    To,
    Wait,
    open_stores,
    read_since,
    with_landing,
    without_making,
)
from theirstack_async.cli.sync_run import EVENTS, Sync, carry_out, consent
from theirstack_async.cli.till import STOPPING

if TYPE_CHECKING:
    from theirstack_async import TheirStack

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Store new jobs, companies or events, each once: the next run goes on where the last one ended.",
)
_JOBS_BY: Final = {name: stands for name, stands in jobs_by.SHORT.items() if not name.startswith("discovered_")}
"""Without the options for when a job was discovered: a sync goes by that itself, and has ``--since``."""


@app.command(
    epilog=examples(
        'theirstack sync jobs --title "data engineer" --country US \\',
        "    --to jobs.db --budget 500",
        "theirstack sync jobs --filters filters.json --since 2026-05-01 \\",
        "    --to jobs.jsonl --state state.db --max-items 1000 --yes",
    )
)
def jobs(
    ctx: typer.Context,
    to: To,
    state: State = None,
    budget: Budget = None,
    max_items: MaxItems = None,
    since: Since = None,
    title: jobs_by.Titles = None,
    country: jobs_by.Countries = None,
    posted_days: jobs_by.PostedDays = None,
    technology: jobs_by.Technologies = None,
    remote: jobs_by.Remote = None,
    seniority: jobs_by.Seniorities = None,
    min_salary: jobs_by.MinSalary = None,
    domain: jobs_by.Domains = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    landing: LandingFolder = None,
    no_landing: NoLanding = False,
    overlap: Overlap = 600,
    page_size: PageSize = 100,
    wait: Wait = 0.0,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> NoReturn:
    """Store the jobs that were found since the last run. Each costs 1 credit, once.

    The filters tell one sync from another, each with a mark of its own: give the same ones in every run. It ends with
    0 when every job is stored, 9 when --max-items ended it, 4 when the credits did, 10 when another run is under way.
    """
    from theirstack_async import JobFilters

    with guarding(ctx):
        asked = read_filters(JobFilters, ctx.params, _JOBS_BY)
        start = read_since(since)
        sync = _paid(ctx, jobs_by.JOBS)

    async def work(client: TheirStack) -> int:
        run = client.jobs.incremental(
            asked.filters, extra_filters=asked.extra, state=sync.stores.state, landing=sync.stores.landing, since=start,
            overlap=timedelta(seconds=overlap), page_size=page_size, max_items=sync.max_items, rejects="collect",
            wait=wait,
        )  # fmt: skip
        return await carry_out(sync, run, client.usage)

    call(ctx, work, whole=True, credits=sync.credits, on_interrupt=STOPPING)


@app.command(
    epilog=examples(
        "theirstack sync companies --technology snowflake --country US \\",
        "    --to companies.db --budget 300",
    )
)
def companies(
    ctx: typer.Context,
    to: To,
    state: State = None,
    budget: Budget = None,
    max_items: MaxItems = None,
    name: companies_by.Names = None,
    domain: companies_by.Domains = None,
    country: companies_by.Countries = None,
    industry: companies_by.Industries = None,
    technology: companies_by.Technologies = None,
    min_employees: companies_by.MinEmployees = None,
    max_employees: companies_by.MaxEmployees = None,
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    landing: LandingFolder = None,
    no_landing: NoLanding = False,
    page_size: PageSize = 100,
    wait: Wait = 0.0,
    dry_run: DryRun = False,
    yes: Yes = False,
    json: Json = False,
) -> NoReturn:
    """Store the companies that no earlier run has stored. Each costs 3 credits, once.

    The filters tell one sync from another: give the same ones in every run. A sync holds up to 50,000 companies. The
    exit codes are those of sync jobs.
    """
    with guarding(ctx):
        asked = companies_by.asked_companies(ctx)
        sync = _paid(ctx, COMPANIES)

    async def work(client: TheirStack) -> int:
        run = client.companies.incremental(
            asked.filters, extra_filters=asked.extra, state=sync.stores.state, landing=sync.stores.landing,
            page_size=page_size, max_items=sync.max_items, rejects="collect", wait=wait,
        )  # fmt: skip
        return await carry_out(sync, run, client.usage)

    call(ctx, work, whole=True, credits=sync.credits, on_interrupt=STOPPING)


@app.command(epilog=examples("theirstack sync events 7 --to events.jsonl --state state.db"))
def events(
    ctx: typer.Context,
    webhook_id: WebhookId,
    to: To,
    state: State = None,
    status: Annotated[
        str | None,
        typer.Option(metavar="STATUS", help="FAILED, SUCCESS, IN_PROGRESS or NOT_TRIGGERED only: a sync of its own."),
    ] = None,
    max_items: MaxEvents = None,
    page_size: Annotated[int, typer.Option(min=1, max=500, metavar="N", help="Events a request.")] = 500,
    wait: Wait = 0.0,
    dry_run: DryRun = False,
    json: Json = False,
) -> NoReturn:
    """Store the events of a webhook that no earlier run has stored. Free.

    The whole list is read each time, since it can be asked neither for a time nor for an order.
    """
    out = Output(json=json)
    with guarding(ctx):
        stores = open_stores(to, state)
        if dry_run:
            stores = without_making(ctx, stores, state)
    sync = Sync(EVENTS, stores, out, dry_run=dry_run, limit=max_items)

    async def work(client: TheirStack) -> int:
        run = client.webhooks.events.incremental(
            webhook_id, state=stores.state, status=status, page_size=page_size, rejects="collect", wait=wait,
            max_items=None if dry_run else max_items,
        )  # fmt: skip
        return await carry_out(sync, run, client.usage)

    call(ctx, work, whole=True)


def _paid(ctx: typer.Context, goods: Goods) -> Sync:
    """Return what a sync of rows that cost credits has to do, by all of its options.

    Raises:
        ArgumentError: a store was refused.
        ConfigurationError: a package that is needed is not installed.
        typer.BadParameter: nothing says how much to buy, and there is nobody to ask.
        typer.Exit: the user does not agree.
    """
    given = ctx.params
    stores = open_stores(given["to"], given["state"])
    stores = with_landing(stores, given["state"], given["landing"], without=given["no_landing"])
    if given["dry_run"]:
        stores = without_making(ctx, stores, given["state"])
    order = consent(
        goods, max_items=given["max_items"], budget=given["budget"], yes=given["yes"], dry_run=given["dry_run"]
    )
    return Sync(goods, stores, Output(json=given["json"]), order, given["dry_run"])
