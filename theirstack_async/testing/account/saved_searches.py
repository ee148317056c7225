"""Saved searches: the filters that webhooks and alerts follow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from theirstack_async.testing import validation as read
from theirstack_async.testing.account.search_body import check_body
from theirstack_async.testing.answers import Answer, RefusedError, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call, Route
from theirstack_async.testing.registry import TEAM_ID, USER_ID, Search, SearchKind, instant_text

CREATOR: Final[dict[str, Any]] = {
    "id": USER_ID,
    "email": "ada@team.example",
    "first_name": "Ada",
    "last_name": "Example",
}
_KINDS: Final = ("jobs", "companies")
_ORDERS: Final[dict[str, Callable[[Search], Any]]] = {
    "name": lambda search: search.name.casefold(),
    "created_at": lambda search: search.created,
    "updated_at": lambda search: search.updated,
}


def list_searches(backend: Backend, call: Call) -> Answer:
    """GET /v0/saved_searches: all that are not archived, the latest change first unless told otherwise."""
    fields = call.parameters()
    order = fields.defaulted("order_by", read.one_of(*_ORDERS), "updated_at")
    direction = fields.defaulted("order_direction", read.one_of("asc", "desc"), "desc")
    owners = fields.listed("user_ids", call.repeated("user_ids"), read.number_text)
    kinds = fields.listed("types", call.repeated("types"), read.one_of(*_KINDS))
    fields.check()
    found = [
        (_ORDERS[order](search), search_id)
        for search_id, search in backend.registry.searches.items()
        if not search.is_archived and (not kinds or search.kind in kinds) and (not owners or USER_ID in owners)
    ]
    found.sort(reverse=direction == "desc")
    return json_answer([_shown(backend, search_id) for _, search_id in found])


def get_search(backend: Backend, call: Call) -> Answer:
    """GET /v0/saved_searches/{search_id}: an archived one as well."""
    search_id, _ = _search(backend, call)
    return json_answer(_shown(backend, search_id))


def create_search(backend: Backend, call: Call) -> Answer:
    """POST /v0/saved_searches: one without a name is called after its id."""
    fields = call.fields()
    name = fields.optional("name", read.string)
    kind = fields.required("type", read.one_of(*_KINDS))
    body = fields.required("body", read.mapping)
    active = fields.defaulted("is_alert_active", read.boolean, False)
    _check_body(backend, fields, kind, body)
    now, search_id = backend.clock.now(), backend.registry.new_search_id()
    backend.registry.searches[search_id] = Search(
        f"Search {search_id}" if name is None else name,
        cast("SearchKind", kind),
        body=body or {},
        created=now,
        updated=now,
        is_alert_active=active,
    )
    return json_answer(_shown(backend, search_id))


def update_search(backend: Backend, call: Call) -> Answer:
    """PATCH /v0/saved_searches/{search_id}: what is left out stays, and so does what cannot be null and is."""
    search_id, search = _search(backend, call)
    if search.is_archived:
        raise RefusedError(400, f"Saved search {search_id} is archived")
    fields = call.fields()
    changes: dict[str, Any] = {
        "name": fields.optional("name", read.string),
        "kind": fields.optional("type", read.one_of(*_KINDS)),
        "body": fields.optional("body", read.mapping),
        "is_alert_active": fields.optional("is_alert_active", read.boolean),
    }
    frequency = fields.optional("frequency", read.one_of("daily", "weekly"))
    emails = fields.optional("emails_subscribed", read.strings)
    _check_body(backend, fields, changes["kind"] or search.kind, changes["body"])
    changes = {name: value for name, value in changes.items() if value is not None}
    changes |= {"frequency": frequency} if fields.has("frequency") else {}
    changes |= {"emails_subscribed": emails} if fields.has("emails_subscribed") else {}
    for name, value in changes.items():
        setattr(search, name, value)
    search.updated = backend.clock.now()
    return json_answer(_shown(backend, search_id))


def archive_search(backend: Backend, call: Call) -> Answer:
    """PATCH /v0/saved_searches/{search_id}/archive: it leaves the list, and its webhooks get nothing any more.

    The answer is a map of texts whose keys are undocumented.
    """
    _, search = _search(backend, call)
    search.is_archived = True
    search.updated = backend.clock.now()
    return json_answer({"message": "archived"})


def unsubscribe_alert(backend: Backend, call: Call) -> Answer:
    """GET and POST /v0/saved_searches/alerts/unsubscribe: ends the alert of a saved search. No key is needed.

    Here a token is the id of the search; any other text is taken and changes nothing.
    """
    fields = call.parameters()
    token = fields.required("token", read.string)
    fields.check()
    call.form()
    for search_id, search in backend.registry.searches.items():
        if str(search_id) == token:
            search.is_alert_active = False
    return json_answer({"ok": True})


def _check_body(backend: Backend, fields: read.Fields, kind: str | None, body: dict[str, Any] | None) -> None:
    """Raise InvalidError if anything is wrong with a request, the body of the search included."""
    if kind is not None and body is not None:
        check_body(fields, cast("SearchKind", kind), body, strict=backend.options.unknown_filters == "refuse")
    fields.check()


def _search(backend: Backend, call: Call) -> tuple[int, Search]:
    search_id = call.number("search_id")
    search = backend.registry.searches.get(search_id)
    if search is None:
        raise RefusedError(404, f"Saved search {search_id} not found")
    return search_id, search


def _shown(backend: Backend, search_id: int) -> dict[str, Any]:
    """Return what the API shows of a search: by the vendor's document, a body that comes back has no ``cursor``."""
    search = backend.registry.searches[search_id]
    followers = (webhook for webhook in backend.registry.webhooks.values() if webhook.search_id == search_id)
    return {
        "id": search_id,
        "name": search.name,
        "type": search.kind,
        "body": {name: value for name, value in search.body.items() if name != "cursor"},
        "is_alert_active": search.is_alert_active,
        "user_id": USER_ID,
        "team_id": TEAM_ID,
        "created_at": instant_text(search.created),
        "updated_at": instant_text(search.updated),
        "query": None,
        "path": None,
        "querystring_params": None,
        "creator": CREATOR,
        "is_archived": search.is_archived,
        "has_active_webhooks": any(w.is_active and not backend.registry.is_silent(w) for w in followers),
        "frequency": search.frequency,
        "emails_subscribed": search.emails_subscribed,
    }


ROUTES: Final = (
    Route("GET", "/v0/saved_searches", list_searches),
    Route("POST", "/v0/saved_searches", create_search),
    Route("GET", "/v0/saved_searches/alerts/unsubscribe", unsubscribe_alert, needs_key=False),
    Route("POST", "/v0/saved_searches/alerts/unsubscribe", unsubscribe_alert, needs_key=False),
    Route("GET", "/v0/saved_searches/{id}", get_search),
    Route("PATCH", "/v0/saved_searches/{id}", update_search),
    Route("PATCH", "/v0/saved_searches/{id}/archive", archive_search),
)
