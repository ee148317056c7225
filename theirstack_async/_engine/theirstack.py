"""TheirStack's own dialect: its operations, and what each of them does when it is repeated.

``read`` changes nothing, ``idempotent`` sets a state. Creating a webhook is free, but two of them bill every event
twice; a test and a retry deliver something; what adding a company to a list costs is not documented: these are sent
``once``. Searches are ``billed``, by the row or by the company looked up.
Facts: https://theirstack.com/en/docs/api-reference, prices https://theirstack.com/en/docs/pricing/credits.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from theirstack_async._engine.dialect import Dialect, Operation
from theirstack_async.config import KEY_VARIABLE

if TYPE_CHECKING:
    from theirstack_async._wire.message import Response
    from theirstack_async.errors import APIError

TIERED: Final = "tiered"
"""The searches that share one quota, which depends on the account's tier; the page names these three only
(https://theirstack.com/en/docs/api-reference/rate-limit.md)."""
_PER_SECOND: Final = (("per-second", 4, 1.0),)
"""The window that both tiers have (the same page)."""

JOBS_SEARCH: Final = Operation("jobs.search", "POST", "/v1/jobs/search", "billed", credits_per_row=1, rate_group=TIERED)
LONG_AGO: Final = "2000-01-01"
"""Before any job was posted or discovered that the API knows. It wants a filter by date or company of each job search
(https://theirstack.com/en/docs/api-reference/jobs/search_jobs_v1.md)."""
COMPANIES_SEARCH: Final = Operation(
    "companies.search", "POST", "/v1/companies/search", "billed", credits_per_row=3, rate_group=TIERED
)
COMPANIES_TECHNOLOGIES: Final = Operation(
    "companies.technologies", "POST", "/v1/companies/technologies", "billed", credits_per_call=3, rate_group=TIERED
)
COMPANIES_BUYING_INTENTS: Final = Operation(
    "companies.buying_intents", "POST", "/v1/companies/buying_intents", "billed", credits_per_call=3
)

SEARCHES_LIST: Final = Operation("saved_searches.list", "GET", "/v0/saved_searches", "read")
SEARCHES_GET: Final = Operation("saved_searches.get", "GET", "/v0/saved_searches/{search_id}", "read")
SEARCHES_CREATE: Final = Operation("saved_searches.create", "POST", "/v0/saved_searches", "once")
SEARCHES_UPDATE: Final = Operation("saved_searches.update", "PATCH", "/v0/saved_searches/{search_id}", "idempotent")
SEARCHES_ARCHIVE: Final = Operation(
    "saved_searches.archive", "PATCH", "/v0/saved_searches/{search_id}/archive", "idempotent"
)
ALERTS_UNSUBSCRIBE: Final = Operation(
    "saved_searches.unsubscribe_alerts", "POST", "/v0/saved_searches/alerts/unsubscribe", "idempotent", needs_key=False
)
ALERTS_UNSUBSCRIBE_PAGE: Final = Operation(
    "saved_searches.unsubscribe_alerts_page",
    "GET",
    "/v0/saved_searches/alerts/unsubscribe",
    "idempotent",
    needs_key=False,
)

LISTS_LIST: Final = Operation("company_lists.list", "GET", "/v0/company_lists", "read")
LISTS_GET: Final = Operation("company_lists.get", "GET", "/v0/company_lists/{list_id}", "read")
LISTS_CREATE: Final = Operation("company_lists.create", "POST", "/v0/company_lists", "once")
LISTS_RENAME: Final = Operation("company_lists.rename", "PATCH", "/v0/company_lists/{list_id}", "idempotent")
LISTS_DELETE: Final = Operation("company_lists.delete", "DELETE", "/v0/company_lists/{list_id}", "idempotent")
LISTS_DUPLICATE: Final = Operation("company_lists.duplicate", "POST", "/v0/company_lists/{list_id}/duplicate", "once")
LISTS_COMPANIES: Final = Operation("company_lists.companies", "GET", "/v0/company_lists/{list_id}/companies", "read")
LISTS_EXPORT: Final = Operation("company_lists.export", "GET", "/v0/company_lists/{list_id}/companies/export", "read")
LISTS_ADD: Final = Operation("company_lists.add_companies", "POST", "/v0/company_lists/{list_id}/add_companies", "once")
LISTS_ADD_MANY: Final = Operation(
    "company_lists.add_companies_to_lists", "POST", "/v0/company_lists/add_companies", "once"
)
LISTS_REMOVE: Final = Operation(
    "company_lists.remove_companies", "POST", "/v0/company_lists/{list_id}/remove_companies", "idempotent"
)

KEYWORDS: Final = Operation("catalog.keywords", "GET", "/v0/catalog/keywords", "read", needs_key=False)
CATEGORIES: Final = Operation("catalog.categories", "GET", "/v1/catalog/keywords/categories", "read", needs_key=False)
SUBCATEGORIES: Final = Operation(
    "catalog.subcategories", "GET", "/v1/catalog/keywords/subcategories", "read", needs_key=False
)
INDUSTRIES: Final = Operation("catalog.industries", "GET", "/v0/catalog/industries", "read", needs_key=False)
COMPANY_COUNTRIES: Final = Operation(
    "catalog.company_countries", "GET", "/v0/catalog/companies_per_company_country_code", "read", needs_key=False
)
JOB_COUNTRIES: Final = Operation(
    "catalog.job_countries", "GET", "/v0/catalog/jobs_companies_per_job_country_code", "read", needs_key=False
)
LOCATIONS: Final = Operation("catalog.locations", "GET", "/v0/catalog/locations", "read")

# These three left the vendor's document, so there is no method for them: client.request() reaches them.
OLD_TECHNOLOGIES: Final = Operation("catalog.technologies", "GET", "/v0/catalog/technologies", "read", needs_key=False)
OLD_CATEGORIES: Final = Operation(
    "catalog.technology_categories", "GET", "/v1/catalog/technologies/categories", "read", needs_key=False
)
OLD_SUBCATEGORIES: Final = Operation(
    "catalog.technology_subcategories", "GET", "/v1/catalog/technologies/subcategories", "read", needs_key=False
)

DATASETS_LIST: Final = Operation("datasets.list", "GET", "/v1/datasets", "read")
# Each call makes new credentials, and the old ones stay good: a second one does no harm.
DATASETS_CREDENTIALS: Final = Operation("datasets.credentials", "POST", "/v1/datasets/credentials", "idempotent")

CREDIT_BALANCE: Final = Operation("billing.credit_balance", "GET", "/v0/billing/credit-balance", "read")
CREDITS_CONSUMPTION: Final = Operation("team.credits_consumption", "GET", "/v0/teams/credits_consumption", "read")
REQUESTS_LIST: Final = Operation("requests.list", "GET", "/v0/requests/", "read")
REQUESTS_COUNT: Final = Operation("requests.count", "GET", "/v0/requests/count", "read")

EMAIL_GET: Final = Operation("email_preferences.get", "GET", "/v0/email-preferences", "read")
EMAIL_UPDATE: Final = Operation("email_preferences.update", "PUT", "/v0/email-preferences", "idempotent")
EMAIL_UNSUBSCRIBE: Final = Operation(
    "email_preferences.unsubscribe",
    "POST",
    "/v0/email-preferences/unsubscribe/{preference_key}",
    "idempotent",
    needs_key=False,
)
EMAIL_UNSUBSCRIBE_PAGE: Final = Operation(
    "email_preferences.unsubscribe_page",
    "GET",
    "/v0/email-preferences/unsubscribe/{preference_key}",
    "idempotent",
    needs_key=False,
    accept="text/html",
)
APP_URLS_CREATE: Final = Operation("app_urls.create", "POST", "/v0/app-urls", "idempotent")

WEBHOOKS_LIST: Final = Operation("webhooks.list", "GET", "/v0/webhooks", "read")
WEBHOOKS_GET: Final = Operation("webhooks.get", "GET", "/v0/webhooks/{webhook_id}", "read")
WEBHOOKS_CREATE: Final = Operation("webhooks.create", "POST", "/v0/webhooks", "once")
WEBHOOKS_UPDATE: Final = Operation("webhooks.update", "PATCH", "/v0/webhooks/{webhook_id}", "idempotent")
WEBHOOKS_STATUS: Final = Operation("webhooks.status", "PATCH", "/v0/webhooks/{webhook_id}/status", "idempotent")
WEBHOOKS_ARCHIVE: Final = Operation("webhooks.archive", "PATCH", "/v0/webhooks/{webhook_id}/archive", "idempotent")
WEBHOOKS_TEST: Final = Operation("webhooks.test", "POST", "/v0/webhooks/test", "once")
WEBHOOKS_EVENT_TYPES: Final = Operation("webhooks.event_types", "GET", "/v0/webhooks/event-types", "read")
EVENTS_LIST: Final = Operation("webhooks.events.list", "GET", "/v0/webhooks/{webhook_id}/events", "read")
EVENTS_COUNT: Final = Operation("webhooks.events.count", "GET", "/v0/webhooks/{webhook_id}/events/count", "read")
EVENTS_COUNTS: Final = Operation("webhooks.events.counts", "GET", "/v0/webhooks/events/count", "read")
EVENTS_RETRY: Final = Operation("webhooks.events.retry", "POST", "/v0/webhooks/events/retry", "once")

OPERATIONS: Final = {value.name: value for value in (*globals().values(),) if isinstance(value, Operation)}
"""By name, in the order above."""


def _bearer(key: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {key}"


def _parse_error(response: Response, label: str, *, now: float, hide: Iterable[str] = ()) -> APIError:
    # Imported when the first error comes, which for most programs is never.
    from theirstack_async._wire.decode import api_error

    return api_error(response, label, now=now, hide=hide)


def _holds_rows(response: Response) -> bool:
    from theirstack_async._wire.decode import holds_rows

    return holds_rows(response)


def _count_rows(body: bytes) -> int | None:
    from theirstack_async._convert.counting import count_rows

    return count_rows(body)


def theirstack_dialect(base_url: str) -> Dialect:
    """Return TheirStack's dialect at an address.

    The key travels as a bearer token: https://theirstack.com/en/docs/api-reference/authentication.md.
    """
    return Dialect(
        base_url=base_url,
        auth_header=_bearer,
        parse_error=_parse_error,
        operations=OPERATIONS,
        missing_key=f"an API key: pass TheirStack(api_key=...) or set {KEY_VARIABLE}",
        holds_rows=_holds_rows,
        count_rows=_count_rows,
        assumed_windows={TIERED: _PER_SECOND},
        secret_fields=frozenset({"secret"}),
    )
