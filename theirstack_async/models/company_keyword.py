"""How a company uses technologies and buying-intent topics."""

from datetime import date

import attrs

from theirstack_async.models._base import Model
from theirstack_async.models._open_enum import OpenEnum
from theirstack_async.models.keyword_reference import KeywordReference


class Confidence(OpenEnum):
    """How sure the vendor is that a company uses something."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CompanyKeyword(Model):
    """A keyword of one company, as its jobs show it: a row of its technologies or of its buying intents."""

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


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CompanyKeywordFound(CompanyKeyword):
    """A keyword that was found in the jobs of one company: what a row of a company search tells of it."""

    theirstack_score: float | None = None
    """Deprecated by the API."""
    company_name: str | None = None
    """Deprecated by the API, and not sent by all endpoints."""
