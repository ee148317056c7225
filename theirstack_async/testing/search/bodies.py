"""Jobs, companies and keywords as the API shows them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any, Final

from theirstack_async.testing import words
from theirstack_async.testing.answers import json_text
from theirstack_async.testing.payloads import prose, slug
from theirstack_async.testing.search.dataset import DataSet
from theirstack_async.testing.search.keywords import KEYWORDS, KeywordCount
from theirstack_async.testing.search.records import CompanyRow, JobRow

_RANGES: Final = ((10, "1-10"), (50, "11-50"), (200, "51-200"), (500, "201-500"), (5000, "501-5000"))
_slug: Final = lru_cache(maxsize=4096)(slug)


@cache
def text(number: int) -> str:
    """Return one of the proses of which descriptions are made."""
    return prose(random.Random(f"text:{number}"), 1500)


def description(job: JobRow) -> str:
    """Return a job's description: a prose with an own frame."""
    first, last = frame(job)
    return f"{first}\n\n{text(job.text)}\n\n{last}"


def frame(job: JobRow) -> tuple[str, str]:
    """Return the first and the last line of a job's description: the title and the company, and what is asked for."""
    asked = ", ".join(KEYWORDS[one].name for one in (*job.technologies, *job.topics))
    return f"{job.title} at {job.company.name}, {job.place.name}.", f"You bring: {asked}."


def company_description(company: CompanyRow) -> str:
    """Return a company's long description."""
    industry = words.INDUSTRY_IDS.get(company.industry_id or 0, "many fields")
    return f"{company.name} works in {industry}.\n\n{text(company.text)[:600]}"


def final_url(job: JobRow) -> str | None:
    """Return where a job is on its company's own site, if that is known."""
    return f"https://{_slug(job.company.name)}.example/careers/{job.id}" if job.has_final_url else None


def job_body(data: DataSet, job: JobRow, *, naive: bool) -> dict[str, Any]:
    """Return a job as the job search shows it; ``discovered_at`` ends in Z unless ``naive``."""
    return {**_own(job, naive=naive), **_place(job.place), "company_object": company_body(data, job.company)}


def job_text(data: DataSet, job: JobRow, *, naive: bool) -> str:
    """Return :func:`job_body` as JSON. What many jobs have in common is encoded once."""
    own, company = json_text(_own(job, naive=naive)), data.known(job.company, _company_text)
    return f'{own[:-1]},{_place_text(job.place)},"company_object":{company}}}'


def _own(job: JobRow, *, naive: bool) -> dict[str, Any]:
    """Return the fields of a job that are its own."""
    discovered = datetime.fromtimestamp(job.discovered, UTC).replace(tzinfo=None).isoformat()
    skills = list(job.technologies)
    return {
        **job_summary(job),
        "final_url": final_url(job),
        "remote": job.remote,
        "hybrid": job.hybrid,
        **_salary(job.salary),
        "seniority": job.seniority,
        "discovered_at": discovered if naive else f"{discovered}Z",
        "closed_at": _instant(job.closed),
        "company_domain": job.company.domain,
        "hiring_team": [_person(job)] if job.has_hiring_team else None,
        "reposted": job.reposted is not None,
        "date_reposted": _day(job.reposted),
        "employment_statuses": list(job.statuses),
        "easy_apply": job.easy_apply,
        "technology_slugs": skills,
        "keyword_slugs": [*skills, *job.topics],
        "description": description(job),
        "normalized_title": job.role.lower(),
        "manager_roles": [f"Head of {job.role}"] if job.has_manager else [],
        "matching_phrases": [],
        "matching_words": [],
    }


def job_summary(job: JobRow) -> dict[str, Any]:
    """Return a job as company search shows it in ``jobs_found``."""
    return {
        "id": job.id,
        "job_title": job.title,
        "url": f"https://jobs.example/{job.id}",
        "source_url": f"https://{job.source}/view/{job.id}",
        "date_posted": date.fromordinal(job.posted).isoformat(),
        "has_blurred_data": False,
        "company": job.company.name,
    }


def company_body(data: DataSet, company: CompanyRow) -> dict[str, Any]:
    """Return a company as it stands within a job, and on a company list: one object for all, to be left as it is."""
    return data.known(company, _company_body)


def _company_body(data: DataSet, company: CompanyRow) -> dict[str, Any]:
    keywords = data.keywords(company)
    technologies = [one.keyword for one in keywords if one.is_technology]
    place, last = company.place, slug(company.name)
    return {
        "id": company.id, "name": company.name, "domain": company.domain,
        "industry": words.INDUSTRY_IDS.get(company.industry_id or 0), "industry_id": company.industry_id,
        "country": place and place.country.name, "country_code": place and place.country.code,
        "city": place and place.name, "postal_code": None,
        "employee_count": company.employees, "employee_count_range": _range(company.employees),
        "logo": f"https://cdn.example/{last}.png", "num_jobs": len(company.jobs),
        "num_jobs_last_30_days": jobs_last_30_days(data, company), "num_jobs_found": None,
        "num_technologies": len(technologies), "num_keywords": len(keywords),
        "num_buying_intent_topics": len(keywords) - len(technologies),
        "possible_domains": [company.domain] if company.domain else [],
        "url": company.domain and f"https://{company.domain}", "url_source": None,
        "linkedin_url": linkedin_url(company), "linkedin_id": company.linkedin and str(1_000_001 + company.index),
        "apollo_id": None, "yc_batch": company.yc_batch, "is_recruiting_agency": company.recruiting,
        "founded_year": company.founded,
        "annual_revenue_usd": company.revenue and float(company.revenue),
        "annual_revenue_usd_readable": company.revenue and f"{company.revenue // 1_000_000}M",
        "total_funding_usd": company.funding,
        "last_funding_round_date": _day(company.last_funding),
        "last_funding_round_amount_readable": company.funding and f"${company.funding / 2_000_000:g}M",
        "funding_stage": company.stage, "investors": list(company.investors),
        "long_description": company_description(company), "seo_description": f"{company.name}: who we are.",
        "company_tags": list(company.tags), "company_keywords": list(company.tags), "alexa_ranking": company.alexa,
        "publicly_traded_symbol": None, "publicly_traded_exchange": None, "has_blurred_data": False,
        "technology_slugs": [one.slug for one in technologies],
        "technology_names": [one.name for one in technologies],
        "keyword_slugs": [one.keyword.slug for one in keywords],
    }  # fmt: skip


