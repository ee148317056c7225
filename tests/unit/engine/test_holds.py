"""What a look-up with one price holds, and what a second attempt does, over a transport that plays a script."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
import pytest

from tests._engine import ScriptedTransport, answer, pipeline
from theirstack_async import CreditBudget, RequestOptions, RetryPolicy, Timeouts
from theirstack_async._engine import theirstack as api
from theirstack_async._wire.message import Request, Response
from theirstack_async.errors import ConnectError, ConnectionLostError, OutcomeUnknownError

LOST = ConnectionLostError("lost", sent="maybe")
TWICE = RequestOptions(retries=RetryPolicy(retry_paid=True))
ONCE = RequestOptions(retries=RetryPolicy(attempts=1))
TABLE = answer(200, {"metadata": {}, "data": [{}, {}]})


async def test_a_lookup_is_not_cut_down_to_one_row() -> None:
    transport = ScriptedTransport(TABLE)
    line = pipeline(transport, budget=CreditBudget(3))
    reply = await line.call(api.COMPANIES_TECHNOLOGIES, json={"limit": 40}, rows=40)
    assert (reply.asked, reply.meta.credits) == (40, 3)
    assert transport.requests[0].body == b'{"limit":40}'


@pytest.mark.parametrize("rows", [0, 40])
async def test_whoever_pays_twice_for_a_lookup_holds_its_price_twice(rows: int) -> None:
    budget = CreditBudget(6)
    transport = ScriptedTransport(LOST, TABLE)
    line = pipeline(transport, budget=budget)
    await line.call(api.COMPANIES_TECHNOLOGIES, json={}, rows=rows, options=TWICE)
    assert (budget.spent, budget.uncertain, len(transport.requests)) == (3, 3, 2)
    with pytest.raises(OutcomeUnknownError):
        await pipeline(ScriptedTransport(LOST, TABLE), budget=CreditBudget(5)).call(
            api.COMPANIES_TECHNOLOGIES, json={}, rows=rows, options=TWICE
        )


async def test_what_was_never_sent_keeps_its_hold_for_the_next_attempt() -> None:
    """Whoever waits for the credits does not get them in between."""
    budget = CreditBudget(25)
    turns: list[bytes | None] = []

    async def act(request: Request) -> Response:
        turns.append(request.body)
        if len(turns) == 1:
            for _ in range(9):
                await asyncio.sleep(0)
            raise ConnectError("no")
        return TABLE

    line = pipeline(ScriptedTransport(act), budget=budget, timeouts=Timeouts(deadline=None))

    async def search(name: str) -> Any:
        return await line.call(api.JOBS_SEARCH, json={"name": name}, rows=25)

    await asyncio.gather(search("first"), search("second"))
    assert turns == [b'{"name":"first"}', b'{"name":"first"}', b'{"name":"second","limit":23}']
    assert (budget.spent, budget.held, budget.uncertain) == (4, 0, 0)


async def test_a_raw_preview_holds_nothing_and_costs_nothing() -> None:
    """Its operation is a billed one, and it is asked for no row that has a price."""
    budget = CreditBudget(0)
    line = pipeline(ScriptedTransport(TABLE), budget=budget)
    reply = await line.call(api.JOBS_SEARCH, json={"blur_company_data": True}, kind="billed", rows=0)
    assert (reply.meta.rows, reply.meta.credits, budget.spent, line.usage.total.credits) == (2, 0, 0, 0)


@pytest.mark.parametrize("status", [402, 429])
async def test_a_refusal_after_a_hidden_first_send_leaves_a_doubt(status: int) -> None:
    """The connection repeated the request by itself, and nobody knows what became of the first one."""
    budget = CreditBudget(25)
    line = pipeline(ScriptedTransport(answer(status, sends=2)), budget=budget)
    with pytest.raises(OutcomeUnknownError):
        await line.call(api.JOBS_SEARCH, json={}, rows=25, options=ONCE)
    assert (budget.spent, budget.uncertain, line.usage.total.requests) == (0, 25, 2)


async def test_the_fingerprint_tells_methods_apart() -> None:
    """Of raw requests: the API's own billed operations are all of one."""
    found: set[str] = set()
    for method in ("POST", "PUT"):
        with pytest.raises(OutcomeUnknownError) as caught:
            operation = attrs.evolve(api.JOBS_SEARCH, method=method)
            await pipeline(ScriptedTransport(LOST)).call(operation, json={}, rows=1, options=ONCE)
        found.add(caught.value.fingerprint)
    assert len(found) == 2


async def test_an_empty_body_is_made_smaller_like_any_other() -> None:
    transport = ScriptedTransport(TABLE)
    line = pipeline(transport, budget=CreditBudget(10))
    reply = await line.call(api.COMPANIES_SEARCH, json={}, rows=25)
    assert (reply.asked, transport.requests[0].body) == (3, b'{"limit":3}')
