"""An async client of the TheirStack API: job postings, companies, technologies, webhooks.

Everything public is importable from here, and loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from theirstack_async._checkpoint import Checkpoint
    from theirstack_async._engine.call import Reply
    from theirstack_async._engine.usage import OperationUsage, Usage
    from theirstack_async._prefetch import Prefetch
    from theirstack_async._values import ALL, ALL_HISTORY, UNSET, All, AllHistory, RateLimit, RateWindow, Unset
    from theirstack_async._version import __version__
    from theirstack_async._wire.message import Kind, ResponseMeta
    from theirstack_async.batch import Progress
    from theirstack_async.budget import CreditBudget, Doubt, Reconciliation
    from theirstack_async.client import TheirStack
    from theirstack_async.config import KeyProvider, RequestOptions, RetryPolicy, Timeouts
    from theirstack_async.errors import (
        APIError,
        ArgumentError,
        AuthenticationError,
        BadRequestError,
        BatchError,
        BudgetExceededError,
        ClientClosedError,
        ConfigurationError,
        ConflictError,
        ConnectError,
        ConnectionLostError,
        DecodeError,
        InsufficientCreditsError,
        NotFoundError,
        OutcomeUnknownError,
        PaginationError,
        PermissionDeniedError,
        Phase,
        Problem,
        QuotaError,
        RateLimitError,
        RequestTimeoutError,
        Sent,
        ServerError,
        TheirStackError,
        TransportError,
        UnprocessableError,
    )
    from theirstack_async.filters import (
        CompanyFilterKwargs,
        CompanyFilters,
        CompanyProperty,
        CompanySort,
        CompanySortField,
        CompanyType,
        JobExportKey,
        JobFilterKwargs,
        JobFilters,
        JobProperty,
        JobSort,
        JobSortField,
        KeywordFilterKwargs,
        KeywordFilters,
        KeywordSort,
        KeywordSortField,
        LocationFilter,
        NestedJobFilterKwargs,
        NestedJobFilters,
        NestedJobProperty,
        TechFilterKwargs,
        TechFilters,
    )
    from theirstack_async.hooks import AttemptEnded, CallEnded, CallStarted, Hook, HookEvent, WaitStarted
    from theirstack_async.models import *
    from theirstack_async.pagination import EndReason, Page, Paginator, RawPage, RejectsMode
    from theirstack_async.quota import MemoryQuota, QuotaStore, RedisQuota, SQLiteQuota
    from theirstack_async.report import RetryReport
    from theirstack_async.resources._by_company import JobsByCompany
    from theirstack_async.resources._reveal import Revealed
    from theirstack_async.resources.company_lists import CompanyListOrder
    from theirstack_async.resources.saved_searches import SavedSearchChanges, SavedSearchOrder
    from theirstack_async.resources.webhook_events import OnUnknown
    from theirstack_async.resources.webhooks import ListeningStart, WebhookChanges

__all__ = [
    "ALL",
    "ALL_HISTORY",
    "UNSET",
    "APIError",
    "AlertFrequency",
    "All",
    "AllHistory",
    "AppUrl",
    "ArgumentError",
    "AttemptEnded",
    "AuthenticationError",
    "BadRequestError",
    "BatchError",
    "BudgetExceededError",
    "CallEnded",
    "CallStarted",
    "Checkpoint",
    "ClientClosedError",
    "Company",
    "CompanyCount",
    "CompanyCountryCount",
    "CompanyFilterKwargs",
    "CompanyFilters",
    "CompanyKeyword",
    "CompanyKeywordFound",
    "CompanyKeywords",
    "CompanyList",
    "CompanyListEntry",
    "CompanyListOrder",
    "CompanyListType",
    "CompanyPreview",
    "CompanyProperty",
    "CompanySort",
    "CompanySortField",
    "CompanyType",
    "Confidence",
    "ConfigurationError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "CreditBalance",
    "CreditBudget",
    "CreditConsumption",
    "Dataset",
    "DatasetCredentials",
    "DatasetFormat",
    "DatasetFrequency",
    "DatasetItemType",
    "DatasetOption",
    "DatasetStorage",
    "DatasetType",
    "DecodeError",
    "Doubt",
    "EmailPreferences",
    "EmploymentStatus",
    "EndReason",
    "Estimate",
    "EventPayload",
    "ExportLink",
    "FundingStage",
    "HiringTeamMember",
    "Hook",
    "HookEvent",
    "Industry",
    "InsufficientCreditsError",
    "Job",
    "JobClosed",
    "JobCount",
    "JobCountryCount",
    "JobExportKey",
    "JobFilterKwargs",
    "JobFilters",
    "JobLocation",
    "JobPreview",
    "JobProperty",
    "JobSeniority",
    "JobSort",
    "JobSortField",
    "JobSummary",
    "JobsByCompany",
    "KeyProvider",
    "Keyword",
    "KeywordCategory",
    "KeywordFilterKwargs",
    "KeywordFilters",
    "KeywordReference",
    "KeywordSort",
    "KeywordSortField",
    "KeywordSubcategory",
    "KeywordType",
    "Kind",
    "ListeningStart",
    "Location",
    "LocationFilter",
    "LocationType",
    "MemoryQuota",
    "Model",
    "NestedJobFilterKwargs",
    "NestedJobFilters",
    "NestedJobProperty",
    "NotFoundError",
    "OnUnknown",
    "OpenEnum",
    "OperationUsage",
    "OutcomeUnknownError",
    "Page",
    "PaginationError",
    "Paginator",
    "PermissionDeniedError",
    "Phase",
    "Prefetch",
    "Problem",
    "Progress",
    "QuotaError",
    "QuotaStore",
    "RateLimit",
    "RateLimitError",
    "RateWindow",
    "RawPage",
    "Reconciliation",
    "RedisQuota",
    "RejectsMode",
    "Reply",
    "RequestCount",
    "RequestOptions",
    "RequestOrigin",
    "RequestTimeoutError",
    "ResponseMeta",
    "RetryPolicy",
    "RetryReport",
    "Revealed",
    "SQLiteQuota",
    "Salary",
    "SavedSearch",
    "SavedSearchChanges",
    "SavedSearchOrder",
    "SavedSearchUser",
    "SearchMetadata",
    "SearchType",
    "Sent",
    "ServerError",
    "SubcategoryKeyword",
    "TechFilterKwargs",
    "TechFilters",
    "TheirStack",
    "TheirStackError",
    "Timeouts",
    "TransportError",
    "UnknownPayload",
    "UnprocessableError",
    "Unset",
    "Usage",
    "WaitStarted",
    "Webhook",
    "WebhookChanges",
    "WebhookEvent",
    "WebhookEventCount",
    "WebhookEventStatus",
    "WebhookEventType",
    "WebhookEventTypeInfo",
    "WebhookGroupBy",
    "WebhookTestResult",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from theirstack_async._homes import HOMES

    home = HOMES.get(name) or ("errors" if name.endswith("Error") else "models")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
