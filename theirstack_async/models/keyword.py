"""A technology or buying-intent topic as the catalog lists it."""

from __future__ import annotations

import attrs

from theirstack_async.models.keyword_reference import KeywordReference


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Keyword(KeywordReference):
    """A row of the catalog of technologies and buying-intent topics."""

    jobs: int
    """Jobs that name it."""
    companies: int
    """Companies that use it."""
    companies_found_last_week: int
    """Companies first seen to use it in the last week."""
    one_liner: str | None = None
    """What it is, in a line."""
    url: str | None = None
    description: str | None = None
