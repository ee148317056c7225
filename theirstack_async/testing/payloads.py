"""Realistic records: jobs and companies of about 8 KB, the same for the same seed and event id.

A record is a serialised template, of which there are a few a kind, with the event's own numbers put in. So a page of
500 heavy rows costs about a millisecond, and no record is kept.
"""

from __future__ import annotations

import json
import random
import zlib
from dataclasses import dataclass
from typing import Any, Final

from theirstack_async.testing import words
from theirstack_async.testing.store import Kind

VARIANTS: Final = 16
"""Templates a kind."""
JOB_ID_OFFSET: Final = 40_000_000
"""A job's id is its event's id plus this, so that ids of jobs and of events are never mistaken for each other."""

_TEXT: Final = "@@text@@"
_NUMBER: Final = "@@number@@"


@dataclass(frozen=True, slots=True)
class Template:
    """A serialised record with gaps for the job id."""

    parts: tuple[bytes, ...]
    company_name: bytes
    """As JSON."""

    def fill(self, number: int) -> bytes:
        """Return the record as JSON."""
        return (b"%d" % number).join(self.parts)


class Payloads:
    """Makes the records of all events."""

    def __init__(self, seed: int, *, naive: bool = True) -> None:
        self._seed = seed
        self._suffix = "" if naive else "Z"
        self._templates: dict[tuple[Kind, int], Template] = {}

    def template(self, kind: Kind, event_id: int) -> Template:
        """Return the template of an event's record."""
        variant = zlib.crc32(event_id.to_bytes(8, "big")) % VARIANTS
        key = (kind, variant)
        if key not in self._templates:
            self._templates[key] = _build(kind, variant, random.Random(f"{self._seed}:{kind}:{variant}"), self._suffix)
        return self._templates[key]

    def record(self, kind: Kind, event_id: int) -> bytes:
        """Return the bare record of an event as JSON; ``null`` for an event without one."""
        return self.template(kind, event_id).fill(event_id + JOB_ID_OFFSET)

    def delivered(self, kind: Kind, event_id: int) -> bytes:
        """Return the record as a delivery carries it: jobs have three more fields there (the vendor's document)."""
        record = self.record(kind, event_id)
        if kind != "job":
            return record
        digest = zlib.crc32(b"%d" % event_id)
        created_at = f"2026-09-21T09:00:00{self._suffix}".encode()
        more = b',"url_hashed":"%08x","neg_posted_at_timestamp":%d,"created_at":"%s"}'
        return record[:-1] + more % (digest, -1_789_000_000 - digest % 1000, created_at)


def _build(kind: Kind, variant: int, rng: random.Random, suffix: str) -> Template:
    name = words.COMPANIES[variant]
    record: Any = None
    if kind == "job":
        record = _job(name, rng, suffix)
    elif kind == "company":
        name = f"{name} {_TEXT}"
        record = _company_record(name, rng)
    elif kind == "job_closed":
        record = {"id": _NUMBER, "closed_at": f"2026-09-{rng.randint(1, 21):02d}T05:00:00Z"}
    text = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    parts = text.replace(f'"{_NUMBER}"', _TEXT).split(_TEXT)
    shown = json.dumps(words.COMPANIES[variant]) if kind is not None else "null"
    return Template(tuple(part.encode() for part in parts), shown.encode())


def prose(rng: random.Random, size: int) -> str:
    """Return a text of at least so many characters, in paragraphs and lists."""
    paragraphs = ["## About the role"]
    while sum(map(len, paragraphs)) < size:
        paragraphs.append(" ".join(rng.sample(words.SENTENCES, 4)))
        if rng.random() < 0.3:
            paragraphs.append("- " + "\n- ".join(rng.sample(words.SKILLS, 3)))
    return "\n\n".join(paragraphs)


def slug(name: str) -> str:
    """Return a name as it stands in addresses."""
    return "".join(c for c in name.lower().replace(" ", "-") if c.isascii() and c not in "@&")


def _job(name: str, rng: random.Random, suffix: str) -> dict[str, Any]:
    level, seniority = rng.choice(words.LEVELS)
    role = rng.choice(words.TITLES)
    title = f"{level} {role}".strip()
    skills = rng.sample(words.SKILLS, 8)
    day = rng.randint(1, 20)
    domain = f"{slug(name)}.example"
    return {
        "id": _NUMBER,
        "job_title": title,
        "url": f"https://jobs.example/{_TEXT}",
        "final_url": f"https://{domain}/careers/{slug(title)}-{_TEXT}",
        "source_url": f"https://board.example/view/{_TEXT}",
        "date_posted": f"2026-09-{day:02d}",
        "has_blurred_data": False,
        "company": name,
        **_place(rng),
        "remote": rng.choice((True, False, None)),
        "hybrid": rng.choice((True, False, None)),
        **_salary(rng),
        "seniority": seniority,
        "discovered_at": f"2026-09-{day:02d}T08:41:07{suffix}",
        "closed_at": None,
        "company_domain": domain,
        "hiring_team": [_person(rng, name)],
        "reposted": False,
        "date_reposted": None,
        "employment_statuses": ["full_time"],
        "easy_apply": rng.choice((True, False)),
        "technology_slugs": skills,
        "keyword_slugs": skills,
        "description": prose(rng, 3300),
        "company_object": _company(name, domain, rng),
        "normalized_title": role.lower(),
        "manager_roles": [f"Head of {role}"],
        "matching_phrases": [],
        "matching_words": [],
    }


