"""All keywords of the catalog, and how often the jobs of the data set name them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from theirstack_async.testing import words
from theirstack_async.testing.search.dataset import DataSet
from theirstack_async.testing.words import Keyword

_PRODUCTS: Final = ("Ledger", "Inbox", "Studio", "Signals", "Flow")
KEYWORDS: Final = (
    *words.TECHNOLOGIES,
    *words.TOPICS,
    Keyword("5g", "5G", "technology_concept", "Networks", "networks", "Concepts", "concepts"),
    Keyword("3d-printing", "3D Printing", "technology_concept", "Workshops", "workshops", "Concepts", "concepts"),
    *(
        Keyword(
            slug=f"{first}-{product}".lower(),
            name=f"{first} {product}",
            type="software_product",
            category=f"{product} Suites",
            category_slug=f"{product}-suites".lower(),
            parent="Products",
            parent_slug="products",
        )
        for first in words.COMPANY_FIRST
        for product in _PRODUCTS
    ),
)
"""A few hundred. The jobs of the data set name those of :mod:`theirstack_async.testing.words` only."""
TYPES: Final = (
    "technology", "software_product", "technology_concept", "operational_activity", "strategic_initiative",
    "metric_or_concept", "product_or_service_offered", "regulation", "threat_or_risk", "event", "commodity",
    "industry_vertical", "physical_equipment", "medical_research", "government_body",
)  # fmt: skip
"""The types by which the catalog can be filtered; the fake has keywords of seven of them."""


@dataclass(slots=True)
class Usage:
    """How often the jobs of the data set name a keyword."""

    jobs: int = 0
    companies: int = 0
    companies_last_week: int = 0
    """Companies whose first job that names it is of the last seven days."""


def usages(data: DataSet) -> dict[str, Usage]:
    """Return the usage of all keywords by slug, the keyword of most jobs first."""
    counted = {keyword.slug: Usage() for keyword in KEYWORDS}
    for company in data.companies:
        for count in data.keywords(company):
            usage = counted[count.keyword.slug]
            usage.jobs += count.jobs
            usage.companies += 1
            usage.companies_last_week += count.first_found > data.today - 7
    return dict(sorted(counted.items(), key=lambda item: (-item[1].jobs, item[0])))


def companies_using(data: DataSet, keywords: Iterable[Keyword]) -> int:
    """Return how many companies have jobs that name any of some keywords."""
    slugs = {keyword.slug for keyword in keywords}
    return sum(any(count.keyword.slug in slugs for count in data.keywords(company)) for company in data.companies)
