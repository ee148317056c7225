"""From what a user gave a search, an object, keywords or both, to the body that is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar, cast

from theirstack_async._wire.encode import encode_json
from theirstack_async.errors import ArgumentError
from theirstack_async.filters._base import SWITCHES, Part, changed, make
from theirstack_async.filters._place import Place, shown

P = TypeVar("P", bound=Part)

REQUIRED: Final = (
    "posted_at_max_age_days",
    "posted_at_gte",
    "posted_at_lte",
    "company_domain_or",
    "company_linkedin_url_or",
    "company_name_or",
)
"""A job search needs one of these (https://theirstack.com/en/docs/api-reference/jobs/search_jobs_v1.md)."""

_IDENTIFIERS: Final = ("company_name", "company_domain", "company_linkedin_url", "company_id")
"""What the names of filters begin with that say which company it is."""
_OTHERWISE: Final = ("_not", "_not_or_null", "_exists")
"""What those end with that do not say it."""


def build(
    cls: type[P], query: P | None, keywords: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the body that asks for what an object, keywords and extra fields say together, as plain JSON data.

    Args:
        cls: the class of the filters.
        query: filters as an object.
        keywords: filters as keywords, which count where the object has them too. One replaces the whole filter, nested
            ones included; UNSET takes it out.
        extra: fields that replace those of the filters, or that this release does not know; sent as they are. Those
            in nested filters come on top of what these have.

    Raises:
        ArgumentError: ``query`` is something else, a keyword is refused, or ``extra`` is no mapping of names to JSON
            data, or names a switch of paging or preview.
    """
    body = _merged(cls, query, keywords).to_dict()
    return body if extra is None else _with_extra(body, _plain_extra(extra))


def _with_extra(body: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body with extra fields, those inside of nested filters included: no condition that was given is lost."""
    nested = {
        name: _with_extra(body[name], cast("Mapping[str, Any]", value))
        for name, value in extra.items()
        if isinstance(value, dict) and isinstance(body.get(name), dict)
    }
    return {**body, **extra, **nested}


def _merged(cls: type[P], query: P | None, keywords: Mapping[str, Any]) -> P:
    if query is None:
        return make(cls, keywords, Place())
    if not isinstance(cast("object", query), cls):
        name = cls.__name__
        raise ArgumentError(
            f"query: expected {name}, got {shown(query)}; write {name}(...), {name}.from_dict(...), or keywords",
            field="query",
        )
    return changed(query, keywords) if keywords else query


def _plain_extra(extra: Mapping[str, Any]) -> dict[str, Any]:
    field = "extra_filters"
    if not isinstance(cast("object", extra), Mapping) or not all(isinstance(name, str) for name in cast("Any", extra)):
        raise ArgumentError(f"{field}: expected a mapping of names to JSON data, got {shown(extra)}", field=field)
    for name in extra:
        if name in SWITCHES:
            raise Place(f"{field}.{name}").refuse(f"this is no filter: {SWITCHES[name]}")
    try:
        return cast("dict[str, Any]", json.loads(encode_json(dict(extra))))
    except ArgumentError as error:
        why = str(error).removeprefix("json: ")
    raise ArgumentError(f"{field}: {why}; write dates and instants as texts", field=field)


def check_required(body: Mapping[str, Any]) -> None:
    """Refuse a job search that has none of the six filters of which it needs one. Null and an empty list do not count.

    Raises:
        ArgumentError: there is none; the message names all six.
    """
    if lacks_required(body):
        raise ArgumentError(
            f"query: a job search needs at least one of {', '.join(REQUIRED)}; such as posted_at_max_age_days=30",
            field="query",
        )


def lacks_required(body: Mapping[str, Any]) -> bool:
    """Return whether a job search has none of the six filters of which it needs one."""
    return not any(_says(body.get(name)) for name in REQUIRED)


def identifiers(body: Mapping[str, Any]) -> list[str]:
    """Return the filters of a body that say which company it is.

    A preview that has one is billed like a search, without a word (seen by a third party since October 2025;
    https://theirstack.com/en/docs/api-reference/features/preview-data-mode says that it is not available).
    """
    return list(_identifiers(body, ""))


def _identifiers(body: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, value in body.items():
        if isinstance(value, Mapping):
            yield from _identifiers(cast("Mapping[str, Any]", value), f"{path}{name}.")
        elif _names_companies(name.strip().lower()) and _says(value):
            yield path + name


def _names_companies(name: str) -> bool:
    # Whatever is not known to say something else, for a name that came by extra_filters= may be new.
    return name.startswith(_IDENTIFIERS) and not name.endswith(_OTHERWISE)


def _says(value: object) -> bool:
    return value is not None and value != []
