"""Locations: cities, regions, countries and continents by their GeoNames ids. The one catalog list that needs a key."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call, Route
from theirstack_async.testing.words import PLACES, Country, Place

MOST: Final = 100_000
"""Locations a page (https://theirstack.com/en/docs/api-reference/catalog)."""
_CONTINENT_IDS: Final = {
    "Africa": 6255146, "Asia": 6255147, "Europe": 6255148, "North America": 6255149, "South America": 6255150,
    "Oceania": 6255151,
}  # fmt: skip


def list_locations(_backend: Backend, call: Call) -> Answer:
    """GET /v0/catalog/locations: cities first, then what they lie in. A bare array."""
    fields = call.parameters()
    ids = fields.listed("id", call.repeated("id"), read.number_text)
    name = (fields.optional("name", read.string) or "").casefold()
    country = fields.optional("country_code", read.string)
    codes = call.repeated("feature_code")
    offset = fields.defaulted("offset", partial(read.number_text, least=0), 0)
    limit = fields.defaulted("limit", partial(read.number_text, least=1, most=MOST), 5)
    fields.check()
    found = [
        row
        for row in LOCATIONS
        if (not ids or row["id"] in ids)
        and name in row["name"].casefold()
        and country in (None, row["country_code"])
        and (not codes or row["feature_code"] in codes)
    ]
    return json_answer(found[offset : offset + limit])


def _city(place: Place) -> dict[str, Any]:
    name = f"{place.name}, {place.region}, {place.country.name}"
    return _row(place.id, place.name, "PPLA", "city", name, place.country, place.region)


def _region(place: Place) -> dict[str, Any]:
    name = f"{place.region}, {place.country.name}"
    return _row(place.region_id, place.region, "ADM1", "region", name, place.country, place.region)


def _country(country: Country) -> dict[str, Any]:
    return _row(country.id, country.name, "PCLI", "country", country.name, country)


def _continent(name: str, continent_id: int) -> dict[str, Any]:
    return _row(continent_id, name, "CONT", "continent", name)


def _row(
    number: int, name: str, code: str, kind: str, shown: str, country: Country | None = None, region: str | None = None
) -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "admin1_name": region,
        "country_code": country and country.code,
        "feature_code": code,
        "feature_name": kind,
        "display_name": shown,
        "country_name": country and country.name,
    }


LOCATIONS: Final = (
    *map(_city, PLACES),
    *map(_region, PLACES),
    *map(_country, {place.country.code: place.country for place in PLACES}.values()),
    *(_continent(name, number) for name, number in _CONTINENT_IDS.items()),
)
"""All of them, as the API shows them."""

ROUTES: Final = (Route("GET", "/v0/catalog/locations", list_locations),)
