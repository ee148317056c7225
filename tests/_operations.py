"""How each operation of the API is called through the public methods: one call an operation, with all its arguments."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

import attrs

from theirstack_async import (
    CompanyFilters,
    InsufficientCreditsError,
    JobFilters,
    KeywordSort,
    KeywordSortField,
    PaginationError,
    Paginator,
    TheirStack,
    models,
)

SINCE: Final = datetime(2026, 4, 1, tzinfo=UTC)
UNTIL: Final = datetime(2027, 1, 1, tzinfo=UTC)
KEY_ID: Final = UUID(int=7)


@attrs.frozen(kw_only=True)
class Known:
    """What there is on the server that is called."""

    webhook: int = 7
    search: int = 7
    company_list: int = 7
    other_list: int = 8
    companies: Sequence[str] = ("YWJj", "ZGVm")
    domain: str = "theirstack.com"
    events: Sequence[int] = (1, 2, 3)
    preference: str = "weekly_summary"


Do = Callable[[TheirStack, Known], Awaitable[Any]]


@attrs.frozen
class Call:
    """A call of one operation."""

    do: Do
    answer: type[Any]
    """What it returns; of a list, what its rows are."""


async def some(rows: Callable[[], Paginator[Any]]) -> list[Any]:
    """Return the first row of a list, and ask again while there is none, as a server of random answers has it."""
    for _ in range(50):
        try:
            row = await rows().first()
        except PaginationError as error:
            # No row, and a random number of them that there are said to be.
            if error.reason != "plan_limit":
                raise
            continue
        if row is not None:
            return [row]
    return []


async def paid(lookup: Awaitable[models.CompanyKeywords]) -> list[models.CompanyKeyword]:
    """Return the rows of a look-up, also where the answer says that others were held back for want of credits."""
    try:
        return [*await lookup]
    except InsufficientCreditsError as error:
        return error.items_so_far or []


async def exported(client: TheirStack, known: Known) -> models.ExportLink:
    """Call the one method that the API deprecates."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        answer = await client.company_lists.export(known.company_list, file_format="xlsx", limit=5, offset=1)
    assert [warning.category for warning in caught] == [DeprecationWarning]
    return answer


async def got(client: TheirStack, path: str) -> list[Any]:
    """Read one of the paths that have no method, because they left the vendor's document."""
    reply = await client.request("GET", path)
    data = client._converter.decode(reply.body, object)
    rows: Any = data["data"] if isinstance(data, dict) else data
    return list(rows)


async def retried(client: TheirStack, known: Known) -> set[int]:
    """Have events delivered again, and return those that were accepted."""
    report = await client.webhooks.events.retry(known.events)
    assert report.ok
    return set(report.accepted)


