"""Webhooks: set up, changed, switched and tested here. Their events are in :mod:`.webhook_events`."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, TypedDict, Unpack, cast

from theirstack_async._check import check_enum, check_id, check_names, check_secret, check_url
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.dialect import Operation
from theirstack_async._values import ALL_HISTORY, UNSET, AllHistory, Unset
from theirstack_async._wire.encode import encode_instant
from theirstack_async.config import RequestOptions
from theirstack_async.errors import ArgumentError
from theirstack_async.models import Webhook, WebhookEventType, WebhookEventTypeInfo, WebhookTestResult
from theirstack_async.resources._arguments import one_of, optional
from theirstack_async.resources._resource import Resource, refuse_envelope
from theirstack_async.resources.webhook_events import WebhookEvents

ListeningStart = datetime | Literal["now"] | AllHistory
"""From when on matches are delivered: an instant, ``"now"``, or :data:`ALL_HISTORY` for every past match too."""


class WebhookChanges(TypedDict, total=False):
    """What :meth:`Webhooks.update` can change. What is left out stays; None clears a field that may be empty."""

    url: str
    search_id: int
    description: str | None
    listening_start_time: ListeningStart
    trigger_once_per_company: bool
    active_event_types: Sequence[WebhookEventType | str] | None
    secret: str | None


class Webhooks(Resource):
    """The webhooks of the account. Setting them up is free; the events that they send are not.

    What a test event costs is not documented.
    """

    @cached_property
    def events(self) -> WebhookEvents:
        """The events of webhooks: listed, counted and delivered again."""
        return WebhookEvents(self._pipeline, self._converter)

    async def list(self, *, options: RequestOptions | None = None) -> builtins.list[Webhook]:
        """Return all webhooks that are not archived."""
        return await self._call(api.WEBHOOKS_LIST, list[Webhook], options=options)

    async def get(self, webhook_id: int, *, options: RequestOptions | None = None) -> Webhook:
        """Return one webhook.

        Raises:
            NotFoundError: there is none with this id.
        """
        return await self._one(api.WEBHOOKS_GET, webhook_id, options=options)

    async def create(
        self,
        *,
        url: str,
        search_id: int,
        listening_start_time: ListeningStart | Unset = UNSET,
        description: str | None = None,
        trigger_once_per_company: bool = False,
        secret: str | None = None,
        active_event_types: Sequence[WebhookEventType | str] | None = None,
        options: RequestOptions | None = None,
    ) -> Webhook:
        """Create a webhook on a saved search, and return it.

        Creating is free, but two webhooks on one search bill every event twice, so this is never sent a second time
        after an unknown outcome.

        Args:
            url: where events are delivered; http or https, at most 2,083 characters.
            search_id: the saved search to follow; it has to exist.
            listening_start_time: which matches are delivered. It has to be chosen, because the API's default replays,
                and bills, every past match (1 credit a job, 3 a company): an aware datetime, ``"now"``, or
                :data:`ALL_HISTORY` to ask for just that.
            description: free text.
            trigger_once_per_company: for ``job_new``: at most one event a company.
            secret: signs each delivery; at least 16 characters. It is never given back.
            active_event_types: what to be told of; None means the main type of the search.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an argument was refused; nothing was sent.
            OutcomeUnknownError: nobody knows whether it was created; look at ``list()`` before creating it again.
        """
        if isinstance(listening_start_time, Unset):
            raise ArgumentError(
                'listening_start_time: choose a datetime, "now", or ALL_HISTORY; leaving it out would make the API '
                "replay, and bill, every past match",
                field="listening_start_time",
            )
        changes: WebhookChanges = {
            "url": url,
            "search_id": search_id,
            "listening_start_time": listening_start_time,
            "trigger_once_per_company": trigger_once_per_company,
        }
        if description is not None:
            changes["description"] = description
        if secret is not None:
            changes["secret"] = secret
        if active_event_types is not None:
            changes["active_event_types"] = active_event_types
        return await self._call(api.WEBHOOKS_CREATE, Webhook, json=self._body(changes), options=options)

    async def update(
        self, webhook_id: int, *, options: RequestOptions | None = None, **changes: Unpack[WebhookChanges]
    ) -> Webhook:
        """Change a webhook, and return it as it is now.

        The API demands ``url`` and ``search_id`` with every change. When one of them is not given, the webhook is read
        first and all that you did not name is sent as it stands, since what the API does with fields left out is not
        documented. Read and change are two calls: a change that somebody else makes in between is overwritten. With
        both given, only what you name is sent.

        The secret stays unless it is named: a text sets it, None removes it.

        Raises:
            ArgumentError: a change was refused, or its name is not known; nothing was changed.
            NotFoundError: there is no webhook with this id.
        """
        check_id("webhook_id", webhook_id)
        check_names(changes, WebhookChanges.__annotations__, "field of a webhook")
        if not changes:
            raise ArgumentError("changes: name at least one field to change", field="changes")
        body = self._body(changes)
        if "url" not in body or "search_id" not in body:
            body = {**self._standing(await self.get(webhook_id, options=options)), **body}
        return await self._one(api.WEBHOOKS_UPDATE, webhook_id, json=body, options=options)

    async def enable(self, webhook_id: int, *, options: RequestOptions | None = None) -> Webhook:
        """Switch a webhook on, and return it. What matched while it was off is delivered, and billed, now."""
        return await self._one(api.WEBHOOKS_STATUS, webhook_id, json={"is_active": True}, options=options)

    async def disable(self, webhook_id: int, *, options: RequestOptions | None = None) -> Webhook:
        """Switch a webhook off, and return it."""
        return await self._one(api.WEBHOOKS_STATUS, webhook_id, json={"is_active": False}, options=options)

    async def archive(self, webhook_id: int, *, options: RequestOptions | None = None) -> Webhook:
        """End a webhook for good, and return it. This cannot be undone; its events stay."""
        return await self._one(api.WEBHOOKS_ARCHIVE, webhook_id, options=options)

    async def test(
        self,
        *,
        webhook_id: int | None = None,
        url: str | None = None,
        event_type: WebhookEventType | str | None = None,
        secret: str | None = None,
        options: RequestOptions | None = None,
    ) -> WebhookTestResult:
        """Have a test event delivered, and return what the receiver answered.

        Either name a webhook, whose address and type are used unless ``url`` or ``secret`` say otherwise; or give
        ``url`` with ``event_type``.

        Raises:
            ArgumentError: neither a webhook, nor an address with a type.
            OutcomeUnknownError: nobody knows whether it was delivered.
        """
        if webhook_id is None and (url is None or event_type is None):
            raise ArgumentError("webhook_id: name a webhook, or give url= with event_type=", field="webhook_id")
        body: dict[str, Any] = {}
        if webhook_id is not None:
            body["webhook_id"] = check_id("webhook_id", webhook_id)
        if url is not None:
            body["url"] = check_url("url", url)
        if event_type is not None:
            body["event_type"] = _event_type("event_type", event_type)
        if secret is not None:
            body["secret"] = check_secret("secret", secret)
        return await self._call(api.WEBHOOKS_TEST, WebhookTestResult, json=body, options=options)

    async def event_types(
        self, search_type: Literal["jobs", "companies"] | None = None, *, options: RequestOptions | None = None
    ) -> builtins.list[WebhookEventTypeInfo]:
        """Return the event types that a webhook can subscribe to, of one kind of search or of all.

        The answer's form is not documented. A list is read as one; of an object, each key is taken as an event type.
        """
        query = {"search_type": optional(one_of("jobs", "companies"), "search_type", search_type)}
        reply = await self._pipeline.call(api.WEBHOOKS_EVENT_TYPES, query=query, options=options)
        if not reply.body.lstrip().startswith(b"{"):
            return self._converter.decode(reply.body, list[WebhookEventTypeInfo])
        keys = self._converter.decode(reply.body, dict[str, Any])
        refuse_envelope(keys, reply.body)
        return [WebhookEventTypeInfo(event_type=WebhookEventType(key)) for key in keys]

    async def _one(
        self, operation: Operation, webhook_id: int, *, json: Any = UNSET, options: RequestOptions | None
    ) -> Webhook:
        parts = {"webhook_id": check_id("webhook_id", webhook_id)}
        return await self._call(operation, Webhook, parts=parts, json=json, options=options)

    def _body(self, changes: WebhookChanges) -> dict[str, Any]:
        """Return the checked fields as the API takes them."""
        body: dict[str, Any] = dict(changes)
        for field, value in body.items():
            body[field] = self._field(field, value)
        return body

    def _field(self, field: str, value: Any) -> Any:
        match field:
            case "url":
                return check_url(field, value)
            case "search_id":
                return check_id(field, value)
            case "listening_start_time":
                return self._start(value)
            case "secret":
                return None if value is None else check_secret(field, value)
            case "active_event_types":
                return None if value is None else [_event_type(field, each) for each in _many(field, value)]
            case "trigger_once_per_company" if not isinstance(value, bool):
                raise ArgumentError(f"{field}: expected True or False, got {value!r}", field=field)
            case "description" if not isinstance(value, str | None):
                raise ArgumentError(f"{field}: expected text or None, got {value!r}", field=field)
            case _:
                return value

    def _start(self, value: object) -> str | None:
        if value is ALL_HISTORY:
            return None
        if value == "now":
            value = self._now()
        if not isinstance(value, datetime):
            raise ArgumentError(
                f'listening_start_time: expected a datetime, "now" or ALL_HISTORY, got {value!r}',
                field="listening_start_time",
            )
        return encode_instant(value, "listening_start_time")

    def _standing(self, webhook: Webhook) -> dict[str, Any]:
        """Return the fields of a webhook that a change has to repeat; the secret stays by being left out."""
        plain = self._converter.unstructure(webhook)
        names = ["url", "search_id", "description", "listening_start_time", "trigger_once_per_company"]
        if webhook.active_event_types is not None:
            names.append("active_event_types")
        return {name: plain[name] for name in names}


def _event_type(field: str, value: object) -> str:
    # Deliveries spell it with a dot, API calls with an underscore; both are taken.
    text = value.replace(".", "_") if isinstance(value, str) else value
    return check_enum(field, text, WebhookEventType).value


def _many(field: str, value: object) -> Sequence[object]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise ArgumentError(f"{field}: expected a list, got {value!r}", field=field)
    return cast("Sequence[object]", value)
