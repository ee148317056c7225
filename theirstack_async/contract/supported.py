"""What the SDK supports, as data. What its classes say of themselves is taken from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from theirstack_async import models
from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.theirstack import OPERATIONS
from theirstack_async.contract.bodies import BODIES, FORMS, Lookup, Search
from theirstack_async.contract.known import DEPRECATED_OPERATIONS, METHODLESS
from theirstack_async.contract.operations import Call
from theirstack_async.contract.python_types import fields_of, shape_of
from theirstack_async.contract.queries import QUERIES
from theirstack_async.contract.shapes import Field, Object, Shape, scalar
from theirstack_async.filters import CompanyFilters, JobFilters, KeywordFilters

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"


@attrs.frozen
class Supported:
    """An operation as the SDK supports it."""

    name: str
    call: Call
    needs_key: bool
    deprecated: bool
    has_method: bool
    """False for what ``client.request()`` alone reaches: then only its being there is compared."""
    path: Mapping[str, Field]
    """The parts of the path, in order."""
    query: Mapping[str, Field]
    body: Shape | None
    """None where none is sent."""
    media: str
    """The media type of the body."""
    answers: tuple[Shape, ...]
    """What answers are decoded as; empty where any answer of success will do."""
    accept: str
    """The media type of the answer."""


def _page(row: Any, *metadata: str, data_required: bool = True) -> Shape:
    """Return the shape of a page of rows, beside which these totals stand."""
    totals = fields_of(models.SearchMetadata)
    beside = Object("SearchMetadata", "", {name: totals[name] for name in metadata})
    rows = attrs.evolve(scalar("array"), items=shape_of(row))
    page = Object(
        "Page",
        "",
        {
            "data": Field(rows, required=data_required),
            "metadata": Field(attrs.evolve(scalar("object"), objects=(beside,)), required=False),
        },
    )
    return attrs.evolve(scalar("object"), objects=(page,))


_TOTALS: Final = ("total_results", "truncated_results", "truncated_companies", "total_companies")
_ANSWERS: Final[Mapping[str, tuple[Shape, ...]]] = {
    "jobs.search": (_page(models.Job, *_TOTALS), _page(models.JobPreview, *_TOTALS)),
    "companies.search": (_page(models.Company, *_TOTALS), _page(models.CompanyPreview, *_TOTALS)),
    "companies.technologies": (_page(models.CompanyKeyword, *_TOTALS),),
    "companies.buying_intents": (_page(models.CompanyKeyword, *_TOTALS),),
    "saved_searches.list": (shape_of(list[models.SavedSearch]),),
    "saved_searches.get": (shape_of(models.SavedSearch),),
    "saved_searches.create": (shape_of(models.SavedSearch),),
    "saved_searches.update": (shape_of(models.SavedSearch),),
    "saved_searches.archive": (shape_of(dict[str, Any]),),
    "company_lists.list": (shape_of(list[models.CompanyList]),),
    "company_lists.get": (shape_of(models.CompanyList),),
    "company_lists.create": (shape_of(models.CompanyList),),
    "company_lists.rename": (shape_of(models.CompanyList),),
    "company_lists.duplicate": (shape_of(models.CompanyList),),
    "company_lists.companies": (shape_of(list[models.CompanyListEntry]),),
    "company_lists.export": (shape_of(models.ExportLink),),
    "company_lists.add_companies": (shape_of(models.CompanyList),),
    "company_lists.remove_companies": (shape_of(models.CompanyList),),
    "catalog.keywords": (_page(models.Keyword, "total_results", "page", "limit", data_required=False),),
    "catalog.categories": (_page(models.KeywordCategory, "total_results"),),
    "catalog.subcategories": (_page(models.KeywordSubcategory, "total_results"),),
    "catalog.industries": (_page(models.Industry, "total_results"),),
    "catalog.company_countries": (_page(models.CompanyCountryCount, "total_results"),),
    "catalog.job_countries": (_page(models.JobCountryCount, "total_results"),),
    "catalog.locations": (shape_of(list[models.Location]),),
    "datasets.list": (shape_of(list[models.Dataset]),),
    "datasets.credentials": (shape_of(models.DatasetCredentials),),
    "billing.credit_balance": (shape_of(models.CreditBalance),),
    "team.credits_consumption": (shape_of(list[models.CreditConsumption]),),
    "requests.count": (shape_of(list[models.RequestCount]),),
    "email_preferences.get": (shape_of(models.EmailPreferences),),
    "email_preferences.update": (shape_of(models.EmailPreferences),),
    "email_preferences.unsubscribe_page": (shape_of(str),),
    "app_urls.create": (shape_of(models.AppUrl),),
    "webhooks.list": (shape_of(list[models.Webhook]),),
    "webhooks.get": (shape_of(models.Webhook),),
    "webhooks.create": (shape_of(models.Webhook),),
    "webhooks.update": (shape_of(models.Webhook),),
    "webhooks.status": (shape_of(models.Webhook),),
    "webhooks.archive": (shape_of(models.Webhook),),
    "webhooks.test": (shape_of(models.WebhookTestResult),),
    "webhooks.events.list": (shape_of(list[models.WebhookEvent]),),
    "webhooks.events.count": (shape_of(int),),
    "webhooks.events.counts": (shape_of(list[models.WebhookEventCount]),),
}
"""What each operation's answer is decoded as. The answers of the others say nothing, or are documented nowhere."""


def _body(name: str, *classes: type[Any]) -> Shape:
    fields = {key: field for cls in classes for key, field in fields_of(cls).items()}
    return attrs.evolve(scalar("object"), objects=(Object(name, "", fields),))


_BODIES: Final[Mapping[str, Shape]] = {
    "jobs.search": _body("JobFilters", JobFilters, Search),
    "companies.search": _body("CompanyFilters", CompanyFilters, Search),
    "companies.technologies": _body("KeywordFilters", KeywordFilters, Lookup),
    "companies.buying_intents": _body("KeywordFilters", KeywordFilters, Lookup),
    "email_preferences.update": scalar("object"),
    **{name: _body(cls.__name__, cls) for name, cls in {**BODIES, **FORMS}.items()},
}


def _supported(operation: Operation) -> Supported:
    name, call = operation.name, Call(operation.method, operation.path)
    parts = {part: Field(shape_of(int if part.endswith("_id") else str), required=True) for part in call.parts}
    return Supported(
        name=name,
        call=call,
        needs_key=operation.needs_key,
        deprecated=name in DEPRECATED_OPERATIONS,
        has_method=name not in METHODLESS,
        path=parts,
        query=fields_of(QUERIES[name]) if name in QUERIES else {},
        body=_BODIES.get(name),
        media=_FORM if name in FORMS else _JSON,
        answers=_ANSWERS.get(name, ()),
        accept=operation.accept,
    )


SUPPORTED: Final = tuple(_supported(operation) for operation in OPERATIONS.values())
"""All operations, in the order of the engine's table."""
