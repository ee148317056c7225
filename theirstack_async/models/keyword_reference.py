"""A technology or a buying-intent topic."""

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


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
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
