"""Addresses of pages in the vendor's app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from theirstack_async import models
from theirstack_async._check import check_id, check_text
from theirstack_async._engine import theirstack as api
from theirstack_async.config import RequestOptions
from theirstack_async.errors import ArgumentError
from theirstack_async.resources._arguments import check_mapping, member_of, optional
from theirstack_async.resources._resource import Resource

if TYPE_CHECKING:
    from theirstack_async.filters import CompanyFilters, JobFilters


class AppUrls(Resource):
    """Addresses of pages in the vendor's app."""

    async def create(
        self,
        *,
        type: str,  # noqa: A002  # the API's name
        webhook_id: int | None = None,
        list_id: int | None = None,
        saved_search_id: int | None = None,
        search_type: models.SearchType | str | None = None,
        filters: CompanyFilters | JobFilters | Mapping[str, Any] | None = None,
        options: RequestOptions | None = None,
    ) -> models.AppUrl:
        """Return the address of a page in the app. Free; nothing is made by it.

        Only what is given is sent. Which arguments go with which type is documented for ``webhook`` alone; the other
        types are not known. Source: https://theirstack.com/en/docs/api-reference.

        Args:
            type: what the page shows; ``webhook``, which wants a ``webhook_id``.
            webhook_id: a webhook.
            list_id: a company list.
            saved_search_id: a saved search.
            search_type: ``jobs`` or ``companies``.
            filters: the filters of a search; a mapping is sent as it is.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an argument was refused; nothing was sent.
            NotFoundError: there is no such thing to show.
        """
        if type == "webhook" and webhook_id is None:
            raise ArgumentError('webhook_id: the type "webhook" wants one', field="webhook_id")
        given = {
            "type": check_text("type", type),
            "webhook_id": optional(check_id, "webhook_id", webhook_id),
            "list_id": optional(check_id, "list_id", list_id),
            "saved_search_id": optional(check_id, "saved_search_id", saved_search_id),
            "search_type": optional(member_of(models.SearchType), "search_type", search_type),
            "filters": optional(_plain, "filters", filters),
        }
        body = {name: value for name, value in given.items() if value is not None}
        return await self._call(api.APP_URLS_CREATE, models.AppUrl, json=body, options=options)


def _plain(field: str, value: object) -> dict[str, Any]:
    from theirstack_async.filters import CompanyFilters, JobFilters

    return value.to_dict() if isinstance(value, (CompanyFilters, JobFilters)) else check_mapping(field, value)
