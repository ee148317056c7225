"""An entry of the list of event types."""

from __future__ import annotations

import attrs

from theirstack_async.models._base import Model
from theirstack_async.models.webhook import WebhookEventType


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class WebhookEventTypeInfo(Model):
    """A type of event that a webhook can subscribe to.

    The API does not document the fields of this record; ``keep_unknown_fields=True`` shows them all in ``extra``.
    """

    event_type: WebhookEventType | None = None
