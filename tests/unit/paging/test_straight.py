"""Lists whose rows are paid for: each once, no page overlapped, and the end told rightly."""

from __future__ import annotations

import pytest

from tests.unit.paging._billed import Billed
from theirstack_async import Checkpoint, EndReason, PaginationError
from theirstack_async._straight import StraightWalk
from theirstack_async._walk import Ask, Told
from theirstack_async.errors import InsufficientCreditsError, PermissionDeniedError
from theirstack_async.pagination._rows import text_key


def places(server: Billed) -> list[tuple[int, int]]:
    """Return offset and limit of each request."""
    return [(ask.offset, ask.limit) for ask in server.asks]


async def test_no_page_overlaps_and_a_short_one_is_the_end() -> None:
    server = Billed(list(range(60)))
    paginator = server.paginator()
    assert await paginator.collect() == list(range(60))
    assert places(server) == [(0, 25), (25, 25), (50, 25)]
    assert (server.billed, paginator.credits, paginator.end) == (60, 60, EndReason.EXHAUSTED)
    assert not any(ask.total for ask in server.asks)
    assert paginator.total is None


async def test_the_last_page_asks_for_no_more_than_is_wanted() -> None:
    server = Billed(list(range(100)))
    assert await server.paginator(max_items=60).collect() == list(range(60))
    assert places(server) == [(0, 25), (25, 25), (50, 10)]
    assert server.billed == 60


async def test_the_size_of_numbered_pages_never_changes() -> None:
    server = Billed(list(range(100)))
    paginator = server.paginator(max_items=30, price=0, whole_pages=True)
    assert await paginator.first() == 0
    assert await paginator.collect() == list(range(1, 30))
    assert places(server) == [(0, 25), (25, 25)]
    assert paginator.end is EndReason.MAX_ITEMS


@pytest.mark.parametrize("size", [60, 95])
async def test_numbered_pages_end_with_a_short_one(size: int) -> None:
    server = Billed(list(range(size)), cap=30)
    paginator = server.paginator(50, price=0, whole_pages=True, totals=size == 95)
    assert await paginator.collect() == list(range(size))
    assert places(server)[:3] == [(0, 50), (30, 30), (60, 30)]
    assert paginator.end is EndReason.EXHAUSTED


async def test_numbered_pages_of_a_list_that_shrank_end_with_a_short_one() -> None:
    def shrink(request: int) -> None:
        if request == 1:
            del server.rows[40:]

    server = Billed(list(range(60)), before=shrink)
    assert await server.paginator(25, price=0, whole_pages=True, totals=True).collect() == list(range(40))
    assert len(server.asks) == 2


def test_text_ids_have_numbers_of_63_bits() -> None:
    keys = {text_key(text) for text in ("", "google", "Google", "\ud800")}
    assert len(keys) == 4
    assert all(0 <= key < 2**63 for key in keys)


async def test_the_first_row_alone_can_be_bought() -> None:
    server = Billed(list(range(100)))
    paginator = server.paginator()
    assert await paginator.first() == 0
    assert server.billed == 1
    assert await paginator.collect(30) == list(range(1, 31))
    assert places(server) == [(0, 1), (1, 25), (26, 25)]
    assert paginator.unread == tuple(range(31, 51))
    assert await paginator.collect(20) == list(range(31, 51))
    assert server.billed == 51


async def test_pages_can_be_bounded() -> None:
    server = Billed(list(range(100)))
    paginator = server.paginator(max_pages=2)
    assert len(await paginator.collect()) == 50
    assert paginator.end is EndReason.MAX_PAGES
    async with server.paginator(max_pages=2).prefetch(4) as rows:
        assert len([row async for row in rows]) == 50
    assert len(server.asks) == 4


async def test_a_list_that_ends_with_the_last_page_of_the_bound_is_exhausted() -> None:
    paginator = Billed(list(range(60))).paginator(max_pages=3)
    assert len(await paginator.collect()) == 60
    assert paginator.end is EndReason.EXHAUSTED


async def test_the_total_is_asked_for_once() -> None:
    server = Billed(list(range(50)))
    paginator = server.paginator(totals=True)
    assert await paginator.collect() == list(range(50))
    assert [ask.total for ask in server.asks] == [True, False, False]
    assert paginator.total == 50


