"""What the API's answers are turned into: immutable records with the API's own field names.

All instants are timezone-aware and in UTC. Lists are tuples. Values of enumerations that this release does not know
are kept (:class:`OpenEnum`), and unknown fields never fail (:attr:`Model.extra`).

The fields of a model stand in the order of the wire, those that are required first: the decoder looks for each field
after the last one, so this order is the fastest.
"""

from __future__ import annotations

from theirstack_async.models._base import Model
from theirstack_async.models._open_enum import OpenEnum
from theirstack_async.models.company import Company, FundingStage
from theirstack_async.models.hiring_team_member import HiringTeamMember
from theirstack_async.models.job import EmploymentStatus, Job, JobSeniority
from theirstack_async.models.job_closed import JobClosed
from theirstack_async.models.job_location import JobLocation, LocationType
from theirstack_async.models.job_summary import JobSummary
from theirstack_async.models.keyword import CompanyKeywordFound, Confidence, KeywordReference, KeywordType
from theirstack_async.models.unknown_payload import UnknownPayload
from theirstack_async.models.webhook import Webhook, WebhookEventType
from theirstack_async.models.webhook_event import EventPayload, WebhookEvent, WebhookEventStatus
from theirstack_async.models.webhook_event_count import WebhookEventCount, WebhookGroupBy
from theirstack_async.models.webhook_event_type_info import WebhookEventTypeInfo
from theirstack_async.models.webhook_test_result import WebhookTestResult

__all__ = [
    "Company",
    "CompanyKeywordFound",
    "Confidence",
    "EmploymentStatus",
    "EventPayload",
    "FundingStage",
    "HiringTeamMember",
    "Job",
    "JobClosed",
    "JobLocation",
    "JobSeniority",
    "JobSummary",
    "KeywordReference",
    "KeywordType",
    "LocationType",
    "Model",
    "OpenEnum",
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
