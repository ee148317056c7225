"""The parameters that the SDK sends, under their names on the wire: the class of each operation's query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, Required, TypedDict

from theirstack_async.models import (
    KeywordType,
    RequestOrigin,
    SearchType,
    WebhookEventStatus,
    WebhookGroupBy,
)

Direction = Literal["asc", "desc"]


class Numbered(TypedDict, total=False):
    """The pages of a free list that has page numbers."""

    page: Required[int]
    limit: Required[int]


class Offset(TypedDict, total=False):
    """The pages of a list that is read by offset."""

    offset: Required[int]
    limit: Required[int]


class Period(TypedDict, total=False):
    """A period of time, and the time zone whose days it is split into."""

    start_datetime: Required[datetime]
    end_datetime: Required[datetime]
    timezone: Required[str]


class SavedSearchesList(TypedDict, total=False):
    """What saved searches are wanted."""

    user_ids: list[int]
    types: list[SearchType]
    order_by: Literal["name", "created_at", "updated_at"]
    order_direction: Direction


class ListCompanies(Offset, total=False):
    """What companies of a list are wanted."""

    order_by: Literal["revealed_at", "name"]
    order_direction: Direction
    company_name_partial: str


class ListExport(TypedDict, total=False):
    """How a list is exported."""

    file_format: Required[Literal["csv", "xlsx"]]
    offset: int
    limit: int


class Keywords(Numbered, total=False):
    """What keywords of the catalog are wanted."""

    keyword_type: KeywordType
    keyword_type_not: list[KeywordType]
    name_pattern: str
    slugs: list[str]
    category_pattern: str
    category_slug: str
    parent_category_slug: str
    parent_category_pattern: str
    q: str
    starts_with: str


class Categories(TypedDict, total=False):
    """What categories are wanted."""

    category_slug: str


class Subcategories(Categories, total=False):
    """What subcategories are wanted."""

    subcategory_slug: str
    num_technologies_per_category: int


class Country(Numbered, total=False):
    """Which country is wanted."""

    country: str


class Industries(Numbered, total=False):
    """Which industries are wanted."""

    industry: str


class Locations(Offset, total=False):
    """Which places are wanted."""

    id: int | list[int]
    name: str
    country_code: str
    feature_code: str | list[str]


class RequestsCount(Period, total=False):
    """Which requests are counted."""

    is_origin_app: bool
    origin: RequestOrigin
    api_key_id: str


class RequestsList(Numbered, total=False):
    """Which requests are listed."""

    start_datetime: Required[datetime]
    end_datetime: Required[datetime]
    is_origin_app: bool
    origin: RequestOrigin
    api_key_id: str


class Token(TypedDict, total=False):
    """The token of a link in an e-mail."""

    token: Required[str]


class EventTypes(TypedDict, total=False):
    """What types of events are wanted."""

    search_type: SearchType


class Events(Offset, total=False):
    """What events of a webhook are wanted."""

    status: WebhookEventStatus


class EventCounts(Period, total=False):
    """What events are counted, and by what."""

    webhook_id: int
    group_by: Required[list[WebhookGroupBy]]


QUERIES: Final[Mapping[str, type[Any]]] = {
    "saved_searches.list": SavedSearchesList,
    "saved_searches.unsubscribe_alerts": Token,
    "saved_searches.unsubscribe_alerts_page": Token,
    "company_lists.companies": ListCompanies,
    "company_lists.export": ListExport,
    "catalog.keywords": Keywords,
    "catalog.categories": Categories,
    "catalog.subcategories": Subcategories,
    "catalog.industries": Industries,
    "catalog.company_countries": Country,
    "catalog.job_countries": Country,
    "catalog.locations": Locations,
    "team.credits_consumption": Period,
    "requests.list": RequestsList,
    "requests.count": RequestsCount,
    "email_preferences.unsubscribe": Token,
    "email_preferences.unsubscribe_page": Token,
    "webhooks.event_types": EventTypes,
    "webhooks.events.list": Events,
    "webhooks.events.counts": EventCounts,
}
"""The class of each operation's query, by the operation's name."""
