"""The bodies that the SDK sends, under their names on the wire: the class of each operation's JSON or form.

Searches send filters, which have classes of their own, and what stands here beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Required, TypedDict

from theirstack_async.models import AlertFrequency, SearchType, WebhookEventType


class Search(TypedDict, total=False):
    """What a search, its count and its preview add to the filters."""

    limit: Required[int]
    offset: int
    include_total_results: bool
    blur_company_data: bool


class Lookup(TypedDict, total=False):
    """What a look-up of one company's keywords adds to the filters."""

    company_id: str
    company_name: str
    company_domain: str
    company_linkedin_url: str
    limit: int


class SavedSearchCreate(TypedDict, total=False):
    """A new saved search."""

    name: str
    body: Required[dict[str, Any]]
    type: Required[SearchType]
    is_alert_active: Required[bool]


class SavedSearchUpdate(TypedDict, total=False):
    """What changes of a saved search."""

    name: str
    body: dict[str, Any]
    type: SearchType
    is_alert_active: bool
    frequency: AlertFrequency | None
    emails_subscribed: list[str] | None


class ListCreate(TypedDict, total=False):
    """A new list of companies."""

    name: Required[str]


class ListRename(TypedDict, total=False):
    """The new name of a list."""

    new_name: Required[str]


class ListAdd(TypedDict, total=False):
    """Companies for a list, by their ids or by their names."""

    company_ids: list[str]
    company_names: list[str]


class ListAddMany(TypedDict, total=False):
    """Companies for several lists."""

    list_ids: Required[list[int]]
    company_ids: Required[list[str]]


class ListRemove(TypedDict, total=False):
    """Companies that leave a list."""

    company_ids: Required[list[str]]


class OneClick(TypedDict, total=False):
    """The form of RFC 8058."""

    list_unsubscribe: Required[str]


class AppUrlCreate(TypedDict, total=False):
    """What a link into the app shows."""

    type: Required[str]
    list_id: int
    filters: dict[str, Any]
    saved_search_id: int
    search_type: SearchType
    webhook_id: int


class WebhookCreate(TypedDict, total=False):
    """A new webhook."""

    url: Required[str]
    search_id: Required[int]
    listening_start_time: Required[datetime | None]
    trigger_once_per_company: Required[bool]
    description: str
    secret: str
    active_event_types: list[WebhookEventType]


class WebhookUpdate(TypedDict, total=False):
    """What changes of a webhook; null clears what may be empty."""

    url: Required[str]
    search_id: Required[int]
    listening_start_time: datetime | None
    trigger_once_per_company: bool
    description: str | None
    secret: str | None
    active_event_types: list[WebhookEventType] | None


class WebhookStatus(TypedDict, total=False):
    """Whether a webhook is on."""

    is_active: Required[bool]


class WebhookTest(TypedDict, total=False):
    """Where a test event goes."""

    webhook_id: int
    url: str
    event_type: WebhookEventType
    secret: str


class Retry(TypedDict, total=False):
    """The events that are sent again."""

    webhook_event_ids: Required[list[int]]


BODIES: Final[Mapping[str, type[Any]]] = {
    "saved_searches.create": SavedSearchCreate,
    "saved_searches.update": SavedSearchUpdate,
    "company_lists.create": ListCreate,
    "company_lists.rename": ListRename,
    "company_lists.add_companies": ListAdd,
    "company_lists.add_companies_to_lists": ListAddMany,
    "company_lists.remove_companies": ListRemove,
    "app_urls.create": AppUrlCreate,
    "webhooks.create": WebhookCreate,
    "webhooks.update": WebhookUpdate,
    "webhooks.status": WebhookStatus,
    "webhooks.test": WebhookTest,
    "webhooks.events.retry": Retry,
}
"""The class of each operation's JSON body, by the operation's name; those made of filters apart."""

FORMS: Final[Mapping[str, type[Any]]] = {
    "saved_searches.unsubscribe_alerts": OneClick,
    "email_preferences.unsubscribe": OneClick,
}
"""The class of each operation's form, by the operation's name."""
