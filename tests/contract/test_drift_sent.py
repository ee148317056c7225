"""What the tool believes that the SDK sends is what leaves it: the same names, none missing and none more."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from tests._engine import ScriptedTransport, answer, pipeline
from theirstack_async import ALL_HISTORY, BadRequestError
from theirstack_async._convert import Converter
from theirstack_async._wire.message import Request
from theirstack_async.contract.python_types import fields_of
from theirstack_async.contract.shapes import Field, Shape
from theirstack_async.contract.supported import SUPPORTED, Supported
from theirstack_async.filters import CompanyFilters, JobFilters, KeywordFilters, KeywordSort
from theirstack_async.models import CompanyKeywords
from theirstack_async.resources.app_urls import AppUrls
from theirstack_async.resources.billing import Billing
from theirstack_async.resources.catalog import Catalog
from theirstack_async.resources.companies import Companies
from theirstack_async.resources.company_lists import CompanyLists
from theirstack_async.resources.datasets import Datasets
from theirstack_async.resources.email_preferences import EmailPreferences
from theirstack_async.resources.jobs import Jobs
from theirstack_async.resources.requests import Requests
from theirstack_async.resources.saved_searches import SavedSearches
from theirstack_async.resources.team import Team
from theirstack_async.resources.webhooks import Webhooks

RESOURCES: Final = (
    AppUrls, Billing, Catalog, Companies, CompanyLists, Datasets, EmailPreferences, Jobs, Requests, SavedSearches, Team,
    Webhooks,
)  # fmt: skip
NAMES: Final = {
    AppUrls: "app_urls", CompanyLists: "company_lists", EmailPreferences: "email_preferences",
    SavedSearches: "saved_searches",
}  # fmt: skip
Call = Callable[[Any], Awaitable[object]]
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
JOBS: Final = JobFilters(posted_at_gte=date(2026, 1, 1))
URL, SECRET = "https://example.com/hook", "sixteen letters!"


def period(**more: Any) -> dict[str, Any]:
    return {"start": START, "end": END, **more}


REQUESTS: Final = {"is_origin_app": True, "origin": "api", "api_key_id": "c0ffee00-0000-4000-8000-000000000000"}

CALLS: dict[str, Sequence[Call]] = {
    "jobs.search": [
        lambda c: c.jobs.search(JOBS, max_items=1, total=True).first(),
        lambda c: c.jobs.preview(JOBS).first(),
        lambda c: c.jobs.count(JOBS),
    ],
    "companies.search": [
        lambda c: c.companies.search(max_items=1, total=True).first(),
        lambda c: c.companies.preview().first(),
        lambda c: c.companies.count(),
    ],
    **{
        f"companies.{name}": [
            *(
                lambda c, name=name, given=given: getattr(c.companies, name)(**{given: "x"})
                for given in ("domain", "name", "linkedin_url", "company_id")
            ),
            lambda c, name=name: getattr(c.companies, name)(domain="x", limit=5, order_by=[KeywordSort(field="jobs")]),
        ]
        for name in ("technologies", "buying_intents")
    },
    "saved_searches.list": [
        lambda c: c.saved_searches.list(),
        lambda c: c.saved_searches.list(user_ids=[1], types=["jobs"], order_by="name", order_direction="asc"),
    ],
    "saved_searches.create": [
        lambda c: c.saved_searches.create(body=JOBS),
        lambda c: c.saved_searches.create(body=JOBS, name="x", is_alert_active=True),
    ],
    "saved_searches.update": [
        lambda c: c.saved_searches.update(1, name="x", body=JOBS, is_alert_active=True),
        lambda c: c.saved_searches.update(1, frequency="daily", emails_subscribed=["a@example.com"]),
        lambda c: c.saved_searches.update(1, frequency=None, emails_subscribed=None),
    ],
    "saved_searches.unsubscribe_alerts": [lambda c: c.saved_searches.unsubscribe_alerts("t")],
    "saved_searches.unsubscribe_alerts_page": [lambda c: c.saved_searches.unsubscribe_alerts_page("t")],
    "company_lists.create": [lambda c: c.company_lists.create("x")],
    "company_lists.rename": [lambda c: c.company_lists.rename(1, "x")],
    "company_lists.companies": [
        lambda c: c.company_lists.companies(1).first(),
        lambda c: c.company_lists.companies(
            1, order_by="name", order_direction="asc", company_name_partial="x", offset=3
        ).first(),
    ],
    "company_lists.export": [
        lambda c: c.company_lists.export(1),
        lambda c: c.company_lists.export(1, file_format="xlsx", limit=5, offset=5),
    ],
    "company_lists.add_companies": [
        lambda c: c.company_lists.add_companies(1, ["x"]),
        lambda c: c.company_lists.add_companies(1, company_names=["x"]),
    ],
    "company_lists.add_companies_to_lists": [
        lambda c: c.company_lists.add_companies_to_lists(list_ids=[1], company_ids=["x"])
    ],
    "company_lists.remove_companies": [lambda c: c.company_lists.remove_companies(1, ["x"])],
    "catalog.keywords": [
        lambda c: c.catalog.keywords().first(),
        lambda c: c.catalog.keywords(
            q="x", slugs=["x"], keyword_type="event", keyword_type_not=["event"], name_pattern="x", starts_with="x",
            category_slug="x", category_pattern="x", parent_category_slug="x", parent_category_pattern="x",
        ).first(),
    ],
    "catalog.categories": [lambda c: c.catalog.categories(), lambda c: c.catalog.categories(category_slug="x")],
    "catalog.subcategories": [
        lambda c: c.catalog.subcategories(),
        lambda c: c.catalog.subcategories(category_slug="x", subcategory_slug="x", num_technologies_per_category=1),
    ],
    "catalog.industries": [
        lambda c: c.catalog.industries().first(), lambda c: c.catalog.industries(industry="x").first(),
    ],
    "catalog.company_countries": [
        lambda c: c.catalog.company_countries().first(), lambda c: c.catalog.company_countries(country="x").first(),
    ],
    "catalog.job_countries": [
        lambda c: c.catalog.job_countries().first(), lambda c: c.catalog.job_countries(country="x").first(),
    ],
    "catalog.locations": [
        lambda c: c.catalog.locations().first(),
        lambda c: c.catalog.locations(id=1, name="x", country_code="US", feature_code="PPL").first(),
    ],
    "team.credits_consumption": [
        lambda c: c.team.credits_consumption(), lambda c: c.team.credits_consumption(**period(timezone="UTC")),
    ],
    "requests.list": [lambda c: c.requests.list(), lambda c: c.requests.list(**period(**REQUESTS))],
    "requests.count": [lambda c: c.requests.count(), lambda c: c.requests.count(**period(timezone="UTC", **REQUESTS))],
    "email_preferences.update": [lambda c: c.email_preferences.update({"emails": {"product": False}})],
    "email_preferences.unsubscribe": [lambda c: c.email_preferences.unsubscribe("x", token="t")],
    "email_preferences.unsubscribe_page": [lambda c: c.email_preferences.unsubscribe_page("x", token="t")],
    "app_urls.create": [
        lambda c: c.app_urls.create(type="x"),
        lambda c: c.app_urls.create(
            type="webhook", webhook_id=1, list_id=1, saved_search_id=1, search_type="jobs", filters={},
        ),
    ],
    "webhooks.create": [
        lambda c: c.webhooks.create(url=URL, search_id=1, listening_start_time=ALL_HISTORY),
        lambda c: c.webhooks.create(
            url=URL, search_id=1, listening_start_time=START, description="x", secret=SECRET,
            active_event_types=["job_new"],
        ),
    ],
    "webhooks.update": [
        lambda c: c.webhooks.update(1, url=URL, search_id=1, description=None, active_event_types=None, secret=None),
        lambda c: c.webhooks.update(1, url=URL, search_id=1, listening_start_time=ALL_HISTORY),
        lambda c: c.webhooks.update(1, url=URL, search_id=1, trigger_once_per_company=True),
    ],
    "webhooks.status": [lambda c: c.webhooks.enable(1)],
    "webhooks.test": [
        lambda c: c.webhooks.test(webhook_id=1),
        lambda c: c.webhooks.test(url=URL, event_type="job_new", secret=SECRET),
    ],
    "webhooks.event_types": [lambda c: c.webhooks.event_types(), lambda c: c.webhooks.event_types("jobs")],
    "webhooks.events.list": [
        lambda c: c.webhooks.events.list(1).first(), lambda c: c.webhooks.events.list(1, status="FAILED").first(),
    ],
    "webhooks.events.counts": [
        lambda c: c.webhooks.events.counts(),
        lambda c: c.webhooks.events.counts(**period(timezone="UTC", webhook_id=1, group_by=["status", "event_type"])),
    ],
    "webhooks.events.retry": [lambda c: c.webhooks.events.retry([1])],
    "webhooks.events.count": [lambda c: c.webhooks.events.count(1)],
    "webhooks.list": [lambda c: c.webhooks.list()],
    "webhooks.get": [lambda c: c.webhooks.get(1)],
    "webhooks.archive": [lambda c: c.webhooks.archive(1)],
    "saved_searches.get": [lambda c: c.saved_searches.get(1)],
    "saved_searches.archive": [lambda c: c.saved_searches.archive(1)],
    "company_lists.list": [lambda c: c.company_lists.list()],
    "company_lists.get": [lambda c: c.company_lists.get(1)],
    "company_lists.delete": [lambda c: c.company_lists.delete(1)],
    "company_lists.duplicate": [lambda c: c.company_lists.duplicate(1)],
    "datasets.list": [lambda c: c.datasets.list()],
    "datasets.credentials": [lambda c: c.datasets.credentials()],
    "billing.credit_balance": [lambda c: c.billing.credit_balance()],
    "email_preferences.get": [lambda c: c.email_preferences.get()],
}  # fmt: skip
"""For each operation: with as little as possible, and with all that it can send."""
BY_NAME: Final = {each.name: each for each in SUPPORTED}
FILTERS: Final = {
    "jobs.search": JobFilters, "companies.search": CompanyFilters, "companies.technologies": KeywordFilters,
    "companies.buying_intents": KeywordFilters,
}  # fmt: skip
"""The class of an operation's filters, whose names are held against the documents where they are defined."""


