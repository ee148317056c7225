"""What is asked of the technologies and buying-intent topics of companies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Unpack

import attrs

from theirstack_async._values import UNSET, Unset
from theirstack_async.filters._base import Part, parts_of
from theirstack_async.filters._kinds import Day, Deprecated, Number, Texts, Whole, enums_of
from theirstack_async.filters.sorting import KeywordSort
from theirstack_async.models import Confidence

if TYPE_CHECKING:
    from theirstack_async.filters._kwargs import KeywordFilterKwargs, TechFilterKwargs


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class KeywordFields(Part):
    """The conditions on a keyword of a company, which is a technology or a buying-intent topic."""

    keyword_slug_or: Texts = UNSET
    """Slugs of keywords; case counts. ``client.catalog.keywords()`` finds slugs."""
    keyword_category_slug_or: Texts = UNSET
    """Slugs of categories of keywords (``client.catalog.subcategories()``); case counts."""
    keyword_parent_category_slug_or: Texts = UNSET
    """Slugs of the categories above those (``client.catalog.categories()``); case counts."""
    technology_slug_or: Annotated[Texts, Deprecated("use keyword_slug_or")] = UNSET
    """Deprecated by the API: use ``keyword_slug_or``."""
    technology_category_slug_or: Annotated[Texts, Deprecated("use keyword_category_slug_or")] = UNSET
    """Deprecated by the API: use ``keyword_category_slug_or``."""
    technology_parent_category_slug_or: Annotated[Texts, Deprecated("use keyword_parent_category_slug_or")] = UNSET
    """Deprecated by the API: use ``keyword_parent_category_slug_or``."""
    max_rank: Whole = UNSET
    """The rank within its category at the most: 1 is the keyword of it that the company's jobs name most."""
    min_jobs: Whole = UNSET
    """How many jobs of the company name it at the least."""
    max_jobs: Whole = UNSET
    """How many jobs of the company name it at the most."""
    min_relative_occurrence: Number = UNSET
    """``relative_occurrence_within_category`` at the least: the higher, the surer that it is used."""
    first_date_found_gte: Day = UNSET
    """First named on this day or later."""
    first_date_found_lte: Day = UNSET
    """First named on this day or earlier."""
    last_date_found_gte: Day = UNSET
    """Last named on this day or later."""
    last_date_found_lte: Day = UNSET
    """Last named on this day or earlier."""
    confidence_or: Annotated[tuple[Confidence, ...] | Unset, enums_of(Confidence)] = UNSET
    """How sure the vendor is that it is used."""


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class TechFilters(KeywordFields):
    """Conditions on a company's technologies and buying-intent topics: the ``tech_filters`` of a company search.

    Raises:
        ArgumentError: a filter does not exist, or a value is not of its kind; ``field`` names it.
    """

    def __init__(self, /, **filters: Unpack[TechFilterKwargs]) -> None:
        super().__init__(**filters)


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class KeywordFilters(KeywordFields):
    """What to tell of one company: for ``client.companies.technologies()`` and ``client.companies.buying_intents()``.

    Raises:
        ArgumentError: a filter does not exist, or a value is not of its kind; ``field`` names it.
    """

    order_by: Annotated[tuple[KeywordSort, ...] | Unset, parts_of(KeywordSort)] = UNSET
    """The order, most important key first; by confidence and then by the number of jobs, unless given."""

    def __init__(self, /, **filters: Unpack[KeywordFilterKwargs]) -> None:
        super().__init__(**filters)
