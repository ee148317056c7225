"""The conditions on a job, which a job search has of its own and a company search as ``job_filters``.

Sources: the schemas of ``POST /v1/jobs/search`` and ``POST /v1/companies/search``
(https://theirstack.com/en/docs/api-reference/jobs/search_jobs_v1.md). Regular expressions are RE2: no look-around, no
back-references (https://github.com/google/re2/wiki/Syntax).
"""

from __future__ import annotations

from typing import Annotated

import attrs

from theirstack_async._values import UNSET, Unset
from theirstack_async.filters._base import Part
from theirstack_async.filters._kinds import (
    Day,
    Deprecated,
    Flag,
    Ids,
    Instant,
    Number,
    Texts,
    Whole,
    enums_of,
)
from theirstack_async.filters.job_parts import ExportKeys, Locations
from theirstack_async.models import EmploymentStatus, JobSeniority


@attrs.frozen(init=False, kw_only=True, slots=False, repr=False, eq=False)
class JobFields(Part):
    """The conditions on a job. In a name, ``_or`` means any of the list, ``_and`` all of it, ``_not`` none of it."""

    job_title_or: Texts = UNSET
    """Groups of words. The title holds every word of one group, in any order; case is ignored."""
    job_title_not: Texts = UNSET
    """Groups of words, matched as ``job_title_or`` does; jobs that match one are left out."""
    job_title_pattern_and: Texts = UNSET
    """Regular expressions (RE2), all of which match the title; case is ignored."""
    job_title_pattern_or: Texts = UNSET
    """Regular expressions (RE2), any of which matches the title; case is ignored."""
    job_title_pattern_not: Texts = UNSET
    """Regular expressions (RE2), none of which matches the title; case is ignored."""
    job_country_code_or: Texts = UNSET
    """The countries that the job is in, two letters each (ISO 3166-1 alpha-2), such as ``US``."""
    job_country_code_not: Texts = UNSET
    """Countries to leave out, two letters each (ISO 3166-1 alpha-2)."""
    posted_at_max_age_days: Whole = UNSET
    """How many days ago it was posted at the most: 0 is today, 1 is yesterday and today."""
    posted_at_gte: Day = UNSET
    """Posted on this day or later."""
    posted_at_lte: Day = UNSET
    """Posted on this day or earlier."""
    discovered_at_max_age_days: Whole = UNSET
    """How many days ago the vendor found it at the most: 0 is today, 1 is yesterday and today."""
    discovered_at_min_age_days: Whole = UNSET
    """How many days ago the vendor found it at the least: 1 is up to yesterday."""
    discovered_at_gte: Instant = UNSET
    """Found by the vendor at this instant or later. What it means by a mere date is not documented."""
    discovered_at_lte: Instant = UNSET
    """Found by the vendor at this instant or earlier. Fix it to keep a long listing from moving while it is read."""
    job_description_pattern_or: Texts = UNSET
    """Regular expressions (RE2), any of which matches the description. Case counts unless one begins with ``(?i)``."""
    job_description_pattern_not: Texts = UNSET
    """Regular expressions (RE2), none of which matches the description. Case counts unless one begins with ``(?i)``."""
    job_description_pattern_and: Texts = UNSET
    """Regular expressions (RE2), all of which match the description. Case counts unless one begins with ``(?i)``."""
    job_description_pattern_is_case_insensitive: Annotated[Flag, Deprecated("it has no effect")] = UNSET
    """Deprecated by the API: it has no effect."""
    job_description_contains_or: Texts = UNSET
    """Whole words, any of which is in the description. Case is ignored, unless a word is written in capitals."""
    job_description_contains_not: Texts = UNSET
    """Whole words, none of which is in the description. Case is ignored, unless a word is written in capitals."""
    job_description_pattern_case_sensitive_or: Annotated[Texts, Deprecated("use job_description_pattern_or")] = UNSET
    """Deprecated by the API: use ``job_description_pattern_or``, which does the same."""
    remote: Flag = UNSET
    """True for remote jobs only, False for the others only, None for both."""
    only_jobs_with_reports_to: Annotated[Flag, Deprecated("use reports_to_exists")] = UNSET
    """Deprecated by the API: use ``reports_to_exists``."""
    reports_to_exists: Annotated[Flag, Deprecated("it names no successor")] = UNSET
    """Whether it is known to whom the person hired would report. Deprecated by the API, which names no successor."""
    final_url_exists: Annotated[Flag, Deprecated("use property_exists_or or property_exists_and")] = UNSET
    """Deprecated by the API: use ``property_exists_or`` or ``property_exists_and`` with ``final_url``."""
    only_jobs_with_hiring_managers: Annotated[
        Flag, Deprecated("use hiring_managers_exists, or property_exists_or with hiring_team")
    ] = UNSET
    """Deprecated by the API: use ``hiring_managers_exists``, or what that one names."""
    hiring_managers_exists: Annotated[Flag, Deprecated("use property_exists_or or property_exists_and")] = UNSET
    """Deprecated by the API: use ``property_exists_or`` or ``property_exists_and`` with ``hiring_team``."""
    job_id_or: Ids = UNSET
    """The jobs of these ids and no others."""
    job_id_not: Ids = UNSET
    """Ids of jobs to leave out, such as those that were bought before. No limit of their number is documented."""
    job_ids: Annotated[Ids, Deprecated("use job_id_or")] = UNSET
    """Deprecated by the API: use ``job_id_or``."""
    job_export_key_or: ExportKeys = UNSET
    """Internal to the vendor, who says that it is not for public use."""
    job_seniority_or: Annotated[tuple[JobSeniority, ...] | Unset, enums_of(JobSeniority)] = UNSET
    """Levels of the position."""
    min_salary_usd: Number = UNSET
    """The salary at the least, in US dollars a year."""
    max_salary_usd: Number = UNSET
    """The salary at the most, in US dollars a year."""
    job_technology_slug_or: Texts = UNSET
    """Slugs of technologies, any of which the job names; case counts. ``client.catalog.keywords()`` finds slugs."""
    job_technology_slug_not: Texts = UNSET
    """Slugs of technologies, none of which the job names; case counts."""
    job_technology_slug_and: Texts = UNSET
    """Slugs of technologies, all of which the job names; case counts."""
    job_keyword_slug_or: Texts = UNSET
    """Slugs of keywords, which are technologies and buying-intent topics: the job names any of them; case counts."""
    job_keyword_slug_not: Texts = UNSET
    """Slugs of keywords, none of which the job names; case counts."""
    job_keyword_slug_and: Texts = UNSET
    """Slugs of keywords, all of which the job names; case counts."""
    job_location_pattern_or: Annotated[Texts, Deprecated("use job_location_or")] = UNSET
    """Deprecated by the API: use ``job_location_or``."""
    job_location_pattern_not: Annotated[Texts, Deprecated("use job_location_not")] = UNSET
    """Deprecated by the API: use ``job_location_not``."""
    job_location_or: Locations = UNSET
    """Places, any of which the job is at: GeoNames ids, as ``client.catalog.locations()`` finds them."""
    job_location_not: Locations = UNSET
    """Places, none of which the job is at."""
    url_domain_or: Texts = UNSET
    """Domains of ``url`` or ``source_url``, such as ``greenhouse.io``; case is ignored."""
    url_domain_not: Texts = UNSET
    """Domains of ``url`` or ``source_url`` to leave out; case is ignored."""
    scraper_name_pattern_or: Annotated[Texts, Deprecated("it names no successor")] = UNSET
    """Regular expressions for the source of a job; case is ignored. Deprecated by the API, which names no successor."""
    easy_apply: Flag = UNSET
    """True for jobs that one applies for on the job board itself, False for those that lead to the employer's site."""
    employment_statuses_or: Annotated[
        tuple[EmploymentStatus, ...] | Unset | None, enums_of(EmploymentStatus, nullable=True)
    ] = UNSET
    """Kinds of contract; None or an empty list for all."""
    is_closed: Flag = UNSET
    """True for jobs that were taken down, False for open ones, None for both. The API takes it since the middle of
    2026."""
    closed_at_gte: Day = UNSET
    """Taken down on this day or later. The API takes it since the middle of 2026."""
    closed_at_lte: Day = UNSET
    """Taken down on this day or earlier. The API takes it since the middle of 2026."""
