"""Facts of the API that the SDK's classes do not say of themselves.

Names are those of the SDK: ``JobFilters.is_closed`` is a field of a class, ``WebhookEventType.job_closed`` a member of
an enumeration, ``requests.count.origin`` a parameter of an operation. Every name here is one that a comparison with a
description of the API comes upon; a test keeps it so.
"""

from __future__ import annotations

from typing import Final

METHODLESS: Final = frozenset(
    {"catalog.technologies", "catalog.technology_categories", "catalog.technology_subcategories"}
)
"""Operations that ``client.request()`` alone reaches: they left the vendor's document, and keywords succeed them."""

DEPRECATED_OPERATIONS: Final = METHODLESS | {"company_lists.export"}

DEPRECATED_FIELDS: Final = frozenset(
    {
        "Company.company_keywords",
        "Company.technology_names",
        "CompanyKeywordFound.company_name",
        "CompanyKeywordFound.theirstack_score",
        "DatasetOption.dictionary_url",
        "Job.cities",
        "Job.company",
        "Job.continents",
        "Job.countries",
        "Job.country",
        "Job.country_code",
        "Job.country_codes",
        "Job.latitude",
        "Job.location",
        "Job.long_location",
        "Job.longitude",
        "Job.postal_code",
        "Job.short_location",
        "Job.state_code",
        "JobLocation.address",
        "JobLocation.city",
        "JobLocation.postal_code",
        "JobLocation.state",
        "JobLocation.state_code",
        "ListAdd.company_names",
        "WebhookEventCount.number_of_executions",
    }
)
"""Fields that the API deprecates, as the SDK documents; filters are marked where they are defined."""

_SINCE_MAY: Final = frozenset(
    {
        "CompanyFilters.company_country_code_not_or_null",
        "CompanyFilters.company_id_not",
        "CompanyFilters.industry_id_not_or_null",
        "CompanySortField.relevance",
        "Job.closed_at",
        "JobFilters.closed_at_gte",
        "JobFilters.closed_at_lte",
        "JobFilters.company_country_code_not_or_null",
        "JobFilters.company_id_not",
        "JobFilters.industry_id_not_or_null",
        "JobFilters.is_closed",
        "JobFilters.job_export_key_or",
        "JobFilters.job_location_pattern_not",
        "JobFilters.job_location_pattern_or",
        "NestedJobFilters.closed_at_gte",
        "NestedJobFilters.closed_at_lte",
        "NestedJobFilters.is_closed",
        "NestedJobFilters.job_export_key_or",
        "NestedJobFilters.job_location_pattern_not",
        "NestedJobFilters.job_location_pattern_or",
        "NestedJobFilters.property_exists_and",
        "NestedJobFilters.property_exists_or",
        "Webhook.active_event_types",
        "WebhookCreate.active_event_types",
        "WebhookEvent.payload.JobClosed",
        "WebhookEventCount.event_type",
        "WebhookEventType.job_closed",
        "WebhookUpdate.active_event_types",
        "app_urls.create",
        "requests.count.origin",
        "requests.list",
        "saved_searches.unsubscribe_alerts",
        "saved_searches.unsubscribe_alerts_page",
        "webhooks.event_types",
        "webhooks.events.counts.group_by",
    }
)
"""What the vendor's document of May 2026 does not have, and later pages do (a deprecation, too, may be what is new)."""

_SHARED: Final = frozenset(
    f"{field}.{name}"
    for field in ("CompanyListEntry.company_object", "Job.company_object")
    for name in ("jobs_found", "keywords_found", "technologies_found")
)
"""What no description has here: one class stands for all companies, and only a search's rows say what it found."""

SOMEWHERE: Final = METHODLESS | _SINCE_MAY | _SHARED
"""What only some descriptions of the API have. The SDK supports it, and where it is missing nothing is wrong."""

UNUSED: Final = frozenset(
    {
        # Rows are read on by offset, whose steps no change of the page size can shift.
        "CompanyFilters.page",
        "JobFilters.page",
        "company_lists.companies.page",
        "company_lists.export.page",
        # How a cursor works is documented nowhere.
        "CompanyFilters.cursor",
        "JobFilters.cursor",
        # One look-up, one request: it costs the same however many rows it returns.
        "KeywordFilters.include_total_results",
        "KeywordFilters.offset",
        "KeywordFilters.page",
        # Deprecated by the API before there was a method for them.
        "KeywordFilters.company_name_or",
        "catalog.keywords.include_metadata",
        "catalog.keywords.slug",
    }
)
"""What the API takes, and the SDK leaves out on purpose."""
