"""A place that jobs can be searched at."""

from __future__ import annotations

import attrs

from theirstack_async.models._base import Model
from theirstack_async.models.job_location import LocationType


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Location(Model):
    """A row of the catalog of places, from the GeoNames database (https://www.geonames.org)."""

    id: int
    """The GeoNames id, which filters take."""
    name: str
    feature_code: str
    """The GeoNames feature code, such as ``PPL`` for a populated place."""
    feature_name: LocationType
    """How large the place is."""
    display_name: str
    """The place in words."""
    country_name: str | None
    admin1_name: str | None = None
    """The first-level division: a state, region or province."""
    country_code: str | None = None
    """Two letters (ISO 3166-1 alpha-2)."""
