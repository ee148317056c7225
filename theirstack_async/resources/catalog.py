"""The catalog: what filters can name. Keywords, categories, industries, countries and places."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Final, TypeVar

from theirstack_async import models
from theirstack_async._check import check_id, check_text
from theirstack_async._checkpoint import Checkpoint
from theirstack_async._engine import theirstack as api
from theirstack_async._engine.dialect import Operation
from theirstack_async.config import RequestOptions, check_count
from theirstack_async.errors import ArgumentError
from theirstack_async.pagination import Paginator, RejectsMode
from theirstack_async.resources._arguments import list_of, member_of, one_or_list_of, optional
from theirstack_async.resources._lists import Lists, key_by
from theirstack_async.resources._resource import good_rows

T = TypeVar("T")
LOCATIONS_LIMIT: Final = 100_000
"""Places a page at the most (the API's schema; 5 is its default)."""


class Catalog(Lists):
    """What filters can name. All of it is free, and all but :meth:`locations` needs no key and sends none.

    The lists with numbered pages (all but the places) are read page after page, and no page overlaps another: a list
    that stands still comes whole. Taken up again from a checkpoint, such a list begins with the page that the
    checkpoint lies in; of its rows a checkpoint remembers 500, so with larger pages some rows may come again.
    Source: https://theirstack.com/en/docs/api-reference/catalog/get_catalog_keywords_v0.
    """

    def keywords(
        self,
        *,
        q: str | None = None,
        slugs: Iterable[str] | None = None,
        keyword_type: models.KeywordType | str | None = None,
        keyword_type_not: Iterable[models.KeywordType | str] | None = None,
        name_pattern: str | None = None,
        starts_with: str | None = None,
        category_slug: str | None = None,
        category_pattern: str | None = None,
        parent_category_slug: str | None = None,
        parent_category_pattern: str | None = None,
        page_size: int = 100,
        max_items: int | None = None,
        resume: Checkpoint | None = None,
        rejects: RejectsMode = "raise",
        options: RequestOptions | None = None,
    ) -> Paginator[models.Keyword]:
        """Return technologies and buying-intent topics, read as they are iterated. Free; needs no key.

        Nothing is sent before the first row is asked for. ``paginator.total`` is how many there are, once a page came.
        All texts are compared without regard to case, but for slugs.

        Args:
            q: a text in the name, the type or a category; names that begin with it come first.
            slugs: only these, such as ``["postgresql", "snowflake"]``.
            keyword_type: only this type; ``technology`` gives the technologies.
            keyword_type_not: not these types; ``["technology"]`` leaves the buying-intent topics.
            name_pattern: a text in the name.
            starts_with: what the name begins with; ``__other__`` for names that begin with no letter.
            category_slug: only this category, which :meth:`subcategories` lists.
            category_pattern: a text in the category's name.
            parent_category_slug: only this parent category, which :meth:`categories` lists.
            parent_category_pattern: a text in the parent category's name.
            page_size: rows a request, from 1. The API documents no maximum; by its page 100,000 gives all at once.
            max_items: how many to hand out at the most; None for all.
            resume: a checkpoint of the same list, to go on from.
            rejects: a row that does not decode is raised after the good ones of its page (``"raise"``), or collected in
                ``page.rejects`` and ``paginator.rejects`` (``"collect"``).
            options: how the calls are made, where they differ from the client.

        Raises:
            ArgumentError: an argument was refused.
        """
        texts = {
            "q": q,
            "name_pattern": name_pattern,
            "starts_with": starts_with,
            "category_slug": category_slug,
            "category_pattern": category_pattern,
            "parent_category_slug": parent_category_slug,
            "parent_category_pattern": parent_category_pattern,
        }
        filters: dict[str, object] = {name: optional(check_text, name, text) for name, text in texts.items()}
        filters["slugs"] = optional(list_of(check_text), "slugs", slugs)
        is_type = member_of(models.KeywordType)
        filters["keyword_type"] = optional(is_type, "keyword_type", keyword_type)
        filters["keyword_type_not"] = optional(list_of(is_type), "keyword_type_not", keyword_type_not)
        return self._by_number(
            api.KEYWORDS, models.Keyword, key_by("slug"), filters, options, page_size=page_size,
            data_required=False, max_items=max_items, resume=resume, rejects=rejects,
        )  # fmt: skip

    async def categories(
        self, *, category_slug: str | None = None, options: RequestOptions | None = None
    ) -> builtins.list[models.KeywordCategory]:
        """Return the main categories of keywords, all or the one with this slug. Free; needs no key.

        Source: https://theirstack.com/en/docs/api-reference/catalog/list_keyword_categories_v1.
        """
        query = {"category_slug": optional(check_text, "category_slug", category_slug)}
        return await self._whole(api.CATEGORIES, models.KeywordCategory, query, options)

    async def subcategories(
        self,
        *,
        category_slug: str | None = None,
        subcategory_slug: str | None = None,
        num_technologies_per_category: int | None = None,
        options: RequestOptions | None = None,
    ) -> builtins.list[models.KeywordSubcategory]:
        """Return the subcategories of keywords, each with some of its keywords. Free; needs no key.

        Args:
            category_slug: only those of this main category.
            subcategory_slug: only this one; the API wants its ``category_slug`` with it.
            num_technologies_per_category: how many keywords each comes with; None for the API's default, which is 5.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: an argument was refused; nothing was sent.
        """
        if subcategory_slug is not None and category_slug is None:
            raise ArgumentError(
                "subcategory_slug: the API takes it only together with category_slug", field="subcategory_slug"
            )
        query = {
            "category_slug": optional(check_text, "category_slug", category_slug),
            "subcategory_slug": optional(check_text, "subcategory_slug", subcategory_slug),
            "num_technologies_per_category": optional(
                partial(check_count, at_least=0), "num_technologies_per_category", num_technologies_per_category
            ),
        }
        return await self._whole(api.SUBCATEGORIES, models.KeywordSubcategory, query, options)

    def industries(
        self,
        *,
        industry: str | None = None,
        page_size: int = 100,
        max_items: int | None = None,
        resume: Checkpoint | None = None,
        rejects: RejectsMode = "raise",
        options: RequestOptions | None = None,
    ) -> Paginator[models.Industry]:
        """Return industries with their codes, and how many companies and jobs each has. Free; needs no key.

        ``industry`` is a text in the name, the hierarchy or the description, whatever its case. The codes are
        LinkedIn's (https://learn.microsoft.com/en-us/linkedin/shared/references/reference-tables/industry-codes-v2).
        The rest is as with :meth:`keywords`.
        """
        filters = {"industry": optional(check_text, "industry", industry)}
        return self._by_number(
            api.INDUSTRIES, models.Industry, key_by("industry_id"), filters, options, page_size=page_size,
            max_items=max_items, resume=resume, rejects=rejects,
        )  # fmt: skip

    def company_countries(
        self,
        *,
        country: str | None = None,
        page_size: int = 100,
        max_items: int | None = None,
        resume: Checkpoint | None = None,
        rejects: RejectsMode = "raise",
        options: RequestOptions | None = None,
    ) -> Paginator[models.CompanyCountryCount]:
        """Return how many companies have their headquarters in each country. Free; needs no key.

        ``country`` is an English name. The rest is as with :meth:`keywords`.
        """
        filters = {"country": optional(check_text, "country", country)}
        return self._by_number(
            api.COMPANY_COUNTRIES, models.CompanyCountryCount, key_by("iso2"), filters, options, page_size=page_size,
            max_items=max_items, resume=resume, rejects=rejects,
        )  # fmt: skip

    def job_countries(
        self,
        *,
        country: str | None = None,
        page_size: int = 100,
        max_items: int | None = None,
        resume: Checkpoint | None = None,
        rejects: RejectsMode = "raise",
        options: RequestOptions | None = None,
    ) -> Paginator[models.JobCountryCount]:
        """Return how many jobs each country has, and how many companies offer them. Free; needs no key.

        ``country`` is an English name. The rest is as with :meth:`keywords`.
        """
        filters = {"country": optional(check_text, "country", country)}
        return self._by_number(
            api.JOB_COUNTRIES, models.JobCountryCount, key_by("iso2"), filters, options, page_size=page_size,
            max_items=max_items, resume=resume, rejects=rejects,
        )  # fmt: skip

    def locations(
        self,
        *,
        id: int | Iterable[int] | None = None,  # noqa: A002  # the API's name
        name: str | None = None,
        country_code: str | None = None,
        feature_code: str | Iterable[str] | None = None,
        page_size: int = 100,
        offset: int = 0,
        max_items: int | None = None,
        resume: Checkpoint | None = None,
        rejects: RejectsMode = "raise",
        options: RequestOptions | None = None,
    ) -> Paginator[models.Location]:
        """Return places that jobs can be searched at, read as they are iterated. Free, but it needs the key.

        Args:
            id: one GeoNames id, or several.
            name: a text in the name.
            country_code: two letters (ISO 3166-1 alpha-2).
            feature_code: one code of the kind of place, or several, such as ``PPLA`` or ``ADM1``
                (https://www.geonames.org/export/codes.html).
            page_size: places a request, from 1 to 100,000. Each page but the first asks again for one place that is
                known, which shows that none was missed.
            offset: how many places to leave out at the beginning.
            max_items: how many to hand out at the most; None for all.
            resume: a checkpoint of the same list, to go on from.
            rejects: as with :meth:`keywords`.
            options: how the calls are made, where they differ from the client.

        Raises:
            ArgumentError: an argument was refused.
        """
        filters = {
            "id": optional(one_or_list_of(check_id), "id", id),
            "name": optional(check_text, "name", name),
            "country_code": optional(check_text, "country_code", country_code),
            "feature_code": optional(one_or_list_of(check_text), "feature_code", feature_code),
        }
        return self._by_offset(
            api.LOCATIONS, models.Location, key_by("id"), filters, options, page_size=page_size,
            page_limit=LOCATIONS_LIMIT, offset=offset, max_items=max_items, resume=resume, rejects=rejects,
        )  # fmt: skip

    async def _whole(
        self, operation: Operation, row: type[T], query: Mapping[str, object], options: RequestOptions | None
    ) -> builtins.list[T]:
        """Return a list that comes in one answer."""
        reply = await self._pipeline.call(operation, query=query, options=options)
        page = self._converter.decode_page(reply.body, row)
        return good_rows(page, f"{operation.method} {operation.path}", reply.body)
