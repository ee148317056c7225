"""A job in a few words."""

from datetime import date

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class JobSummary(Model):
    """A job as it is listed in a company's ``jobs_found``."""

    company: str
    """The name of the company."""
    id: int | None = None
    job_title: str | None = None
    url: str | None = None
    source_url: str | None = None
    """The posting that the data was taken from."""
    date_posted: date | None = None
    has_blurred_data: bool = False
    """Whether what identifies the company is blurred, as in a preview."""
