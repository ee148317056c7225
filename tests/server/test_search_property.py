"""The promise of billed searches, over a real socket: whatever plan, credits and moving data do to a search, its rows
are distinct and in order, and what was billed is what was handed out and what came again.

``tests/unit/paging/test_straight.py`` says the same of the paginator alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tests.server._searches import ANY_TIME, AT_ONCE
from theirstack_async import ALL, EndReason, InsufficientCreditsError, Paginator, PermissionDeniedError, TheirStack
from theirstack_async.testing import FakeTheirStack, Fault
from theirstack_async.testing.answers import Answer
from theirstack_async.testing.exchange import Exchange

PAGES, PAGE = 5, 25
"""Pages that the free plan hands out, and the rows of one."""


@attrs.frozen(kw_only=True)
class Case:
    """A search, and what stands in its way."""

    rows: int
    page_size: int
    width: int
    max_items: int | None
    max_pages: int | None
    total: bool
    credits: int | None
    out_of_credits: str
    plan: str
    over_plan: str
    price: int = 1

    def limit(self, got: int) -> int:
        """Return how many rows the next page has at the most, where all is there."""
        left = self.page_size if self.max_items is None else min(self.page_size, self.max_items - got)
        return min(left, PAGE) if self.plan == "free" else left

    @property
    def refused(self) -> bool:
        """Whether the plan refuses pages of this size, or the credits suffice for no row and that is an error."""
        wanted = self.page_size if self.max_items is None else min(self.page_size, self.max_items)
        too_large = self.over_plan == "refuse" and wanted > self.limit(0)
        cost = min(self.limit(0), self.rows) * self.price
        too_dear = self.out_of_credits == "402" and self.credits is not None and self.credits < cost
        return too_large or too_dear

    @property
    def options(self) -> dict[str, Any]:
        """What the fake is made with."""
        names = ("credits", "out_of_credits", "plan", "over_plan")
        return {name: getattr(self, name) for name in names}


def cases(most: int) -> st.SearchStrategy[Case]:
    """Return a strategy for searches of lists of up to so many rows."""
    return st.builds(
        Case,
        rows=st.integers(0, most) | st.sampled_from([25, 50, 124, 125, 126]),
        page_size=st.integers(1, 40) | st.sampled_from([24, 25, 26, 100, 500]),
        width=st.integers(1, 4),
        max_items=st.none() | st.integers(0, most + 10),
        max_pages=st.none() | st.integers(1, 6),
        total=st.booleans(),
        credits=st.none() | st.integers(0, 3 * most),
        out_of_credits=st.sampled_from(["truncate", "402", "402-data"]),
        plan=st.sampled_from(["paid", "paid", "free"]),
        over_plan=st.sampled_from(["cap", "refuse"]),
    )


@attrs.frozen
class Moving(Fault):
    """No fault: the true answer, after the data has moved."""

    move: Callable[[], None]

    async def play(self, exchange: Exchange) -> Answer:
        """Move the data, and answer."""
        self.move()
        return await exchange.carry_out()


@attrs.define
class Read:
    """What was read."""

    rows: list[Any] = attrs.Factory(list)
    repeated: int = 0
    counted: int = 0
    """Credits, by the pages."""

    @property
    def ids(self) -> list[Any]:
        """The ids of the rows."""
        return [row.id for row in self.rows]


async def read(paginator: Paginator[Any], width: int) -> Read:
    """Read a paginator to its end, so many pages ahead."""
    found = Read()
    async with paginator.prefetch(width):
        async for page in paginator.pages():
            found.rows += page.items
            found.repeated += page.repeated
            found.counted += page.credits
    return found


@asynccontextmanager
async def serving(case: Case, **data: int) -> AsyncIterator[tuple[FakeTheirStack, TheirStack]]:
    """Yield a fake as the case has it, and a client of it."""
    async with (
        FakeTheirStack(**data, **case.options) as fake,
        TheirStack(fake.api_key, base_url=fake.base_url, retries=AT_ONCE) as client,
    ):
        yield fake, client


def bounded(case: Case) -> dict[str, Any]:
    """Return how the case's search is read. It ends quietly, so that its end is looked at and not its error."""
    most = ALL if case.max_items is None else case.max_items
    return {
        "page_size": case.page_size,
        "max_items": most,
        "max_pages": case.max_pages,
        "total": case.total,
        "partial": True,
    }


