"""Looking up the technologies or the buying intents of one company."""

from __future__ import annotations

from typing import Any, Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, json_text
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.billing import LOOKUP_PRICE
from theirstack_async.testing.call import Call
from theirstack_async.testing.search import filters, paging
from theirstack_async.testing.search.bodies import keyword_body
from theirstack_async.testing.search.company_filters import SHARED_FILTERS
from theirstack_async.testing.search.keyword_filters import KEYWORD_FILTERS
from theirstack_async.testing.search.keywords import CONFIDENCES, KeywordCount
from theirstack_async.testing.search.ordering import Key, Sort, ordered, sorts
from theirstack_async.testing.search.readers import Reader
from theirstack_async.testing.search.records import CompanyRow

_IDENTIFIERS: Final = {
    "company_id": "company_id_or",
    "company_name": "company_name_or",
    "company_domain": "company_domain_or",
    "company_linkedin_url": "company_linkedin_url_or",
}
"""The fields that name a company, with the filters that do the same for several."""
_NAMES: Final = "company_name_or"
"""A deprecated field of lookups that names several companies; the first of them counts."""
_SWITCHES: Final = ("order_by", "page", "offset", "limit", "include_total_results")

_KEYS: Final[dict[str, Key[KeywordCount]]] = {
    "jobs": lambda count: count.jobs,
    "jobs_last_7_days": lambda count: count.last_7_days,
    "jobs_last_30_days": lambda count: count.last_30_days,
    "jobs_last_180_days": lambda count: count.last_180_days,
    "last_date_found": lambda count: count.last_found,
    "first_date_found": lambda count: count.first_found,
    "relative_occurrence_within_category": lambda count: count.relative,
    "theirstack_score": lambda _count: None,
    "confidence": lambda count: CONFIDENCES.index(count.confidence),
}
_STRONGEST: Final = [Sort("confidence"), Sort("jobs")]
"""The documented order unless asked for another."""


def technologies(backend: Backend, call: Call) -> Answer:
    """POST /v1/companies/technologies: 3 credits an answer with rows, whatever their number."""
    return _lookup(backend, call, technologies_wanted=True)


def buying_intents(backend: Backend, call: Call) -> Answer:
    """POST /v1/companies/buying_intents: 3 credits an answer with rows, whatever their number."""
    return _lookup(backend, call, technologies_wanted=False)


def _lookup(backend: Backend, call: Call, *, technologies_wanted: bool) -> Answer:
    fields = call.fields()
    named = _named(fields)
    values = filters.values_of(fields, KEYWORD_FILTERS)
    order = fields.defaulted("order_by", sorts((None, *_KEYS), ""), _STRONGEST)
    window = paging.lookup_window(fields)
    count = fields.optional("include_total_results", read.boolean)
    if backend.options.unknown_filters == "refuse":
        filters.refuse_unknown(fields, fields.names(), KEYWORD_FILTERS, _IDENTIFIERS, (_NAMES,), _SWITCHES)
    if not named:
        fields.refuse("__root__", f"At least one of these is required: {', '.join(_IDENTIFIERS)}")
    fields.check()
    company = _company(backend, named)
    rows = () if company is None else backend.data.keywords(company)
    kind = [one for one in rows if one.is_technology is technologies_wanted]
    tests = filters.make_tests(values, KEYWORD_FILTERS, backend.data)
    found = ordered(filters.passing(kind, tests), order, _KEYS)
    page = window.of(found)
    sale = paging.sell(backend, [page] if page else [], LOOKUP_PRICE)
    sold = paging.Sale(page if sale.rows else (), page if sale.held_back else (), sale.status, sale.credits)
    return paging.answer(sold, lambda row: json_text(keyword_body(row)), total=len(found) if count else None)


def _named(fields: read.Fields) -> dict[str, Any]:
    """Return what names the company, as filters of company search."""
    found = {to: [value] for name, to in _IDENTIFIERS.items() if (value := fields.optional(name, _text(to)))}
    names = found.get(_NAMES, []) + fields.defaulted(_NAMES, read.strings, list[str]())
    return found | {_NAMES: names} if names else found


def _text(name: str) -> Reader[str]:
    """Return a reader of one value of a filter that takes several."""

    def read_text(value: Any) -> str:
        return str(SHARED_FILTERS[name].read([value])[0])

    return read_text


def _company(backend: Backend, named: dict[str, Any]) -> CompanyRow | None:
    tests = filters.make_tests(named, SHARED_FILTERS, backend.data, joined=named)
    return next(iter(filters.passing(backend.data.companies, tests)), None)