SEARCHES: Final[dict[str, Call]] = {
    "jobs.search": Call(
        lambda c, k: some(
            lambda: c.jobs.search(
                posted_at_gte=date(2020, 1, 1),
                discovered_at_lte=datetime(2030, 1, 1, tzinfo=UTC),
                job_title_not=["nothing"],
                company_type="all",
                max_items=2,
                total=True,
                partial=True,
            )
        ),
        models.Job,
    ),
    "companies.search": Call(
        lambda c, k: some(
            lambda: c.companies.search(
                company_name_not=["nothing"],
                job_filters={"posted_at_max_age_days": 3650},
                tech_filters={"min_jobs": 1},
                max_items=2,
                total=True,
                partial=True,
            )
        ),
        models.Company,
    ),
    "companies.technologies": Call(
        lambda c, k: paid(
            c.companies.technologies(
                domain=k.domain,
                limit=3,
                confidence_or=["low", "medium", "high"],
                order_by=[KeywordSort(field=KeywordSortField.JOBS)],
            )
        ),
        models.CompanyKeyword,
    ),
    "companies.buying_intents": Call(
        lambda c, k: paid(c.companies.buying_intents(domain=k.domain, min_jobs=1)), models.CompanyKeyword
    ),
    "saved_searches.list": Call(
        lambda c, k: c.saved_searches.list(types=["jobs", "companies"], order_by="created_at", order_direction="desc"),
        models.SavedSearch,
    ),
    "saved_searches.get": Call(lambda c, k: c.saved_searches.get(k.search), models.SavedSearch),
    "saved_searches.create": Call(
        lambda c, k: c.saved_searches.create(
            body=CompanyFilters(min_employee_count=3), name="a search", is_alert_active=True
        ),
        models.SavedSearch,
    ),
    "saved_searches.update": Call(
        lambda c, k: c.saved_searches.update(
            k.search, name="another", body=JobFilters(posted_at_max_age_days=30), is_alert_active=False
        ),
        models.SavedSearch,
    ),
    "saved_searches.archive": Call(lambda c, k: c.saved_searches.archive(k.search), dict),
    "saved_searches.unsubscribe_alerts": Call(lambda c, k: c.saved_searches.unsubscribe_alerts("token"), type(None)),
    "saved_searches.unsubscribe_alerts_page": Call(lambda c, k: c.saved_searches.unsubscribe_alerts_page("token"), str),
}

LISTS: Final[dict[str, Call]] = {
    "company_lists.list": Call(lambda c, k: c.company_lists.list(), models.CompanyList),
    "company_lists.get": Call(lambda c, k: c.company_lists.get(k.company_list), models.CompanyList),
    "company_lists.create": Call(lambda c, k: c.company_lists.create("a list"), models.CompanyList),
    "company_lists.rename": Call(lambda c, k: c.company_lists.rename(k.company_list, "new"), models.CompanyList),
    "company_lists.delete": Call(lambda c, k: c.company_lists.delete(k.company_list), type(None)),
    "company_lists.duplicate": Call(lambda c, k: c.company_lists.duplicate(k.company_list), models.CompanyList),
    "company_lists.companies": Call(
        lambda c, k: some(
            lambda: c.company_lists.companies(
                k.company_list, order_by="name", order_direction="asc", company_name_partial="a"
            )
        ),
        models.CompanyListEntry,
    ),
    "company_lists.export": Call(exported, models.ExportLink),
    "company_lists.add_companies": Call(
        lambda c, k: c.company_lists.add_companies(k.company_list, k.companies), models.CompanyList
    ),
    "company_lists.add_companies_to_lists": Call(
        lambda c, k: c.company_lists.add_companies_to_lists(
            list_ids=[k.company_list, k.other_list], company_ids=k.companies
        ),
        type(None),
    ),
    "company_lists.remove_companies": Call(
        lambda c, k: c.company_lists.remove_companies(k.company_list, k.companies), models.CompanyList
    ),
}

CATALOG: Final[dict[str, Call]] = {
    "catalog.keywords": Call(
        lambda c, k: some(lambda: c.catalog.keywords(q="a", keyword_type_not=["event", "regulation"], page_size=10)),
        models.Keyword,
    ),
    "catalog.categories": Call(lambda c, k: c.catalog.categories(), models.KeywordCategory),
    "catalog.subcategories": Call(
        lambda c, k: c.catalog.subcategories(num_technologies_per_category=2), models.KeywordSubcategory
    ),
    "catalog.industries": Call(lambda c, k: some(c.catalog.industries), models.Industry),
    "catalog.company_countries": Call(lambda c, k: some(c.catalog.company_countries), models.CompanyCountryCount),
    "catalog.job_countries": Call(lambda c, k: some(c.catalog.job_countries), models.JobCountryCount),
    "catalog.locations": Call(
        lambda c, k: some(lambda: c.catalog.locations(name="a", feature_code=["PPLC", "PPL", "PCLI"], page_size=5)),
        models.Location,
    ),
    "catalog.technologies": Call(lambda c, k: got(c, "/v0/catalog/technologies"), dict),
    "catalog.technology_categories": Call(lambda c, k: got(c, "/v1/catalog/technologies/categories"), dict),
    "catalog.technology_subcategories": Call(lambda c, k: got(c, "/v1/catalog/technologies/subcategories"), dict),
}

