"""Lists of companies: made, filled, read and deleted."""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import Any, Final, Literal

from theirstack_async import models
from theirstack_async._check import check_id, check_text
from theirstack_async._checkpoint import Checkpoint
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.pipeline import CallState
from theirstack_async._values import UNSET
from theirstack_async._warn import warn_user
from theirstack_async.config import RequestOptions, check_count
from theirstack_async.errors import ArgumentError, NotFoundError
from theirstack_async.pagination import Paginator, RejectsMode
from theirstack_async.pagination._rows import text_key
from theirstack_async.resources._arguments import list_of, one_of, optional
from theirstack_async.resources._lists import Lists
from theirstack_async.resources._undocumented import UndocumentedAnswers

CompanyListOrder = Literal["revealed_at", "name"]
"""What the companies on a list are ordered by."""
_texts: Final = list_of(check_text)


class CompanyLists(Lists, UndocumentedAnswers):
    """The company lists of the account.

    All of it is free as far as it is documented; what it costs to add a company is not. Ids of companies are texts, as
    in ``company.id``; the vendor calls them temporary.
    Source: https://theirstack.com/en/docs/api-reference.
    """

    async def list(self, *, options: RequestOptions | None = None) -> builtins.list[models.CompanyList]:
        """Return all lists. Free."""
        return await self._call(api.LISTS_LIST, list[models.CompanyList], options=options)

    async def get(self, list_id: int, *, options: RequestOptions | None = None) -> models.CompanyList:
        """Return one list, without its companies. Free.

        Raises:
            NotFoundError: there is none with this id.
        """
        return await self._one(api.LISTS_GET, list_id, options=options)

    async def create(self, name: str, *, options: RequestOptions | None = None) -> models.CompanyList:
        """Create an empty list, and return it. Free.

        It is never sent a second time after an unknown outcome, since that could make two.

        Raises:
            ArgumentError: the name is blank, or no text.
            OutcomeUnknownError: nobody knows whether it was created; look at ``list()`` before creating it again.
        """
        body = {"name": check_text("name", name)}
        return await self._call(api.LISTS_CREATE, models.CompanyList, json=body, options=options)

    async def rename(self, list_id: int, new_name: str, *, options: RequestOptions | None = None) -> models.CompanyList:
        """Give a list another name, and return it. Free.

        Raises:
            ArgumentError: the name is blank, or no text.
            NotFoundError: there is no list with this id.
        """
        body = {"new_name": check_text("new_name", new_name)}
        return await self._one(api.LISTS_RENAME, list_id, json=body, options=options)

    async def delete(self, list_id: int, *, options: RequestOptions | None = None) -> None:
        """Delete a list. Free. No way back is documented.

        It is sent again after an unknown outcome. When the API knows no such list by then, it counts as deleted.

        Raises:
            NotFoundError: there is no list with this id, and no attempt before can have deleted it.
        """
        parts = {"list_id": check_id("list_id", list_id)}
        state = CallState()
        try:
            await self._act(api.LISTS_DELETE, parts=parts, options=options, state=state)
        except NotFoundError:
            # "maybe" is what an earlier attempt left: it may have been the one that deleted the list.
            if state.sent != "maybe":
                raise

    async def duplicate(self, list_id: int, *, options: RequestOptions | None = None) -> models.CompanyList:
        """Make a second list with the same companies, and return it. What that costs is not documented.

        It is never sent a second time after an unknown outcome, since that could make two.

        Raises:
            NotFoundError: there is no list with this id.
            OutcomeUnknownError: nobody knows whether it was made; look at ``list()`` before repeating it.
        """
        return await self._one(api.LISTS_DUPLICATE, list_id, options=options)

    def companies(
        self,
        list_id: int,
        *,
        order_by: CompanyListOrder | None = None,
        order_direction: Literal["asc", "desc"] | None = None,
        company_name_partial: str | None = None,
        page_size: int = 100,
        offset: int = 0,
        max_items: int | None = None,
        resume: Checkpoint | None = None,
        rejects: RejectsMode = "raise",
        options: RequestOptions | None = None,
    ) -> Paginator[models.CompanyListEntry]:
        """Return the companies on a list, read as they are iterated. Free.

        Nothing is sent before the first row is asked for. If rows keep their order while the list is read, every
        company that is on it throughout comes exactly once, or a :class:`PaginationError` is raised.

        Args:
            list_id: which list.
            order_by: ``revealed_at``, which is the API's default, or ``name``.
            order_direction: ``asc`` or ``desc``, which is the API's default.
            company_name_partial: only companies with this text in their names.
            page_size: companies a request, from 1; the API documents no maximum. Each page but the first asks again for
                one company that is known, which shows that none was missed.
            offset: how many companies to leave out at the beginning.
            max_items: how many companies to hand out at the most; None for all.
            resume: a checkpoint of the same list, to go on from.
            rejects: a row that does not decode is raised after the good ones of its page (``"raise"``), or collected in
                ``page.rejects`` and ``paginator.rejects`` (``"collect"``).
            options: how the calls are made, where they differ from the client.

        Raises:
            ArgumentError: an argument was refused.
        """
        parts = {"list_id": check_id("list_id", list_id)}
        filters = {
            "order_by": optional(one_of("revealed_at", "name"), "order_by", order_by),
            "order_direction": optional(one_of("asc", "desc"), "order_direction", order_direction),
            "company_name_partial": optional(check_text, "company_name_partial", company_name_partial),
        }
        return self._by_offset(
            api.LISTS_COMPANIES, models.CompanyListEntry, _company_key, filters, options, parts=parts,
            page_size=page_size, offset=offset, max_items=max_items, resume=resume, rejects=rejects,
        )  # fmt: skip

    async def add_companies(
        self,
        list_id: int,
        company_ids: Iterable[str] | None = None,
        *,
        company_names: Iterable[str] | None = None,
        options: RequestOptions | None = None,
    ) -> models.CompanyList:
        """Put companies on a list, and return it. What that costs is not documented.

        It is never sent a second time after an unknown outcome, since that could cost twice.

        Args:
            list_id: which list.
            company_ids: their ids, such as ``company.id`` of a search; each is sent once.
            company_names: their names. Deprecated by the API, which says to use ``company_ids``.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an argument was refused, or there is no company; nothing was sent.
            NotFoundError: there is no list with this id.
            OutcomeUnknownError: nobody knows whether they were added; look at ``companies()`` before repeating it.
        """
        if company_ids is None and company_names is None:
            raise ArgumentError("company_ids: name at least one company", field="company_ids")
        body: dict[str, Any] = {}
        if company_ids is not None:
            body["company_ids"] = _texts("company_ids", company_ids)
        if company_names is not None:
            body["company_names"] = _texts("company_names", company_names)
            warn_user("company_names: deprecated by the API; use company_ids", DeprecationWarning)
        return await self._one(api.LISTS_ADD, list_id, json=body, options=options)

    async def add_companies_to_lists(
        self, *, list_ids: Iterable[int], company_ids: Iterable[str], options: RequestOptions | None = None
    ) -> None:
        """Put companies on several lists at once. What that costs is not documented.

        It is never sent a second time after an unknown outcome, since that could cost twice.

        Raises:
            ArgumentError: a list of ids is empty, or holds something else; nothing was sent.
            NotFoundError: there is no list, or no company, with one of the ids.
            OutcomeUnknownError: nobody knows whether they were added; look at ``companies()`` before repeating it.
        """
        body = {
            "list_ids": list_of(check_id)("list_ids", list_ids),
            "company_ids": _texts("company_ids", company_ids),
        }
        await self._act(api.LISTS_ADD_MANY, json=body, options=options)

    async def remove_companies(
        self, list_id: int, company_ids: Iterable[str], *, options: RequestOptions | None = None
    ) -> models.CompanyList:
        """Take companies off a list, and return it. Free.

        The API's document names the field, and gives examples, for ids, but describes it as names.

        Raises:
            ArgumentError: ``company_ids`` is empty, or holds something else than texts; nothing was sent.
            NotFoundError: there is no list with this id.
        """
        body = {"company_ids": _texts("company_ids", company_ids)}
        return await self._one(api.LISTS_REMOVE, list_id, json=body, options=options)

    async def export(
        self,
        list_id: int,
        *,
        file_format: Literal["csv", "xlsx"] = "csv",
        limit: int | None = None,
        offset: int = 0,
        options: RequestOptions | None = None,
    ) -> models.ExportLink:
        """Return where an export of a list can be downloaded. Deprecated by the API, which names no successor.

        :meth:`companies` reads the rows themselves. What an export costs is not documented.

        Args:
            list_id: which list.
            file_format: ``csv`` or ``xlsx``.
            limit: how many companies at the most; None leaves that to the API, whose default is 25.
            offset: how many companies to leave out at the beginning.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an argument was refused; nothing was sent.
            NotFoundError: there is no list with this id.
        """
        parts = {"list_id": check_id("list_id", list_id)}
        query = {
            "file_format": one_of("csv", "xlsx")("file_format", file_format),
            "limit": None if limit is None else check_count("limit", limit),
            "offset": check_count("offset", offset, at_least=0) or None,
        }
        message = "company_lists.export: deprecated by the API, without a successor; companies() reads the rows"
        warn_user(message, DeprecationWarning)
        return await self._call(api.LISTS_EXPORT, models.ExportLink, parts=parts, query=query, options=options)

    async def _one(
        self, operation: Operation, list_id: int, *, json: Any = UNSET, options: RequestOptions | None
    ) -> models.CompanyList:
        parts = {"list_id": check_id("list_id", list_id)}
        return await self._call(operation, models.CompanyList, parts=parts, json=json, options=options)


def _company_key(entry: models.CompanyListEntry) -> int:
    return text_key(entry.company_object.id)
