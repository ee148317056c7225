"""What jobs and previews of jobs share."""

from datetime import UTC, date, datetime

import attrs

from theirstack_async.models._base import Model, set_utc
from theirstack_async.models._open_enum import OpenEnum
from theirstack_async.models.hiring_team_member import HiringTeamMember
from theirstack_async.models.job_location import JobLocation


class JobSeniority(OpenEnum):
    """The level of a position."""

    C_LEVEL = "c_level"
    STAFF = "staff"
    SENIOR = "senior"
    JUNIOR = "junior"
    MID_LEVEL = "mid_level"


class EmploymentStatus(OpenEnum):
    """The kind of a contract."""

    FULL_TIME = "full_time"
    PART_TIME = "part_time"
    TEMPORARY = "temporary"
    INTERNSHIP = "internship"
    CONTRACT = "contract"
    FREELANCE = "freelance"
    CO_FOUNDER = "co_founder"
    APPRENTICESHIP = "apprenticeship"
    SEASONAL = "seasonal"
    VOLUNTEER = "volunteer"
    OTHER = "other"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False, init=False)
class JobFields(Model):
    """The fields of a job but the employer. Not a type of its own: whatever takes a job must tell real ones from
    previews.
    """

    id: int
    job_title: str
    url: str
    """The posting."""
    date_posted: date
    source_url: str
    """The posting that the data was taken from."""
    discovered_at: datetime
    """When the vendor first saw it."""
    has_blurred_data: bool = False
    """Whether what identifies the company is blurred, as in a preview."""
    company: str | None = None
    """Deprecated by the API: use ``company_object.name``."""
    final_url: str | None = None
    """The posting on the employer's own site."""
    location: str | None = None
    """Deprecated by the API: use ``locations``."""
    short_location: str | None = None
    """Deprecated by the API: use ``locations``."""
    long_location: str | None = None
    """Deprecated by the API: use ``locations``."""
    state_code: str | None = None
    """Deprecated by the API: use ``locations``."""
    latitude: float | None = None
    """Deprecated by the API: use ``locations``. Degrees, north positive."""
    longitude: float | None = None
    """Deprecated by the API: use ``locations``. Degrees, east positive."""
    postal_code: str | None = None
    """Deprecated by the API: use ``locations``."""
    remote: bool | None = None
    hybrid: bool | None = None
    """Partly in an office, partly remote."""
    salary_string: str | None = None
    """The salary in words, in the local currency."""
    min_annual_salary: int | None = None
    """In ``salary_currency``, a year."""
    min_annual_salary_usd: float | None = None
    """US dollars a year."""
    max_annual_salary: int | None = None
    """In ``salary_currency``, a year."""
    max_annual_salary_usd: float | None = None
    """US dollars a year."""
    avg_annual_salary_usd: float | None = None
    """US dollars a year: the mean of the two bounds, or the one that is known."""
    salary_currency: str | None = None
    """Three letters, such as ``EUR``."""
    countries: tuple[str, ...] | None = None
    """Deprecated by the API: use ``locations``."""
    country: str | None = None
    """Deprecated by the API: use ``locations``."""
    country_codes: tuple[str | None, ...] | None = None
    """Deprecated by the API: use ``locations``."""
    country_code: str | None = None
    """Deprecated by the API: use ``locations``."""
    cities: tuple[str, ...] | None = None
    """Deprecated by the API: use ``locations``."""
    continents: tuple[str, ...] | None = None
    """Deprecated by the API: use ``locations``."""
    seniority: JobSeniority | None = None
    company_domain: str | None = None
    hiring_team: tuple[HiringTeamMember, ...] | None = None
    reposted: bool | None = None
    date_reposted: date | None = None
    employment_statuses: tuple[EmploymentStatus, ...] = ()
    easy_apply: bool | None = None
    """True when one applies on the job board itself, False when it leads to the employer's site."""
    technology_slugs: tuple[str, ...] = ()
    """Those of ``keyword_slugs`` that are technologies."""
    keyword_slugs: tuple[str, ...] = ()
    """Technologies and buying-intent topics found in the title, the description or the address."""
    description: str | None = None
    """Markdown."""
    locations: tuple[JobLocation, ...] = ()
    normalized_title: str | None = None
    manager_roles: tuple[str, ...] | None = None
    """The roles that the person hired would report to."""
    matching_phrases: tuple[str | None, ...] | None = ()
    """Phrases of the description that match the search's pattern."""
    matching_words: tuple[str | None, ...] | None = ()
    """Words of the description that match the search's pattern."""
    closed_at: datetime | None = None
    """When it was seen to be closed; None means open or unknown."""

    def __attrs_post_init__(self) -> None:
        # Made for each job of a page: that of an open one, without a zone, is what the API sends, and is made short.
        if self.closed_at is None and self.discovered_at.tzinfo is None:
            object.__setattr__(self, "discovered_at", self.discovered_at.replace(tzinfo=UTC))
        else:
            set_utc(self, "discovered_at", "closed_at")