ACCOUNT: Final[dict[str, Call]] = {
    "datasets.list": Call(lambda c, k: c.datasets.list(), models.Dataset),
    "datasets.credentials": Call(lambda c, k: c.datasets.credentials(), models.DatasetCredentials),
    "billing.credit_balance": Call(lambda c, k: c.billing.credit_balance(), models.CreditBalance),
    "team.credits_consumption": Call(
        lambda c, k: c.team.credits_consumption(start=SINCE, end=UNTIL, timezone="Europe/Madrid"),
        models.CreditConsumption,
    ),
    "requests.list": Call(
        lambda c, k: c.requests.list(start=SINCE, end=UNTIL, page=0, limit=5, is_origin_app=False, origin="api"), dict
    ),
    "requests.count": Call(
        lambda c, k: c.requests.count(start=SINCE, timezone="UTC", is_origin_app=False), models.RequestCount
    ),
    "email_preferences.get": Call(lambda c, k: c.email_preferences.get(), models.EmailPreferences),
    "email_preferences.update": Call(
        lambda c, k: c.email_preferences.update({"form_data": {"alerts": {"daily": True}}}), models.EmailPreferences
    ),
    "email_preferences.unsubscribe": Call(
        lambda c, k: c.email_preferences.unsubscribe(k.preference, token="token"), type(None)
    ),
    "email_preferences.unsubscribe_page": Call(
        lambda c, k: c.email_preferences.unsubscribe_page(k.preference, token="token"), str
    ),
    "app_urls.create": Call(lambda c, k: c.app_urls.create(type="webhook", webhook_id=k.webhook), models.AppUrl),
}

WEBHOOKS: Final[dict[str, Call]] = {
    "webhooks.list": Call(lambda c, k: c.webhooks.list(), models.Webhook),
    "webhooks.get": Call(lambda c, k: c.webhooks.get(k.webhook), models.Webhook),
    "webhooks.create": Call(
        lambda c, k: c.webhooks.create(
            url="https://example.com/hook",
            search_id=k.search,
            listening_start_time=SINCE,
            description="text",
            trigger_once_per_company=True,
            secret="0123456789abcdef",
        ),
        models.Webhook,
    ),
    "webhooks.update": Call(lambda c, k: c.webhooks.update(k.webhook, description="new", secret=None), models.Webhook),
    "webhooks.status": Call(lambda c, k: c.webhooks.disable(k.webhook), models.Webhook),
    "webhooks.archive": Call(lambda c, k: c.webhooks.archive(k.webhook), models.Webhook),
    "webhooks.test": Call(
        lambda c, k: c.webhooks.test(url="http://127.0.0.1:9/hook", event_type="job_new", secret="0123456789abcdef"),
        models.WebhookTestResult,
    ),
    "webhooks.event_types": Call(lambda c, k: c.webhooks.event_types("jobs"), models.WebhookEventTypeInfo),
    "webhooks.events.list": Call(
        lambda c, k: some(lambda: c.webhooks.events.list(k.webhook, status="FAILED", max_items=1)),
        models.WebhookEvent,
    ),
    "webhooks.events.count": Call(lambda c, k: c.webhooks.events.count(k.webhook), int),
    "webhooks.events.counts": Call(
        lambda c, k: c.webhooks.events.counts(start=SINCE, timezone="UTC", webhook_id=k.webhook, group_by="status"),
        models.WebhookEventCount,
    ),
    "webhooks.events.retry": Call(retried, set),
}


CALLS: Final = SEARCHES | LISTS | CATALOG | ACCOUNT | WEBHOOKS
"""By the name of the operation."""
