"""What the tests of billed calls share: a search, and what a budget says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests._engine import ScriptedTransport, answer
from theirstack_async import CreditBudget, RequestOptions, RetryPolicy
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.pipeline import Pipeline, Reply
from theirstack_async._wire.message import Request, Response
from theirstack_async.errors import (
    ConnectionLostError,
)

LOST = ConnectionLostError("lost", sent="maybe")
TWICE = RetryPolicy(retry_paid=True)
ONCE = RetryPolicy(attempts=1)


def rows(count: int, status: int = 200) -> Response:
    return answer(status, {"metadata": {}, "data": [{"id": number} for number in range(count)]})


async def search(line: Pipeline, count: int, **options: Any) -> Reply:
    body = {"limit": count, "posted_at_max_age_days": 7}
    return await line.call(api.JOBS_SEARCH, json=body, rows=count, options=RequestOptions(**options))


def told(budget: CreditBudget) -> tuple[int, int, int]:
    return budget.spent, budget.held, budget.uncertain


def limits(transport: ScriptedTransport) -> list[int]:
    return [json_of(request)["limit"] for request in transport.requests]


def json_of(request: Request) -> Mapping[str, Any]:
    return Reply(request.body or b"", None).json()  # type: ignore[arg-type]
