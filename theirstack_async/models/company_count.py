"""How many companies a search finds."""

from __future__ import annotations

import attrs

from theirstack_async.models._answered import Answered


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CompanyCount(Answered):
    """How many companies match a search."""

    total_results: int