async def test_a_list_that_shrank_below_its_total_is_asked_once_more() -> None:
    """An empty page before the total is reached may mean two things, so the total is asked for again, for free."""

    def shrink(request: int) -> None:
        if request == 1:
            del server.rows[40:]

    server = Billed(list(range(50)), before=shrink)
    paginator = server.paginator(totals=True)
    assert await paginator.collect() == list(range(40))
    assert paginator.end is EndReason.EXHAUSTED
    assert server.asks[-1] == Ask(40, 1, total=True)
    assert (server.billed, paginator.total, len(server.asks)) == (40, 40, 4)


class TestPlans:
    """The free plan gives 25 rows a page and five pages; how it says so is not known."""

    async def test_a_cut_page_is_not_taken_for_the_end(self) -> None:
        server = Billed(list(range(110)), cap=25, pages=5)
        paginator = server.paginator(100)
        assert await paginator.collect() == list(range(110))
        assert places(server) == [(0, 100), (25, 25), (50, 25), (75, 25), (100, 25)]
        assert (server.billed, paginator.end) == (110, EndReason.EXHAUSTED)

    @pytest.mark.parametrize(("size", "requests"), [(24, 1), (25, 2)])
    async def test_a_page_that_no_plan_cuts_to_is_the_end(self, size: int, requests: int) -> None:
        server = Billed(list(range(size)))
        assert await server.paginator(100).collect() == list(range(size))
        assert len(server.asks) == requests

    @pytest.mark.parametrize("status", [None, 400, 401, 402, 403, 404, 422, 429, 500])
    def test_which_refusals_are_an_end(self, status: int | None) -> None:
        ends = dict.fromkeys((400, 403, 422), EndReason.PLAN_LIMIT) | {402: EndReason.TRUNCATED_BY_CREDITS}
        walk = StraightWalk(1)
        assert walk.refuse(status) is None, "the first page was never taken"
        walk.take(Ask(0, 1), [1], Told())
        assert walk.refuse(status) is ends.get(status or 0)
        numbered = StraightWalk(1, whole_pages=True)
        numbered.take(Ask(0, 1), [1], Told())
        assert numbered.refuse(status) is None, "such lists are free, and no plan ends them"

    @pytest.mark.parametrize("refuses", [False, True])
    @pytest.mark.parametrize("totals", [False, True])
    async def test_its_end_is_told_after_the_rows(self, refuses: bool, totals: bool) -> None:
        server = Billed(list(range(300)), cap=25, pages=5, refuses=refuses)
        paginator = server.paginator(totals=totals)
        rows: list[int] = []
        with pytest.raises(PaginationError, match="plan") as caught:
            async for row in paginator:
                rows.append(row)
        assert rows == list(range(125))
        assert (caught.value.reason, paginator.end, server.billed) == ("plan_limit", EndReason.PLAN_LIMIT, 125)
        assert caught.value.not_fetched == (None if refuses and not totals else 175)
        assert isinstance(caught.value.__cause__, PermissionDeniedError) is refuses
        assert caught.value.checkpoint
        assert caught.value.checkpoint.offset == 125
        assert await paginator.collect() == []

    async def test_partial_ends_quietly(self) -> None:
        server = Billed(list(range(300)), cap=25, pages=5)
        paginator = server.paginator(partial=True)
        assert len(await paginator.collect()) == 125
        assert (paginator.end, paginator.not_fetched) == (EndReason.PLAN_LIMIT, 175)

    async def test_a_plan_that_counts_pages_by_their_size_is_noticed(self) -> None:
        """A smaller last page comes back empty there, though rows are left."""
        paginator = Billed(list(range(200)), cap=25, pages=5, by_size=True).paginator(max_items=110, partial=True)
        assert len(await paginator.collect()) == 100
        assert (paginator.end, paginator.not_fetched) == (EndReason.PLAN_LIMIT, 100)

    async def test_a_list_that_ends_just_there_is_exhausted(self) -> None:
        server = Billed(list(range(125)), cap=25, pages=5)
        paginator = server.paginator()
        assert len(await paginator.collect()) == 125
        assert (paginator.end, server.asks[-1]) == (EndReason.EXHAUSTED, Ask(125, 1, total=True))

    async def test_a_first_page_that_is_refused_is_an_error(self) -> None:
        server = Billed(list(range(9)), cap=25, pages=0, refuses=True)
        with pytest.raises(PermissionDeniedError):
            await server.paginator(partial=True).collect()


