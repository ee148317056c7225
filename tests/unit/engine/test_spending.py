"""What a billed call holds of a budget, and what becomes of it, over a transport that plays a script."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests._engine import ManualClock, ScriptedTransport, answer, pipeline
from tests.unit.engine._spending import LOST, ONCE, json_of, limits, rows, search, told
from theirstack_async import CreditBudget, Timeouts
from theirstack_async._engine import theirstack as api
from theirstack_async._wire.message import Request, Response
from theirstack_async.errors import (
    AuthenticationError,
    BudgetExceededError,
    InsufficientCreditsError,
    OutcomeUnknownError,
    RateLimitError,
    ServerError,
)
from theirstack_async.hooks import CallEnded, HookEvent


class TestOneAttempt:
    async def test_it_is_held_while_it_is_under_way_and_settled_at_what_came(self) -> None:
        budget = CreditBudget(100)

        async def look(request: Request) -> Response:
            assert told(budget) == (0, 25, 0)
            return rows(7)

        reply = await search(pipeline(ScriptedTransport(look), budget=budget), 25)
        assert told(budget) == (7, 0, 0)
        assert (reply.meta.rows, reply.meta.credits, reply.asked) == (7, 7, 25)

    async def test_no_more_is_asked_for_than_there_is_room_for(self) -> None:
        budget = CreditBudget(10, reserve=2)
        transport = ScriptedTransport(LOST)
        with pytest.raises(OutcomeUnknownError) as caught:
            await search(pipeline(transport, budget=budget), 25)
        assert limits(transport) == [8]
        assert json_of(transport.requests[0]) == {"limit": 8, "posted_at_max_age_days": 7}
        assert caught.value.credits_at_risk == 8
        assert told(budget) == (0, 0, 8)

    async def test_without_room_for_a_row_nothing_is_sent(self) -> None:
        events: list[HookEvent] = []
        transport = ScriptedTransport(rows(3))
        line = pipeline(transport, budget=CreditBudget(2), hooks=(events.append,))
        with pytest.raises(BudgetExceededError, match="POST /v1/companies/search") as caught:
            await line.call(api.COMPANIES_SEARCH, json={"limit": 3}, rows=3)
        assert (caught.value.sent, transport.requests) == ("no", [])
        assert isinstance(events[-1], CallEnded)
        assert (events[-1].error, events[-1].credits) == ("BudgetExceededError", 0)

    async def test_a_lookup_is_held_as_a_whole(self) -> None:
        budget = CreditBudget(8)
        transport = ScriptedTransport(rows(40), rows(0), rows(1))
        line = pipeline(transport, budget=budget)
        costs = [(await line.call(api.COMPANIES_TECHNOLOGIES, json={"limit": 100})).meta.credits for _ in range(3)]
        assert costs == [3, 0, 3]
        assert [json_of(request) for request in transport.requests] == [{"limit": 100}] * 3
        with pytest.raises(BudgetExceededError):
            await line.call(api.COMPANIES_TECHNOLOGIES, json={})
        assert told(budget) == (6, 0, 0)

    @pytest.mark.parametrize("act", [LOST, answer(500), answer(303), asyncio.CancelledError(), ValueError("a defect")])
    async def test_of_an_unknown_outcome_all_of_it_stays_counted(self, act: Any) -> None:
        budget = CreditBudget(100)
        line = pipeline(ScriptedTransport(act), budget=budget)
        with pytest.raises((OutcomeUnknownError, asyncio.CancelledError, ValueError)):
            await search(line, 25)
        assert told(budget) == (0, 0, 25)
        assert line.usage["jobs.search"].uncertain == 25
        (doubt,) = budget.doubts
        assert (doubt.label, doubt.credits) == ("POST /v1/jobs/search", 25)

    async def test_the_error_names_the_doubt(self) -> None:
        budget = CreditBudget(100)
        line = pipeline(ScriptedTransport(LOST), budget=budget)
        with pytest.raises(OutcomeUnknownError, match="25 credits are at risk") as caught:
            await search(line, 25)
        with pytest.raises(OutcomeUnknownError) as another:
            await search(line, 24)
        first, second = budget.doubts
        assert (first.fingerprint, second.fingerprint) == (caught.value.fingerprint, another.value.fingerprint)
        assert first.fingerprint != second.fingerprint
        assert first.fingerprint in str(caught.value)
        await budget.resolve(first.fingerprint, 3)
        assert told(budget) == (3, 0, 24)

    @pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 422, 429])
    async def test_a_refusal_cost_nothing(self, status: int) -> None:
        budget = CreditBudget(100)
        with pytest.raises((AuthenticationError, InsufficientCreditsError, RateLimitError, Exception)) as caught:
            await search(pipeline(ScriptedTransport(answer(status)), budget=budget), 25, retries=ONCE)
        assert caught.value.status == status  # type: ignore[attr-defined]
        assert told(budget) == (0, 0, 0)

    async def test_a_402_with_rows_cost_its_rows(self) -> None:
        budget = CreditBudget(100)
        reply = await search(pipeline(ScriptedTransport(rows(4, 402)), budget=budget), 25)
        assert (reply.meta.status, reply.meta.rows, reply.meta.credits) == (402, 4, 4)
        assert told(budget) == (4, 0, 0)

    @pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"data": null}'])
    async def test_an_answer_that_cannot_be_counted_stays_in_doubt(self, body: bytes) -> None:
        budget = CreditBudget(100)
        line = pipeline(ScriptedTransport(answer(200, body)), budget=budget)
        reply = await search(line, 25)
        assert (reply.meta.rows, reply.meta.credits) == (None, 0)
        assert told(budget) == (0, 0, 25)
        assert line.usage.total.uncertain == 25

    async def test_more_rows_than_were_asked_for_are_counted_all_the_same(self) -> None:
        budget = CreditBudget(10)
        await search(pipeline(ScriptedTransport(rows(12)), budget=budget), 10)
        assert (told(budget), budget.left) == ((12, 0, 0), 0)

    async def test_what_was_never_sent_is_not_in_doubt_when_it_is_cancelled(self) -> None:
        budget = CreditBudget(100)
        line = pipeline(ScriptedTransport(rows(1)), budget=budget, max_concurrency=1)
        await line.slots.acquire()
        task = asyncio.create_task(search(line, 25))
        for _ in range(5):
            await asyncio.sleep(0)
        assert told(budget) == (0, 25, 0)
        task.cancel()
        await asyncio.wait([task])
        assert told(budget) == (0, 0, 0)


class TestWhoseBudget:
    async def test_that_of_the_call_comes_before_the_clients(self) -> None:
        mine, clients = CreditBudget(100), CreditBudget(100)
        line = pipeline(ScriptedTransport(rows(2)), budget=clients)
        await search(line, 5, budget=mine)
        await search(line, 5)
        assert (mine.spent, clients.spent) == (2, 2)

    async def test_only_billed_calls_have_one(self) -> None:
        """Nor does what fails of a free one come to anything."""
        budget = CreditBudget(0)
        line = pipeline(ScriptedTransport(LOST, rows(1)), budget=budget)
        reply = await line.call(api.JOBS_SEARCH, json={"limit": 1}, rows=1, kind="read")
        assert (reply.meta.rows, reply.meta.credits) == (None, 0)
        await line.call(api.WEBHOOKS_LIST)
        assert (line.usage.total.credits, line.usage.total.uncertain) == (0, 0)

    async def test_a_call_waits_for_what_others_hold_within_its_deadline(self) -> None:
        budget = CreditBudget(10)
        go = asyncio.Event()

        async def act(request: Request) -> Response:
            await go.wait()
            return rows(4)

        transport = ScriptedTransport(act)
        line = pipeline(transport, budget=budget, timeouts=Timeouts(deadline=None))
        tasks = [asyncio.create_task(search(line, 10)) for _ in range(3)]
        for _ in range(5):
            await asyncio.sleep(0)
        assert (len(transport.requests), told(budget)) == (1, (0, 10, 0))
        go.set()
        replies = await asyncio.gather(*tasks)
        assert [reply.asked for reply in replies] == [10, 6, 2]
        assert limits(transport) == [10, 6, 2]
        assert budget.spent == 12


async def test_hooks_are_told_what_it_cost() -> None:
    ended: list[CallEnded] = []
    line = pipeline(
        ScriptedTransport(rows(3), LOST), hooks=(lambda event: isinstance(event, CallEnded) and ended.append(event),)
    )
    await search(line, 5)
    with pytest.raises(OutcomeUnknownError):
        await search(line, 5)
    assert [(event.credits, event.error) for event in ended] == [(3, None), (0, "OutcomeUnknownError")]


async def test_the_fingerprint_is_the_same_for_the_same_request_whatever_the_budget_cuts_off() -> None:
    found: list[str] = []
    for limit in (100, 10):
        budget = CreditBudget(limit)
        with pytest.raises(OutcomeUnknownError) as caught:
            await search(pipeline(ScriptedTransport(LOST), clock=ManualClock(), budget=budget), 25)
        found.append(caught.value.fingerprint)
    assert found[0] == found[1]


async def test_a_server_error_of_a_free_call_is_no_doubt() -> None:
    line = pipeline(ScriptedTransport(answer(500)), retries=ONCE)
    with pytest.raises(ServerError):
        await line.call(api.WEBHOOKS_LIST)
    assert line.usage["webhooks.list"].requests == 1
    assert line.usage.total.uncertain == 0
