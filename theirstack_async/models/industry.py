"""An industry."""

from __future__ import annotations

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Industry(Model):
    """An industry of LinkedIn's taxonomy, version 2."""

    industry_id: int | None = None
    """LinkedIn's code, which filters take."""
    industry: str | None = None
    """Its name."""
    hierarchy: str | None = None
    """The names from the top of the taxonomy down to it."""
    description: str | None = None
    parent_id: int | None = None
    """The code of the industry above it."""
    companies: int | None = None
    """Companies in it."""
    jobs: int | None = None
    """Jobs in it."""
