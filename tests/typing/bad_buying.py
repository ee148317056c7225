"""Mistakes with budgets, estimates and purchases that both type checkers must report, each on its marked line."""

from __future__ import annotations

from theirstack_async import CreditBudget, RequestOptions, SQLiteQuota, TheirStack
from theirstack_async.filters import JobFilters

CreditBudget("100")  # E: arg-type, reportArgumentType
CreditBudget(100, 10)  # E: call-arg misc, reportCallIssue
CreditBudget(100, store="quota.db")  # E: arg-type, reportArgumentType
CreditBudget(100).spent = 0  # E: misc, reportAttributeAccessIssue
TheirStack(budget="x")  # E: arg-type, reportArgumentType
TheirStack(budget=100)  # E: arg-type, reportArgumentType
TheirStack(quota=3)  # E: arg-type, reportArgumentType
TheirStack(quota=SQLiteQuota)  # E: arg-type, reportArgumentType
RequestOptions(budget=100)  # E: arg-type, reportArgumentType


async def free(client: TheirStack) -> None:
    client.with_options(budget="x")  # E: arg-type, reportArgumentType
    client.with_options(quota=SQLiteQuota("quota.db"))  # E: call-arg, reportCallIssue
    await client.jobs.count(pay="yes", posted_at_max_age_days=7)  # E: arg-type, reportArgumentType
    client.jobs.preview(pay="yes", posted_at_max_age_days=7)  # E: arg-type, reportArgumentType
    await client.companies.count(pay="yes")  # E: arg-type, reportArgumentType
    await client.jobs.estimate(pay=True, posted_at_max_age_days=7)  # E: call-arg, reportCallIssue
    await client.estimate("x")  # E: arg-type, reportArgumentType
    await client.estimate(JobFilters(), max_items="all")  # E: arg-type, reportArgumentType
    client.estimate(JobFilters())  # E: unused-coroutine, reportUnusedCoroutine
    await CreditBudget.from_balance(client.billing)  # E: arg-type, reportArgumentType


async def paid(client: TheirStack, budget: CreditBudget) -> None:
    await client.jobs.reveal("1")  # E: arg-type, reportArgumentType
    await client.jobs.reveal(1)  # E: arg-type, reportArgumentType
    await client.jobs.reveal([1], budget=100)  # E: arg-type, reportArgumentType
    await client.jobs.by_company([1], max_items=1)  # E: list-item, reportArgumentType
    await client.jobs.by_company(["x.example"], max_items="all")  # E: arg-type, reportArgumentType
    await client.jobs.by_company(["x.example"], limit=1)  # E: call-arg, reportCallIssue
    await budget.resolve("fingerprint")  # E: call-arg, reportCallIssue
    budget.refresh()  # E: unused-coroutine, reportUnusedCoroutine
