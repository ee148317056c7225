"""How long a page of events takes to decode, measured against ``orjson.loads``, which makes plain dicts.

    python benchmarks/decode.py [rounds]

Needs orjson. Each round runs every way once, in turn, so that a busy machine slows them alike; the medians are
compared. The pages have 500 events, made from a fixed seed: light ones without a payload, and heavy ones with a job of
about 8 KB, of which one is damaged in the last line.
"""

from __future__ import annotations

import gc
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import attrs
import orjson

from theirstack_async._convert import Converter
from theirstack_async.models import Company, Job, JobLocation, WebhookEvent
from theirstack_async.models.webhook_event import EventId

ROWS = 500
SEARCH_ONLY = {"technologies_found", "keywords_found", "jobs_found"}
WORDS = [
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


def text(random_: random.Random, words: int) -> str:
    """Return so many words."""
    return " ".join(random_.choices(WORDS, k=words))


def complete(model: type[Any], row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with all fields of the model in their order: the API sends also those that are empty."""
    empty = {field.name: list(field.default) if field.default == () else field.default for field in attrs.fields(model)}
    return {name: row.get(name, default) for name, default in empty.items() if name not in SEARCH_ONLY}


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


def page(random_: random.Random, *, heavy: bool) -> list[dict[str, Any]]:
    """Return a page of events."""
    at = "2026-01-01T12:34:56Z"
    base = {"webhook_id": 1, "triggered_at": at, "status": "FAILED", "created_at": at, "updated_at": at}
    base |= {"company_name": "Example", "response_status_code": 500, "response_body": "Internal Server Error"}
    return [
        {"id": n, "job_id": n, **base, "payload": job(random_, n) if heavy else None}
        for n in range(10**6, 10**6 + ROWS)
    ]


def measure(title: str, body: bytes, ways: dict[str, Callable[[bytes], object]], rounds: int) -> None:
    """Print the median of each way, and its ratio to the first."""
    gc.collect()
    gc.freeze()  # the garbage collector shall not walk what the measurement does not make
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way(body)
            times[name].append(time.perf_counter() - start)
    base = statistics.median(next(iter(times.values())))
    print(f"{title}: {len(body) / ROWS:,.0f} bytes an event")
    for name, measured in times.items():
        median = statistics.median(measured)
        print(f"  {name:<42} {median * 1e3:8.2f} ms  {median / base:6.3f} x")


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    random_ = random.Random(20260101)
    converter, keeping = Converter(), Converter(keep_unknown_fields=True)
    ways: dict[str, Callable[[bytes], object]] = {
        "orjson.loads, dicts": orjson.loads,
        "events": lambda body: converter.decode_rows(body, WebhookEvent),
        "ids alone": lambda body: converter.decode_rows(body, EventId),
        "events, unknown fields kept": lambda body: keeping.decode_rows(body, WebhookEvent),
    }
    heavy = page(random_, heavy=True)
    measure("light", json.dumps(page(random_, heavy=False)).encode(), ways, rounds)
    measure("heavy", json.dumps(heavy, ensure_ascii=False).encode(), ways, rounds)
    bare = json.dumps([event["payload"] for event in heavy], ensure_ascii=False).encode()
    measure(
        "jobs", bare, {"orjson.loads, dicts": orjson.loads, "jobs": lambda b: converter.decode_rows(b, Job)}, rounds
    )
    heavy[-1]["payload"]["latitude"] = "north"
    measure("one payload damaged", json.dumps(heavy, ensure_ascii=False).encode(), ways, rounds)
    heavy[-1]["id"] = None
    measure("one row damaged", json.dumps(heavy, ensure_ascii=False).encode(), ways, rounds)


if __name__ == "__main__":
    main()
