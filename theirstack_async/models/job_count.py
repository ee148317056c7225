"""How many jobs a search finds."""

from __future__ import annotations

import attrs

from theirstack_async.models._answered import Answered


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class JobCount(Answered):
    """How many jobs match a search, and at how many companies."""

    total_results: int
    """Jobs."""
    total_companies: int | None = None
    """Companies that they are at; None where the API does not tell."""
