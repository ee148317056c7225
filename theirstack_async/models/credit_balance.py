"""How many credits an account has."""

from __future__ import annotations

from datetime import datetime

import attrs

from theirstack_async.models._base import Model, set_utc


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CreditBalance(Model):
    """The credits of an account, in the current billing cycle."""

    ui_credits: int
    """Company credits, which the app spends. Whether used ones are in this number is doubtful; see ``remaining_ui``."""
    used_ui_credits: int
    """Company credits used in this billing cycle."""
    api_credits: int
    """API credits. Whether used ones are in this number is doubtful; see ``remaining``."""
    used_api_credits: int
    """API credits used in this billing cycle."""
    earliest_expiration: datetime | None = None
    """When the first of the credits that are left expire."""

    @property
    def remaining(self) -> int:
        """API credits that are left: ``api_credits`` less ``used_api_credits``, and at least 0.

        This is doubtful. The vendor's document calls ``api_credits`` the credits that are available, but users of live
        accounts found it to be the allowance of the cycle, of which the used ones are still to be taken off. If the
        document is right, this number is too small, and so errs on the side that costs nothing.
        """
        return max(0, self.api_credits - self.used_api_credits)

    @property
    def remaining_ui(self) -> int:
        """Company credits that are left: ``ui_credits`` less ``used_ui_credits``, at least 0; as doubtful as
        ``remaining``.
        """
        return max(0, self.ui_credits - self.used_ui_credits)

    def __attrs_post_init__(self) -> None:
        set_utc(self, "earliest_expiration")
