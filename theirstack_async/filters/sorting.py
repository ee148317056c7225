"""The order of rows. Several keys are several sorts, the first of them the most important."""

from __future__ import annotations

from typing import Annotated

import attrs

from theirstack_async.filters._base import Part
from theirstack_async.filters._kinds import FLAG, enum_of
from theirstack_async.models import OpenEnum


class JobSortField(OpenEnum):
    """What jobs can be sorted by."""

    DATE_POSTED = "date_posted"
    DISCOVERED_AT = "discovered_at"
    SALARY = "salary"
    JOB_TITLE = "job_title"
    COMPANY = "company"
    NUM_JOBS = "num_jobs"


class CompanySortField(OpenEnum):
    """What companies can be sorted by."""

    RELEVANCE = "relevance"
    """The default of the API since the middle of 2026, and the fastest."""
    NAME = "name"
    NUM_JOBS = "num_jobs"
    NUM_JOBS_LAST_30_DAYS = "num_jobs_last_30_days"
    NUM_JOBS_FOUND = "num_jobs_found"
    EMPLOYEE_COUNT = "employee_count"
    ALEXA_RANKING = "alexa_ranking"
    FOUNDED_YEAR = "founded_year"
    ANNUAL_REVENUE_USD = "annual_revenue_usd"
    TOTAL_FUNDING_USD = "total_funding_usd"
    LAST_FUNDING_ROUND_DATE = "last_funding_round_date"
    CONFIDENCE = "confidence"
    JOBS = "jobs"
    FIRST_DATE_FOUND = "first_date_found"


class KeywordSortField(OpenEnum):
    """What the keywords of a company can be sorted by."""

    JOBS = "jobs"
    JOBS_LAST_7_DAYS = "jobs_last_7_days"
    JOBS_LAST_30_DAYS = "jobs_last_30_days"
    JOBS_LAST_180_DAYS = "jobs_last_180_days"
    LAST_DATE_FOUND = "last_date_found"
    FIRST_DATE_FOUND = "first_date_found"
    RELATIVE_OCCURRENCE_WITHIN_CATEGORY = "relative_occurrence_within_category"
    THEIRSTACK_SCORE = "theirstack_score"
    CONFIDENCE = "confidence"


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class JobSort(Part):
    """One key of the order of a job search."""

    field: Annotated[JobSortField, enum_of(JobSortField)]
    desc: Annotated[bool, FLAG] = True
    """Whether the largest or latest comes first."""

    def __init__(self, *, field: JobSortField | str, desc: bool = True) -> None:
        super().__init__(field=field, desc=desc)


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class CompanySort(Part):
    """One key of the order of a company search."""

    field: Annotated[CompanySortField, enum_of(CompanySortField)]
    desc: Annotated[bool, FLAG] = True
    """Whether the largest or latest comes first."""

    def __init__(self, *, field: CompanySortField | str, desc: bool = True) -> None:
        super().__init__(field=field, desc=desc)


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class KeywordSort(Part):
    """One key of the order of a company's technologies or buying intents."""

    field: Annotated[KeywordSortField, enum_of(KeywordSortField)]
    desc: Annotated[bool, FLAG] = True
    """Whether the largest or latest comes first."""

    def __init__(self, *, field: KeywordSortField | str, desc: bool = True) -> None:
        super().__init__(field=field, desc=desc)
