"""The vocabulary from which payloads are made. All of it is invented."""

from __future__ import annotations

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
