"""Mistakes with searches that both type checkers must report, each on its marked line and nowhere else."""

from __future__ import annotations

from theirstack_async import Company, Job, JobPreview, Paginator, TheirStack


def address(job: Job) -> str | None:
    return job.apply_url


async def previews(client: TheirStack, preview: JobPreview) -> str | None:
    address(preview)  # E: arg-type, reportArgumentType
    found: Paginator[Job] = client.jobs.preview()  # E: assignment, reportAssignmentType
    await client.jobs.preview(resume=found)  # E: arg-type misc, reportArgumentType reportGeneralTypeIssues
    return preview.apply_url  # E: attr-defined, reportAttributeAccessIssue reportReturnType


async def searches(client: TheirStack, company: Company) -> None:
    client.jobs.search(max_items="all", posted_at_max_age_days=7)  # E: arg-type, reportArgumentType
    client.jobs.search(rejects="drop", posted_at_max_age_days=7)  # E: arg-type, reportArgumentType
    client.companies.search(extra_filters=["x"], max_items=3)  # E: arg-type, reportArgumentType
    client.companies.technologies(domain="x.example")  # E: unused-coroutine, reportUnusedCoroutine
    await client.companies.technologies("x.example")  # E: call-arg misc, reportCallIssue
    await client.companies.buying_intents(domain=company)  # E: arg-type, reportArgumentType
    await client.companies.buying_intents(domain="x.example", offset=3)  # E: call-arg, reportCallIssue


async def the_rest(client: TheirStack) -> None:
    await client.saved_searches.update(7, colour="red")  # E: call-arg, reportCallIssue
    await client.saved_searches.create(body={"remote": True})  # E: arg-type, reportArgumentType
    await client.company_lists.get("7")  # E: arg-type, reportArgumentType
    client.catalog.keywords(slug="python")  # E: call-arg, reportCallIssue
    await client.email_preferences.unsubscribe("weekly")  # E: call-arg, reportCallIssue
