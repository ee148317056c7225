"""What a company's jobs say of its technologies and topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from theirstack_async.testing import words
from theirstack_async.testing.search.records import JobRow

Confidence = Literal["low", "medium", "high"]
CONFIDENCES: Final[tuple[Confidence, ...]] = ("low", "medium", "high")
KEYWORDS: Final = {keyword.slug: keyword for keyword in (*words.TECHNOLOGIES, *words.TOPICS)}
"""All keywords by slug."""


@dataclass(frozen=True, slots=True)
class KeywordCount:
    """One keyword at one company."""

    keyword: words.Keyword
    jobs: int
    """Jobs that name it."""
    last_7_days: int
    last_30_days: int
    last_180_days: int
    first_found: int
    """Day."""
    last_found: int
    """Day."""
    rank: int
    """Among the company's keywords of the same category, from 1, by jobs."""
    relative: float
    """Its share of all mentions of keywords of its category, from 0 to 1."""

    @property
    def confidence(self) -> Confidence:
        """How sure it is, here by the number of jobs alone. How the real one is found is undocumented."""
        return CONFIDENCES[min(self.jobs // 2, 2)]

    @property
    def is_technology(self) -> bool:
        """Whether it is a technology; if not, it is a topic."""
        return self.keyword.type == "technology"


def keyword_counts(jobs: Iterable[JobRow], today: int) -> tuple[KeywordCount, ...]:
    """Return the keywords that some jobs name, as they count on a day."""
    days: dict[str, list[int]] = {}
    for job in jobs:
        for slug in (*job.technologies, *job.topics):
            days.setdefault(slug, []).append(job.posted)
    mentions: Counter[str] = Counter()
    for slug, found in days.items():
        mentions[KEYWORDS[slug].category] += len(found)
    ranks: Counter[str] = Counter()
    counts: list[KeywordCount] = []
    for slug, found in sorted(days.items(), key=lambda item: (-len(item[1]), item[0])):
        keyword = KEYWORDS[slug]
        ranks[keyword.category] += 1
        counts.append(
            KeywordCount(
                keyword=keyword,
                jobs=len(found),
                last_7_days=sum(day > today - 7 for day in found),
                last_30_days=sum(day > today - 30 for day in found),
                last_180_days=sum(day > today - 180 for day in found),
                first_found=min(found),
                last_found=max(found),
                rank=ranks[keyword.category],
                relative=round(len(found) / mentions[keyword.category], 4),
            )
        )
    return tuple(counts)
