"""Categories of keywords, and the categories within them. No key is needed.

The two paths for technologies alone left the official document; they answer in the same shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call, Route
from theirstack_async.testing.catalog.vocabulary import KEYWORDS, companies_using, usages
from theirstack_async.testing.search.dataset import DataSet
from theirstack_async.testing.words import TECHNOLOGIES, Keyword


def keyword_categories(backend: Backend, call: Call) -> Answer:
    """GET /v1/catalog/keywords/categories."""
    return _categories(backend, call, KEYWORDS)


def keyword_subcategories(backend: Backend, call: Call) -> Answer:
    """GET /v1/catalog/keywords/subcategories: each with the keywords of most jobs."""
    return _subcategories(backend, call, KEYWORDS)


def technology_categories(backend: Backend, call: Call) -> Answer:
    """GET /v1/catalog/technologies/categories."""
    return _categories(backend, call, TECHNOLOGIES)


def technology_subcategories(backend: Backend, call: Call) -> Answer:
    """GET /v1/catalog/technologies/subcategories."""
    return _subcategories(backend, call, TECHNOLOGIES)


def _categories(backend: Backend, call: Call, keywords: Sequence[Keyword]) -> Answer:
    wanted = call.parameters().optional("category_slug", read.string)
    groups: dict[str, list[Keyword]] = {}
    for keyword in keywords:
        groups.setdefault(keyword.parent_slug, []).append(keyword)
    rows = [
        _summary(backend.data, members[0].parent, slug, members)
        for slug, members in groups.items()
        if wanted in (None, slug)
    ]
    return _page(rows)


def _subcategories(backend: Backend, call: Call, keywords: Sequence[Keyword]) -> Answer:
    """Answer the subcategories that are asked for.

    That a subcategory is asked for without its category is against the documents: here it is refused.
    """
    fields = call.parameters()
    parent = fields.optional("category_slug", read.string)
    wanted = fields.optional("subcategory_slug", read.string)
    most = fields.defaulted("num_technologies_per_category", read.number_text, 5)
    if wanted is not None and parent is None:
        fields.refuse("subcategory_slug", "It must be used together with category_slug")
    fields.check()
    groups: dict[str, list[Keyword]] = {}
    for keyword in keywords:
        if parent in (None, keyword.parent_slug) and wanted in (None, keyword.category_slug):
            groups.setdefault(keyword.category_slug, []).append(keyword)
    ranks = {slug: rank for rank, slug in enumerate(usages(backend.data))}
    rows: list[dict[str, Any]] = []
    for slug, members in groups.items():
        first = sorted(members, key=lambda keyword: ranks[keyword.slug])[: max(most, 0)]
        shown = [{"name": one.name, "logo": f"https://cdn.example/{one.slug}.png", "slug": one.slug} for one in first]
        row = _summary(backend.data, members[0].category, slug, members)
        rows.append(row | {"technologies": shown, "category_slug": members[0].parent_slug})
    return _page(rows)


def _summary(data: DataSet, name: str, slug: str, keywords: Sequence[Keyword]) -> dict[str, Any]:
    return {
        "name": name,
        "slug": slug,
        "description": f"Everything that counts as {name.lower()}.",
        "number_of_technologies": len(keywords),
        "number_of_companies": companies_using(data, keywords),
    }


def _page(rows: list[dict[str, Any]]) -> Answer:
    return json_answer({"data": rows, "metadata": {"total_results": len(rows)}})


ROUTES: Final = (
    Route("GET", "/v1/catalog/keywords/categories", keyword_categories, needs_key=False),
    Route("GET", "/v1/catalog/keywords/subcategories", keyword_subcategories, needs_key=False),
    Route("GET", "/v1/catalog/technologies/categories", technology_categories, needs_key=False),
    Route("GET", "/v1/catalog/technologies/subcategories", technology_subcategories, needs_key=False),
)
