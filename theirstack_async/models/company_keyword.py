"""How a company uses technologies and buying-intent topics."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import attrs

from theirstack_async.models._base import Model
from theirstack_async.models._open_enum import OpenEnum
from theirstack_async.models.keyword_reference import KeywordReference
from theirstack_async.models.search_metadata import SearchMetadata


class Confidence(OpenEnum):
    """How sure the vendor is that a company uses something."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, getstate_setstate=False)
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


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, getstate_setstate=False)
class CompanyKeywordFound(CompanyKeyword):
    """A keyword that was found in the jobs of one company: what a row of a company search tells of it."""

    theirstack_score: float | None = None
    """Deprecated by the API."""
    company_name: str | None = None
    """Deprecated by the API, and not sent by all endpoints."""


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, getstate_setstate=False)
class CompanyKeywords(Model):
    """The answer to a look-up of one company's technologies or buying intents.

    It can be iterated over, and its length taken, as its ``data``.
    """

    data: tuple[CompanyKeyword, ...]
    """The keywords. Empty when the company is not known or names none; then nothing is billed."""
    metadata: SearchMetadata

    def __iter__(self) -> Iterator[CompanyKeyword]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)
