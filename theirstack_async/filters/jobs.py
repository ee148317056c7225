"""What a job search asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Unpack

import attrs

from theirstack_async._values import UNSET, Unset
from theirstack_async.filters._base import parts_of
from theirstack_async.filters._company_fields import CompanyFields
from theirstack_async.filters._job_fields import JobFields
from theirstack_async.filters._kinds import Deprecated, enums_of
from theirstack_async.filters.sorting import JobSort
from theirstack_async.filters.values import JobProperty

if TYPE_CHECKING:
    from theirstack_async.filters._kwargs import JobFilterKwargs


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class JobFilters(JobFields, CompanyFields):
    """What a job search asks: conditions on the job and on its employer, all of which hold.

    At least one of ``posted_at_max_age_days``, ``posted_at_gte``, ``posted_at_lte``, ``company_domain_or``,
    ``company_linkedin_url_or`` and ``company_name_or`` has to be given for a search; that is checked when it is made.

    Raises:
        ArgumentError: a filter does not exist, or a value is not of its kind; ``field`` names it.
    """

    order_by: Annotated[tuple[JobSort, ...] | Unset, parts_of(JobSort), Deprecated("it names no successor")] = UNSET
    """The order, most important key first; the latest posted and then the latest found, unless given. Deprecated by the
    API, which names no successor."""
    property_exists_or: Annotated[tuple[JobProperty, ...] | Unset, enums_of(JobProperty)] = UNSET
    """Fields, any of which the job has."""
    property_exists_and: Annotated[tuple[JobProperty, ...] | Unset, enums_of(JobProperty)] = UNSET
    """Fields, all of which the job has."""

    def __init__(self, /, **filters: Unpack[JobFilterKwargs]) -> None:
        super().__init__(**filters)
