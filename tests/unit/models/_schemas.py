"""Which model stands for which schema of the API's documents, and what the documents together say of its fields."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import attrs

from tests._documents import DOCUMENTS, Document, Schema
from theirstack_async import models

OBJECTS: Final[dict[str, dict[str, type[Any]]]] = {
    "vendor": {
        "BaseMetadata": models.SearchMetadata,
        "BucketCredentials": models.DatasetCredentials,
        "CatalogKeywordsMetadata": models.SearchMetadata,
        "CompaniesPerCountryCode": models.CompanyCountryCount,
        "CompanyList": models.CompanyList,
        "CompanyListExportResponse": models.ExportLink,
        "CompanyListItem": models.CompanyListEntry,
        "CompanyWithTechnologiesAndJobs-Output": models.Company,
        "CompanyWithTechnologySlugs": models.Company,
        "CreditsBalance": models.CreditBalance,
        "CreditsConsumption": models.CreditConsumption,
        "DatasetGroup": models.Dataset,
        "DatasetOption": models.DatasetOption,
        "EmailPreferencesResponseV0": models.EmailPreferences,
        "GeonameCatalogResponse": models.Location,
        "IndustryStats": models.Industry,
        "JobBaseOut": models.JobSummary,
        "JobLocation-Output": models.JobLocation,
        "JobWithMatchingPhrasesResponse-Output": models.Job,
        "JobsCompaniesPerJobCountryCode": models.JobCountryCount,
        "KeywordAggregated": models.Keyword,
        "KeywordCategoryItem": models.KeywordSubcategory,
        "KeywordExtended": models.KeywordReference,
        "KeywordFoundV0-Output": models.CompanyKeywordFound,
        "KeywordFoundV1": models.CompanyKeyword,
        "KeywordFromCategorySmallDetails": models.SubcategoryKeyword,
        "KeywordParentCategoryItem": models.KeywordCategory,
        "Metadata": models.SearchMetadata,
        "PersonBase": models.HiringTeamMember,
        "RequestCount": models.RequestCount,
        "SavedSearch": models.SavedSearch,
        "SavedSearchResponseV0": models.SavedSearch,
        "StorageConfig": models.DatasetStorage,
        "UserSimple": models.SavedSearchUser,
        "Webhook": models.Webhook,
        "WebhookEvent": models.WebhookEvent,
        "WebhookEventCount": models.WebhookEventCount,
        "WebhookTestResponse": models.WebhookTestResult,
    },
    "august": {
        "AppUrl": models.AppUrl,
        "CatalogCategory": models.KeywordCategory,
        "CatalogLocation": models.Location,
        "CatalogSubcategory": models.KeywordSubcategory,
        "CatalogSubcategoryKeyword": models.SubcategoryKeyword,
        "Company": models.Company,
        "CompanyKeyword": models.CompanyKeyword,
        "CompanyKeywordFound": models.CompanyKeywordFound,
        "CompanyList": models.CompanyList,
        "CompanyListEntry": models.CompanyListEntry,
        "CompanySearchResult": models.Company,
        "CountryCompanyCount": models.CompanyCountryCount,
        "CountryJobCount": models.JobCountryCount,
        "CreditBalance": models.CreditBalance,
        "CreditConsumption": models.CreditConsumption,
        "Dataset": models.Dataset,
        "DatasetCredential": models.DatasetCredentials,
        "DatasetOption": models.DatasetOption,
        "DatasetStorage": models.DatasetStorage,
        "EmailPreference": models.EmailPreferences,
        "ExportLink": models.ExportLink,
        "HiringTeamMember": models.HiringTeamMember,
        "Industry": models.Industry,
        "Job": models.Job,
        "JobClosedPayload": models.JobClosed,
        "JobLocation": models.JobLocation,
        "JobSummary": models.JobSummary,
        "Keyword": models.Keyword,
        "KeywordReference": models.KeywordReference,
        "ListMetadata": models.SearchMetadata,
        "PagedListMetadata": models.SearchMetadata,
        "RequestCount": models.RequestCount,
        "SavedSearch": models.SavedSearch,
        "SavedSearchUser": models.SavedSearchUser,
        "SearchMetadata": models.SearchMetadata,
        "Webhook": models.Webhook,
        "WebhookEvent": models.WebhookEvent,
        "WebhookEventCount": models.WebhookEventCount,
        "WebhookEventTypeInfo": models.WebhookEventTypeInfo,
        "WebhookTestResult": models.WebhookTestResult,
    },
}
ENUMS: Final[dict[str, dict[str, type[models.OpenEnum]]]] = {
    "vendor": {
        "Commitment": models.EmploymentStatus,
        "CompanyListType": models.CompanyListType,
        "DatasetUpdateFrequency": models.DatasetFrequency,
        "FundingStage": models.FundingStage,
        "GeonameType": models.LocationType,
        "KeywordType": models.KeywordType,
        "SavedSearchFrequency": models.AlertFrequency,
        "SavedSearchType": models.SearchType,
        "Seniority": models.JobSeniority,
        "WebhookEventStatus": models.WebhookEventStatus,
        "WebhookEventType": models.WebhookEventType,
    },
    "august": {
        "AlertFrequency": models.AlertFrequency,
        "CompanyListType": models.CompanyListType,
        "Confidence": models.Confidence,
        "EmploymentStatus": models.EmploymentStatus,
        "FundingStage": models.FundingStage,
        "JobSeniority": models.JobSeniority,
        "KeywordType": models.KeywordType,
        "LocationType": models.LocationType,
        "SearchType": models.SearchType,
        "WebhookEventStatus": models.WebhookEventStatus,
        "WebhookEventType": models.WebhookEventType,
    },
}
PAGES: Final[dict[str, dict[str, type[Any]]]] = {
    "vendor": {
        "CatalogKeywordsResponse": models.Keyword,
        "CompaniesPerCountryCodeResponse": models.CompanyCountryCount,
        "CompanyKeywordsResponse": models.CompanyKeyword,
        "CompanySearchResponse": models.Company,
        "IndustryStatsResponseV0": models.Industry,
        "JobSearchResponse": models.Job,
        "JobsCompaniesPerJobCountryCodeResponse": models.JobCountryCount,
        "KeywordCategoryResponse": models.KeywordSubcategory,
        "KeywordParentCategoryResponse": models.KeywordCategory,
    },
    "august": {
        "CatalogCategoryPage": models.KeywordCategory,
        "CatalogSubcategoryPage": models.KeywordSubcategory,
        "CompanyKeywordResponse": models.CompanyKeyword,
        "CompanySearchResponse": models.Company,
        "CountryCompanyCountPage": models.CompanyCountryCount,
        "CountryJobCountPage": models.JobCountryCount,
        "IndustryPage": models.Industry,
        "JobSearchResponse": models.Job,
        "KeywordPage": models.Keyword,
    },
}
"""Answers of ``data`` and ``metadata``, with the model of a row."""
PLAIN: Final[dict[str, frozenset[str]]] = {
    "vendor": frozenset({
        "ColumnSortCompanySearch", "ColumnSortJobSearch", "CompanySearchFilters-Output", "JobFilters",
        "JobLocationFilter", "JobSearchFilters-Output", "KeywordFilters",
    }),
    "august": frozenset({
        "CatalogTechnology", "CompanySearchRequest", "CompanySort", "JobExportKey", "JobFilter", "JobLocationFilter",
        "JobSearchRequest", "JobSort", "KeywordFilter", "RequestRecord",
    }),
}  # fmt: skip
"""What is handed out as plain data: the body of a saved search, undocumented rows, rows of paths without a method."""


def answered(document: Document) -> set[str]:
    """Return the names of the schemas that a successful answer contains."""
    return {
        name
        for _, _, call in document.calls
        for status, answer in call["responses"].items()
        if status.startswith("2")
        for media in answer.get("content", {}).values()
        for name in document.reached(media.get("schema", {}))
    }


@attrs.define
class Field:
    """What the documents together say of a field: whatever either of them allows, an answer may hold."""

    types: set[str] = attrs.Factory(set)
    """Types of JSON; ``null`` where it is nullable."""
    formats: set[str] = attrs.Factory(set)
    optional: bool = False
    enum: bool = False
    """Whether it, or an item of it, is one of a few texts."""
    sample: Any = None


def parts(document: Document, schema: Schema) -> Iterator[Schema]:
    """Yield the kinds that a value may be of, each without references; of ``allOf``, all in one."""
    schema = document.resolved(schema)
    if "anyOf" in schema or "oneOf" in schema:
        for each in schema.get("anyOf", schema.get("oneOf")):
            yield from parts(document, each)
    elif "allOf" in schema:
        whole: Schema = {"type": "object", "properties": {}, "required": []}
        for each in schema["allOf"]:
            for part in parts(document, each):
                if "properties" not in part and "type" in part and part["type"] != "object":
                    yield part
                    return
                whole["properties"] |= part.get("properties", {})
                whole["required"] += part.get("required", [])
        yield whole
    elif isinstance(schema.get("type"), list):
        yield from ({**schema, "type": each} for each in schema["type"])
    else:
        yield schema


def type_of(part: Schema) -> str:
    """Return the type of JSON of a kind; ``any`` where nothing is said."""
    if "type" in part:
        return str(part["type"])
    return "string" if "enum" in part else "object" if "properties" in part else "any"


_TEXTS: Final = {
    "date-time": "2026-01-02T03:04:05Z",
    "date": "2026-01-02",
    "uri": "https://x.example/a",
    "email": "a@x.example",
}


def sample(document: Document, schema: Schema) -> Any:
    """Return a value that fits a schema, with all fields of objects."""
    part = next((each for each in parts(document, schema) if type_of(each) != "null"), {"type": "null"})
    if "enum" in part:
        return part["enum"][0]
    match type_of(part):
        case "string":
            return _TEXTS.get(part.get("format", ""), "text")
        case "integer" | "number" as kind:
            return max(7, part.get("minimum", 7)) if kind == "integer" else 0.5
        case "boolean":
            return True
        case "array":
            return [sample(document, part.get("items", {}))]
        case "object":
            return {name: sample(document, each) for name, each in part.get("properties", {}).items()}
        case _:
            return None


def properties(document: Document, name: str) -> tuple[dict[str, Schema], set[str]]:
    """Return the fields of a schema, and the names of those it requires."""
    (whole,) = parts(document, {"$ref": f"#/components/schemas/{name}"})
    return whole.get("properties", {}), set(whole.get("required", ()))


def described(model: type[Any]) -> dict[str, Field]:
    """Return what the documents say of the fields of a model, by name."""
    found: dict[str, Field] = {}
    named = [
        (DOCUMENTS[which], name)
        for which, table in OBJECTS.items()
        for name, each in table.items()
        if each is model and name in DOCUMENTS[which].schemas  # none is there without ../shared
    ]
    for document, name in named:
        fields, required = properties(document, name)
        for field, schema in fields.items():
            add(document, found.setdefault(field, Field()), schema)
            found[field].optional |= field not in required or document.resolved(schema).get("deprecated", False)
    for document, name in named:
        for field in found.keys() - properties(document, name)[0].keys():
            found[field].optional = True
    return found


def add(document: Document, field: Field, schema: Schema) -> None:
    """Add what one schema says of a field."""
    if schema.get("deprecated"):
        field.optional = True
    for part in parts(document, schema):
        field.types.add(type_of(part))
        field.enum |= "enum" in part or "const" in part
        if "format" in part:
            field.formats.add(part["format"])
        if type_of(part) == "array":
            field.enum |= any("enum" in each for each in parts(document, part.get("items", {})))
    if field.sample is None:
        field.sample = sample(document, schema)


MODELS: Final = sorted(
    {model for table in OBJECTS.values() for model in table.values()}, key=lambda each: each.__name__
)
