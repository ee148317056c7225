"""The filters as keyword arguments. Written by ``tools/write_filter_kwargs.py``; do not edit.

The annotations are evaluated at once, which is cheaper here: a typed dictionary compiles each that is a text.
"""

from datetime import date, datetime
from typing import TypedDict

from theirstack_async.filters._kinds import Many
from theirstack_async.filters.job_parts import JobExportKey, LocationFilter
from theirstack_async.filters.keywords import TechFilters
from theirstack_async.filters.nested_jobs import NestedJobFilters
from theirstack_async.filters.sorting import CompanySort, JobSort, KeywordSort
from theirstack_async.filters.values import CompanyProperty, CompanyType, JobProperty, NestedJobProperty
from theirstack_async.models import Confidence, EmploymentStatus, FundingStage, JobSeniority


class NestedJobFilterKwargs(TypedDict, total=False):
    """The arguments of :class:`.NestedJobFilters`."""

    job_title_or: Many[str]
    job_title_not: Many[str]
    job_title_pattern_and: Many[str]
    job_title_pattern_or: Many[str]
    job_title_pattern_not: Many[str]
    job_country_code_or: Many[str]
    job_country_code_not: Many[str]
    posted_at_max_age_days: int | None
    posted_at_gte: date | None
    posted_at_lte: date | None
    discovered_at_max_age_days: int | None
    discovered_at_min_age_days: int | None
    discovered_at_gte: datetime | date | None
    discovered_at_lte: datetime | date | None
    job_description_pattern_or: Many[str]
    job_description_pattern_not: Many[str]
    job_description_pattern_and: Many[str]
    job_description_pattern_is_case_insensitive: bool | None
    job_description_contains_or: Many[str]
    job_description_contains_not: Many[str]
    job_description_pattern_case_sensitive_or: Many[str]
    remote: bool | None
    only_jobs_with_reports_to: bool | None
    reports_to_exists: bool | None
    final_url_exists: bool | None
    only_jobs_with_hiring_managers: bool | None
    hiring_managers_exists: bool | None
    job_id_or: Many[int]
    job_id_not: Many[int]
    job_ids: Many[int]
    job_export_key_or: Many[JobExportKey]
    job_seniority_or: Many[JobSeniority | str]
    min_salary_usd: float | None
    max_salary_usd: float | None
    job_technology_slug_or: Many[str]
    job_technology_slug_not: Many[str]
    job_technology_slug_and: Many[str]
    job_keyword_slug_or: Many[str]
    job_keyword_slug_not: Many[str]
    job_keyword_slug_and: Many[str]
    job_location_pattern_or: Many[str]
    job_location_pattern_not: Many[str]
    job_location_or: Many[LocationFilter | int]
    job_location_not: Many[LocationFilter | int]
    url_domain_or: Many[str]
    url_domain_not: Many[str]
    scraper_name_pattern_or: Many[str]
    easy_apply: bool | None
    employment_statuses_or: Many[EmploymentStatus | str] | None
    is_closed: bool | None
    closed_at_gte: date | None
    closed_at_lte: date | None
    property_exists_or: Many[NestedJobProperty | str]
    property_exists_and: Many[NestedJobProperty | str]


class TechFilterKwargs(TypedDict, total=False):
    """The arguments of :class:`.TechFilters`."""

    keyword_slug_or: Many[str]
    keyword_category_slug_or: Many[str]
    keyword_parent_category_slug_or: Many[str]
    technology_slug_or: Many[str]
    technology_category_slug_or: Many[str]
    technology_parent_category_slug_or: Many[str]
    max_rank: int | None
    min_jobs: int | None
    max_jobs: int | None
    min_relative_occurrence: float | None
    first_date_found_gte: date | None
    first_date_found_lte: date | None
    last_date_found_gte: date | None
    last_date_found_lte: date | None
    confidence_or: Many[Confidence | str]


class KeywordFilterKwargs(TypedDict, total=False):
    """The arguments of :class:`.KeywordFilters`."""

    keyword_slug_or: Many[str]
    keyword_category_slug_or: Many[str]
    keyword_parent_category_slug_or: Many[str]
    technology_slug_or: Many[str]
    technology_category_slug_or: Many[str]
    technology_parent_category_slug_or: Many[str]
    max_rank: int | None
    min_jobs: int | None
    max_jobs: int | None
    min_relative_occurrence: float | None
    first_date_found_gte: date | None
    first_date_found_lte: date | None
    last_date_found_gte: date | None
    last_date_found_lte: date | None
    confidence_or: Many[Confidence | str]
    order_by: Many[KeywordSort]


