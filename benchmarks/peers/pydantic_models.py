"""The same records as pydantic 2 models, typed as fully as the package's own."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

# The values are the names in lower case, as StrEnum makes them.
JobSeniority = StrEnum("JobSeniority", "C_LEVEL STAFF SENIOR JUNIOR MID_LEVEL")
EmploymentStatus = StrEnum(
    "EmploymentStatus",
    "FULL_TIME PART_TIME TEMPORARY INTERNSHIP CONTRACT FREELANCE CO_FOUNDER APPRENTICESHIP SEASONAL VOLUNTEER OTHER",
)
LocationType = StrEnum("LocationType", "CITY REGION COUNTRY CONTINENT")
FundingStage = StrEnum(
    "FundingStage",
    "ANGEL CONVERTIBLE_NOTE CORPORATE_ROUND DEBT_FINANCING EARLY_VC EQUITY_CROWDFUNDING GRANT GROWTH_EQUITY_VC "
    "INITIAL_COIN_OFFERING LATE_VC NON_EQUITY_ASSISTANCE OTHER POST_IPO_DEBT POST_IPO_EQUITY POST_IPO_SECONDARY "
    "PRE_SEED PRIVATE_EQUITY PRODUCT_CROWDFUNDING SECONDARY_MARKET SEED SERIES_A SERIES_B SERIES_C SERIES_D SERIES_E "
    "SERIES_F SERIES_G SERIES_H SERIES_I SERIES_J SERIES_UNKNOWN UNDISCLOSED VENTURE_ROUND_NOT_SPECIFIED",
)


class WebhookEventStatus(StrEnum):
    IN_PROGRESS = "IN_PROGRESS"
    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    NOT_TRIGGERED = "NOT_TRIGGERED"


class JobLocation(BaseModel):
    id: int | None = None
    name: str | None = None
    type: LocationType | None = None
    feature_code: str | None = None
    country_code: str | None = None
    admin1_name: str | None = None
    admin1_code: str | None = None
    admin2_name: str | None = None
    admin2_code: str | None = None
    continent: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    city: str | None = None
    address: str | None = None
    postal_code: str | None = None
    state: str | None = None
    state_code: str | None = None
    display_name: str | None = None
    country_name: str | None = None


class HiringTeamMember(BaseModel):
    first_name: str | None = None
    full_name: str | None = None
    linkedin_url: str | None = None
    role: str | None = None
    image_url: str | None = None
    thumbnail_url: str | None = None


class Company(BaseModel):
    """A company; what only a row of a company search has is left out, as no event has it."""

    id: str
    name: str
    domain: str | None = None
    industry: str | None = None
    country: str | None = None
    country_code: str | None = None
    employee_count: int | None = None
    logo: str | None = None
    num_jobs: int = 0
    num_technologies: int = 0
    num_keywords: int = 0
    num_buying_intent_topics: int = 0
    possible_domains: list[str] = []
    url: str | None = None
    industry_id: int | None = None
    linkedin_url: str | None = None
    num_jobs_last_30_days: int = 0
    num_jobs_found: int | None = None
    yc_batch: str | None = None
    apollo_id: str | None = None
    linkedin_id: str | None = None
    url_source: str | None = None
    is_recruiting_agency: bool | None = None
    founded_year: int | None = None
    annual_revenue_usd: float | None = None
    annual_revenue_usd_readable: str | None = None
    total_funding_usd: int | None = None
    last_funding_round_date: date | None = None
    last_funding_round_amount_readable: str | None = None
    employee_count_range: str | None = None
    long_description: str | None = None
    seo_description: str | None = None
    city: str | None = None
    postal_code: str | None = None
    company_keywords: list[str] | None = None
    company_tags: list[str] = []
    alexa_ranking: int | None = None
    publicly_traded_symbol: str | None = None
    publicly_traded_exchange: str | None = None
    investors: list[str] | None = None
    funding_stage: FundingStage | None = None
    has_blurred_data: bool = False
    keyword_slugs: list[str] = []
    technology_slugs: list[str] | None = None
    technology_names: list[str] | None = None


class Job(BaseModel):
    id: int
    job_title: str
    url: str
    date_posted: date
    source_url: str
    discovered_at: datetime
    company_object: Company
    has_blurred_data: bool = False
    company: str | None = None
    final_url: str | None = None
    location: str | None = None
    short_location: str | None = None
    long_location: str | None = None
    state_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    postal_code: str | None = None
    remote: bool | None = None
    hybrid: bool | None = None
    salary_string: str | None = None
    min_annual_salary: int | None = None
    min_annual_salary_usd: float | None = None
    max_annual_salary: int | None = None
    max_annual_salary_usd: float | None = None
    avg_annual_salary_usd: float | None = None
    salary_currency: str | None = None
    countries: list[str] | None = None
    country: str | None = None
    country_codes: list[str | None] | None = None
    country_code: str | None = None
    cities: list[str] | None = None
    continents: list[str] | None = None
    seniority: JobSeniority | None = None
    company_domain: str | None = None
    hiring_team: list[HiringTeamMember] | None = None
    reposted: bool | None = None
    date_reposted: date | None = None
    employment_statuses: list[EmploymentStatus] = []
    easy_apply: bool | None = None
    technology_slugs: list[str] = []
    keyword_slugs: list[str] = []
    description: str | None = None
    locations: list[JobLocation] = []
    normalized_title: str | None = None
    manager_roles: list[str] | None = None
    matching_phrases: list[str | None] | None = []
    matching_words: list[str | None] | None = []
    closed_at: datetime | None = None


class JobClosed(BaseModel):
    id: int
    closed_at: datetime


class Event(BaseModel):
    id: int
    webhook_id: int
    triggered_at: datetime
    status: WebhookEventStatus
    created_at: datetime
    updated_at: datetime
    job_id: int | None = None
    company_name: str | None = None
    payload: Annotated[Job | Company | JobClosed | None, Field(union_mode="left_to_right")] = None
    """The kinds are tried in this order. No other way to tell them apart is as fast."""
    response_status_code: int | None = None
    response_body: str | None = None


class PlainEvent(Event):
    """An event whose payload is a plain union, as generators of code write it: pydantic tries all kinds each time."""

    payload: Job | Company | JobClosed | None = None
