"""Whatever a server with a billed list does: rows are distinct and in order, and none is paid for but those."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.paging._billed import Billed
from theirstack_async import EndReason


@given(
    size=st.integers(0, 130),
    page_size=st.integers(1, 40),
    max_items=st.none() | st.integers(0, 140),
    cap=st.none() | st.just(25),
    pages=st.none() | st.just(5),
    refuses=st.booleans(),
    credits_left=st.none() | st.integers(0, 140),
    totals=st.booleans(),
    width=st.integers(1, 4),
    moves=st.dictionaries(st.integers(1, 6), st.integers(1, 30), max_size=2),
)
async def test_each_row_is_bought_once(
    size: int,
    page_size: int,
    max_items: int | None,
    cap: int | None,
    pages: int | None,
    refuses: bool,
    credits_left: int | None,
    totals: bool,
    width: int,
    moves: dict[int, int],
) -> None:
    """Whatever the server does: distinct rows in order, all of them paid for, none paid for but those and repeats."""
    news = iter(range(10_000, 20_000))

    def move(request: int) -> None:
        server.rows[:0] = [next(news) for _ in range(moves.get(request, 0))]

    server = Billed(list(range(size)), cap, pages, refuses, credits_left, before=move)
    paginator = server.paginator(page_size, max_items=max_items, totals=totals, partial=True)
    seen: list[int] = []
    repeated = 0
    async with paginator.prefetch(width):
        async for page in paginator.pages():
            seen += page.items
            repeated += page.repeated
    assert len(set(seen)) == len(seen)
    old = [row for row in seen if row < 10_000]
    assert old == sorted(old)
    assert server.billed == len(seen) + repeated == paginator.credits
    if not moves:
        assert repeated == 0
        assert seen == list(range(len(seen)))
        assert paginator.end is _expected_end(server, len(seen), max_items)


def _expected_end(server: Billed, seen: int, max_items: int | None) -> EndReason:
    """Return what a still list ends in."""
    if max_items is not None and seen == max_items:
        return EndReason.MAX_ITEMS
    if seen == len(server.rows):
        return EndReason.EXHAUSTED
    return EndReason.TRUNCATED_BY_CREDITS if seen == server.credits else EndReason.PLAN_LIMIT
