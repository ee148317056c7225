"""Which e-mails a user receives."""

from __future__ import annotations

from typing import Any

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class EmailPreferences(Model):
    """Which e-mails a user receives, and a description of the form that asks for it."""

    schema: dict[str, Any]
    """The description of the form, exactly as it came. The API does not document it."""
    form_data: dict[str, Any]
    """The switches, by group and key, exactly as they came. Change a copy, not this."""
