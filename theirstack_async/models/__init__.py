"""What the API's answers are turned into: immutable records with the API's own field names.

All instants are timezone-aware and in UTC. Lists are tuples. Values of enumerations that this release does not know
are kept (:class:`OpenEnum`), and unknown fields never fail (:attr:`Model.extra`).

The fields of a model stand in the order of the wire, those that are required first: the decoder looks for each field
after the last one, so this order is the fastest.

A module is loaded when the first of its names is asked for, because to make a class takes longer than to use it. For
the same reason the large ones do without ``from __future__ import annotations``: it makes a text of each field's type,
which the decoder would have to evaluate.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from theirstack_async.models._base import Model
    from theirstack_async.models._company_fields import FundingStage
    from theirstack_async.models._job_fields import EmploymentStatus, JobSeniority
    from theirstack_async.models._open_enum import OpenEnum
    from theirstack_async.models.app_url import AppUrl
    from theirstack_async.models.company import Company
    from theirstack_async.models.company_count import CompanyCount
    from theirstack_async.models.company_keyword import CompanyKeyword, CompanyKeywordFound, Confidence
    from theirstack_async.models.company_keywords import CompanyKeywords
    from theirstack_async.models.company_list import CompanyList, CompanyListType
    from theirstack_async.models.company_list_entry import CompanyListEntry
    from theirstack_async.models.company_preview import CompanyPreview
    from theirstack_async.models.country_count import CompanyCountryCount, JobCountryCount
    from theirstack_async.models.credit_balance import CreditBalance
    from theirstack_async.models.credit_consumption import CreditConsumption
    from theirstack_async.models.dataset import (
        Dataset,
        DatasetFormat,
        DatasetFrequency,
        DatasetItemType,
        DatasetOption,
        DatasetType,
    )
    from theirstack_async.models.dataset_credentials import DatasetCredentials, DatasetStorage
    from theirstack_async.models.email_preferences import EmailPreferences
    from theirstack_async.models.estimate import Estimate
    from theirstack_async.models.export_link import ExportLink
    from theirstack_async.models.hiring_team_member import HiringTeamMember
    from theirstack_async.models.industry import Industry
    from theirstack_async.models.job import Job
    from theirstack_async.models.job_closed import JobClosed
    from theirstack_async.models.job_count import JobCount
    from theirstack_async.models.job_location import JobLocation, LocationType
    from theirstack_async.models.job_preview import JobPreview
    from theirstack_async.models.job_summary import JobSummary
    from theirstack_async.models.keyword import Keyword
    from theirstack_async.models.keyword_category import KeywordCategory, KeywordSubcategory, SubcategoryKeyword
    from theirstack_async.models.keyword_reference import KeywordReference, KeywordType
    from theirstack_async.models.location import Location
    from theirstack_async.models.request_count import RequestCount, RequestOrigin
    from theirstack_async.models.salary import Salary
    from theirstack_async.models.saved_search import AlertFrequency, SavedSearch, SavedSearchUser, SearchType
    from theirstack_async.models.search_metadata import SearchMetadata
    from theirstack_async.models.unknown_payload import UnknownPayload
    from theirstack_async.models.webhook import Webhook, WebhookEventType
    from theirstack_async.models.webhook_event import EventPayload, WebhookEvent, WebhookEventStatus
    from theirstack_async.models.webhook_event_count import WebhookEventCount, WebhookGroupBy
    from theirstack_async.models.webhook_event_type_info import WebhookEventTypeInfo
    from theirstack_async.models.webhook_test_result import WebhookTestResult

_HOMES: Final = {
    "AlertFrequency": "saved_search",
    "AppUrl": "app_url",
    "Company": "company",
    "CompanyCount": "company_count",
    "CompanyCountryCount": "country_count",
    "CompanyKeyword": "company_keyword",
    "CompanyKeywordFound": "company_keyword",
    "CompanyKeywords": "company_keywords",
    "CompanyList": "company_list",
    "CompanyListEntry": "company_list_entry",
    "CompanyListType": "company_list",
    "CompanyPreview": "company_preview",
    "Confidence": "company_keyword",
    "CreditBalance": "credit_balance",
    "CreditConsumption": "credit_consumption",
    "Dataset": "dataset",
    "DatasetCredentials": "dataset_credentials",
    "DatasetFormat": "dataset",
    "DatasetFrequency": "dataset",
    "DatasetItemType": "dataset",
    "DatasetOption": "dataset",
    "DatasetStorage": "dataset_credentials",
    "DatasetType": "dataset",
    "EmailPreferences": "email_preferences",
    "EmploymentStatus": "_job_fields",
    "Estimate": "estimate",
    "EventPayload": "webhook_event",
    "ExportLink": "export_link",
    "FundingStage": "_company_fields",
    "HiringTeamMember": "hiring_team_member",
    "Industry": "industry",
    "Job": "job",
    "JobClosed": "job_closed",
    "JobCount": "job_count",
    "JobCountryCount": "country_count",
    "JobLocation": "job_location",
    "JobPreview": "job_preview",
    "JobSeniority": "_job_fields",
    "JobSummary": "job_summary",
    "Keyword": "keyword",
    "KeywordCategory": "keyword_category",
    "KeywordReference": "keyword_reference",
    "KeywordSubcategory": "keyword_category",
    "KeywordType": "keyword_reference",
    "Location": "location",
    "LocationType": "job_location",
    "Model": "_base",
    "OpenEnum": "_open_enum",
    "RequestCount": "request_count",
    "RequestOrigin": "request_count",
    "Salary": "salary",
    "SavedSearch": "saved_search",
    "SavedSearchUser": "saved_search",
    "SearchMetadata": "search_metadata",
    "SearchType": "saved_search",
    "SubcategoryKeyword": "keyword_category",
    "UnknownPayload": "unknown_payload",
    "Webhook": "webhook",
    "WebhookEvent": "webhook_event",
    "WebhookEventCount": "webhook_event_count",
    "WebhookEventStatus": "webhook_event",
    "WebhookEventType": "webhook",
    "WebhookEventTypeInfo": "webhook_event_type_info",
    "WebhookGroupBy": "webhook_event_count",
    "WebhookTestResult": "webhook_test_result",
}
"""Where a name is defined."""

__all__ = [
    "AlertFrequency",
    "AppUrl",
    "Company",
    "CompanyCount",
    "CompanyCountryCount",
    "CompanyKeyword",
    "CompanyKeywordFound",
    "CompanyKeywords",
    "CompanyList",
    "CompanyListEntry",
    "CompanyListType",
    "CompanyPreview",
    "Confidence",
    "CreditBalance",
    "CreditConsumption",
    "Dataset",
    "DatasetCredentials",
    "DatasetFormat",
    "DatasetFrequency",
    "DatasetItemType",
    "DatasetOption",
    "DatasetStorage",
    "DatasetType",
    "EmailPreferences",
    "EmploymentStatus",
    "Estimate",
    "EventPayload",
    "ExportLink",
    "FundingStage",
    "HiringTeamMember",
    "Industry",
    "Job",
    "JobClosed",
    "JobCount",
    "JobCountryCount",
    "JobLocation",
    "JobPreview",
    "JobSeniority",
    "JobSummary",
    "Keyword",
    "KeywordCategory",
    "KeywordReference",
    "KeywordSubcategory",
    "KeywordType",
    "Location",
    "LocationType",
    "Model",
    "OpenEnum",
    "RequestCount",
    "RequestOrigin",
    "Salary",
    "SavedSearch",
    "SavedSearchUser",
    "SearchMetadata",
    "SearchType",
    "SubcategoryKeyword",
    "UnknownPayload",
    "Webhook",
    "WebhookEvent",
    "WebhookEventCount",
    "WebhookEventStatus",
    "WebhookEventType",
    "WebhookEventTypeInfo",
    "WebhookGroupBy",
    "WebhookTestResult",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
