"""Technologies and buying-intent topics, and how a company uses them."""

from __future__ import annotations

from datetime import date

import attrs

from theirstack_async.models._base import Model
from theirstack_async.models._open_enum import OpenEnum


class KeywordType(OpenEnum):
    """What a keyword stands for."""

    TECHNOLOGY = "technology"
    SOFTWARE_PRODUCT = "software_product"
    TECHNOLOGY_CONCEPT = "technology_concept"
    OPERATIONAL_ACTIVITY = "operational_activity"
    STRATEGIC_INITIATIVE = "strategic_initiative"
    METRIC_OR_CONCEPT = "metric_or_concept"
    PRODUCT_OR_SERVICE_OFFERED = "product_or_service_offered"
    REGULATION = "regulation"
    THREAT_OR_RISK = "threat_or_risk"
    EVENT = "event"
    COMMODITY = "commodity"
    INDUSTRY_VERTICAL = "industry_vertical"
    PHYSICAL_EQUIPMENT = "physical_equipment"
    MEDICAL_RESEARCH = "medical_research"
    GOVERNMENT_BODY = "government_body"


class Confidence(OpenEnum):
    """How sure the vendor is that a company uses something."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, getstate_setstate=False)
class KeywordReference(Model):
    """A technology or a buying-intent topic."""

    name: str
    slug: str
    """What filters take; case-sensitive."""
    category: str | None = None
    type: KeywordType | None = None
    category_slug: str | None = None
    parent_category: str | None = None
    parent_category_slug: str | None = None
    logo: str | None = None
    """The address of an image."""
    logo_thumbnail: str | None = None
    """The address of a small image."""


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, getstate_setstate=False)
class CompanyKeywordFound(Model):
    """A keyword that was found in the jobs of one company."""

    technology: KeywordReference
    """The keyword; the field is called so for buying-intent topics too."""
    confidence: Confidence
    jobs: int
    """How many jobs of the company name it."""
    jobs_last_7_days: int
    jobs_last_30_days: int
    jobs_last_180_days: int
    first_date_found: date
    last_date_found: date
    rank_within_category: int
    """1 is the keyword of its category that the company's jobs name most."""
    relative_occurrence_within_category: float
    """From 0 to 1: its jobs, compared with those of the keyword of its category that is named most."""
    theirstack_score: float | None = None
    """Deprecated by the API."""
    company_name: str | None = None
    """Deprecated by the API, and not sent by all endpoints."""
