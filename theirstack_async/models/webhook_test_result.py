"""How a test delivery went."""

from __future__ import annotations

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class WebhookTestResult(Model):
    """What came of a test delivery."""

    status: int
    """Presumably the HTTP status that the receiver answered with; the API does not say."""
    message: str | None = None
    signature: str | None = None
    """Presumably the signature header that was sent; the API does not say."""
