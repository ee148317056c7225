"""A job as a free preview shows it."""

from __future__ import annotations

import attrs

from theirstack_async.models._job_fields import JobFields
from theirstack_async.models.company_preview import CompanyPreview


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class JobPreview(JobFields):
    """A job of a preview, which costs nothing. It is no :class:`Job`, and cannot be taken for one.

    What would identify the company is blurred, to texts such as ``XxxXxxx XX``: ``description``, ``url``,
    ``final_url``, ``source_url``, ``company``, ``company_domain`` and, in ``company_object``, what
    :class:`CompanyPreview` names (https://theirstack.com/en/docs/api-reference/features/preview-data-mode).
    ``hiring_team`` was seen not to be blurred.
    """

    company_object: CompanyPreview
    """The employer."""
