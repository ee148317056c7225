"""The conditions on a company, which job searches and company searches share.

Sources: the schemas of ``POST /v1/jobs/search`` and ``POST /v1/companies/search``
(https://theirstack.com/en/docs/api-reference/jobs/search_jobs_v1.md).
"""

from __future__ import annotations

from typing import Annotated

import attrs

from theirstack_async._values import UNSET, Unset
from theirstack_async.filters._base import Part
from theirstack_async.filters._kinds import Day, Deprecated, Flag, Ids, Texts, Whole, enum_of, enums_of
from theirstack_async.filters.values import CompanyType
from theirstack_async.models import FundingStage


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class CompanyFields(Part):
    """The conditions on a company. In a name, ``_or`` means any of the list, ``_and`` all of it, ``_not`` none of it.

    The filters that say which company it is (names, domains, LinkedIn URLs, ids) are joined by "or". A preview with one
    of them is billed like a search (https://theirstack.com/en/docs/api-reference/features/preview-data-mode).
    """

    company_name_or: Texts = UNSET
    """Exact names; case counts."""
    company_name_case_insensitive_or: Texts = UNSET
    """Exact names; case is ignored."""
    company_id_or: Texts = UNSET
    """The vendor's ids of companies, which it calls temporary; domains and LinkedIn URLs last longer."""
    company_id_not: Texts = UNSET
    """The vendor's ids of companies to leave out. The API takes it since the middle of 2026."""
    company_domain_or: Texts = UNSET
    """Domains such as ``stripe.com``; whole URLs and e-mail addresses do as well."""
    company_domain_not: Texts = UNSET
    """Domains to leave out; whole URLs and e-mail addresses do as well."""
    company_name_not: Texts = UNSET
    """Exact names to leave out; case counts."""
    company_name_partial_match_or: Texts = UNSET
    """Parts of names; case is ignored. ``google`` finds ``Google LLC``."""
    company_name_partial_match_not: Texts = UNSET
    """Parts of names to leave out; case is ignored."""
    company_linkedin_url_or: Texts = UNSET
    """Company pages on LinkedIn: the slug, or the whole URL."""
    company_description_pattern_or: Texts = UNSET
    """Patterns, any of which the description matches; case is ignored."""
    company_description_pattern_not: Texts = UNSET
    """Patterns, none of which the description matches; case is ignored."""
    company_description_pattern_accent_insensitive: Flag = UNSET
    """True to ignore accents in the patterns of the description. The API's default is False."""
    min_revenue_usd: Whole = UNSET
    """The revenue at the least, in US dollars a year."""
    max_revenue_usd: Whole = UNSET
    """The revenue at the most, in US dollars a year."""
    min_employee_count: Whole = UNSET
    """Employees at the least. Companies of unknown size are left out."""
    max_employee_count: Whole = UNSET
    """Employees at the most. Companies of unknown size are left out."""
    min_employee_count_or_null: Whole = UNSET
    """Employees at the least. Companies of unknown size are kept."""
    max_employee_count_or_null: Whole = UNSET
    """Employees at the most. Companies of unknown size are kept."""
    min_funding_usd: Whole = UNSET
    """All funding at the least, in US dollars."""
    max_funding_usd: Whole = UNSET
    """All funding at the most, in US dollars."""
    funding_stage_or: Annotated[tuple[FundingStage, ...] | Unset, enums_of(FundingStage)] = UNSET
    """Kinds of the latest funding round."""
    last_funding_round_date_lte: Day = UNSET
    """The latest funding round was on this day or earlier."""
    last_funding_round_date_gte: Day = UNSET
    """The latest funding round was on this day or later."""
    industry_id_or: Ids = UNSET
    """LinkedIn's industry codes, version 2; ``client.catalog.industries()`` lists them."""
    industry_id_not: Ids = UNSET
    """Industry codes to leave out."""
    industry_id_not_or_null: Ids = UNSET
    """Industry codes to leave out; companies of unknown industry are kept. The API takes it since the middle of
    2026."""
    industry_or: Annotated[Texts, Deprecated("use industry_id_or")] = UNSET
    """Names of industries; case is ignored. Deprecated by the API: use ``industry_id_or``."""
    industry_not: Annotated[Texts, Deprecated("use industry_id_not")] = UNSET
    """Names of industries to leave out; case is ignored. Deprecated by the API: use ``industry_id_not``."""
    company_tags_or: Texts = UNSET
    """What the company does, in keywords, as ``company.company_tags`` has them."""
    company_type: Annotated[CompanyType | Unset | None, enum_of(CompanyType, nullable=True)] = UNSET
    """Recruiting agencies, direct employers, or all."""
    company_investors_or: Texts = UNSET
    """Exact names of investors."""
    company_investors_partial_match_or: Texts = UNSET
    """Parts of names of investors."""
    company_technology_slug_or: Annotated[Texts, Deprecated("use company_keyword_slug_or")] = UNSET
    """Deprecated by the API: use ``company_keyword_slug_or``."""
    company_technology_slug_and: Annotated[Texts, Deprecated("use company_keyword_slug_and")] = UNSET
    """Deprecated by the API: use ``company_keyword_slug_and``."""
    company_technology_slug_not: Annotated[Texts, Deprecated("use company_keyword_slug_not")] = UNSET
    """Deprecated by the API: use ``company_keyword_slug_not``."""
    company_keyword_slug_or: Texts = UNSET
    """Slugs of keywords, any of which jobs of the company name (not only the jobs found); case counts."""
    company_keyword_slug_and: Texts = UNSET
    """Slugs of keywords, all of which jobs of the company name; case counts."""
    company_keyword_slug_not: Texts = UNSET
    """Slugs of keywords, none of which a job of the company names; case counts."""
    only_yc_companies: Flag = UNSET
    """True for companies of Y Combinator only. The API's default is False."""
    company_location_pattern_or: Texts = UNSET
    """Patterns, any of which the city of the company matches; case is ignored."""
    company_country_code_or: Texts = UNSET
    """Countries of the headquarters, two capital letters each (ISO 3166-1 alpha-2); case counts."""
    company_country_code_not: Texts = UNSET
    """Countries of the headquarters to leave out, two capital letters each; case counts."""
    company_country_code_not_or_null: Texts = UNSET
    """Countries of the headquarters to leave out; companies of unknown country are kept. The API takes it since the
    middle of 2026."""
    company_list_id_or: Ids = UNSET
    """Ids of company lists, any of which the company is on."""
    company_list_id_not: Ids = UNSET
    """Ids of company lists, none of which the company is on."""
    company_linkedin_url_exists: Annotated[Flag, Deprecated("use property_exists_or or property_exists_and")] = UNSET
    """Deprecated by the API: use ``property_exists_or`` or ``property_exists_and``."""
    revealed_company_data: Annotated[Flag, Deprecated("it has no effect")] = UNSET
    """Deprecated by the API: it has no effect."""
