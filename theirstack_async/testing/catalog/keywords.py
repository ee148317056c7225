"""The list of keywords, and the list of technologies that was there before it. No key is needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call, Route
from theirstack_async.testing.catalog.vocabulary import KEYWORDS, TYPES, Usage, usages
from theirstack_async.testing.words import Keyword

Test = Callable[[Keyword, str], bool]


def _in(text: str, *parts: str) -> bool:
    return any(text.casefold() in part.casefold() for part in parts)


def _starts_with(keyword: Keyword, text: str) -> bool:
    name = keyword.name.casefold()
    return not "a" <= name[0] <= "z" if text == "__other__" else name.startswith(text.casefold())


_BY_SLUG: Final = {keyword.slug: keyword for keyword in KEYWORDS}
_TESTS: Final[dict[str, Test]] = {
    "name_pattern": lambda keyword, text: _in(text, keyword.name),
    "category_pattern": lambda keyword, text: _in(text, keyword.category),
    "parent_category_pattern": lambda keyword, text: _in(text, keyword.parent),
    "category_slug": lambda keyword, text: text == keyword.category_slug,
    "parent_category_slug": lambda keyword, text: text == keyword.parent_slug,
}
"""The filters by one text."""
_MORE_TESTS: Final[dict[str, Test]] = {
    "q": lambda keyword, text: _in(text, keyword.name, keyword.type, keyword.category, keyword.parent),
    "starts_with": _starts_with,
    "keyword_type": lambda keyword, text: text == keyword.type,
}
"""Those that the list of technologies does not have."""


def list_keywords(backend: Backend, call: Call) -> Answer:
    """GET /v0/catalog/keywords: the keyword of most jobs first, but names that begin with ``q`` before others."""
    fields = call.parameters()
    fields.optional("keyword_type", read.one_of(*TYPES))
    unwanted = fields.listed("keyword_type_not", call.repeated("keyword_type_not"), read.one_of(*TYPES))
    fields.optional("include_metadata", read.boolean_text)
    query = (fields.optional("q", read.string) or "").casefold()
    page = fields.defaulted("page", partial(read.number_text, least=0), 0)
    limit = fields.defaulted("limit", partial(read.number_text, least=1), 25)
    fields.check()
    found = [item for item in _found(backend, call, _TESTS | _MORE_TESTS) if item[0].type not in unwanted]
    found.sort(key=lambda item: not item[0].name.casefold().startswith(query))
    rows = [_shown(*item) | {"type": item[0].type} for item in found[page * limit : (page + 1) * limit]]
    return json_answer({"data": rows, "metadata": {"total_results": len(found), "page": page, "limit": limit}})


def list_technologies(backend: Backend, call: Call) -> Answer:
    """GET /v0/catalog/technologies, which left the official document: a bare array."""
    fields = call.parameters()
    page = fields.window()
    fields.check()
    found = [item for item in _found(backend, call, _TESTS) if item[0].type == "technology"]
    return json_answer([_shown(*item) for item in found[page]])


def _found(backend: Backend, call: Call, tests: dict[str, Test]) -> list[tuple[Keyword, Usage]]:
    slugs = [*call.repeated("slug"), *call.repeated("slugs")]
    asked = [(tests[name], text) for name, text in call.query if name in tests and text]
    return [
        (_BY_SLUG[slug], usage)
        for slug, usage in usages(backend.data).items()
        if (not slugs or slug in slugs) and all(test(_BY_SLUG[slug], text) for test, text in asked)
    ]


def _shown(keyword: Keyword, usage: Usage) -> dict[str, Any]:
    return {
        "name": keyword.name,
        "category": keyword.category,
        "slug": keyword.slug,
        "category_slug": keyword.category_slug,
        "parent_category": keyword.parent,
        "parent_category_slug": keyword.parent_slug,
        "logo": f"https://cdn.example/{keyword.slug}.png",
        "logo_thumbnail": None,
        "one_liner": f"{keyword.name} ({keyword.category.lower()})",
        "url": None,
        "description": None,
        "jobs": usage.jobs,
        "companies": usage.companies,
        "companies_found_last_week": usage.companies_last_week,
    }


ROUTES: Final = (
    Route("GET", "/v0/catalog/keywords", list_keywords, needs_key=False),
    Route("GET", "/v0/catalog/technologies", list_technologies, needs_key=False),
)
