"""An async client of the TheirStack API: job postings, companies, technologies, webhooks.

Everything public is importable from here, and loaded when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from theirstack_async._checkpoint import Checkpoint
    from theirstack_async._engine.call import Reply
    from theirstack_async._values import ALL_HISTORY, RateLimit, RateWindow
    from theirstack_async._version import __version__
    from theirstack_async._wire.message import ResponseMeta
    from theirstack_async.client import TheirStack
    from theirstack_async.config import RequestOptions, RetryPolicy, Timeouts
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
        Problem,
        RateLimitError,
        RequestTimeoutError,
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
    from theirstack_async.pagination import EndReason, Page, Paginator, RawPage
    from theirstack_async.report import RetryReport

_HOMES: Final = {
    "ALL_HISTORY": "_values",
    "AttemptEnded": "hooks",
    "CallEnded": "hooks",
    "CallStarted": "hooks",
    "Checkpoint": "_checkpoint",
    "EndReason": "pagination",
    "Hook": "hooks",
    "HookEvent": "hooks",
    "Page": "pagination",
    "Paginator": "pagination",
    "RateLimit": "_values",
    "RateWindow": "_values",
    "RawPage": "pagination",
    "Reply": "_engine.call",
    "RequestOptions": "config",
    "ResponseMeta": "_wire.message",
    "RetryPolicy": "config",
    "RetryReport": "report",
    "TheirStack": "client",
    "Timeouts": "config",
    "WaitStarted": "hooks",
    "__version__": "_version",
}
"""Where a name is defined; errors and models are not listed here."""

__all__ = [
    "ALL_HISTORY",
    "APIError",
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
    "KeywordReference",
    "KeywordType",
    "LocationType",
    "Model",
    "NotFoundError",
    "OpenEnum",
    "OutcomeUnknownError",
    "Page",
    "PaginationError",
    "Paginator",
    "PermissionDeniedError",
    "Problem",
    "RateLimit",
    "RateLimitError",
    "RateWindow",
    "RawPage",
    "Reply",
    "RequestOptions",
    "RequestTimeoutError",
    "ResponseMeta",
    "RetryPolicy",
    "RetryReport",
    "ServerError",
    "TheirStack",
    "TheirStackError",
    "Timeouts",
    "TransportError",
    "UnknownPayload",
    "UnprocessableError",
    "WaitStarted",
    "Webhook",
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
    home = _HOMES.get(name) or ("errors" if name == "Problem" or name.endswith("Error") else "models")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
