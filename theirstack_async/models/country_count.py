"""How many companies and jobs each country has."""

from __future__ import annotations

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CompanyCountryCount(Model):
    """The number of companies with their headquarters in one country."""

    iso2: str | None = None
    """Two letters (ISO 3166-1 alpha-2), which filters take."""
    country: str | None = None
    """The country in words."""
    num_companies: int | None = None


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class JobCountryCount(Model):
    """The number of jobs in one country, and of the companies that offer them."""

    iso2: str | None = None
    """Two letters (ISO 3166-1 alpha-2), which filters take."""
    country: str | None = None
    """The country in words."""
    num_jobs: int | None = None
    num_companies: int | None = None
