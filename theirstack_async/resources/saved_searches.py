"""Saved searches: filters that are kept under a name, for webhooks and e-mail alerts to follow."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, TypedDict, Unpack

from theirstack_async import models
from theirstack_async._check import check_id, check_names, check_text
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.dialect import Operation
from theirstack_async._values import UNSET
from theirstack_async.config import RequestOptions
from theirstack_async.errors import ArgumentError
from theirstack_async.resources._arguments import check_flag, list_of, member_of, one_of, optional
from theirstack_async.resources._undocumented import ONE_CLICK, UndocumentedAnswers

if TYPE_CHECKING:
    from theirstack_async.filters import CompanyFilters, JobFilters

SavedSearchOrder = Literal["name", "created_at", "updated_at"]
"""What saved searches are ordered by."""


class SavedSearchChanges(TypedDict, total=False):
    """What :meth:`SavedSearches.update` can change. What is left out is not sent; None clears what may be empty."""

    name: str
    body: JobFilters | CompanyFilters
    is_alert_active: bool
    frequency: models.AlertFrequency | str | None
    emails_subscribed: Iterable[str] | None


class SavedSearches(UndocumentedAnswers):
    """The saved searches of the team. All of it is free; the webhooks that follow them are not.

    Source: https://theirstack.com/en/docs/api-reference/saved-searches/get_saved_searches_v0.
    """

    async def list(
        self,
        *,
        user_ids: Iterable[int] | None = None,
        types: Iterable[models.SearchType | str] | None = None,
        order_by: SavedSearchOrder | None = None,
        order_direction: Literal["asc", "desc"] | None = None,
        options: RequestOptions | None = None,
    ) -> builtins.list[models.SavedSearch]:
        """Return all saved searches that are not archived. Free.

        Args:
            user_ids: only those of these members of the team.
            types: only those for ``jobs``, or for ``companies``.
            order_by: ``name``, ``created_at`` or ``updated_at``, which is the API's default.
            order_direction: ``asc`` or ``desc``, which is the API's default.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an argument was refused; nothing was sent.
        """
        query = {
            "user_ids": optional(list_of(check_id), "user_ids", user_ids),
            "types": optional(list_of(member_of(models.SearchType)), "types", types),
            "order_by": optional(one_of("name", "created_at", "updated_at"), "order_by", order_by),
            "order_direction": optional(one_of("asc", "desc"), "order_direction", order_direction),
        }
        return await self._call(api.SEARCHES_LIST, list[models.SavedSearch], query=query, options=options)

    async def get(self, search_id: int, *, options: RequestOptions | None = None) -> models.SavedSearch:
        """Return one saved search, be it archived or not. Free.

        ``JobFilters.from_dict(search.body)``, or ``CompanyFilters`` for companies, makes filters of its body.

        Raises:
            NotFoundError: there is none with this id.
        """
        return await self._one(api.SEARCHES_GET, search_id, options=options)

    async def create(
        self,
        *,
        body: JobFilters | CompanyFilters,
        name: str | None = None,
        is_alert_active: bool = False,
        extra_filters: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> models.SavedSearch:
        """Create a saved search, and return it. Free.

        It is never sent a second time after an unknown outcome, since that could make two.

        Args:
            body: what is searched. Its class says whether it is a search for jobs or for companies.
            name: what it is called; None leaves that to the API.
            is_alert_active: whether its matches are sent by e-mail.
            extra_filters: sent as they are, on top of the body: for what this release does not know.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an argument was refused; nothing was sent.
            OutcomeUnknownError: nobody knows whether it was created; look at ``list()`` before creating it again.
        """
        sent = {**_searched(body, extra_filters), "is_alert_active": check_flag("is_alert_active", is_alert_active)}
        if name is not None:
            sent["name"] = check_text("name", name)
        return await self._call(api.SEARCHES_CREATE, models.SavedSearch, json=sent, options=options)

    async def update(
        self,
        search_id: int,
        *,
        extra_filters: Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
        **changes: Unpack[SavedSearchChanges],
    ) -> models.SavedSearch:
        """Change a saved search, and return it as it is now. Free.

        Only what is named is sent. A body replaces the whole body, and its type, which its class says, goes with it;
        ``extra_filters`` come on top of it. Webhooks that follow the search follow the new body from then on.

        Raises:
            ArgumentError: a change was refused, or its name is not known; nothing was changed.
            NotFoundError: there is no saved search with this id.
        """
        check_names(changes, SavedSearchChanges.__annotations__, "field of a saved search")
        if not changes:
            raise ArgumentError("changes: name at least one field to change", field="changes")
        if extra_filters is not None and "body" not in changes:
            raise ArgumentError("extra_filters: they belong to a body=, and there is none", field="extra_filters")
        sent: dict[str, Any] = {}
        for field, value in changes.items():
            sent |= _searched(value, extra_filters) if field == "body" else {field: _changed(field, value)}
        return await self._one(api.SEARCHES_UPDATE, search_id, json=sent, options=options)

    async def archive(self, search_id: int, *, options: RequestOptions | None = None) -> dict[str, Any]:
        """End a saved search: it leaves the list, and its webhooks stop. No way back is documented. Free.

        Returns:
            What the API says to it, whose keys are not documented.

        Raises:
            NotFoundError: there is no saved search with this id.
        """
        parts = {"search_id": check_id("search_id", search_id)}
        reply = await self._pipeline.call(api.SEARCHES_ARCHIVE, parts=parts, options=options)
        return self._plain(reply, dict[str, Any], api.SEARCHES_ARCHIVE, parts)

    async def unsubscribe_alerts(self, token: str, *, options: RequestOptions | None = None) -> None:
        """Unsubscribe somebody from the e-mail alert of a saved search, by one click (RFC 8058). Free; needs no key.

        Args:
            token: the signed token in the unsubscribe link of the e-mail.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: the token is blank, or no text.
        """
        query = {"token": check_text("token", token)}
        await self._act(api.ALERTS_UNSUBSCRIBE, query=query, form=ONE_CLICK, options=options)

    async def unsubscribe_alerts_page(self, token: str, *, options: RequestOptions | None = None) -> str:
        """Follow the unsubscribe link of an e-mail alert, as a browser does, and return what it shows. Free; needs no
        key.

        That ends the alert too, as :meth:`unsubscribe_alerts` does. The form of the answer is not documented; it comes
        as text.
        """
        query = {"token": check_text("token", token)}
        reply = await self._pipeline.call(api.ALERTS_UNSUBSCRIBE_PAGE, query=query, options=options)
        return reply.body.decode("utf-8", "replace")

    async def _one(
        self, operation: Operation, search_id: int, *, json: Any = UNSET, options: RequestOptions | None
    ) -> models.SavedSearch:
        parts = {"search_id": check_id("search_id", search_id)}
        return await self._call(operation, models.SavedSearch, parts=parts, json=json, options=options)


def _searched(body: object, extra: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the fields that say what is searched: the body, and the type that goes with it."""
    from theirstack_async.filters import CompanyFilters, JobFilters, build

    if isinstance(body, JobFilters):
        return {"type": "jobs", "body": build(JobFilters, body, {}, extra)}
    if isinstance(body, CompanyFilters):
        return {"type": "companies", "body": build(CompanyFilters, body, {}, extra)}
    raise ArgumentError(
        f"body: expected JobFilters or CompanyFilters, got {type(body).__name__}; JobFilters.from_dict(...) makes them "
        "of a mapping",
        field="body",
    )


def _changed(field: str, value: object) -> Any:
    match field:
        case "name":
            return check_text(field, value)
        case "is_alert_active":
            return check_flag(field, value)
        case "frequency":
            return optional(member_of(models.AlertFrequency), field, value)
        case _:
            return optional(list_of(check_text), field, value)
