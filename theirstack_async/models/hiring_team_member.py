"""A person who hires."""

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class HiringTeamMember(Model):
    """A person of the team that posted a job. Personal data, and not blurred in previews."""

    first_name: str | None = None
    full_name: str | None = None
    linkedin_url: str | None = None
    role: str | None = None
    image_url: str | None = None
    thumbnail_url: str | None = None
