"""How many companies and jobs there are by country and by industry. No key is needed."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call, Route
from theirstack_async.testing.catalog.industries import INDUSTRIES
from theirstack_async.testing.words import PLACES

_COUNTRIES: Final = {place.country.code: place.country.name for place in PLACES}


def company_countries(backend: Backend, call: Call) -> Answer:
    """GET /v0/catalog/companies_per_company_country_code: most companies first.

    The companies of which no country is known have a row of their own, with nulls.
    """
    companies = Counter(company.place and company.place.country.code for company in backend.data.companies)
    return _countries(
        call,
        [
            {"iso2": code, "country": code and _COUNTRIES[code], "num_companies": number}
            for code, number in companies.most_common()
        ],
    )


def job_countries(backend: Backend, call: Call) -> Answer:
    """GET /v0/catalog/jobs_companies_per_job_country_code: most jobs first."""
    jobs = Counter(job.place.country.code for job in backend.data.jobs.values())
    companies = Counter(
        code for code, _ in {(job.place.country.code, job.company.id) for job in backend.data.jobs.values()}
    )
    return _countries(
        call,
        [
            {"iso2": code, "country": _COUNTRIES[code], "num_jobs": number, "num_companies": companies[code]}
            for code, number in jobs.most_common()
        ],
    )


def list_industries(backend: Backend, call: Call) -> Answer:
    """GET /v0/catalog/industries: all that there are, by id, with those that have no companies.

    Its 422 answers are FastAPI's list.
    """
    fields = call.parameters()
    text = (fields.optional("industry", read.string) or "").casefold()
    page = fields.window()
    fields.check()
    companies = Counter(company.industry_id for company in backend.data.companies)
    jobs = Counter(job.company.industry_id for job in backend.data.jobs.values())
    found = [
        industry | {"companies": companies[number], "jobs": jobs[number]}
        for number, industry in INDUSTRIES.items()
        if any(text in str(industry[name]).casefold() for name in ("industry", "hierarchy", "description"))
    ]
    return _answer(found, page)


def _countries(call: Call, rows: list[dict[str, Any]]) -> Answer:
    fields = call.parameters()
    name = (fields.optional("country", read.string) or "").casefold()
    page = fields.window()
    fields.check()
    return _answer([row for row in rows if name in (row["country"] or "").casefold()], page)


def _answer(rows: list[dict[str, Any]], page: slice) -> Answer:
    return json_answer({"data": rows[page], "metadata": {"total_results": len(rows)}})


ROUTES: Final = (
    Route("GET", "/v0/catalog/companies_per_company_country_code", company_countries, needs_key=False),
    Route("GET", "/v0/catalog/jobs_companies_per_job_country_code", job_countries, needs_key=False),
    Route("GET", "/v0/catalog/industries", list_industries, needs_key=False, errors="detail"),
)
