"""What an answer tells beside its rows."""

from __future__ import annotations

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class SearchMetadata(Model):
    """What a search or a list of the catalog tells beside its rows. None where it was not asked, or does not tell."""

    total_results: int | None = None
    """Rows that match, those of other pages included."""
    truncated_results: int | None = None
    """Rows held back because the account has too few credits."""
    truncated_companies: int | None = None
    """Companies held back because the account has too few credits."""
    total_companies: int | None = None
    """Companies of all rows that match."""
    page: int | None = None
    """The number of the page, from 0; told by the list of keywords alone."""
    limit: int | None = None
    """The size of the page; told by the list of keywords alone."""
