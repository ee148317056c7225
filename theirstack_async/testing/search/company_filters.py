"""The filters of companies: those of company search, most of which job search has as well.

Checked and not applied: ``company_description_pattern_accent_insensitive`` and ``revealed_company_data`` (documented to
have no effect). Where the documents are silent: filters that leave out countries or industries leave out companies of
unknown ones too, unless their name ends in ``_or_null``; and a value that is unknown passes no bound.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from theirstack_async.testing import validation as read
from theirstack_async.testing import words
from theirstack_async.testing.search import readers
from theirstack_async.testing.search.bodies import company_description
from theirstack_async.testing.search.dataset import DataSet
from theirstack_async.testing.search.filters import (
    Filter,
    Test,
    any_in,
    at_least,
    at_most,
    contains,
    equals,
    excluding,
    excluding_known,
    ignored,
    matches,
    one_of,
    only,
)
from theirstack_async.testing.search.records import CompanyRow

_PROPERTIES: Final[dict[str, Callable[[CompanyRow], bool]]] = {
    "domain": lambda company: company.domain is not None,
    "linkedin_url": lambda company: company.linkedin is not None,
}
_TYPES: Final = ("recruiting_agency", "direct_employer", "all")


def _country(company: CompanyRow) -> str | None:
    return company.place.country.code if company.place else None


def _industry(company: CompanyRow) -> str | None:
    return words.INDUSTRY_IDS[company.industry_id].casefold() if company.industry_id else None


def _city(company: CompanyRow) -> str:
    return company.place.name if company.place else ""


def _casefold(value: object) -> str:
    return read.string(value).casefold()


def _of_type(wanted: str, _data: DataSet) -> Test[CompanyRow]:
    return lambda company: wanted == "all" or company.recruiting == (wanted == "recruiting_agency")


def _on_list(list_ids: list[int], data: DataSet) -> Test[CompanyRow]:
    members = data.list_members.of(list_ids)
    return lambda company: company.id in members


def _mentions(*, every: bool, technologies: bool) -> Filter[CompanyRow]:
    def make(slugs: list[str], data: DataSet) -> Test[CompanyRow]:
        wanted = frozenset(slugs)

        def test(company: CompanyRow) -> bool:
            counts = data.keywords(company)
            found = {one.keyword.slug for one in counts if one.is_technology or not technologies}
            return wanted <= found if every else not wanted.isdisjoint(found)

        return test

    return Filter(readers.list_of(read.string), make)


def _properties(*, every: bool) -> Filter[CompanyRow]:
    def make(wanted: list[str], _data: DataSet) -> Test[CompanyRow]:
        tests = [_PROPERTIES[name] for name in wanted]
        enough = all if every else any
        return lambda company: enough(test(company) for test in tests)

    return Filter(readers.list_of(read.one_of(*_PROPERTIES)), make)


def _investors(company: CompanyRow) -> str:
    return "\n".join(company.investors)


_DOMAIN: Final[Filter[CompanyRow]] = one_of(lambda company: company.domain, readers.domain)
_NAME: Final[Filter[CompanyRow]] = one_of(lambda company: company.name)
_PARTIAL_NAME: Final[Filter[CompanyRow]] = contains(lambda company: company.name)
_ID: Final[Filter[CompanyRow]] = one_of(lambda company: company.id)
_IN_COUNTRY: Final = one_of(_country, readers.country_code)
_INDUSTRY_ID: Final[Filter[CompanyRow]] = one_of(lambda company: company.industry_id, read.integer)
_INDUSTRY: Final = one_of(_industry, _casefold)
_LIST: Final = Filter(readers.list_of(read.integer), _on_list)
_TECHNOLOGY: Final = _mentions(every=False, technologies=True)
_KEYWORD: Final = _mentions(every=False, technologies=False)
_DESCRIPTION: Final = matches(company_description)

IDENTIFIERS: Final = (
    "company_name_or",
    "company_name_case_insensitive_or",
    "company_name_partial_match_or",
    "company_id_or",
    "company_domain_or",
    "company_linkedin_url_or",
)
"""A row passes these when it passes any of them (https://theirstack.com/en/docs/api-reference/jobs/search_jobs_v1.md),
and any of them makes a preview a billed search."""

SHARED_FILTERS: Final[dict[str, Filter[CompanyRow]]] = {
    "company_name_or": _NAME,
    "company_name_case_insensitive_or": one_of(lambda company: company.name.casefold(), _casefold),
    "company_name_partial_match_or": _PARTIAL_NAME,
    "company_id_or": _ID,
    "company_domain_or": _DOMAIN,
    "company_linkedin_url_or": one_of(lambda company: company.linkedin, readers.linkedin_slug),
    "company_name_not": excluding(_NAME),
    "company_name_partial_match_not": excluding(_PARTIAL_NAME),
    "company_id_not": excluding(_ID),
    "company_domain_not": excluding(_DOMAIN),
    "min_revenue_usd": at_least(lambda company: company.revenue),
    "max_revenue_usd": at_most(lambda company: company.revenue),
    "min_employee_count": at_least(lambda company: company.employees),
    "max_employee_count": at_most(lambda company: company.employees),
    "min_employee_count_or_null": at_least(lambda company: company.employees, or_null=True),
    "max_employee_count_or_null": at_most(lambda company: company.employees, or_null=True),
    "min_funding_usd": at_least(lambda company: company.funding),
    "max_funding_usd": at_most(lambda company: company.funding),
    "funding_stage_or": one_of(lambda company: company.stage),
    "last_funding_round_date_gte": at_least(lambda company: company.last_funding, readers.day),
    "last_funding_round_date_lte": at_most(lambda company: company.last_funding, readers.day),
    "industry_or": _INDUSTRY,
    "industry_not": excluding_known(_INDUSTRY, _industry),
    "industry_id_or": _INDUSTRY_ID,
    "industry_id_not": excluding_known(_INDUSTRY_ID, lambda company: company.industry_id),
    "industry_id_not_or_null": excluding(_INDUSTRY_ID),
    "company_tags_or": any_in(lambda company: company.tags),
    "company_type": Filter(read.one_of(*_TYPES), _of_type, nullable=True),
    "company_investors_or": any_in(lambda company: company.investors),
    "company_investors_partial_match_or": contains(_investors),
    "only_yc_companies": only(lambda company: company.yc_batch is not None),
    "company_country_code_or": _IN_COUNTRY,
    "company_country_code_not": excluding_known(_IN_COUNTRY, _country),
    "company_country_code_not_or_null": excluding(_IN_COUNTRY),
    "company_list_id_or": _LIST,
    "company_list_id_not": excluding(_LIST),
    "company_linkedin_url_exists": equals(lambda company: company.linkedin is not None),
    "company_technology_slug_or": _TECHNOLOGY,
    "company_technology_slug_and": _mentions(every=True, technologies=True),
    "company_technology_slug_not": excluding(_TECHNOLOGY),
    "company_keyword_slug_or": _KEYWORD,
    "company_keyword_slug_and": _mentions(every=True, technologies=False),
    "company_keyword_slug_not": excluding(_KEYWORD),
    "company_location_pattern_or": matches(_city),
    "company_description_pattern_or": _DESCRIPTION,
    "company_description_pattern_not": excluding(_DESCRIPTION),
    "company_description_pattern_accent_insensitive": ignored(read.boolean, nullable=True),
    "revealed_company_data": ignored(read.boolean, nullable=True),
}
"""Of job search and company search."""

COMPANY_FILTERS: Final[dict[str, Filter[CompanyRow]]] = SHARED_FILTERS | {
    "property_exists_or": _properties(every=False),
    "property_exists_and": _properties(every=True),
}
"""Of company search, those of jobs and keywords apart."""