def client_of(transport: ScriptedTransport) -> SimpleNamespace:
    engine = pipeline(transport)
    return SimpleNamespace(**{NAMES.get(cls, cls.__name__.lower()): cls(engine, Converter()) for cls in RESOURCES})


async def requests_of(name: str) -> list[Request]:
    """Return the requests that the calls of an operation make. The server refuses them all."""
    transport = ScriptedTransport(answer(400, {"error": {"title": "no"}}))
    client = client_of(transport)
    for call in CALLS[name]:
        with warnings.catch_warnings(), contextlib.suppress(BadRequestError):
            warnings.simplefilter("ignore", DeprecationWarning)
            await call(client)
    assert len(transport.requests) == len(CALLS[name])
    return transport.requests


def fields_sent(request: Request, supported: Supported) -> dict[str, Any]:
    """Return the body of a request, or the fields of its form."""
    body = (request.body or b"").decode()
    if supported.media == "application/json":
        return cast("dict[str, Any]", json.loads(body)) if body else {}
    return {name: values[0] for name, values in parse_qs(body, strict_parsing=True).items()}


def agree(believed: dict[str, Field], seen: list[dict[str, Any]]) -> None:
    """Fail where a name is sent that is not believed to be, or the other way round; or always, or ever as null."""
    assert {name for each in seen for name in each} == set(believed)
    always = set.intersection(*(set(each) for each in seen))
    assert always == {name for name, field in believed.items() if field.required}
    nulls = {name for each in seen for name, value in each.items() if value is None}
    assert nulls == {name for name, field in believed.items() if field.shape.nullable}


