"""The webhooks, and the saved searches that they follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from theirstack_async.testing.store import Kind

SearchKind = Literal["jobs", "companies"]
EVENT_TYPES: Final[dict[str, SearchKind]] = {"job_new": "jobs", "job_closed": "jobs", "company_new": "companies"}
"""The event types of API calls, each with the kind of search that has it
(https://theirstack.com/en/docs/api-reference/webhooks/post_webhooks_test_v0.md)."""
KIND_OF_TYPE: Final[dict[str, Kind]] = {"job_new": "job", "job_closed": "job_closed", "company_new": "company"}
DELIVERY_TYPE: Final[dict[Kind, str]] = {
    "job": "job.new",
    "company": "company.new",
    "job_closed": "job.closed",
    None: "job.new",
}
"""The spelling of the types in deliveries. An event without a record counts as a new job."""
EVENT_TYPE: Final = {kind: name.replace(".", "_") for kind, name in DELIVERY_TYPE.items()}
USER_ID: Final = 1234
TEAM_ID: Final = 31
_FIRST_ID: Final = 101
_LAST_SEEDED_SEARCH: Final = 5000
"""Searches that are made by a request have higher ids than those that a test likes to name itself."""


def instant_text(seconds: float) -> str:
    """Return a Unix timestamp as RFC 3339 text, in UTC with a Z and in whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class Search:
    """A saved search. One that was neither made nor seeded is a search for jobs without past matches."""

    name: str
    kind: SearchKind = "jobs"
    past_matches: int = 0
    """Matches older than now, one an hour, the latest an hour ago."""
    body: dict[str, Any] = field(default_factory=dict[str, Any])
    """Its filters."""
    created: float = 0.0
    updated: float = 0.0
    is_alert_active: bool = False
    frequency: str | None = None
    emails_subscribed: list[str] | None = field(default_factory=list[str])
    is_archived: bool = False
    """An archived search has no matches any more, so its webhooks are silent."""


@dataclass(slots=True)
class Webhook:
    """A webhook as the fake keeps it: what the API shows of it, the secret, and what waits while it is disabled."""

    id: int
    url: str
    search_id: int
    created: float
    updated: float
    description: str | None = None
    listening_start_time: datetime | None = None
    trigger_once_per_company: bool = False
    active_event_types: list[str] | None = None
    secret: str | None = field(default=None, repr=False)
    is_active: bool = True
    is_archived: bool = False
    waiting: list[tuple[int, Kind]] = field(default_factory=list[tuple[int, Kind]])
    """Numbers and kinds of matches that came while the webhook was disabled."""


class Registry:
    """All webhooks and searches."""

    def __init__(self) -> None:
        self.webhooks: dict[int, Webhook] = {}
        self.searches: dict[int, Search] = {}

    def add(self, url: str, search_id: int, now: float, **fields: Any) -> Webhook:
        """Make a webhook."""
        webhook = Webhook(_FIRST_ID + len(self.webhooks), url, search_id, now, now, **fields)
        self.webhooks[webhook.id] = webhook
        return webhook

    def search(self, search_id: int) -> Search:
        """Return a saved search, seeded or not."""
        return self.searches.get(search_id) or Search(f"Search {search_id}")

    def new_search_id(self) -> int:
        """Return an id that no search has, and that no webhook names."""
        named = (webhook.search_id for webhook in self.webhooks.values())
        return 1 + max([_LAST_SEEDED_SEARCH, *self.searches, *named])

    def is_silent(self, webhook: Webhook) -> bool:
        """Return whether nothing matches for a webhook any more: it is archived, or its search is."""
        return webhook.is_archived or self.search(webhook.search_id).is_archived

    def main_kind(self, webhook: Webhook) -> Kind:
        """Return the kind of events that a webhook is for in the first place."""
        return "job" if self.search(webhook.search_id).kind == "jobs" else "company"

    def shown(self, webhook: Webhook) -> dict[str, Any]:
        """Return what the API shows of a webhook; the secret never comes back."""
        start = webhook.listening_start_time
        return {
            "id": webhook.id,
            "url": webhook.url,
            "search_id": webhook.search_id,
            "search_name": self.search(webhook.search_id).name,
            "description": webhook.description,
            "listening_start_time": None if start is None else start.isoformat().replace("+00:00", "Z"),
            "trigger_once_per_company": webhook.trigger_once_per_company,
            "event_type": EVENT_TYPE[self.main_kind(webhook)],
            "active_event_types": webhook.active_event_types,
            "has_secret": webhook.secret is not None,
            "scanning_frequency": "10m",
            "user_id": USER_ID,
            "team_id": TEAM_ID,
            "is_active": webhook.is_active,
            "is_archived": webhook.is_archived,
            "created_at": instant_text(webhook.created),
            "updated_at": instant_text(webhook.updated),
        }
