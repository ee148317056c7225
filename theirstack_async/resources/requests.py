"""The requests that the team has made."""

from __future__ import annotations

import builtins
from datetime import datetime
from typing import Any
from uuid import UUID

from theirstack_async import models
from theirstack_async._check import check_text
from theirstack_async._engine import theirstack as api
from theirstack_async.config import RequestOptions, check_count
from theirstack_async.errors import ArgumentError
from theirstack_async.resources._arguments import check_flag, check_period, member_of, optional
from theirstack_async.resources._resource import Resource, good_rows


class Requests(Resource):
    """The requests that the team has made, by the API or in the app.

    Source: https://theirstack.com/en/docs/api-reference/requests/get_requests_count_v0.
    """

    async def list(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        page: int = 0,
        limit: int = 50,
        is_origin_app: bool | None = None,
        origin: models.RequestOrigin | str | None = None,
        api_key_id: UUID | str | None = None,
        options: RequestOptions | None = None,
    ) -> builtins.list[dict[str, Any]]:
        """Return one page of requests, as plain data: what a row holds is not documented. Free.

        The API may answer an array, or an object that holds it as ``data``; both are read. Both instants are always
        sent.

        Args:
            start: aware datetime; 5 days before ``end`` unless given.
            end: aware datetime; now unless given.
            page: the number of the page, from 0.
            limit: requests a page, from 1; the API documents no maximum, and 50 as its default.
            is_origin_app: only those of the app (True), or only those of the API (False).
            origin: only those of this origin, such as ``mcp``.
            api_key_id: only those with this key, by its id (a UUID), which is not the key itself.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an argument was refused; nothing was sent.
            DecodeError: the answer holds no list of objects; ``items_so_far`` has the rows that are objects.
        """
        query = {
            **check_period(start, end, self._now(), days=5),
            "page": check_count("page", page, at_least=0),
            "limit": check_count("limit", limit),
            **_filters(is_origin_app, origin, api_key_id),
        }
        operation = api.REQUESTS_LIST
        reply = await self._pipeline.call(operation, query=query, options=options)
        bare = reply.body.lstrip().startswith(b"[")
        decode = self._converter.decode_rows if bare else self._converter.decode_page
        return good_rows(decode(reply.body, dict[str, Any]), f"{operation.method} {operation.path}", reply.body)

    async def count(
        self,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        timezone: str = "UTC",
        is_origin_app: bool | None = None,
        origin: models.RequestOrigin | str | None = None,
        api_key_id: UUID | str | None = None,
        options: RequestOptions | None = None,
    ) -> builtins.list[models.RequestCount]:
        """Return how many requests there were, day by day. Free.

        Both instants are always sent: what the API takes for those that are missing is not documented.

        Args:
            start: aware datetime; 30 days before ``end`` unless given.
            end: aware datetime; now unless given.
            timezone: an IANA name such as ``Europe/Madrid``, in which days begin.
            is_origin_app: only those of the app (True), or only those of the API (False).
            origin: only those of this origin, such as ``mcp``.
            api_key_id: only those with this key, by its id (a UUID), which is not the key itself.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an argument was refused; nothing was sent.
        """
        query = {
            **check_period(start, end, self._now(), days=30),
            "timezone": check_text("timezone", timezone),
            **_filters(is_origin_app, origin, api_key_id),
        }
        return await self._call(api.REQUESTS_COUNT, list[models.RequestCount], query=query, options=options)


def _filters(is_origin_app: object, origin: object, api_key_id: object) -> dict[str, object]:
    return {
        "is_origin_app": optional(check_flag, "is_origin_app", is_origin_app),
        "origin": optional(member_of(models.RequestOrigin), "origin", origin),
        "api_key_id": optional(_key_id, "api_key_id", api_key_id),
    }


def _key_id(field: str, value: object) -> str:
    try:
        return str(UUID(str(value)))
    except ValueError:
        wrong = type(value).__name__
    # The value is not shown: who mistakes one for the other has passed the key itself.
    raise ArgumentError(f"{field}: expected the id of a key, a UUID, got {wrong} that is none", field=field)
