"""A place that a job is offered at."""

import attrs

from theirstack_async.models._base import Model
from theirstack_async.models._open_enum import OpenEnum


class LocationType(OpenEnum):
    """How large a place is."""

    CITY = "city"
    REGION = "region"
    COUNTRY = "country"
    CONTINENT = "continent"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class JobLocation(Model):
    """A place that a job is offered at, from the GeoNames database (https://www.geonames.org)."""

    id: int | None = None
    """The GeoNames id."""
    name: str | None = None
    """The name of the city, region or country, according to ``type``."""
    type: LocationType | None = None
    feature_code: str | None = None
    """The GeoNames feature code, such as ``PPL`` for a populated place."""
    country_code: str | None = None
    """Two letters (ISO 3166-1 alpha-2)."""
    admin1_name: str | None = None
    """The first-level division: a state, region or province."""
    admin1_code: str | None = None
    admin2_name: str | None = None
    """The second-level division: a county or district."""
    admin2_code: str | None = None
    continent: str | None = None
    """Two letters, such as ``EU``."""
    latitude: float | None = None
    """Degrees, north positive."""
    longitude: float | None = None
    """Degrees, east positive."""
    city: str | None = None
    """Deprecated by the API: use ``name`` where ``type`` is ``city``."""
    address: str | None = None
    """Deprecated by the API, which sends None."""
    postal_code: str | None = None
    """Deprecated by the API, which sends None."""
    state: str | None = None
    """Deprecated by the API: use ``admin1_name``."""
    state_code: str | None = None
    """Deprecated by the API: use ``admin1_code``."""
    display_name: str | None = None
    """The place in words. Always sent in lists; deliveries may leave it out."""
    country_name: str | None = None
    """Always sent in lists; deliveries may leave it out."""
