"""Pages of events as they might come from the API, the same in each run: made from a seed.

A light event has no payload and about 300 bytes, a heavy one a job with its company and about 8 KB.
"""

from __future__ import annotations

import json
import random
from typing import Any, Final, Literal

import attrs

from theirstack_async.models import Company, Job, JobLocation

Kind = Literal["light", "heavy"]
ROWS: Final = 500
"""Events a page, the most that the API gives."""
FIRST: Final = 1_000_000
"""The id of the first event."""
_SEED: Final = 20260101
_SEARCH_ONLY: Final = {"technologies_found", "keywords_found", "jobs_found"}
_WORDS: Final = [
    "data",
    "pipelines",
    "in",
    "the",
    "cloud",
    "for",
    "über-fast",
    "teams",
    "you",
    "will",
    "own",
    "end",
    "to",
    "end,",
]
_AT: Final = "2026-01-01T12:34:56Z"
_BASE: Final = {"webhook_id": 1, "triggered_at": _AT, "status": "FAILED", "created_at": _AT, "updated_at": _AT}
_ANSWER: Final = {"company_name": "Example", "response_status_code": 500, "response_body": "Internal Server Error"}


def events(kind: Kind, count: int = ROWS, first: int = FIRST) -> list[bytes]:
    """Return the JSON of so many events, whose ids count up from ``first``. The same arguments give the same events."""
    random_ = random.Random(_SEED + first)
    return [_event(random_, kind, number) for number in range(first, first + count)]


def page(kind: Kind, first: int = FIRST) -> bytes:
    """Return a page of 500 events."""
    return b"[" + b",".join(events(kind, ROWS, first)) + b"]"


def _event(random_: random.Random, kind: Kind, number: int) -> bytes:
    payload = job(random_, number) if kind == "heavy" else None
    return json.dumps(
        {"id": number, "job_id": number, **_BASE, **_ANSWER, "payload": payload}, ensure_ascii=False
    ).encode()


def text(random_: random.Random, words: int) -> str:
    """Return so many words."""
    return " ".join(random_.choices(_WORDS, k=words))


def complete(model: type[Any], row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with all fields of the model in their order: the API sends also those that are empty."""
    empty = {field.name: list(field.default) if field.default == () else field.default for field in attrs.fields(model)}
    return {name: row.get(name, default) for name, default in empty.items() if name not in _SEARCH_ONLY}


def company(random_: random.Random) -> dict[str, Any]:
    """Return a company of about 3 KB."""
    number = random_.randrange(10**6)
    slugs = [f"technology-{random_.randrange(900)}" for _ in range(25)]
    row = {
        "id": f"company-{number}",
        "name": f"Company {number}",
        "domain": f"company-{number}.example",
        "industry": "software development",
        "country": "United States",
        "country_code": "US",
        "employee_count": random_.randrange(10**5),
        "logo": f"https://logos.example/{number}.png",
        "num_jobs": random_.randrange(900),
        "num_technologies": 25,
        "num_keywords": 25,
        "num_buying_intent_topics": 3,
        "possible_domains": [f"company-{number}.example"],
        "industry_id": 4,
        "linkedin_url": f"https://www.linkedin.com/company/{number}",
        "num_jobs_last_30_days": random_.randrange(90),
        "is_recruiting_agency": False,
        "founded_year": 1999,
        "annual_revenue_usd": random_.random() * 1e9,
        "annual_revenue_usd_readable": "189M",
        "total_funding_usd": 500_000,
        "last_funding_round_date": "2020-01-01",
        "employee_count_range": "1001-5000",
        "long_description": text(random_, 120),
        "seo_description": text(random_, 30),
        "city": "Mountain View",
        "company_tags": ["software", "data"],
        "investors": ["One", "Two"],
        "funding_stage": "series_b",
        "has_blurred_data": False,
        "keyword_slugs": slugs,
        "technology_slugs": slugs,
        "publicly_traded_symbol": None,
    }
    return complete(Company, row)


def job(random_: random.Random, number: int) -> dict[str, Any]:
    """Return a job of about 8 KB."""
    slugs = [f"technology-{random_.randrange(900)}" for _ in range(12)]
    place = {"id": number, "name": "New York City", "type": "city", "feature_code": "PPL", "country_code": "US"}
    place |= {"admin1_name": "New York", "admin1_code": "NY", "continent": "NA", "latitude": 40.71, "longitude": -74.0}
    person = {"first_name": "Ada", "full_name": "Ada Example", "role": "Recruiter", "linkedin_url": None}
    place |= {"display_name": "New York City, New York", "country_name": "United States"}
    row = {
        "id": number,
        "job_title": "Senior Data Engineer",
        "url": f"https://jobs.example/{number}",
        "date_posted": "2026-01-01",
        "has_blurred_data": False,
        "company": "Example",
        "final_url": f"https://careers.example/{number}",
        "source_url": f"https://source.example/{number}",
        "location": "New York",
        "short_location": "New York, NY",
        "long_location": "New York, NY 10001",
        "latitude": 40.71,
        "longitude": -74.0,
        "remote": True,
        "hybrid": False,
        "salary_string": "$100,000 - $120,000",
        "min_annual_salary": 100_000,
        "min_annual_salary_usd": 100_000.0,
        "max_annual_salary": 120_000,
        "max_annual_salary_usd": 120_000.0,
        "avg_annual_salary_usd": 110_000.0,
        "salary_currency": "USD",
        "countries": ["United States"],
        "country_codes": ["US"],
        "cities": ["New York"],
        "seniority": "senior",
        "discovered_at": "2026-01-01T12:34:56",
        "company_domain": "company.example",
        "hiring_team": [person],
        "reposted": False,
        "date_reposted": None,
        "employment_statuses": ["full_time"],
        "easy_apply": False,
        "technology_slugs": slugs,
        "keyword_slugs": slugs,
        "description": text(random_, 600),
        "company_object": company(random_),
        "locations": [complete(JobLocation, place)],
        "normalized_title": "data engineer",
        "manager_roles": ["CTO"],
        "matching_phrases": [],
        "matching_words": [],
    }
    return complete(Job, row)
