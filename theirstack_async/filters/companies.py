"""What a company search asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Unpack

import attrs

from theirstack_async._values import UNSET, Unset
from theirstack_async.filters._base import part_of, parts_of
from theirstack_async.filters._company_fields import CompanyFields
from theirstack_async.filters._kinds import Texts, enums_of
from theirstack_async.filters.keywords import TechFilters
from theirstack_async.filters.nested_jobs import NestedJobFilters
from theirstack_async.filters.sorting import CompanySort
from theirstack_async.filters.values import CompanyProperty

if TYPE_CHECKING:
    from theirstack_async.filters._kwargs import CompanyFilterKwargs


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class CompanyFilters(CompanyFields):
    """What a company search asks: conditions on the company, on its jobs and on its technologies, all of which hold.

    None has to be given. The API may pass over a filter that it does not know, and bill what it finds without it (3
    credits a company); so a name that is not known is refused here.

    Raises:
        ArgumentError: a filter does not exist, or a value is not of its kind; ``field`` names it.
    """

    job_filters: Annotated[
        NestedJobFilters | Unset | None, part_of(NestedJobFilters, accepts=" | NestedJobFilterKwargs", nullable=True)
    ] = UNSET
    """Conditions on the company's jobs."""
    tech_filters: Annotated[
        TechFilters | Unset | None, part_of(TechFilters, accepts=" | TechFilterKwargs", nullable=True)
    ] = UNSET
    """Conditions on the technologies and buying-intent topics that the company's jobs name."""
    expand_technology_slugs: Texts = UNSET
    """Slugs of technologies to be told about: ``technologies_found`` of a row says how the company uses them."""
    order_by: Annotated[tuple[CompanySort, ...] | Unset, parts_of(CompanySort)] = UNSET
    """The order, most important key first; by relevance, unless given."""
    property_exists_or: Annotated[tuple[CompanyProperty, ...] | Unset, enums_of(CompanyProperty)] = UNSET
    """Fields, any of which the company has."""
    property_exists_and: Annotated[tuple[CompanyProperty, ...] | Unset, enums_of(CompanyProperty)] = UNSET
    """Fields, all of which the company has."""

    def __init__(self, /, **filters: Unpack[CompanyFilterKwargs]) -> None:
        super().__init__(**filters)
