"""The filters of keywords: ``tech_filters`` of company search, and those of technologies and buying intents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.search import readers
from theirstack_async.testing.search.filters import Filter, at_least, at_most, one_of
from theirstack_async.testing.search.keywords import CONFIDENCES, KeywordCount


def _of_technology(get: Callable[[KeywordCount], str]) -> Filter[KeywordCount]:
    return one_of(lambda count: get(count) if count.is_technology else None)


def _slug(count: KeywordCount) -> str:
    return count.keyword.slug


def _category(count: KeywordCount) -> str:
    return count.keyword.category_slug


def _parent(count: KeywordCount) -> str:
    return count.keyword.parent_slug


KEYWORD_FILTERS: Final[dict[str, Filter[KeywordCount]]] = {
    "keyword_slug_or": one_of(_slug),
    "keyword_category_slug_or": one_of(_category),
    "keyword_parent_category_slug_or": one_of(_parent),
    "technology_slug_or": _of_technology(_slug),
    "technology_category_slug_or": _of_technology(_category),
    "technology_parent_category_slug_or": _of_technology(_parent),
    "max_rank": at_most(lambda count: count.rank),
    "min_jobs": at_least(lambda count: count.jobs),
    "max_jobs": at_most(lambda count: count.jobs),
    "min_relative_occurrence": at_least(lambda count: count.relative, readers.number),
    "first_date_found_gte": at_least(lambda count: count.first_found, readers.day),
    "first_date_found_lte": at_most(lambda count: count.first_found, readers.day),
    "last_date_found_gte": at_least(lambda count: count.last_found, readers.day),
    "last_date_found_lte": at_most(lambda count: count.last_found, readers.day),
    "confidence_or": one_of(lambda count: count.confidence, read.one_of(*CONFIDENCES)),
}
