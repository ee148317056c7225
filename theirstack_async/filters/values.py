"""Enumerations of which filters take members, where no model has them."""

from __future__ import annotations

from theirstack_async.models import OpenEnum


class CompanyType(OpenEnum):
    """The kind of employer."""

    RECRUITING_AGENCY = "recruiting_agency"
    DIRECT_EMPLOYER = "direct_employer"
    ALL = "all"


class JobProperty(OpenEnum):
    """A field that a job search can demand to be there."""

    COMPANY_DOMAIN = "company_object.domain"
    COMPANY_LINKEDIN_URL = "company_object.linkedin_url"
    FINAL_URL = "final_url"
    HIRING_TEAM = "hiring_team"
    EMPLOYMENT_STATUSES = "employment_statuses"


class NestedJobProperty(OpenEnum):
    """A field that a company search can demand to be there in the company's jobs."""

    FINAL_URL = "final_url"
    HIRING_TEAM = "hiring_team"
    EMPLOYMENT_STATUSES = "employment_statuses"


class CompanyProperty(OpenEnum):
    """A field that a company search can demand to be there."""

    DOMAIN = "domain"
    LINKEDIN_URL = "linkedin_url"
