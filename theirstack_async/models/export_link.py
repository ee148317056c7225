"""Where an export is found."""

from __future__ import annotations

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class ExportLink(Model):
    """Where the export of a list can be downloaded. For how long is not documented."""

    url: str
