"""The filters of jobs: those of job search, which ``job_filters`` of company search has as well.

Checked and not applied: ``job_export_key_or``, which is internal, and ``job_description_pattern_is_case_insensitive``,
which is documented to have no effect. Where the documents are silent: ``min_salary_usd`` asks that the lower end of the
salary is not below, ``max_salary_usd`` that its upper end is not above; a job whose salary, ``remote`` or
``easy_apply`` is unknown passes no filter on it; a location's id means the city, its region or its country.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.search import readers
from theirstack_async.testing.search.bodies import description, frame, text
from theirstack_async.testing.search.dataset import DataSet
from theirstack_async.testing.search.filters import (
    Filter,
    Test,
    all_in,
    any_in,
    at_least,
    at_most,
    equals,
    excluding,
    ignored,
    matches,
    one_of,
    only,
)
from theirstack_async.testing.search.making import day_of
from theirstack_async.testing.search.records import JobRow

SENIORITIES: Final = ("c_level", "staff", "senior", "junior", "mid_level")
STATUSES: Final = (
    "full_time", "part_time", "temporary", "internship", "contract", "freelance", "co_founder", "apprenticeship",
    "seasonal", "volunteer", "other",
)  # fmt: skip
_SENSITIVE: Final = re.RegexFlag(0)
_PROPERTIES: Final[dict[str, Callable[[JobRow], bool]]] = {
    "company_object.domain": lambda job: job.company.domain is not None,
    "company_object.linkedin_url": lambda job: job.company.linkedin is not None,
    "final_url": lambda job: job.has_final_url,
    "hiring_team": lambda job: job.has_hiring_team,
    "employment_statuses": lambda job: bool(job.statuses),
}
_OWN: Final = ("final_url", "hiring_team", "employment_statuses")
"""The properties that ``job_filters`` of company search knows."""
_WORD: Final = re.compile(r"\w+")


def _max_age(get: Callable[[JobRow], int]) -> Filter[JobRow]:
    def make(days: int, data: DataSet) -> Test[JobRow]:
        first = data.today - days
        return lambda job: get(job) >= first

    return Filter(read.integer, make, nullable=True)


def _min_age(days: int, data: DataSet) -> Test[JobRow]:
    last = data.today - days
    return lambda job: day_of(job.discovered) <= last


def _all_words(phrases: list[str], _data: DataSet) -> Test[JobRow]:
    wanted = [set(_WORD.findall(phrase.casefold())) for phrase in phrases]

    def test(job: JobRow) -> bool:
        words = set(_WORD.findall(job.title.casefold()))
        return any(one <= words for one in wanted)

    return test


def _whole_words(wanted: list[str], _data: DataSet) -> Test[JobRow]:
    """Return a test for whole words, in any case unless they are all in upper case."""
    exact = [word for word in wanted if word.isupper()]
    folded = [word.casefold() for word in wanted if not word.isupper()]

    def found(content: str) -> bool:
        lower = content.casefold()
        return any(_has_word(content, word) for word in exact) or any(_has_word(lower, word) for word in folded)

    @cache
    def in_prose(number: int) -> bool:
        return found(text(number))

    return lambda job: in_prose(job.text) or found("\n".join(frame(job)))


def _has_word(content: str, word: str) -> bool:
    """Return whether a word stands in a text alone. It is ten times as fast as a regular expression."""
    start = content.find(word)
    while start >= 0:
        end = start + len(word)
        if not content[max(start - 1, 0) : start].isalnum() and not content[end : end + 1].isalnum():
            return True
        start = content.find(word, start + 1)
    return False


def _properties(names: tuple[str, ...], *, every: bool) -> Filter[JobRow]:
    def make(wanted: list[str], _data: DataSet) -> Test[JobRow]:
        tests = [_PROPERTIES[name] for name in wanted]
        enough = all if every else any
        return lambda job: enough(test(job) for test in tests)

    return Filter(readers.list_of(read.one_of(*names)), make)


def _source_hosts(domains: list[str], _data: DataSet) -> Test[JobRow]:
    def test(job: JobRow) -> bool:
        hosts = (".jobs.example", f".{job.source}")
        return any(host.endswith(f".{domain}") for host in hosts for domain in domains)

    return test


def _location_ids(job: JobRow) -> tuple[int, int, int]:
    return job.place.id, job.place.region_id, job.place.country.id


def _location(job: JobRow) -> str:
    return f"{job.place.name}, {job.place.region}, {job.place.country.name}"


def _keyword_slugs(job: JobRow) -> tuple[str, ...]:
    return (*job.technologies, *job.topics)


def _closed_on(job: JobRow) -> int | None:
    return None if job.closed is None else day_of(job.closed)


_TITLE: Final = Filter(readers.list_of(read.string), _all_words)
_HAS_WORDS: Final = Filter(readers.list_of(read.string), _whole_words)
_HOST: Final = Filter(readers.list_of(readers.domain), _source_hosts)
_COUNTRY: Final[Filter[JobRow]] = one_of(lambda job: job.place.country.code, readers.country_code)
_ID: Final[Filter[JobRow]] = one_of(lambda job: job.id, read.integer)
_PLACED: Final = any_in(_location_ids, readers.location_id)
_STATUS: Final[Filter[JobRow]] = any_in(lambda job: job.statuses, read.one_of(*STATUSES))
_TECHNOLOGY: Final[Filter[JobRow]] = any_in(lambda job: job.technologies)
_KEYWORD: Final = any_in(_keyword_slugs)

_FILTERS: Final[dict[str, Filter[JobRow]]] = {
    "job_id_or": _ID,
    "job_ids": _ID,
    "job_id_not": excluding(_ID),
    "posted_at_max_age_days": _max_age(lambda job: job.posted),
    "posted_at_gte": at_least(lambda job: job.posted, readers.day),
    "posted_at_lte": at_most(lambda job: job.posted, readers.day),
    "discovered_at_max_age_days": _max_age(lambda job: day_of(job.discovered)),
    "discovered_at_min_age_days": Filter(read.integer, _min_age, nullable=True),
    "discovered_at_gte": at_least(lambda job: job.discovered, readers.from_instant),
    "discovered_at_lte": at_most(lambda job: job.discovered, readers.to_instant),
    "is_closed": equals(lambda job: job.closed is not None),
    "closed_at_gte": at_least(_closed_on, readers.day),
    "closed_at_lte": at_most(_closed_on, readers.day),
    "job_country_code_or": _COUNTRY,
    "job_country_code_not": excluding(_COUNTRY),
    "job_location_or": _PLACED,
    "job_location_not": excluding(_PLACED),
    "remote": equals(lambda job: job.remote),
    "easy_apply": equals(lambda job: job.easy_apply),
    "job_seniority_or": one_of(lambda job: job.seniority, read.one_of(*SENIORITIES)),
    "employment_statuses_or": Filter(_STATUS.read, _STATUS.make, nullable=True),
    "min_salary_usd": at_least(lambda job: job.salary and job.salary[0], readers.number),
    "max_salary_usd": at_most(lambda job: job.salary and job.salary[1], readers.number),
    "job_technology_slug_or": _TECHNOLOGY,
    "job_technology_slug_and": all_in(lambda job: job.technologies),
    "job_technology_slug_not": excluding(_TECHNOLOGY),
    "job_keyword_slug_or": _KEYWORD,
    "job_keyword_slug_and": all_in(_keyword_slugs),
    "job_keyword_slug_not": excluding(_KEYWORD),
    "url_domain_or": _HOST,
    "url_domain_not": excluding(_HOST),
    "only_jobs_with_reports_to": only(lambda job: job.has_manager),
    "reports_to_exists": equals(lambda job: job.has_manager),
    "final_url_exists": equals(lambda job: job.has_final_url),
    "only_jobs_with_hiring_managers": equals(lambda job: job.has_hiring_team),
    "hiring_managers_exists": equals(lambda job: job.has_hiring_team),
    "scraper_name_pattern_or": matches(lambda job: job.source),
    "job_title_or": _TITLE,
    "job_title_not": excluding(_TITLE),
    "job_title_pattern_or": matches(lambda job: job.title),
    "job_title_pattern_and": matches(lambda job: job.title, every=True),
    "job_title_pattern_not": excluding(matches(lambda job: job.title)),
    "job_location_pattern_or": matches(_location),
    "job_location_pattern_not": excluding(matches(_location)),
    "job_description_contains_or": _HAS_WORDS,
    "job_description_contains_not": excluding(_HAS_WORDS),
    "job_description_pattern_or": matches(description, _SENSITIVE),
    "job_description_pattern_case_sensitive_or": matches(description, _SENSITIVE),
    "job_description_pattern_and": matches(description, _SENSITIVE, every=True),
    "job_description_pattern_not": excluding(matches(description, _SENSITIVE)),
    "job_description_pattern_is_case_insensitive": ignored(read.boolean, nullable=True),
    "job_export_key_or": ignored(readers.list_of(read.mapping)),
}

JOB_FILTERS: Final[dict[str, Filter[JobRow]]] = _FILTERS | {
    "property_exists_or": _properties(tuple(_PROPERTIES), every=False),
    "property_exists_and": _properties(tuple(_PROPERTIES), every=True),
}
"""Of job search, those of companies apart."""

NESTED_JOB_FILTERS: Final[dict[str, Filter[Any]]] = _FILTERS | {
    "property_exists_or": _properties(_OWN, every=False),
    "property_exists_and": _properties(_OWN, every=True),
}
"""Of ``job_filters`` in company search."""

REQUIRED: Final = (
    "posted_at_max_age_days",
    "posted_at_gte",
    "posted_at_lte",
    "company_domain_or",
    "company_linkedin_url_or",
    "company_name_or",
)
"""One of these must be set in a job search (https://theirstack.com/en/docs/api-reference/jobs/search_jobs_v1.md)."""
