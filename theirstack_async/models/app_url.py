"""A link into the app."""

from __future__ import annotations

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class AppUrl(Model):
    """A link into the vendor's app."""

    url: str | None = None
    """The address. Not promised by any document, and so None where it is not sent."""