@pytest.mark.parametrize("name", CALLS)
async def test_what_is_believed_to_be_sent_is(name: str) -> None:
    supported = BY_NAME[name]
    requests = await requests_of(name)
    assert {request.method for request in requests} == {supported.call.method}
    queries = [parse_qs(urlsplit(request.url).query, keep_blank_values=True) for request in requests]
    agree(dict(supported.query), cast("list[dict[str, Any]]", queries))
    if supported.body is not None and not supported.body.objects:
        return  # what the user says is sent as it is
    believed = dict(supported.body.objects[0].fields) if supported.body is not None else {}
    bodies = [fields_sent(request, supported) for request in requests]
    for filter_ in fields_of(FILTERS[name]) if name in FILTERS else ():
        del believed[filter_]
        for body in bodies:
            body.pop(filter_, None)
    agree(believed, bodies)


def test_all_operations_with_a_method_are_tried() -> None:
    assert {each.name for each in SUPPORTED if each.has_method} == set(CALLS)


def sample(shape: Shape) -> Any:
    """Return the least that has a shape."""
    (kind,) = shape.kinds or {"integer"}
    if kind == "array":
        return [sample(shape.items or shape)]
    if kind == "object":
        fields = shape.objects[0].fields if shape.objects else {}
        return {key: sample(field.shape) for key, field in fields.items() if field.required or key == "data"}
    if kind == "string":
        texts = {"": "x", "date": "2026-01-01", "date-time": "2026-01-01T00:00:00"}
        return min(shape.members) if shape.members else texts[min(shape.formats)]
    return {"integer": 1, "number": 0.5, "boolean": True}[kind]


def innermost(shape: Shape) -> str:
    """Return the name of the class of a row."""
    if shape.items is not None:
        return innermost(shape.items)
    if shape.objects and shape.objects[0].name == "Page":
        return innermost(shape.objects[0].fields["data"].shape)
    if shape.objects:
        return shape.objects[0].name
    return {"string": "str", "integer": "int", "object": "dict"}[min(shape.kinds or ())]


@pytest.mark.parametrize("name", [each.name for each in SUPPORTED if each.answers])
async def test_answers_become_what_is_believed(name: str) -> None:
    """The least answer of the shape is decoded by each method that reads it; those of deprecated operations warn."""
    supported = BY_NAME[name]
    for shape, call in zip(supported.answers, CALLS[name], strict=False):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found: Any = await call(client_of(ScriptedTransport(answer(200, sample(shape)))))
        assert [each.category for each in told] == [DeprecationWarning] * supported.deprecated
        if isinstance(found, (list, CompanyKeywords)):
            (found,) = found
        assert type(found).__name__ == innermost(shape)