def _company_text(data: DataSet, company: CompanyRow) -> str:
    return json_text(company_body(data, company))


def company_result(
    data: DataSet, company: CompanyRow, jobs: Sequence[JobRow] | None, found: Sequence[KeywordCount]
) -> dict[str, Any]:
    """Return a company as company search shows it, with the jobs and keywords for which it was found."""
    rows = [keyword_body(one) | {"theirstack_score": None, "company_name": company.name} for one in found]
    return company_body(data, company) | {
        "num_jobs_found": None if jobs is None else len(jobs),
        "technologies_found": [row for row, one in zip(rows, found, strict=True) if one.is_technology],
        "keywords_found": rows,
        "jobs_found": [job_summary(job) for job in (jobs or ())[:5]],
    }


def keyword_body(count: KeywordCount) -> dict[str, Any]:
    """Return a row of a company's technologies or buying intents."""
    keyword = count.keyword
    return {
        "technology": {
            "name": keyword.name, "category": keyword.category, "type": keyword.type, "slug": keyword.slug,
            "category_slug": keyword.category_slug, "parent_category": keyword.parent,
            "parent_category_slug": keyword.parent_slug, "logo": f"https://cdn.example/{keyword.slug}.png",
            "logo_thumbnail": None,
        },
        "confidence": count.confidence,
        "jobs": count.jobs,
        "jobs_last_7_days": count.last_7_days,
        "jobs_last_30_days": count.last_30_days,
        "jobs_last_180_days": count.last_180_days,
        "first_date_found": date.fromordinal(count.first_found).isoformat(),
        "last_date_found": date.fromordinal(count.last_found).isoformat(),
        "rank_within_category": count.rank,
        "relative_occurrence_within_category": count.relative,
    }  # fmt: skip


def jobs_last_30_days(data: DataSet, company: CompanyRow) -> int:
    """Return how many jobs a company has posted within the last 30 days, today included."""
    first = data.today - 29
    return sum(job.posted >= first for job in company.jobs.values())


def linkedin_url(company: CompanyRow) -> str | None:
    """Return where a company is on LinkedIn, if that is known."""
    return company.linkedin and f"https://www.linkedin.com/company/{company.linkedin}"


def _instant(seconds: int | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _day(ordinal: int | None) -> str | None:
    return None if ordinal is None else date.fromordinal(ordinal).isoformat()


def _range(employees: int | None) -> str | None:
    return None if employees is None else next((name for most, name in _RANGES if employees <= most), "5001+")


def _salary(salary: tuple[int, int] | None) -> dict[str, Any]:
    low, high = salary or (None, None)
    return {
        "salary_string": None if salary is None else f"${salary[0]:,} - ${salary[1]:,}",
        "min_annual_salary": low,
        "min_annual_salary_usd": low and float(low),
        "max_annual_salary": high,
        "max_annual_salary_usd": high and float(high),
        "avg_annual_salary_usd": None if salary is None else sum(salary) / 2,
        "salary_currency": None if salary is None else "USD",
    }


def _place(place: words.Place) -> dict[str, Any]:
    country = place.country
    location = {
        "id": place.id, "name": place.name, "type": "city", "feature_code": "PPLA",
        "country_code": country.code, "admin1_name": place.region, "admin1_code": place.region_code,
        "admin2_name": None, "admin2_code": None, "continent": country.continent_code, "latitude": place.latitude,
        "longitude": place.longitude, "city": place.name, "address": None, "postal_code": None, "state": place.region,
        "state_code": place.region_code, "display_name": f"{place.name}, {place.region}, {country.name}",
        "country_name": country.name,
    }  # fmt: skip
    short = f"{place.name}, {place.region_code}"
    return {
        "location": place.name, "short_location": short, "long_location": f"{short}, {country.name}",
        "state_code": place.region_code, "latitude": place.latitude, "longitude": place.longitude,
        "postal_code": None, "countries": [country.name], "country": country.name, "country_codes": [country.code],
        "country_code": country.code, "cities": [place.name], "continents": [country.continent],
        "locations": [location],
    }  # fmt: skip


@cache
def _place_text(place: words.Place) -> str:
    """Return the fields of a place as they stand within an object."""
    return json_text(_place(place))[1:-1]


def _person(job: JobRow) -> dict[str, Any]:
    first = ("Ada", "Björn", "Chidi", "Dolores")[job.id % 4]
    return {
        "first_name": first, "full_name": f"{first} Example", "linkedin_url": f"https://people.example/{first.lower()}",
        "role": f"Recruiter at {job.company.name}", "image_url": None, "thumbnail_url": None,
    }  # fmt: skip
