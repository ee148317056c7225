"""The jobs of many companies, asked for in batches, with an entry for every company that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from theirstack_async.errors import ArgumentError
from theirstack_async.models._domain import normalized
from theirstack_async.pagination import EndReason, Paginator
from theirstack_async.resources._buying import Purchase, each_of

if TYPE_CHECKING:
    from theirstack_async.models import Job


@attrs.frozen(kw_only=True, eq=False, repr=False)
class JobsByCompany(Mapping[str, "tuple[Job, ...]"]):
    """The jobs of each company that :meth:`Jobs.by_company` was asked for, by its domain as the caller wrote it.

    Every domain is there. One without a job, which is neither in ``incomplete`` nor in ``not_asked``, has none.
    """

    _jobs: Mapping[str, tuple[Job, ...]] = attrs.field(alias="jobs")
    unmatched: tuple[Job, ...] = ()
    """Rows that came, and were paid for, of a company that is none of those asked for."""
    incomplete: tuple[str, ...] = ()
    """Domains that may have more jobs: their batch ended early, as ``end`` says. Its newest jobs came, and asked for
    again they come, and cost, again, unless the filter ``job_id_not`` leaves them out."""
    not_asked: tuple[str, ...] = ()
    """Domains of which nothing was bought, because of what ``end`` says; they can be asked for again."""
    credits: int = 0
    """What it cost, all requests together."""
    end: EndReason | None = None
    """Why not every job came: ``max_items``, the budget, the credits or the plan; None when every one did."""

    def __getitem__(self, domain: str) -> tuple[Job, ...]:
        return self._jobs[domain]

    def __iter__(self) -> Iterator[str]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def __repr__(self) -> str:
        rows = sum(map(len, self._jobs.values()))
        return (
            f"<JobsByCompany {rows} jobs of {len(self)} domains, {len(self.unmatched)} unmatched, {self.credits} "
            f"credits, {len(self.incomplete)} incomplete, {len(self.not_asked)} not asked, end={self.end}>"
        )


class Asked:
    """The domains that were asked for, and where each of their jobs belongs."""

    def __init__(self, domains: object) -> None:
        """Raises:
        ArgumentError: a domain is none.
        """
        self.written = dict(_domain(value) for value in each_of("domains", domains))
        """From each as the caller wrote it to the form in which it is asked for."""
        self.distinct = list(dict.fromkeys(self.written.values()))
        self._jobs: dict[str, list[Job]] = {domain: [] for domain in self.distinct}
        self._unmatched: list[Job] = []

    def sort_in(self, jobs: Sequence[Job], batch: Sequence[str]) -> None:
        """Put the jobs of a batch where they belong: to the company's own domain, else to those that may be its."""
        for job in jobs:
            company = job.company_object
            own = _among(batch, job.company_domain, company.domain, company.url)
            found = own or _among(batch, *company.possible_domains)
            for domain in found:
                self._jobs[domain].append(job)
            if not found:
                self._unmatched.append(job)

    def answer(
        self, purchase: Purchase, cut: Collection[str], left: Collection[str], end: EndReason | None
    ) -> JobsByCompany:
        """Return what was bought. Domains in ``cut`` may have more jobs, those in ``left`` were not asked for."""
        cut, left = {*cut}, {*left}
        jobs = {domain: tuple(rows) for domain, rows in self._jobs.items()}
        return JobsByCompany(
            jobs={name: jobs[domain] for name, domain in self.written.items()},
            unmatched=tuple(self._unmatched),
            incomplete=tuple(name for name, domain in self.written.items() if domain in cut),
            not_asked=tuple(name for name, domain in self.written.items() if domain in left),
            credits=purchase.credits,
            end=end,
        )


async def by_company(
    asked: Asked,
    batch_size: int,
    max_items: int | None,
    search: Callable[[Sequence[str], int | None], Paginator[Job]],
) -> JobsByCompany:
    """Buy the jobs of companies, batch by batch. ``search`` makes the search for some of them, of so many rows.

    Raises:
        TheirStackError: something went wrong. All that was bought is in ``items_so_far``.
    """
    purchase, cut, end = Purchase(), list[str](), None
    done = 0
    while done < len(asked.distinct):
        room = None if max_items is None else max_items - len(purchase.jobs)
        if room == 0:
            end = EndReason.MAX_ITEMS
            break
        batch = asked.distinct[done : done + batch_size]
        rows, why = await purchase.buy(search(batch, room))
        asked.sort_in(rows, batch)
        if why is EndReason.EXHAUSTED:
            done += len(batch)
            continue
        end = why
        if rows:
            cut += batch
            done += len(batch)
        if why is not EndReason.PLAN_LIMIT or not rows:
            break
    return asked.answer(purchase, cut, asked.distinct[done:], end)


def check_unnamed(body: Mapping[str, object]) -> None:
    """Refuse filters that name companies: the API joins them with OR, and would bill the jobs of more companies.

    Raises:
        ArgumentError: naming the filter.
    """
    from theirstack_async.filters import identifiers

    if found := identifiers(body):
        raise ArgumentError(
            f"{found[0]}: leave it out, the domains say which companies are meant; the API would bill the jobs of "
            "these as well",
            field=found[0],
        )


def _domain(value: object) -> tuple[str, str]:
    domain = normalized(value) if isinstance(value, str) else None
    if not isinstance(value, str) or domain is None:
        raise ArgumentError(f"domains: expected domains such as example.com, got {value!r}", field="domains")
    return value, domain


def _among(batch: Sequence[str], *addresses: str | None) -> list[str]:
    """Return which domains of a batch some addresses lie at, each once."""
    found = dict.fromkeys(map(normalized, addresses))
    return [domain for domain in batch if domain in found]
