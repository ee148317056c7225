"""What a billed call that is sent again holds of a budget: the attempt of unknown outcome stays in doubt."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests._engine import ScriptedTransport, answer, pipeline
from tests.unit.engine._spending import LOST, ONCE, TWICE, json_of, rows, search, told
from theirstack_async import CreditBudget, RetryPolicy, Timeouts
from theirstack_async._wire.message import Request, Response
from theirstack_async.errors import (
    ConnectError,
    ConnectionLostError,
    OutcomeUnknownError,
    QuotaError,
)
from theirstack_async.quota import MemoryQuota


class TestSeveralAttempts:
    async def test_what_was_never_sent_is_sent_again_under_the_same_hold(self) -> None:
        budget = CreditBudget(25)
        transport = ScriptedTransport(ConnectError("no"), answer(429), rows(5))
        await search(pipeline(transport, budget=budget), 25)
        assert (len(transport.requests), told(budget)) == (3, (5, 0, 0))

    async def test_whoever_pays_twice_has_the_first_in_doubt(self) -> None:
        budget = CreditBudget(100)
        transport = ScriptedTransport(LOST, rows(25))
        line = pipeline(transport, budget=budget)
        reply = await search(line, 25, retries=TWICE)
        assert (reply.meta.credits, reply.meta.attempts, told(budget)) == (25, 1, (25, 0, 25))
        usage = line.usage["jobs.search"]
        assert (usage.calls, usage.rows, usage.credits, usage.uncertain) == (1, 25, 25, 25)

    async def test_all_that_is_at_risk_is_told(self) -> None:
        budget = CreditBudget(100)
        line = pipeline(ScriptedTransport(LOST), budget=budget)
        with pytest.raises(OutcomeUnknownError, match="75 credits are at risk") as caught:
            await search(line, 25, retries=RetryPolicy(attempts=3, retry_paid=True))
        assert caught.value.credits_at_risk == 75 == line.usage.total.uncertain
        assert told(budget) == (0, 0, 75)
        assert {doubt.fingerprint for doubt in budget.doubts} == {caught.value.fingerprint}

    @pytest.mark.parametrize("then", [ConnectError("no"), answer(402), answer(429)])
    async def test_a_second_attempt_that_cost_nothing_is_not_at_risk(self, then: Any) -> None:
        budget = CreditBudget(100)
        line = pipeline(ScriptedTransport(LOST, then), budget=budget)
        with pytest.raises(OutcomeUnknownError) as caught:
            await search(line, 25, retries=RetryPolicy(attempts=2, retry_paid=True))
        assert caught.value.credits_at_risk == 25 == line.usage.total.uncertain
        assert told(budget) == (0, 0, 25)

    async def test_without_room_for_a_second_there_is_none(self, caplog: pytest.LogCaptureFixture) -> None:
        budget = CreditBudget(49)
        transport = ScriptedTransport(LOST, rows(25))
        line = pipeline(transport, budget=budget)
        with caplog.at_level(logging.DEBUG), pytest.raises(OutcomeUnknownError) as caught:
            await search(line, 25, retries=TWICE)
        assert (len(transport.requests), caught.value.credits_at_risk) == (1, 25)
        assert isinstance(caught.value.__cause__, ConnectionLostError)
        assert told(budget) == (0, 0, 25)
        assert line.usage.total.uncertain == 25
        assert "giving up: the budget does not allow to pay twice: POST /v1/jobs/search: needs 25" in caplog.text

    async def test_a_store_that_goes_down_in_between_hides_no_doubt(self) -> None:
        class Falling(MemoryQuota):
            down = False

            async def update(self, key: str, change: Any) -> Any:
                if self.down:
                    raise QuotaError("the store is gone")
                return await super().update(key, change)

        store = Falling()

        async def fall(request: Request) -> Response:
            store.down = True
            raise LOST

        budget = CreditBudget(100, store=store)
        transport = ScriptedTransport(fall)
        with pytest.raises(OutcomeUnknownError) as caught:
            await search(pipeline(transport, budget=budget), 25, retries=TWICE)
        assert (len(transport.requests), caught.value.credits_at_risk) == (1, 25)
        store.down = False
        await budget.refresh()
        assert told(budget) == (0, 0, 25)

    async def test_nor_does_a_cancellation_while_it_waits_for_room(self) -> None:
        budget = CreditBudget(50)
        under_way = asyncio.Event()

        async def act(request: Request) -> Response:
            if json_of(request)["limit"] == 20:
                under_way.set()
                await asyncio.Event().wait()
            raise LOST

        line = pipeline(ScriptedTransport(act), budget=budget, timeouts=Timeouts(deadline=None))
        other = asyncio.create_task(search(line, 20, retries=ONCE))
        await under_way.wait()
        task = asyncio.create_task(search(line, 25, retries=TWICE))
        for _ in range(20):
            await asyncio.sleep(0)
        assert (told(budget), task.done()) == ((0, 20, 25), False)
        task.cancel()
        other.cancel()
        await asyncio.wait([task, other])
        assert told(budget) == (0, 0, 45)
        assert line.usage.total.uncertain == 45

    async def test_nor_does_the_deadline(self) -> None:
        budget = CreditBudget(50)
        under_way = asyncio.Event()

        async def act(request: Request) -> Response:
            if json_of(request)["limit"] == 20:
                under_way.set()
                await asyncio.Event().wait()
            raise LOST

        line = pipeline(ScriptedTransport(act), budget=budget, timeouts=Timeouts(deadline=9))
        other = asyncio.create_task(search(line, 20, retries=ONCE))
        await under_way.wait()
        task = asyncio.create_task(search(line, 25, retries=TWICE))
        with pytest.raises(OutcomeUnknownError) as caught:
            await task
        assert (caught.value.credits_at_risk, told(budget)) == (25, (0, 20, 25))
        other.cancel()
        await asyncio.wait([other])

    async def test_without_a_budget_the_same_is_told(self) -> None:
        line = pipeline(ScriptedTransport(LOST, rows(3)))
        await search(line, 25, retries=TWICE)
        assert (line.usage.total.credits, line.usage.total.uncertain) == (3, 25)
