"""What stands in lists of job filters: places, and the keys of exported jobs."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import attrs

from theirstack_async._values import Unset
from theirstack_async.filters._base import Part, check_part, make, parts_of
from theirstack_async.filters._kinds import ID, INTEGER, TEXT, Kind, many
from theirstack_async.filters._place import Place


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class LocationFilter(Part):
    """A place from the catalog of locations. Where a filter takes places, their ids alone do as well."""

    id: Annotated[int | None, ID]
    """The GeoNames id, as ``client.catalog.locations()`` finds it; the API takes null too, and does not say why."""

    def __init__(self, *, id: int | None) -> None:  # noqa: A002 - the name on the wire
        super().__init__(id=id)


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class JobExportKey(Part):
    """The key of an exported job. It is internal to the vendor, who says that it is not for public use."""

    neg_posted_at_timestamp: Annotated[int, INTEGER]
    url_hashed: Annotated[int, INTEGER]
    company_name_slug: Annotated[str, TEXT]

    def __init__(self, *, neg_posted_at_timestamp: int, url_hashed: int, company_name_slug: str) -> None:
        super().__init__(
            neg_posted_at_timestamp=neg_posted_at_timestamp, url_hashed=url_hashed, company_name_slug=company_name_slug
        )


def _location(place: Place, value: object) -> Any:
    return make(LocationFilter, {"id": value}, place) if type(value) is int else _LOCATION(place, value)


_LOCATION = check_part(LocationFilter)

Locations: TypeAlias = Annotated[
    tuple[LocationFilter, ...] | Unset, Kind("Many[LocationFilter | int]", "a list of places", many(_location))
]
"""A list of places, or of their ids."""
ExportKeys: TypeAlias = Annotated[tuple[JobExportKey, ...] | Unset, parts_of(JobExportKey)]
"""A list of export keys."""
