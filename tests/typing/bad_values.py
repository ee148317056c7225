"""Mistakes that both type checkers must report, each on its marked line and nowhere else."""

from __future__ import annotations

from theirstack_async import APIError, RateLimit, RetryPolicy, TheirStack, Timeouts
from theirstack_async.errors import ArgumentError, RateLimitError

Timeouts(total=3)  # E: call-arg, reportCallIssue
Timeouts(read="3")  # E: arg-type, reportArgumentType
RetryPolicy(attempts=3).attempts = 4  # E: misc, reportAttributeAccessIssue
RateLimit(windows=()).wait = 3.0  # E: misc, reportAttributeAccessIssue
ArgumentError("limit: too large", "limit")  # E: call-arg, reportCallIssue


def handle(error: APIError) -> int:
    if isinstance(error, RateLimitError):
        return error.retry_after + 1  # E: operator return-value, reportOptionalOperand
    return error.status  # E: return-value, reportReturnType


async def calls(client: TheirStack) -> None:
    client.webhooks.get(1)  # E: unused-coroutine, reportUnusedCoroutine
    await client.webhooks.get("1")  # E: arg-type, reportArgumentType
    await client.webhooks.create("https://x.invalid")  # E: call-arg misc, reportCallIssue
    await client.webhooks.update(1, colour="red")  # E: call-arg, reportCallIssue
    client.webhooks.events.list(1, payload="none")  # E: arg-type, reportArgumentType
    TheirStack(share_strings="yes")  # E: arg-type, reportArgumentType
    for _ in client.webhooks.events.list(1):  # E: attr-defined, reportGeneralTypeIssues reportAttributeAccessIssue
        await client.aclose()
