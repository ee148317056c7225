"""What the operations beside webhooks and searches put on the wire: method, address, query, body and headers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from tests.strategies import full
from tests.wire._making import Do, Sent, made
from theirstack_async import models
from theirstack_async.filters import CompanyFilters, JobFilters
from theirstack_async.models import AlertFrequency, RequestOrigin, SearchType

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
UUID_TEXT = "8b7f4a52-6c1e-4f0d-9a43-0d5c7e21b6f0"
SEARCH, LIST = full(models.SavedSearch), full(models.CompanyList)
DAYS_30 = "end_datetime=2026-01-02T03:04:05Z{}&start_datetime=2025-12-03T03:04:05Z&timezone=UTC"
OPERATIONS: dict[str, tuple[Do, tuple[str, Any], Sent]] = {
    "saved_searches.list": (
        lambda c: c.saved_searches.list(), ("GET", [SEARCH]), ("GET", "/v0/saved_searches", None)
    ),
    "saved_searches.list with all": (
        lambda c: c.saved_searches.list(
            user_ids=[2, 1, 2], types=("jobs", SearchType.COMPANIES), order_by="name", order_direction="asc"
        ),
        ("GET", [SEARCH]),
        ("GET", ("/v0/saved_searches?order_by=name&order_direction=asc"
         "&types=companies&types=jobs&user_ids=1&user_ids=2"), None),
    ),
    "saved_searches.get": (
        lambda c: c.saved_searches.get(7), ("GET", SEARCH), ("GET", "/v0/saved_searches/7", None)
    ),
    "saved_searches.create": (
        lambda c: c.saved_searches.create(body=JobFilters(job_title_or=["engineer"])),
        ("POST", SEARCH),
        ("POST", "/v0/saved_searches",
         {"type": "jobs", "body": {"job_title_or": ["engineer"]}, "is_alert_active": False}),
    ),
    "saved_searches.create with all": (
        lambda c: c.saved_searches.create(
            body=CompanyFilters(min_employee_count=5), name="n", is_alert_active=True, extra_filters={"new": [1]}
        ),
        ("POST", SEARCH),
        ("POST", "/v0/saved_searches", {
            "type": "companies", "body": {"min_employee_count": 5, "new": [1]}, "is_alert_active": True, "name": "n",
        }),
    ),
    "saved_searches.update": (
        lambda c: c.saved_searches.update(7, is_alert_active=False),
        ("PATCH", SEARCH),
        ("PATCH", "/v0/saved_searches/7", {"is_alert_active": False}),
    ),
    "saved_searches.update with all": (
        lambda c: c.saved_searches.update(
            7, name="n", body=JobFilters(job_id_or=[1]), extra_filters={"new": 1}, is_alert_active=True,
            frequency=AlertFrequency.DAILY, emails_subscribed={"a@b.example"},
        ),
        ("PATCH", SEARCH),
        ("PATCH", "/v0/saved_searches/7", {
            "name": "n", "type": "jobs", "body": {"job_id_or": [1], "new": 1}, "is_alert_active": True,
            "frequency": "daily", "emails_subscribed": ["a@b.example"],
        }),
    ),
    "saved_searches.update clears": (
        lambda c: c.saved_searches.update(7, frequency=None, emails_subscribed=None),
        ("PATCH", SEARCH),
        ("PATCH", "/v0/saved_searches/7", {"frequency": None, "emails_subscribed": None}),
    ),
    "saved_searches.archive": (
        lambda c: c.saved_searches.archive(7), ("PATCH", {"x": "y"}), ("PATCH", "/v0/saved_searches/7/archive", None)
    ),
    "company_lists.list": (lambda c: c.company_lists.list(), ("GET", [LIST]), ("GET", "/v0/company_lists", None)),
    "company_lists.get": (lambda c: c.company_lists.get(7), ("GET", LIST), ("GET", "/v0/company_lists/7", None)),
    "company_lists.create": (
        lambda c: c.company_lists.create("n"), ("POST", LIST), ("POST", "/v0/company_lists", {"name": "n"})
    ),
    "company_lists.rename": (
        lambda c: c.company_lists.rename(7, "m"), ("PATCH", LIST), ("PATCH", "/v0/company_lists/7", {"new_name": "m"})
    ),
    "company_lists.delete": (
        lambda c: c.company_lists.delete(7), ("DELETE", None), ("DELETE", "/v0/company_lists/7", None)
    ),
    "company_lists.duplicate": (
        lambda c: c.company_lists.duplicate(7), ("POST", LIST), ("POST", "/v0/company_lists/7/duplicate", None)
    ),
    "company_lists.companies": (
        lambda c: c.company_lists.companies(7).collect(),
        ("GET", [full(models.CompanyListEntry)]),
        ("GET", "/v0/company_lists/7/companies?limit=100&offset=0", None),
    ),
    "company_lists.companies with all": (
        lambda c: c.company_lists.companies(
            7, order_by="name", order_direction="desc", company_name_partial="ac me", page_size=2, offset=4
        ).collect(),
        ("GET", [full(models.CompanyListEntry)]),
        ("GET", ("/v0/company_lists/7/companies?company_name_partial=ac+me&limit=2&offset=4"
         "&order_by=name&order_direction=desc"), None),
    ),
    "company_lists.add_companies": (
        lambda c: c.company_lists.add_companies(7, (each for each in ("b", "a", "b"))),
        ("POST", LIST),
        ("POST", "/v0/company_lists/7/add_companies", {"company_ids": ["b", "a"]}),
    ),
    "company_lists.add_companies_to_lists": (
        lambda c: c.company_lists.add_companies_to_lists(list_ids=[1, 2], company_ids=["a"]),
        ("POST", None),
        ("POST", "/v0/company_lists/add_companies", {"list_ids": [1, 2], "company_ids": ["a"]}),
    ),
    "company_lists.remove_companies": (
        lambda c: c.company_lists.remove_companies(7, ["a"]),
        ("POST", LIST),
        ("POST", "/v0/company_lists/7/remove_companies", {"company_ids": ["a"]}),
    ),
    "catalog.locations": (
        lambda c: c.catalog.locations().collect(),
        ("GET", [full(models.Location)]),
        ("GET", "/v0/catalog/locations?limit=100&offset=0", None),
    ),
    "catalog.locations with all": (
        lambda c: c.catalog.locations(
            id=[2, 1], name="Par", country_code="FR", feature_code=["PPL", "ADM1"], page_size=5, offset=1
        ).collect(),
        ("GET", [full(models.Location)]),
        ("GET", ("/v0/catalog/locations?country_code=FR&feature_code=ADM1&feature_code=PPL&id=1&id=2&limit=5&name=Par"
         "&offset=1"), None),
    ),
    "catalog.locations with one of each": (
        lambda c: c.catalog.locations(id=2, feature_code="PPL").collect(),
        ("GET", [full(models.Location)]),
        ("GET", "/v0/catalog/locations?feature_code=PPL&id=2&limit=100&offset=0", None),
    ),
    "datasets.list": (lambda c: c.datasets.list(), ("GET", [full(models.Dataset)]), ("GET", "/v1/datasets", None)),
    "datasets.credentials": (
        lambda c: c.datasets.credentials(),
        ("POST", full(models.DatasetCredentials)),
        ("POST", "/v1/datasets/credentials", None),
    ),
    "billing.credit_balance": (
        lambda c: c.billing.credit_balance(),
        ("GET", full(models.CreditBalance)),
        ("GET", "/v0/billing/credit-balance", None),
    ),
    "team.credits_consumption": (
        lambda c: c.team.credits_consumption(end=WHEN),
        ("GET", [full(models.CreditConsumption)]),
        ("GET", f"/v0/teams/credits_consumption?{DAYS_30.format('')}", None),
    ),
    "team.credits_consumption with all": (
        lambda c: c.team.credits_consumption(start=WHEN, end=WHEN.replace(year=2027), timezone="Europe/Madrid"),
        ("GET", [full(models.CreditConsumption)]),
        ("GET", ("/v0/teams/credits_consumption?end_datetime=2027-01-02T03:04:05Z&start_datetime=2026-01-02T03:04:05Z"
         "&timezone=Europe/Madrid"), None),
    ),
    "requests.list": (
        lambda c: c.requests.list(end=WHEN),
        ("GET", [{}]),
        ("GET", ("/v0/requests/?end_datetime=2026-01-02T03:04:05Z&limit=50&page=0"
         "&start_datetime=2025-12-28T03:04:05Z"), None),
    ),
    "requests.list with all": (
        lambda c: c.requests.list(
            end=WHEN, page=2, limit=9, is_origin_app=True, origin="mcp", api_key_id=UUID_TEXT.upper()
        ),
        ("GET", {"data": [{}]}),
        ("GET", (f"/v0/requests/?api_key_id={UUID_TEXT}&end_datetime=2026-01-02T03:04:05Z&is_origin_app=true&limit=9"
         "&origin=mcp&page=2&start_datetime=2025-12-28T03:04:05Z"), None),
    ),
    "requests.count": (
        lambda c: c.requests.count(end=WHEN),
        ("GET", [full(models.RequestCount)]),
        ("GET", f"/v0/requests/count?{DAYS_30.format('')}", None),
    ),
    "requests.count with all": (
        lambda c: c.requests.count(
            end=WHEN, is_origin_app=False, origin=RequestOrigin.API, api_key_id=UUID(UUID_TEXT)
        ),
        ("GET", [full(models.RequestCount)]),
        ("GET", f"/v0/requests/count?api_key_id={UUID_TEXT}&{DAYS_30.format('&is_origin_app=false&origin=api')}", None),
    ),
    "email_preferences.get": (
        lambda c: c.email_preferences.get(),
        ("GET", full(models.EmailPreferences)),
        ("GET", "/v0/email-preferences", None),
    ),
    "email_preferences.update": (
        lambda c: c.email_preferences.update({"emails": {"product": False}}),
        ("PUT", full(models.EmailPreferences)),
        ("PUT", "/v0/email-preferences", {"emails": {"product": False}}),
    ),
    "app_urls.create": (
        lambda c: c.app_urls.create(type="webhook", webhook_id=7),
        ("POST", full(models.AppUrl)),
        ("POST", "/v0/app-urls", {"type": "webhook", "webhook_id": 7}),
    ),
    "app_urls.create with all": (
        lambda c: c.app_urls.create(
            type="new", webhook_id=0, list_id=1, saved_search_id=2, search_type="companies",
            filters=CompanyFilters(min_employee_count=5),
        ),
        ("POST", full(models.AppUrl)),
        ("POST", "/v0/app-urls", {
            "type": "new", "webhook_id": 0, "list_id": 1, "saved_search_id": 2, "search_type": "companies",
            "filters": {"min_employee_count": 5},
        }),
    ),
    "app_urls.create with a mapping": (
        lambda c: c.app_urls.create(type="new", filters={"x": 1}),
        ("POST", full(models.AppUrl)),
        ("POST", "/v0/app-urls", {"type": "new", "filters": {"x": 1}}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
async def test_an_operation_on_the_wire(name: str) -> None:
    do, answer, expected = OPERATIONS[name]
    sent, _ = await made(do, answer)
    assert sent == [expected]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("do", "answer", "expected"),
    [
        (
            lambda c: c.company_lists.add_companies(7, company_names=["Acme"]),
            ("POST", LIST),
            ("POST", "/v0/company_lists/7/add_companies", {"company_names": ["Acme"]}),
        ),
        (
            lambda c: c.company_lists.export(7),
            ("GET", {"url": "u"}),
            ("GET", "/v0/company_lists/7/companies/export?file_format=csv", None),
        ),
        (
            lambda c: c.company_lists.export(7, file_format="xlsx", limit=9, offset=2),
            ("GET", {"url": "u"}),
            ("GET", "/v0/company_lists/7/companies/export?file_format=xlsx&limit=9&offset=2", None),
        ),
    ],
)
async def test_what_is_deprecated_on_the_wire(do: Do, answer: Any, expected: Sent) -> None:
    sent, _ = await made(do, answer)
    assert sent == [expected]