class TestCredits:
    """When the account runs dry."""

    async def test_what_was_paid_for_comes_first(self) -> None:
        server = Billed(list(range(100)), credits=60)
        paginator = server.paginator()
        rows: list[int] = []
        with pytest.raises(PaginationError, match=r"no credits.*15 rows are left") as caught:
            async for row in paginator:
                rows.append(row)
        assert rows == list(range(60))
        assert (caught.value.reason, caught.value.not_fetched) == ("truncated_by_credits", 15)
        assert paginator.end is EndReason.TRUNCATED_BY_CREDITS

    async def test_with_the_total_what_is_left_of_the_whole_list_is_told(self) -> None:
        paginator = Billed(list(range(100)), credits=60).paginator(totals=True, partial=True)
        assert len(await paginator.collect()) == 60
        assert paginator.not_fetched == 40

    async def test_an_error_in_the_middle_can_be_gone_on_from(self) -> None:
        server = Billed(list(range(100)), credits=50, envelope=True)
        paginator = server.paginator(totals=True)
        with pytest.raises(InsufficientCreditsError) as caught:
            await paginator.collect()
        assert caught.value.items_so_far == list(range(50))
        server.credits = 100
        assert await paginator.collect() == list(range(50, 100))
        assert server.billed == 100

    async def test_an_error_in_the_middle_ends_a_partial_reading(self) -> None:
        paginator = Billed(list(range(100)), credits=50, envelope=True).paginator(totals=True, partial=True)
        assert len(await paginator.collect()) == 50
        assert (paginator.end, paginator.not_fetched) == (EndReason.TRUNCATED_BY_CREDITS, 50)


class TestRepeated:
    """Rows that come again."""

    async def test_they_are_dropped_and_counted(self) -> None:
        def insert(request: int) -> None:
            if request == 1:
                server.rows[:0] = [1001, 1002, 1003]

        server = Billed(list(range(50)), before=insert)
        pages = [page async for page in server.paginator(10, max_items=40, price=3).pages()]
        assert [row for page in pages for row in page.items] == list(range(40))
        assert [page.repeated for page in pages] == [0, 3, 0, 0, 0]
        assert [page.credits for page in pages] == [30, 30, 30, 30, 9]
        assert server.billed == 43

    async def test_a_server_that_ignores_the_offset_costs_two_pages(self) -> None:
        server = Billed([])
        server.before = lambda request: server.rows.extend(range(10))
        paginator = server.paginator(10)
        with pytest.raises(PaginationError, match="same page at every offset"):
            await paginator.collect()
        assert (paginator.end, server.billed) == (EndReason.REPEATED_PAGE, 30)

    async def test_a_row_that_stands_on_a_page_twice_comes_once(self) -> None:
        pages = [page async for page in Billed([1, 2, 1]).paginator().pages()]
        assert [(page.items, page.repeated, page.credits) for page in pages] == [([1, 2], 1, 3)]


class TestResumed:
    """Taken up in another process."""

    async def test_nothing_is_bought_again_but_the_rest_of_a_page(self) -> None:
        server = Billed(list(range(60)))
        first = server.paginator()
        assert await first.collect(30) == list(range(30))
        point = Checkpoint.from_json(first.checkpoint().to_json())
        assert point.offset == 30
        assert await server.paginator(resume=point).collect() == list(range(30, 60))
        assert places(server) == [(0, 25), (25, 25), (30, 25), (55, 25)]

    async def test_rows_that_moved_behind_it_are_dropped(self) -> None:
        server = Billed(list(range(60)))
        first = server.paginator()
        await first.collect(25)
        server.rows[:0] = [1001, 1002]
        second = server.paginator(resume=first.checkpoint())
        assert await second.collect() == list(range(25, 60))
        assert second.credits == 37


def test_a_walk_that_ended_guesses_nothing() -> None:
    walk = StraightWalk(2)
    assert walk.ahead(Ask(0, 2), None, 3) == []
    walk.take(Ask(0, 2), [1, 2], Told())
    assert walk.ahead(Ask(2, 2), 3, 3) == [Ask(4, 1)]
    walk.take(Ask(2, 2), [3], Told())
    assert walk.ahead(Ask(4, 2), None, 3) == []
    assert walk.next() is None


def test_a_walk_begins_at_the_start() -> None:
    assert StraightWalk(25).next() == Ask(0, 25)


def test_a_doubt_about_numbered_pages_is_asked_in_a_whole_page() -> None:
    walk = StraightWalk(2, totals=True, whole_pages=True)
    walk.take(Ask(0, 2, total=True), [1, 2], Told(total=9))
    walk.take(Ask(2, 2), [], Told())
    assert walk.next() == Ask(2, 2, total=True)
