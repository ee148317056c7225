"""A job posting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from theirstack_async.models._job_fields import JobFields
from theirstack_async.models.company import Company

if TYPE_CHECKING:
    from theirstack_async.models.salary import Salary


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Job(JobFields):
    """A job posting: a row of a job search, or the payload of a ``job_new`` event.

    Fields that the API has deprecated are optional here, whatever the API says of them: it may drop them.
    """

    company_object: Company
    """The employer."""

    @property
    def apply_url(self) -> str | None:
        """Where to apply: ``final_url``, else ``url``, else ``source_url``; None where all of them are blank."""
        return next((url for url in (self.final_url, self.url, self.source_url) if url and url.strip()), None)

    @property
    def company_name(self) -> str | None:
        """The employer's name: ``company_object.name``, else ``company``; None where both are blank."""
        return next((name for name in (self.company_object.name, self.company) if name and name.strip()), None)

    @property
    def salary(self) -> Salary | None:
        """The salary, a year; None where nothing is known of it."""
        from theirstack_async.models.salary import Salary

        known = Salary(
            min=self.min_annual_salary,
            max=self.max_annual_salary,
            currency=self.salary_currency,
            min_usd=self.min_annual_salary_usd,
            max_usd=self.max_annual_salary_usd,
            avg_usd=self.avg_annual_salary_usd,
            text=self.salary_string,
        )
        return known if known != Salary(currency=self.salary_currency) else None