def _salary(rng: random.Random) -> dict[str, Any]:
    low = rng.randrange(60, 160) * 1000
    return {
        "salary_string": f"${low:,} - ${low + 25_000:,}",
        "min_annual_salary": low,
        "min_annual_salary_usd": float(low),
        "max_annual_salary": low + 25_000,
        "max_annual_salary_usd": float(low + 25_000),
        "avg_annual_salary_usd": low + 12_500.5,
        "salary_currency": "USD",
    }


def _place(rng: random.Random) -> dict[str, Any]:
    city, region, code, country_code, country, continent, continent_name, latitude, longitude = rng.choice(words.CITIES)
    location = {
        "id": rng.randint(2_000_000, 6_000_000), "name": city, "type": "city", "feature_code": "PPLA",
        "country_code": country_code, "admin1_name": region, "admin1_code": code, "admin2_name": None,
        "admin2_code": None, "continent": continent, "latitude": latitude, "longitude": longitude, "city": city,
        "address": None, "postal_code": None, "state": region, "state_code": code,
        "display_name": f"{city}, {region}, {country}", "country_name": country,
    }  # fmt: skip
    return {
        "location": city, "short_location": f"{city}, {code}", "long_location": f"{city}, {code} 80202",
        "state_code": code, "latitude": latitude, "longitude": longitude, "postal_code": "80202",
        "countries": [country], "country": country, "country_codes": [country_code], "country_code": country_code,
        "cities": [city], "continents": [continent_name], "locations": [location],
    }  # fmt: skip


def _person(rng: random.Random, company: str) -> dict[str, Any]:
    first = rng.choice(("Ada", "Björn", "Chidi", "Dolores"))
    return {
        "first_name": first, "full_name": f"{first} Example", "linkedin_url": f"https://people.example/{first.lower()}",
        "role": f"Recruiter at {company}", "image_url": None, "thumbnail_url": None,
    }  # fmt: skip


def _company(name: str, domain: str, rng: random.Random) -> dict[str, Any]:
    skills = rng.sample(words.SKILLS, 12)
    revenue = rng.randint(2, 400)
    return {
        "id": f"{slug(name)}-{rng.randint(1, 9999):04d}==", "name": name, "domain": domain,
        "industry": rng.choice(words.INDUSTRIES), "industry_id": rng.randint(1, 150), "country": "United States",
        "country_code": "US", "city": "Denver", "postal_code": "80202", "employee_count": rng.randint(11, 9000),
        "employee_count_range": "201-500", "logo": f"https://cdn.example/{slug(name)}.png",
        "num_jobs": rng.randint(20, 900), "num_jobs_last_30_days": rng.randint(0, 20), "num_jobs_found": None,
        "num_technologies": 88, "num_keywords": 131, "num_buying_intent_topics": 43, "possible_domains": [domain],
        "url": f"https://{domain}", "linkedin_url": f"https://social.example/company/{slug(name)}",
        "linkedin_id": "1000001", "apollo_id": None, "yc_batch": None, "url_source": None,
        "is_recruiting_agency": False, "founded_year": rng.randint(1950, 2024),
        "annual_revenue_usd": revenue * 1e6, "annual_revenue_usd_readable": f"{revenue}M",
        "total_funding_usd": 18_000_000, "last_funding_round_date": "2025-05-12",
        "last_funding_round_amount_readable": "$11M", "funding_stage": "series_b", "investors": ["Example Ventures"],
        "long_description": prose(rng, 900), "seo_description": None, "company_tags": ["analytics"],
        "company_keywords": ["analytics"], "alexa_ranking": None, "publicly_traded_symbol": None,
        "publicly_traded_exchange": None, "has_blurred_data": False, "technology_slugs": skills,
        "technology_names": [skill.title() for skill in skills], "keyword_slugs": skills,
    }  # fmt: skip


def _company_record(name: str, rng: random.Random) -> dict[str, Any]:
    record = _company(name, f"company-{_TEXT}.example", rng)
    found = [_technology_found(skill, name, rng) for skill in rng.sample(words.SKILLS, 8)]
    jobs = [_slim_job(rank, name) for rank in range(3)]
    return record | {"technologies_found": found, "keywords_found": found[:2], "jobs_found": jobs}


def _technology_found(skill: str, company: str, rng: random.Random) -> dict[str, Any]:
    keyword = {
        "name": skill.title(), "category": "Data Tools", "type": "technology", "slug": skill,
        "category_slug": "data-tools", "parent_category": "Data Stores", "parent_category_slug": "data-stores",
        "logo": f"https://cdn.example/{skill}.png", "logo_thumbnail": None,
    }  # fmt: skip
    jobs = rng.randint(1, 90)
    return {
        "technology": keyword, "confidence": rng.choice(("low", "medium", "high")), "jobs": jobs,
        "jobs_last_7_days": jobs // 9, "jobs_last_30_days": jobs // 5, "jobs_last_180_days": jobs // 2,
        "first_date_found": "2025-01-15", "last_date_found": "2026-09-18", "rank_within_category": rng.randint(1, 9),
        "relative_occurrence_within_category": round(rng.random(), 4), "theirstack_score": None,
        "company_name": company,
    }  # fmt: skip


def _slim_job(rank: int, company: str) -> dict[str, Any]:
    return {
        "id": _NUMBER, "job_title": words.TITLES[rank], "url": f"https://jobs.example/{_TEXT}/{rank}",
        "source_url": f"https://board.example/view/{_TEXT}/{rank}", "date_posted": "2026-09-11",
        "has_blurred_data": False, "company": company,
    }  # fmt: skip
