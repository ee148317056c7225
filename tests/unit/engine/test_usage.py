"""What the calls of a client and its views came to, by operation."""

from __future__ import annotations

import asyncio

import pytest

from tests._engine import ScriptedTransport, answer, pipeline
from theirstack_async import CreditBudget, RequestOptions, RetryPolicy
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.usage import OperationUsage, Usage
from theirstack_async.errors import ConnectError, ConnectionLostError, NotFoundError, OutcomeUnknownError

PAGE = answer(200, {"data": [{}, {}]})


def test_it_is_a_mapping_with_a_sum() -> None:
    usage = Usage()
    assert (dict(usage), usage.total) == ({}, OperationUsage())
    usage.note("a", OperationUsage(1, 2, 3, 4, 5))
    usage.note("b", OperationUsage(1, 1, 0, 0, 0))
    usage.note("a", OperationUsage(10, 20, 30, 40, 50))
    assert (list(usage), len(usage)) == (["a", "b"], 2)
    assert usage["a"] == OperationUsage(11, 22, 33, 44, 55)
    assert usage.total == OperationUsage(12, 23, 33, 44, 55)
    with pytest.raises(KeyError):
        usage["c"]
    assert repr(usage).startswith("Usage({'a': OperationUsage(calls=11, requests=22, rows=33, credits=44, uncertain=55")


def test_what_was_noted_is_a_copy() -> None:
    usage, one = Usage(), OperationUsage(1)
    usage.note("a", one)
    one.add(OperationUsage(5))
    assert usage.total.calls == 1


async def test_failures_and_attempts_count() -> None:
    lost = ConnectionLostError("lost", sent="maybe")
    lost.attempts = 1
    line = pipeline(ScriptedTransport(answer(404), ConnectError("no"), PAGE, lost), retries=RetryPolicy(attempts=2))
    with pytest.raises(NotFoundError):
        await line.call(api.WEBHOOKS_LIST)
    await line.call(api.COMPANIES_SEARCH, json={"limit": 5}, rows=5)
    with pytest.raises(OutcomeUnknownError):
        await line.call(api.COMPANIES_SEARCH, json={"limit": 5}, rows=5)
    assert dict(line.usage) == {
        "webhooks.list": OperationUsage(calls=1, requests=1),
        "companies.search": OperationUsage(calls=2, requests=2, rows=2, credits=6, uncertain=15),
    }


async def test_views_count_in_the_clients() -> None:
    line = pipeline(ScriptedTransport(PAGE))
    view = line.view(line.config, line.slots)
    await view.call(api.JOBS_SEARCH, json={"limit": 5}, rows=5)
    await view.view(line.config, line.slots).call(api.JOBS_SEARCH, json={"limit": 5}, rows=5)
    assert line.usage is view.usage
    assert line.usage["jobs.search"] == OperationUsage(2, 2, 4, 4, 0)


async def test_a_cancelled_call_counts() -> None:
    line = pipeline(ScriptedTransport(asyncio.CancelledError()))
    with pytest.raises(asyncio.CancelledError):
        await line.call(api.JOBS_SEARCH, json={"limit": 5}, rows=5)
    assert line.usage["jobs.search"] == OperationUsage(calls=1, requests=0, uncertain=5)


@pytest.mark.parametrize("given", [True, False])
async def test_what_was_billed_although_it_was_to_be_free(given: bool) -> None:
    budget = CreditBudget(2)
    line = pipeline(ScriptedTransport(PAGE), budget=None if given else budget)
    options = RequestOptions(budget=budget) if given else None
    assert await line.charge(api.COMPANIES_SEARCH, 2, options) == 6
    assert (budget.spent, budget.left) == (6, 0)
    assert line.usage["companies.search"] == OperationUsage(rows=2, credits=6)
    assert await pipeline(ScriptedTransport(PAGE)).charge(api.JOBS_SEARCH, 2, None) == 2
