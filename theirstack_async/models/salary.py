"""What a job pays."""

from __future__ import annotations

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Salary(Model):
    """What a job pays a year, as :attr:`Job.salary` gathers it. Any part of it may be unknown, and so None."""

    min: int | None = None
    """The lower bound, in ``currency``."""
    max: int | None = None
    """The upper bound, in ``currency``."""
    currency: str | None = None
    """Three letters, such as ``EUR``."""
    min_usd: float | None = None
    """The lower bound in US dollars."""
    max_usd: float | None = None
    """The upper bound in US dollars."""
    avg_usd: float | None = None
    """The mean of the two bounds in US dollars, or the one that is known."""
    text: str | None = None
    """The salary in words, in the local currency."""

    @property
    def avg(self) -> float | None:
        """The mean of the two bounds in ``currency``, or the one that is known."""
        known = [bound for bound in (self.min, self.max) if bound is not None]
        return sum(known) / len(known) if known else None