def paid_for(case: Case, fake: FakeTheirStack, paginator: Paginator[Any], found: Read) -> None:
    """Assert that nothing was billed but the rows that are there and those that came again.

    Where a page is refused with 402 and a smaller one after it, read ahead, is not, that one is in ``unread``.
    """
    assert len(set(found.ids)) == len(found.ids)
    assert paginator.credits == found.counted == case.price * (len(found.ids) + found.repeated)
    assert fake.credits_billed - paginator.credits == case.price * len(paginator.unread)
    if case.out_of_credits != "402" or case.width == 1:
        assert not paginator.unread


def ended(case: Case, found: Read, requests: int) -> set[EndReason]:
    """Return what a reading of data that stood still may have ended in. Where two ends coincide, either will do."""
    got = len(found.ids)
    reasons: set[EndReason] = set()
    if got == case.rows:
        reasons.add(EndReason.EXHAUSTED)
    if got == case.max_items:
        reasons.add(EndReason.MAX_ITEMS)
    if requests == case.max_pages:
        reasons.add(EndReason.MAX_PAGES)
    # A refusal does not say whether there would have been another row.
    more = got < case.rows or case.over_plan == "refuse"
    if more and case.plan == "free" and got >= PAGES * case.limit(got):
        reasons.add(EndReason.PLAN_LIMIT)
    if got < case.rows and case.credits is not None:
        left = case.credits // case.price - got
        if left < case.page_size if case.out_of_credits == "402" else not left:
            reasons.add(EndReason.TRUNCATED_BY_CREDITS)
    return reasons


async def stood_still(case: Case, fake: FakeTheirStack, client: TheirStack) -> None:
    """Read data that stands still, and assert what is promised of it."""
    jobs = case.price == 1
    preview: Paginator[Any] = (
        client.jobs.preview(**ANY_TIME, partial=True) if jobs else client.companies.preview(partial=True)
    )
    expected = [row.id async for row in preview]
    assert len(expected) == (case.rows if case.plan == "paid" else min(case.rows, PAGES * PAGE))
    fake.requests.clear()
    bounds = bounded(case)
    paginator: Paginator[Any] = client.jobs.search(**ANY_TIME, **bounds) if jobs else client.companies.search(**bounds)
    try:
        found = await read(paginator, case.width)
    except (InsufficientCreditsError, PermissionDeniedError):
        assert case.refused
        assert fake.credits_billed == 0
        return
    assert not case.refused
    paid_for(case, fake, paginator, found)
    assert found.repeated == 0
    if case.out_of_credits == "402" and case.width > 1:
        # A smaller page behind one that was refused, read ahead, may have been bought: it is handed out, in order.
        expected = [each for each in expected if each in found.ids]
    # The preview's pages end at the plan's last row; one of another size that begins before it may reach further.
    assert found.ids[: len(expected)] == expected[: len(found.ids)]
    assert paginator.end in ended(case, found, fake.requests.total)


@given(case=cases(140))
async def test_jobs_that_stand_still_are_bought_once(case: Case) -> None:
    async with serving(case, jobs=case.rows, companies=5) as (fake, client):
        await stood_still(case, fake, client)


@given(case=cases(140))
async def test_companies_are_bought_once(case: Case) -> None:
    case = attrs.evolve(case, rows=max(1, case.rows), price=3)
    async with serving(case, jobs=0, companies=case.rows) as (fake, client):
        await stood_still(case, fake, client)


@given(
    case=cases(140),
    moves=st.dictionaries(
        st.integers(0, 8),
        st.tuples(st.integers(0, 30), st.integers(0, 9), st.integers(0, 60)),
        min_size=1,
        max_size=3,
    ),
)
async def test_jobs_that_move_are_distinct_in_order_and_paid_for(
    case: Case, moves: dict[int, tuple[int, int, int]]
) -> None:
    """Before some of its pages jobs come in at the front and others go, from anywhere."""
    async with serving(case, jobs=case.rows, companies=5) as (fake, client):
        later, there = datetime.fromtimestamp(fake.clock.now(), UTC), set(fake.job_ids)

        def move() -> None:
            number = fake.requests.total - 1
            come, go, where = moves.get(number, (0, 0, 0))
            fake.remove_jobs(fake.job_ids[where : where + go])
            # Later than all before, so that they come first, as new ones do.
            fake.seed_jobs(come, discovered_at=later + timedelta(minutes=number + 1))

        fake.faults.add("POST /v1/jobs/search", Moving(move), times=None)
        paginator = client.jobs.search(**bounded(case), **ANY_TIME)
        try:
            found = await read(paginator, case.width)
        except (InsufficientCreditsError, PermissionDeniedError):
            assert fake.credits_billed == 0
            return
        paid_for(case, fake, paginator, found)
        assert paginator.end is not None
        old = [(row.date_posted, row.discovered_at, row.id) for row in found.rows if row.id in there]
        assert old == sorted(old, reverse=True)
