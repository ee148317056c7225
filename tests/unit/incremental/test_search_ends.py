"""Why a search ends: bounds, budgets, credits, plans; and what is raised."""

from __future__ import annotations

import pytest

from tests.unit.incremental._rows import refusal
from tests.unit.incremental._searching import Item, Script, StubPlan, page, reader, reply
from theirstack_async import APIError, BudgetExceededError, EndReason, OutcomeUnknownError
from theirstack_async.incremental._plan import Ask, Count
from theirstack_async.incremental._search import SearchReader


async def all_of(search: SearchReader[Item]) -> list[int]:
    found: list[int] = []
    while (page := await search.pull()) is not None:
        found += [number for number, _ in page.rows]
    return found


def wanted(plan: StubPlan) -> list[int | None]:
    return [entry[1] for entry in plan.log if entry[0] == "next"]


async def test_max_items_counts_rows_and_rejects() -> None:
    plan = StubPlan()
    search = reader(Script([page(1, 2), page("?", 3), page(4)]), plan, max_items=5, collect=True)
    assert await all_of(search) == [1, 2, 3, 4]
    assert (search.end, wanted(plan)) == (EndReason.MAX_ITEMS, [5, 3, 1])


async def test_max_items_counts_rows_that_come_again() -> None:
    """They cost as much."""
    plan = StubPlan(known={1})
    search = reader(Script([page(1, 2), page(3)]), plan, max_items=3)
    assert await all_of(search) == [2, 3]
    assert wanted(plan) == [3, 1]


async def test_a_count_that_is_refused_is_the_plans_affair() -> None:
    refuse = refusal(413)
    plan = StubPlan(steps=[Count(1.0, None)], says=lambda _: True)
    script = Script([page(1), page()], count_error=refuse)
    assert await all_of(reader(script, plan)) == [1]
    assert ("refused", 1.0, 413) in plan.log
    with pytest.raises(APIError):
        await all_of(reader(Script([page()], count_error=refuse), StubPlan(steps=[Count(1.0, None)])))


async def test_more_rows_than_asked_for_are_no_reason_to_ask_on() -> None:
    script = Script([page(1, 2, 3)])
    search = reader(script, max_items=2)
    assert await all_of(search) == [1, 2, 3]
    assert (search.end, len(script.asks)) == (EndReason.MAX_ITEMS, 1)


async def test_no_item_at_all() -> None:
    script = Script([page(1)])
    search = reader(script, max_items=0)
    assert await all_of(search) == []
    assert (search.end, script.asks) == (EndReason.MAX_ITEMS, [])


async def test_max_pages() -> None:
    script = Script([page(1), page(2), page(3)])
    search = reader(script, max_pages=2)
    assert await all_of(search) == [1, 2]
    assert (search.end, len(script.asks)) == (EndReason.MAX_PAGES, 2)


async def test_a_budget() -> None:
    search = reader(Script([page(1), BudgetExceededError("no room")]))
    assert await all_of(search) == [1]
    assert search.end is EndReason.BUDGET


@pytest.mark.parametrize(
    "last", [reply(page(2), status=402), page(2, withheld=3), page(2, companies=3)], ids=["402", "rows", "companies"]
)
async def test_a_page_that_the_credits_did_not_suffice_for(last: object) -> None:
    plan = StubPlan()
    search = reader(Script([page(1), last, page(3)]), plan)  # type: ignore[list-item]
    assert await all_of(search) == [1, 2]
    assert search.end is EndReason.TRUNCATED_BY_CREDITS
    assert [cut for *_, cut, _ in plan.taken] == [False, True]


@pytest.mark.parametrize("told", [{"withheld": 0}, {"withheld": -1}, {"companies": 0}, {}])
async def test_a_page_that_they_did(told: dict[str, int]) -> None:
    search = reader(Script([page(1, **told), page()]))
    assert await all_of(search) == [1]
    assert search.end is EndReason.EXHAUSTED


async def test_no_credit_at_all() -> None:
    plan = StubPlan(says=lambda _: True)
    search = reader(Script([page(1), refusal(402)]), plan)
    assert await all_of(search) == [1]
    assert search.end is EndReason.TRUNCATED_BY_CREDITS
    assert not [entry for entry in plan.log if entry[0] == "refused"]


async def test_what_the_plan_knows_a_way_round() -> None:
    plan = StubPlan(says=lambda error: error.status == 403)
    search = reader(Script([refusal(403), page(1), page()]), plan)
    assert await all_of(search) == [1]
    assert search.end is EndReason.EXHAUSTED
    assert ("refused", 100, 403) in plan.log


async def test_a_limit_of_the_plan_in_the_midst_of_it() -> None:
    search = reader(Script([page(1), refusal(403)]))
    assert await all_of(search) == [1]
    assert search.end is EndReason.PLAN_LIMIT


@pytest.mark.parametrize("status", [400, 403, 422])
async def test_a_refusal_of_the_first_page_is_raised(status: int) -> None:
    search = reader(Script([refusal(status, "not so")]))
    for _ in range(2):
        with pytest.raises(APIError, match="not so"):
            await search.pull()
    assert search.end is None


async def test_other_refusals_are_raised_whenever_they_come() -> None:
    search = reader(Script([page(1), refusal(400), page(2), page()]))
    with pytest.raises(APIError):
        await all_of(search)
    assert search.end is None
    assert await all_of(search) == [2]


async def test_what_is_no_answer_is_raised() -> None:
    search = reader(Script([OutcomeUnknownError("lost"), page()]), StubPlan(steps=[Ask(1)]))
    with pytest.raises(OutcomeUnknownError):
        await search.pull()
    assert await all_of(search) == []
