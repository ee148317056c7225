"""An async client of the TheirStack API: job postings, companies, technologies, webhooks.

Everything public is importable from here, and loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from theirstack_async._checkpoint import Checkpoint
    from theirstack_async._engine.call import Reply
    from theirstack_async._prefetch import Prefetch
    from theirstack_async._values import ALL_HISTORY, UNSET, AllHistory, RateLimit, RateWindow, Unset
    from theirstack_async._version import __version__
    from theirstack_async._wire.message import Kind, ResponseMeta
    from theirstack_async.batch import Progress
    from theirstack_async.client import TheirStack
    from theirstack_async.config import KeyProvider, RequestOptions, RetryPolicy, Timeouts
    from theirstack_async.errors import (
        APIError,
        ArgumentError,
        AuthenticationError,
        BadRequestError,
        BatchError,
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
        RateLimitError,
        RequestTimeoutError,
        Sent,
        ServerError,
        TheirStackError,
        TransportError,
        UnprocessableError,
    )
    from theirstack_async.hooks import AttemptEnded, CallEnded, CallStarted, Hook, HookEvent, WaitStarted
    from theirstack_async.models import (
        Company,
        CompanyKeywordFound,
        Confidence,
        EmploymentStatus,
        EventPayload,
        FundingStage,
        HiringTeamMember,
        Job,
        JobClosed,
        JobLocation,
        JobSeniority,
        JobSummary,
        KeywordReference,
        KeywordType,
        LocationType,
        Model,
        OpenEnum,
        UnknownPayload,
        Webhook,
        WebhookEvent,
        WebhookEventCount,
        WebhookEventStatus,
        WebhookEventType,
        WebhookEventTypeInfo,
        WebhookGroupBy,
        WebhookTestResult,
    )
    from theirstack_async.pagination import EndReason, Page, Paginator, RawPage, RejectsMode
    from theirstack_async.report import RetryReport
    from theirstack_async.resources.webhook_events import OnUnknown
    from theirstack_async.resources.webhooks import ListeningStart, WebhookChanges

_HOMES: Final = {
    "ALL_HISTORY": "_values",
    "AllHistory": "_values",
    "AttemptEnded": "hooks",
    "CallEnded": "hooks",
    "CallStarted": "hooks",
    "Checkpoint": "_checkpoint",
    "EndReason": "pagination",
    "Hook": "hooks",
    "HookEvent": "hooks",
    "KeyProvider": "config",
    "Kind": "_wire.message",
    "ListeningStart": "resources.webhooks",
    "OnUnknown": "resources.webhook_events",
    "Page": "pagination",
    "Paginator": "pagination",
    "Phase": "errors",
    "Prefetch": "_prefetch",
    "Problem": "errors",
    "Progress": "batch",
    "RateLimit": "_values",
    "RateWindow": "_values",
    "RawPage": "pagination",
    "RejectsMode": "pagination",
    "Reply": "_engine.call",
    "RequestOptions": "config",
    "ResponseMeta": "_wire.message",
    "RetryPolicy": "config",
    "RetryReport": "report",
    "Sent": "errors",
    "TheirStack": "client",
    "Timeouts": "config",
    "UNSET": "_values",
    "Unset": "_values",
    "WaitStarted": "hooks",
    "WebhookChanges": "resources.webhooks",
    "__version__": "_version",
}
"""Where a name is defined; exceptions and models are not listed here."""

__all__ = [
    "ALL_HISTORY",
    "UNSET",
    "APIError",
    "AllHistory",
    "ArgumentError",
    "AttemptEnded",
    "AuthenticationError",
    "BadRequestError",
    "BatchError",
    "CallEnded",
    "CallStarted",
    "Checkpoint",
    "ClientClosedError",
    "Company",
    "CompanyKeywordFound",
    "Confidence",
    "ConfigurationError",
    "ConflictError",
    "ConnectError",
    "ConnectionLostError",
    "DecodeError",
    "EmploymentStatus",
    "EndReason",
    "EventPayload",
    "FundingStage",
    "HiringTeamMember",
    "Hook",
    "HookEvent",
    "InsufficientCreditsError",
    "Job",
    "JobClosed",
    "JobLocation",
    "JobSeniority",
    "JobSummary",
    "KeyProvider",
    "KeywordReference",
    "KeywordType",
    "Kind",
    "ListeningStart",
    "LocationType",
    "Model",
    "NotFoundError",
    "OnUnknown",
    "OpenEnum",
    "OutcomeUnknownError",
    "Page",
    "PaginationError",
    "Paginator",
    "PermissionDeniedError",
    "Phase",
    "Prefetch",
    "Problem",
    "Progress",
    "RateLimit",
    "RateLimitError",
    "RateWindow",
    "RawPage",
    "RejectsMode",
    "Reply",
    "RequestOptions",
    "RequestTimeoutError",
    "ResponseMeta",
    "RetryPolicy",
    "RetryReport",
    "Sent",
    "ServerError",
    "TheirStack",
    "TheirStackError",
    "Timeouts",
    "TransportError",
    "UnknownPayload",
    "UnprocessableError",
    "Unset",
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
    home = _HOMES.get(name) or ("errors" if name.endswith("Error") else "models")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