class JobFilterKwargs(TypedDict, total=False):
    """The arguments of :class:`.JobFilters`."""

    company_name_or: Many[str]
    company_name_case_insensitive_or: Many[str]
    company_id_or: Many[str]
    company_id_not: Many[str]
    company_domain_or: Many[str]
    company_domain_not: Many[str]
    company_name_not: Many[str]
    company_name_partial_match_or: Many[str]
    company_name_partial_match_not: Many[str]
    company_linkedin_url_or: Many[str]
    company_description_pattern_or: Many[str]
    company_description_pattern_not: Many[str]
    company_description_pattern_accent_insensitive: bool | None
    min_revenue_usd: int | None
    max_revenue_usd: int | None
    min_employee_count: int | None
    max_employee_count: int | None
    min_employee_count_or_null: int | None
    max_employee_count_or_null: int | None
    min_funding_usd: int | None
    max_funding_usd: int | None
    funding_stage_or: Many[FundingStage | str]
    last_funding_round_date_lte: date | None
    last_funding_round_date_gte: date | None
    industry_id_or: Many[int]
    industry_id_not: Many[int]
    industry_id_not_or_null: Many[int]
    industry_or: Many[str]
    industry_not: Many[str]
    company_tags_or: Many[str]
    company_type: CompanyType | str | None
    company_investors_or: Many[str]
    company_investors_partial_match_or: Many[str]
    company_technology_slug_or: Many[str]
    company_technology_slug_and: Many[str]
    company_technology_slug_not: Many[str]
    company_keyword_slug_or: Many[str]
    company_keyword_slug_and: Many[str]
    company_keyword_slug_not: Many[str]
    only_yc_companies: bool | None
    company_location_pattern_or: Many[str]
    company_country_code_or: Many[str]
    company_country_code_not: Many[str]
    company_country_code_not_or_null: Many[str]
    company_list_id_or: Many[int]
    company_list_id_not: Many[int]
    company_linkedin_url_exists: bool | None
    revealed_company_data: bool | None
    job_title_or: Many[str]
    job_title_not: Many[str]
    job_title_pattern_and: Many[str]
    job_title_pattern_or: Many[str]
    job_title_pattern_not: Many[str]
    job_country_code_or: Many[str]
    job_country_code_not: Many[str]
    posted_at_max_age_days: int | None
    posted_at_gte: date | None
    posted_at_lte: date | None
    discovered_at_max_age_days: int | None
    discovered_at_min_age_days: int | None
    discovered_at_gte: datetime | date | None
    discovered_at_lte: datetime | date | None
    job_description_pattern_or: Many[str]
    job_description_pattern_not: Many[str]
    job_description_pattern_and: Many[str]
    job_description_pattern_is_case_insensitive: bool | None
    job_description_contains_or: Many[str]
    job_description_contains_not: Many[str]
    job_description_pattern_case_sensitive_or: Many[str]
    remote: bool | None
    only_jobs_with_reports_to: bool | None
    reports_to_exists: bool | None
    final_url_exists: bool | None
    only_jobs_with_hiring_managers: bool | None
    hiring_managers_exists: bool | None
    job_id_or: Many[int]
    job_id_not: Many[int]
    job_ids: Many[int]
    job_export_key_or: Many[JobExportKey]
    job_seniority_or: Many[JobSeniority | str]
    min_salary_usd: float | None
    max_salary_usd: float | None
    job_technology_slug_or: Many[str]
    job_technology_slug_not: Many[str]
    job_technology_slug_and: Many[str]
    job_keyword_slug_or: Many[str]
    job_keyword_slug_not: Many[str]
    job_keyword_slug_and: Many[str]
    job_location_pattern_or: Many[str]
    job_location_pattern_not: Many[str]
    job_location_or: Many[LocationFilter | int]
    job_location_not: Many[LocationFilter | int]
    url_domain_or: Many[str]
    url_domain_not: Many[str]
    scraper_name_pattern_or: Many[str]
    easy_apply: bool | None
    employment_statuses_or: Many[EmploymentStatus | str] | None
    is_closed: bool | None
    closed_at_gte: date | None
    closed_at_lte: date | None
    order_by: Many[JobSort]
    property_exists_or: Many[JobProperty | str]
    property_exists_and: Many[JobProperty | str]


class CompanyFilterKwargs(TypedDict, total=False):
    """The arguments of :class:`.CompanyFilters`."""

    company_name_or: Many[str]
    company_name_case_insensitive_or: Many[str]
    company_id_or: Many[str]
    company_id_not: Many[str]
    company_domain_or: Many[str]
    company_domain_not: Many[str]
    company_name_not: Many[str]
    company_name_partial_match_or: Many[str]
    company_name_partial_match_not: Many[str]
    company_linkedin_url_or: Many[str]
    company_description_pattern_or: Many[str]
    company_description_pattern_not: Many[str]
    company_description_pattern_accent_insensitive: bool | None
    min_revenue_usd: int | None
    max_revenue_usd: int | None
    min_employee_count: int | None
    max_employee_count: int | None
    min_employee_count_or_null: int | None
    max_employee_count_or_null: int | None
    min_funding_usd: int | None
    max_funding_usd: int | None
    funding_stage_or: Many[FundingStage | str]
    last_funding_round_date_lte: date | None
    last_funding_round_date_gte: date | None
    industry_id_or: Many[int]
    industry_id_not: Many[int]
    industry_id_not_or_null: Many[int]
    industry_or: Many[str]
    industry_not: Many[str]
    company_tags_or: Many[str]
    company_type: CompanyType | str | None
    company_investors_or: Many[str]
    company_investors_partial_match_or: Many[str]
    company_technology_slug_or: Many[str]
    company_technology_slug_and: Many[str]
    company_technology_slug_not: Many[str]
    company_keyword_slug_or: Many[str]
    company_keyword_slug_and: Many[str]
    company_keyword_slug_not: Many[str]
    only_yc_companies: bool | None
    company_location_pattern_or: Many[str]
    company_country_code_or: Many[str]
    company_country_code_not: Many[str]
    company_country_code_not_or_null: Many[str]
    company_list_id_or: Many[int]
    company_list_id_not: Many[int]
    company_linkedin_url_exists: bool | None
    revealed_company_data: bool | None
    job_filters: NestedJobFilters | NestedJobFilterKwargs | None
    tech_filters: TechFilters | TechFilterKwargs | None
    expand_technology_slugs: Many[str]
    order_by: Many[CompanySort]
    property_exists_or: Many[CompanyProperty | str]
    property_exists_and: Many[CompanyProperty | str]
