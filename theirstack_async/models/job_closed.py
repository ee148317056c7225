"""The record of a job that was taken down."""

from datetime import datetime

import attrs

from theirstack_async.models._base import Model, set_utc


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class JobClosed(Model):
    """A job that was closed.

    The API names this record and does not document its fields; these two are what receivers were seen to read.
    ``keep_unknown_fields=True`` keeps the others in ``extra``.
    """

    id: int
    """The job's id."""
    closed_at: datetime | None = None
    """When the job was seen to be closed."""

    def __attrs_post_init__(self) -> None:
        set_utc(self, "closed_at")
