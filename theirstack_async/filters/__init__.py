"""What searches ask: filters with the API's own names, checked when they are made, before anything is billed.

``JobFilters(job_title_or=["data engineer"], posted_at_max_age_days=30)`` makes an object to keep and to pass around;
the methods of the client take the same names as keywords. Only what was given is sent.

Lists are given as lists, tuples or sets, and kept as tuples; dates as :class:`datetime.date`; instants as datetimes
with a time zone; values of enumerations as members or as their texts. A value that an enumeration does not have passes,
with a warning. Where None is taken it is sent as null, which means no condition.
"""

from __future__ import annotations

from theirstack_async.filters._base import Part
from theirstack_async.filters._build import build, check_required, identifiers, lacks_required
from theirstack_async.filters._kinds import Deprecated
from theirstack_async.filters._kwargs import (
    CompanyFilterKwargs,
    JobFilterKwargs,
    KeywordFilterKwargs,
    NestedJobFilterKwargs,
    TechFilterKwargs,
)
from theirstack_async.filters.companies import CompanyFilters
from theirstack_async.filters.job_parts import JobExportKey, LocationFilter
from theirstack_async.filters.jobs import JobFilters
from theirstack_async.filters.keywords import KeywordFilters, TechFilters
from theirstack_async.filters.nested_jobs import NestedJobFilters
from theirstack_async.filters.sorting import (
    CompanySort,
    CompanySortField,
    JobSort,
    JobSortField,
    KeywordSort,
    KeywordSortField,
)
from theirstack_async.filters.values import CompanyProperty, CompanyType, JobProperty, NestedJobProperty

__all__ = [
    "CompanyFilterKwargs",
    "CompanyFilters",
    "CompanyProperty",
    "CompanySort",
    "CompanySortField",
    "CompanyType",
    "Deprecated",
    "JobExportKey",
    "JobFilterKwargs",
    "JobFilters",
    "JobProperty",
    "JobSort",
    "JobSortField",
    "KeywordFilterKwargs",
    "KeywordFilters",
    "KeywordSort",
    "KeywordSortField",
    "LocationFilter",
    "NestedJobFilterKwargs",
    "NestedJobFilters",
    "NestedJobProperty",
    "Part",
    "TechFilterKwargs",
    "TechFilters",
    "build",
    "check_required",
    "identifiers",
    "lacks_required",
]
