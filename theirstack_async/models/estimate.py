"""What a search would cost."""

from __future__ import annotations

import attrs

from theirstack_async.models._answered import Answered


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Estimate(Answered):
    """What a search would bring and cost, told by a free count."""

    rows: int
    """Rows that the search would hand out, ``max_items`` considered."""
    credits: int
    """What they would cost: ``rows`` times ``price``."""
    price: int
    """Credits a row (https://theirstack.com/en/docs/pricing/credits.md)."""
    exact: bool
    """Whether rows that come in meanwhile cannot change it: ``max_items`` caps it, or ``discovered_at_lte`` pins the
    search to what had been found by then. Where it is False, the search may bring and cost more."""
