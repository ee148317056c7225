"""The vocabulary from which records are made: invented companies, and some names of real places and tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COMPANIES: Final = (
    "Acme Analytics", "Birchwood Labs", "Cobalt Freight", "Dunlin Health", "Ember Robotics", "Fjord Payments",
    "Granite Grid", "Heron Software", "Isobar Energy", "Juniper Lane", "Kestrel Data", "Lumen & Söhne",
    "Marigold Foods", "Northgate Müller", "Opaline Games", "Pelican Insurance",
)  # fmt: skip
TITLES: Final = (
    "Data Engineer", "Backend Engineer", "Site Reliability Engineer", "Machine Learning Engineer",
    "Account Executive", "Product Manager", "Security Analyst", "Platform Engineer",
)  # fmt: skip
LEVELS: Final = (("Senior", "senior"), ("Junior", "junior"), ("Staff", "staff"), ("", "mid_level"))
JOB_LEVELS: Final[tuple[tuple[str, str | None], ...]] = (*LEVELS, ("Chief", "c_level"), ("Interim", None))
"""Words of job titles, each with the seniority that it means."""
SKILLS: Final = (
    "postgresql", "kafka", "python", "snowflake", "kubernetes", "terraform", "react", "airflow", "redis", "spark",
    "elasticsearch", "grafana", "docker", "rust", "typescript", "salesforce",
)  # fmt: skip
CITIES: Final = (
    ("Denver", "Colorado", "CO", "US", "United States", "NA", "North America", 39.7392, -104.9847),
    ("Madrid", "Madrid", "MD", "ES", "Spain", "EU", "Europe", 40.4165, -3.70256),
    ("Zürich", "Zürich", "ZH", "CH", "Switzerland", "EU", "Europe", 47.36667, 8.55),
    ("Osaka", "Ōsaka", "27", "JP", "Japan", "AS", "Asia", 34.69379, 135.50107),
)
INDUSTRIES: Final = ("Software Development", "Freight Transport", "Hospitals", "Financial Services")
SENTENCES: Final = (
    "You will own a part of the platform that many teams lean on every day.",
    "The team is small, writes things down and reviews every change.",
    "We measure first, then improve, and we keep what works.",
    "On call is shared fairly, and every alert has an owner.",
    "You have shipped services that moved real money or real goods.",
    "Knowing when not to build something counts as a skill here.",
    "Our pipelines take in a few billion rows each week without drama.",
    "You explain trade-offs to people who do not write code.",
    "Remote days are agreed within the team, not by decree.",
    "Salary bands are public inside the company, and so is the way to the next one.",
    "Interviews are two conversations and one small paid exercise.",
    "We value curiosity, patience and a dry sense of humour — in that order.",
)


@dataclass(frozen=True, slots=True)
class Country:
    """A country."""

    id: int
    name: str
    code: str
    continent: str
    continent_code: str


@dataclass(frozen=True, slots=True)
class Place:
    """A city, with the region and the country that it lies in. Ids are as GeoNames has them."""

    id: int
    name: str
    region_id: int
    region: str
    region_code: str
    country: Country
    latitude: float
    longitude: float


_US: Final = Country(6252001, "United States", "US", "North America", "NA")
PLACES: Final = (
    Place(5419384, "Denver", 5417618, "Colorado", "CO", _US, 39.74, -104.98),
    Place(4671654, "Austin", 4736286, "Texas", "TX", _US, 30.27, -97.74),
    Place(5128581, "New York City", 5128638, "New York", "NY", _US, 40.71, -74.01),
    Place(
        6167865, "Toronto", 6093943, "Ontario", "08", Country(6251999, "Canada", "CA", "North America", "NA"),
        43.71, -79.4,
    ),
    Place(3117735, "Madrid", 3117732, "Madrid", "29", Country(2510769, "Spain", "ES", "Europe", "EU"), 40.42, -3.7),
    Place(
        2657896, "Zürich", 2657895, "Zürich", "ZH", Country(2658434, "Switzerland", "CH", "Europe", "EU"), 47.37, 8.55
    ),
    Place(2950159, "Berlin", 2950157, "Berlin", "16", Country(2921044, "Germany", "DE", "Europe", "EU"), 52.52, 13.41),
    Place(
        2643743, "London", 6269131, "England", "ENG", Country(2635167, "United Kingdom", "GB", "Europe", "EU"),
        51.51, -0.13,
    ),
    Place(756135, "Warsaw", 858787, "Mazovia", "78", Country(798544, "Poland", "PL", "Europe", "EU"), 52.23, 21.01),
    Place(
        3448439, "São Paulo", 3448433, "São Paulo", "27", Country(3469034, "Brazil", "BR", "South America", "SA"),
        -23.55, -46.64,
    ),
    Place(1853909, "Osaka", 1853904, "Ōsaka", "27", Country(1861060, "Japan", "JP", "Asia", "AS"), 34.69, 135.5),
    Place(
        1277333, "Bengaluru", 1267701, "Karnataka", "19", Country(1269750, "India", "IN", "Asia", "AS"), 12.97, 77.59
    ),
    Place(
        2147714, "Sydney", 2155400, "New South Wales", "02", Country(2077456, "Australia", "AU", "Oceania", "OC"),
        -33.87, 151.21,
    ),
)  # fmt: skip
"""Where jobs and companies are."""


@dataclass(frozen=True, slots=True)
class Keyword:
    """A technology, or a topic that tells what a company wants to buy or do."""

    slug: str
    name: str
    type: str
    """``technology``, or the kind of a topic."""
    category: str
    category_slug: str
    parent: str
    """The category above the category."""
    parent_slug: str


_ACRONYMS: Final = frozenset({"ccpa", "dbt", "gdpr", "iii", "iso", "sap", "soc", "sql"})


def _keywords(kind: str, parent: str, **categories: str) -> list[Keyword]:
    """Return the keywords of some categories; a category is named by its slug, with ``_`` for ``-``."""
    return [
        Keyword(
            slug=slug,
            name=" ".join(word.upper() if word in _ACRONYMS else word.title() for word in slug.split("-")),
            type=kind,
            category=category.replace("_", " ").title(),
            category_slug=category.replace("_", "-"),
            parent=parent,
            parent_slug=parent.lower().replace(" ", "-"),
        )
        for category, slugs in categories.items()
        for slug in slugs.split()
    ]


TECHNOLOGIES: Final = (
    *_keywords(
        "technology", "Data Stores",
        relational_databases="postgresql mysql mariadb oracle-database sql-server",
        search_engines="elasticsearch opensearch solr", key_value_stores="redis memcached etcd",
        data_warehouses="snowflake bigquery redshift clickhouse",
    ),
    *_keywords(
        "technology", "Data Engineering",
        stream_processing="kafka flink pulsar", workflow_engines="airflow dagster prefect",
        batch_processing="spark hadoop dbt",
    ),
    *_keywords(
        "technology", "Infrastructure",
        containers="kubernetes docker podman", infrastructure_as_code="terraform ansible pulumi",
        observability="grafana prometheus datadog",
    ),
    *_keywords(
        "technology", "Programming",
        languages="python rust typescript java go kotlin", web_frameworks="react django fastapi vue",
    ),
    *_keywords(
        "technology", "Business Tools",
        customer_relations="salesforce hubspot", resource_planning="sap workday netsuite",
    ),
)  # fmt: skip
"""What jobs ask for."""

TOPICS: Final = (
    *_keywords(
        "strategic_initiative", "Initiatives",
        cloud_strategy="cloud-migration multi-cloud", growth="market-expansion post-merger-integration",
        automation="process-automation robotic-process-automation",
    ),
    *_keywords(
        "regulation", "Compliance",
        privacy="gdpr ccpa", audits="soc-2 iso-27001", finance_rules="basel-iii dora",
    ),
    *_keywords("threat_or_risk", "Risks", attacks="ransomware phishing", supply="supply-chain-risk vendor-lock-in"),
    *_keywords(
        "operational_activity", "Operations", logistics="last-mile-delivery fleet-management",
        support="incident-response service-desk",
    ),
    *_keywords("metric_or_concept", "Metrics", revenue_metrics="churn-rate net-retention", speed="time-to-market"),
)  # fmt: skip
"""What companies may want to buy or do, by their jobs."""

COMPANY_FIRST: Final = (
    "Amber", "Aspen", "Basalt", "Beacon", "Birch", "Bramble", "Cedar", "Cobalt", "Copper", "Coral", "Delta", "Drift",
    "Ember", "Falcon", "Fathom", "Fjord", "Flint", "Garnet", "Granite", "Harbour", "Hazel", "Heron", "Indigo", "Ivory",
    "Juniper", "Kestrel", "Lark", "Linden", "Maple", "Meridian", "Nimbus", "Onyx", "Orchid", "Pelican", "Quartz",
    "Raven", "Sierra", "Tundra", "Umber", "Willow",
)  # fmt: skip
COMPANY_SECOND: Final = (
    "Analytics", "Labs", "Freight", "Health", "Robotics", "Payments", "Grid", "Software", "Energy", "Foods", "Games",
    "Insurance", "Mobility", "Networks", "Media", "Security", "Staffing", "Textiles", "Travel", "Systems", "& Söhne",
    "Cloud", "Legal", "Learning", "Ventures",
)  # fmt: skip
INVESTORS: Final = ("Example Ventures", "North Pier Capital", "Sandbar Partners", "Tall Oak Fund", "Undertow Capital")
INDUSTRY_IDS: Final = {
    4: "Software Development", 14: "Hospitals and Health Care", 43: "Financial Services", 116: "Freight Transport",
    109: "Computer Games", 34: "Food and Beverage Services", 53: "Automotive", 104: "Staffing and Recruiting",
}  # fmt: skip
"""The industries of companies, by number."""
FUNDING_STAGES: Final = ("seed", "series_a", "series_b", "series_c", "private_equity")
EMPLOYMENT_STATUSES: Final = ("full_time", "part_time", "contract", "internship", "temporary")
SOURCES: Final = ("board.example", "careers.example", "listings.example")
"""Where jobs were found."""
TAGS: Final = ("analytics", "b2b", "fintech", "hardware", "marketplace", "open source", "saas", "sustainability")
