"""``theirstack jobs by-company``: the jobs of many companies, with an entry for every company that was asked for."""

# The options that stand for a filter are read from the context, all at once.
# ruff: noqa: ARG001

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeAlias

import attrs
import typer

from theirstack_async.cli.buying import Budget, Limit, Order, PageSize, agree
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.filtering import ExtraFilter, Filter, FilterFile, read_filters
from theirstack_async.cli.ids import read_domains
from theirstack_async.cli.job_options import (
    COLUMNS,
    JOBS,
    SHORT,
    Countries,
    DiscoveredSince,
    DiscoveredUntil,
    MinSalary,
    PostedDays,
    Remote,
    Seniorities,
    Technologies,
    Titles,
)
from theirstack_async.cli.listing import tell_of_early_end
from theirstack_async.cli.messages import note
from theirstack_async.cli.options import Json, Yes
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import call, guarding
from theirstack_async.cli.text import counted, some
from theirstack_async.cli.till import STOPPING, Till, saved

if TYPE_CHECKING:
    from theirstack_async import EndReason, Job, JobsByCompany, TheirStack

CompanyDomains: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="DOMAIN", help="Such as example.com; - reads them from stdin, also out of JSON lines of companies."
    ),
]
BatchSize: TypeAlias = Annotated[int, typer.Option(min=1, max=500, metavar="N", help="Domains a request.")]
_SHORT: Final = {option: name for option, name in SHORT.items() if option != "domain"}


def _of_job(column: Column) -> Column:
    def value(row: tuple[str | None, Job | None]) -> Any:
        return None if row[1] is None else column.value(row[1])

    return attrs.evolve(column, value=value)


_COLUMNS: Final = (
    Column("asked for", lambda row: row[0], width=20),
    *(_of_job(column) for column in COLUMNS if column.title not in ("company", "domain")),
)


def by_company(
    ctx: typer.Context,
    domains: CompanyDomains,
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
    filter: Filter = None,  # noqa: A002  # the option's name
    filters: FilterFile = None,
    extra_filter: ExtraFilter = None,
    batch_size: BatchSize = 25,
    page_size: PageSize = 100,
    yes: Yes = False,
    json: Json = False,
) -> NoReturn:
    """Buy the jobs of many companies. Each row costs 1 credit; a company without jobs costs nothing.

    As JSON there is a line for every domain, with its jobs and a state: complete, incomplete (it may have more jobs),
    or not_asked; and one without a domain for jobs that came of other companies.
    """
    from theirstack_async import JobFilters

    out = Output(json=json)
    with guarding(ctx):
        asked = read_filters(JobFilters, ctx.params, _SHORT)
        wanted = _checked(read_domains(domains), given := asked.filters.to_dict() | (asked.extra or {}))
        order = agree(limit, JOBS, budget=budget, yes=yes)

    async def work(client: TheirStack) -> int:
        basket = _Basket(wanted, order, out)
        ask = partial(client.jobs.by_company, page_size=page_size, extra_filters=given)
        with Till(client.usage, JOBS.noun, basket.advice) as basket.till:
            async with aclosing(basket.till.requests(basket.requests(batch_size, ask))) as coming:
                async for found in coming:
                    basket.take(found)
        return basket.code()

    call(ctx, work, whole=out.json, credits=order.credits, on_interrupt=STOPPING)


def _checked(domains: list[str], given: Mapping[str, Any]) -> dict[str, str]:
    """Return how each company's domain was written, by the domain.

    Raises:
        ArgumentError: something is no domain, or a filter names companies as well.
    """
    from theirstack_async.resources._by_company import Asked, check_unnamed

    check_unnamed(given)
    written: dict[str, str] = {}
    for name, domain in Asked(domains).written.items():
        written.setdefault(domain, name)
    return written


class _Basket:
    """The jobs that are bought, by company, and the companies that are left."""

    till: Till

    def __init__(self, domains: Mapping[str, str], order: Order, out: Output) -> None:
        self._left = dict(domains)
        """The companies of which nothing was printed, each with its domain as it was written."""
        self._incomplete: list[str] = []
        self._end: EndReason | None = None
        self._stopped = False
        self._begun = False
        self._order = order
        self._out = out

    def requests(self, size: int, ask: Callable[..., Awaitable[JobsByCompany]]) -> Iterator[Callable[[], Any]]:
        """Yield what buys the jobs of the companies that are left, as long as nothing has ended it early."""
        while self._left and not self._stopped:
            room = None if self._order.number is None else self._order.number - self.till.rows
            yield partial(self._ask, ask, [*islice(self._left, size)], room)

    async def _ask(
        self, ask: Callable[..., Awaitable[JobsByCompany]], domains: Sequence[str], room: int | None
    ) -> JobsByCompany:
        try:
            return await ask(domains, batch_size=len(domains), max_items=room)
        except BaseException as error:
            if rows := saved(error):
                self.take(_sorted(domains, rows))
            raise

    def take(self, found: JobsByCompany) -> None:
        """Print what came of a batch of companies."""
        from theirstack_async import EndReason

        self._end = found.end or self._end
        # A plan that cuts one search short gives the rows of others.
        self._stopped = found.end is not None and (found.end is not EndReason.PLAN_LIMIT or bool(found.not_asked))
        asked = [domain for domain in found if domain not in found.not_asked]
        states = {domain: "incomplete" if domain in found.incomplete else "complete" for domain in asked}
        self._show([(self._left.pop(domain), state, found[domain]) for domain, state in states.items()])
        if found.unmatched:
            self._show([(None, "unmatched", found.unmatched)])
        self._out.flush()

    def _show(self, entries: Sequence[tuple[str | None, str, Sequence[Job]]]) -> None:
        if self._out.json:
            for domain, state, jobs in entries:
                self._out.line({"domain": domain, "state": state, "jobs": jobs})
        else:
            rows = [(domain, job) for domain, _, jobs in entries for job in jobs or (None,)]
            self._out.records(rows, _COLUMNS, header=not self._begun)
        self._begun = True
        self.till.rows += sum(len(jobs) for _, _, jobs in entries)
        self._incomplete += [domain for domain, state, _ in entries if domain and state == "incomplete"]

    def advice(self) -> str:
        """Return how to go on after an error."""
        names = [*self._incomplete, *self._left.values()]
        return (
            f"May have more jobs: {some(names)}. Leave the others out when you go on: their jobs are paid for. To "
            "leave out what came of these: --filter job_id_not=ID."
        )

    def code(self) -> int:
        """Return the exit code of a run that was not interrupted, and say what did not come."""
        left = [*self._left.values()]
        if self._out.json:
            self._show([(domain, "not_asked", ()) for domain in left])
        if self._incomplete:
            note(
                f"{counted(len(self._incomplete), 'domain')} may have more jobs: {some(self._incomplete)}. To ask "
                "again buys what came again, unless --filter job_id_not=ID leaves it out."
            )
        if left:
            note(f"Not asked for, {counted(len(left), 'domain')}: {some(left)}.")
        code = self._order.ended_by(self._end, self.till.rows)
        code = tell_of_early_end(self._end) if code is None else code
        return ExitCode.OK if code is None else code


def _sorted(domains: Sequence[str], jobs: Sequence[Job]) -> JobsByCompany:
    """Return what had come of a batch of companies when an error ended it."""
    from theirstack_async.resources._buying import Purchase
    from theirstack_async.resources._by_company import Asked

    asked = Asked(domains)
    asked.sort_in(jobs, domains)
    return asked.answer(Purchase(), domains, (), None)
