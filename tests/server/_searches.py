"""A fake server with a small data set, a client of it, and answers that are damaged on the way."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from theirstack_async import RetryPolicy, TheirStack
from theirstack_async.testing import FakeTheirStack, Fault
from theirstack_async.testing.answers import Answer
from theirstack_async.testing.exchange import Exchange

JOBS: Final = "POST /v1/jobs/search"
COMPANIES: Final = "POST /v1/companies/search"
AT_ONCE: Final = RetryPolicy(base=0, cap=0)
"""Retries without a pause."""
ANY_TIME: Final = {"posted_at_max_age_days": 3650}
"""A filter that a job search takes for enough, and that all jobs pass."""


@asynccontextmanager
async def searching(
    jobs: int = 60, companies: int = 8, **options: Any
) -> AsyncIterator[tuple[FakeTheirStack, TheirStack]]:
    """Yield a fake with so many jobs and companies, and a client of it that retries at once."""
    async with (
        FakeTheirStack(jobs=jobs, companies=companies, **options) as fake,
        TheirStack(fake.api_key, base_url=fake.base_url, retries=AT_ONCE) as client,
    ):
        yield fake, client


def bodies(fake: FakeTheirStack) -> list[dict[str, Any]]:
    """Return what the requests so far asked for."""
    return [request.json() for request in fake.requests]


def asked(fake: FakeTheirStack) -> list[tuple[int, int]]:
    """Return offset and limit of the requests so far."""
    return [(body["offset"], body["limit"]) for body in bodies(fake)]


@dataclass(frozen=True, slots=True)
class Edited(Fault):
    """The true answer, with something in it changed."""

    edit: Callable[[dict[str, Any]], object]

    async def play(self, exchange: Exchange) -> Answer:
        """Return the answer as ``edit`` leaves it."""
        answer = await exchange.carry_out()
        data = json.loads(answer.body)
        self.edit(data)
        return replace(answer, body=json.dumps(data).encode())
