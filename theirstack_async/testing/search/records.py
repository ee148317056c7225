"""Jobs and companies as the data set keeps them: what filters and sorts look at. Answers are made from them."""

from __future__ import annotations

from dataclasses import dataclass, field

from theirstack_async.testing.words import Place


@dataclass(slots=True, eq=False)
class CompanyRow:
    """A company. None stands for what is not known of it."""

    index: int
    """Its place in the data set, from 0."""
    id: str
    """Opaque text, as in the real API."""
    name: str
    domain: str | None
    linkedin: str | None
    """The last part of its LinkedIn URL."""
    industry_id: int | None
    place: Place | None
    """Its headquarters."""
    employees: int | None
    revenue: int | None
    """USD a year."""
    funding: int | None
    """USD in total."""
    stage: str | None
    last_funding: int | None
    """The day of the last funding round, as a proleptic Gregorian ordinal, like all days here."""
    tags: tuple[str, ...]
    investors: tuple[str, ...]
    recruiting: bool
    """Whether it is a recruiting agency."""
    yc_batch: str | None
    founded: int | None
    """Year."""
    alexa: int | None
    text: int
    """Which prose describes it."""
    stacks: tuple[tuple[str, ...], ...]
    """The sets of technologies that its jobs ask for, as slugs."""
    interests: tuple[tuple[str, ...], ...]
    """The sets of topics that its jobs speak of, as slugs."""
    jobs: dict[int, JobRow] = field(default_factory=dict[int, "JobRow"], repr=False)
    """Its jobs by id."""


@dataclass(slots=True, eq=False)
class JobRow:
    """A job. None stands for what is not known of it."""

    id: int
    company: CompanyRow
    title: str
    role: str
    """The title without its level."""
    seniority: str | None
    discovered: float
    """Unix time in seconds, to the microsecond; whole unless a test has it otherwise."""
    posted: int
    """Day."""
    closed: int | None
    """Unix time in seconds."""
    place: Place
    remote: bool | None
    hybrid: bool | None
    salary: tuple[int, int] | None
    """The least and the most, USD a year."""
    statuses: tuple[str, ...]
    easy_apply: bool | None
    technologies: tuple[str, ...]
    topics: tuple[str, ...]
    has_final_url: bool
    has_hiring_team: bool
    has_manager: bool
    """Whether it is known to whom the hired person reports."""
    source: str
    """The host where it was found."""
    text: int
    """Which prose describes it."""
    reposted: int | None = None
    """Day of its last repost."""
