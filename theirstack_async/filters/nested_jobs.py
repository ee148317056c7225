"""What a company search asks of the company's jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Unpack

import attrs

from theirstack_async._values import UNSET, Unset
from theirstack_async.filters._job_fields import JobFields
from theirstack_async.filters._kinds import enums_of
from theirstack_async.filters.values import NestedJobProperty

if TYPE_CHECKING:
    from theirstack_async.filters._kwargs import NestedJobFilterKwargs


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class NestedJobFilters(JobFields):
    """Conditions on a company's jobs, given as ``job_filters`` of a company search.

    Raises:
        ArgumentError: a filter does not exist, or a value is not of its kind; ``field`` names it.
    """

    property_exists_or: Annotated[tuple[NestedJobProperty, ...] | Unset, enums_of(NestedJobProperty)] = UNSET
    """Fields, any of which the job has. The API takes it here since the middle of 2026."""
    property_exists_and: Annotated[tuple[NestedJobProperty, ...] | Unset, enums_of(NestedJobProperty)] = UNSET
    """Fields, all of which the job has. The API takes it here since the middle of 2026."""

    def __init__(self, /, **filters: Unpack[NestedJobFilterKwargs]) -> None:
        super().__init__(**filters)
