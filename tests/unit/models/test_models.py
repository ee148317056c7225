"""What holds for every model."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests.strategies import ENUMS, MODELS, accepts, fields, full, minimal
from theirstack_async import models
from theirstack_async._convert import Converter
from theirstack_async.errors import Problem
from theirstack_async.models import (
    Company,
    DatasetCredentials,
    HiringTeamMember,
    JobClosed,
    SavedSearch,
    UnknownPayload,
    WebhookEventCount,
)

KEEPING = Converter(keep_unknown_fields=True)


def make(model: type[Any], row: dict[str, Any]) -> Any:
    return KEEPING.decode(json.dumps(row).encode(), model)


def examples(model: type[Any]) -> list[Any]:
    return [make(model, row) for row in (minimal(model), full(model), {**full(model), "new": [1, {"a": None}]})]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_credentials_survive_a_copy_but_are_not_pickled(protocol: int) -> None:
    for row in examples(DatasetCredentials):
        assert copy.copy(row) is copy.deepcopy(row) is row
        with pytest.raises(TypeError, match="storage_options"):
            pickle.dumps(row, protocol)


@pytest.mark.parametrize("model", [model for model in MODELS if model is not DatasetCredentials])
def test_a_model_survives_pickle_copy_and_deepcopy(model: type[Any]) -> None:
    for row in examples(model):
        clones = [pickle.loads(pickle.dumps(row, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
        for clone in (*clones, copy.copy(row), copy.deepcopy(row)):
            assert type(clone) is model
            assert clone == row
            assert hash(clone) == hash(row)
            assert clone.extra == row.extra
            assert repr(clone) == repr(row)


@pytest.mark.parametrize("model", MODELS)
def test_a_model_differs_from_another_in_each_field_and_in_its_unknown_fields(model: type[Any]) -> None:
    bare, every, extended = examples(model)
    another = datetime(2000, 1, 1, tzinfo=UTC)
    assert every != extended
    assert extended == make(model, {**full(model), "new": [1, {"a": None}]})
    assert bare != object()
    for name, _, _ in fields(model):
        assert attrs.evolve(every, **{name: another}) != every


@pytest.mark.parametrize("model", MODELS)
def test_a_model_cannot_be_changed(model: type[Any]) -> None:
    row = examples(model)[2]
    for name, _, _ in fields(model):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(row, name, None)
    with pytest.raises((AttributeError, attrs.exceptions.FrozenInstanceError)):
        row.extra = {}
    with pytest.raises(TypeError):
        row.extra["new"] = 1


@pytest.mark.parametrize("model", MODELS)
def test_a_model_made_by_hand_equals_the_decoded_one(model: type[Any]) -> None:
    decoded = make(model, full(model))
    by_hand = model(**{name: getattr(decoded, name) for name, _, _ in fields(model)})
    assert by_hand == decoded
    assert by_hand.extra == {}


def test_models_of_two_classes_are_never_equal() -> None:
    class Other(JobClosed):
        pass_ = 1

    assert JobClosed(id=1) != Other(id=1)
    assert JobClosed(id=1) != HiringTeamMember()


def test_models_can_be_told_apart_in_a_set() -> None:
    rows = [JobClosed(id=1), JobClosed(id=1), JobClosed(id=2)]
    assert len(set(rows)) == 2


def test_plain_data_in_a_model_is_hashed_by_its_value() -> None:
    search = make(SavedSearch, {**full(SavedSearch), "body": {"a": [{"b": 1}], "c": 2}})
    same = make(SavedSearch, {**full(SavedSearch), "body": {"c": 2.0, "a": [{"b": True}]}})
    other = make(SavedSearch, {**full(SavedSearch), "body": {"a": [{"b": 2}], "c": 2}})
    assert (search == same, hash(search) == hash(same)) == (True, True)
    assert len({search, same, other}) == 2
    assert hash(search) != hash(other)


def test_an_unknown_payload_is_compared_by_its_text_and_survives_pickle() -> None:
    payload = UnknownPayload(b"[1]", (Problem("payload", "expected object, got an array"),))
    assert payload == UnknownPayload(b"[1]") != UnknownPayload(b"[2]")
    for clone in (pickle.loads(pickle.dumps(payload)), copy.copy(payload), copy.deepcopy(payload)):
        assert (clone, clone.problems) == (payload, payload.problems)


def test_a_count_is_taken_from_the_deprecated_field_where_only_that_is_sent() -> None:
    old = {"period_start": "2026-01-01T00:00:00Z", "number_of_executions": 5}
    assert make(WebhookEventCount, old).number_of_events == 5
    assert make(WebhookEventCount, {**old, "number_of_events": 6}).number_of_events == 6
    assert make(WebhookEventCount, {**minimal(WebhookEventCount)}).number_of_events == 0


def test_all_names_are_exported() -> None:
    assert sorted(models.__all__) == models.__all__
    assert {*MODELS, *ENUMS} <= {getattr(models, name) for name in models.__all__}


def test_models_are_importable_without_the_libraries_that_decode_and_send() -> None:
    code = (
        "import sys, theirstack_async.models; print({'aiohttp', 'asyncio', 'msgspec', 'cattrs'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_a_model_is_loaded_when_it_is_asked_for() -> None:
    code = (
        "import sys, theirstack_async.models as models\n"
        "loaded = lambda: {name for name in sys.modules if name.startswith(models.__name__)}\n"
        "before = loaded(); models.JobClosed; print(sorted(before), sorted(loaded() - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    name = models.__name__
    assert done.stdout.strip() == f"['{name}'] ['{name}._base', '{name}.job_closed']"


def test_the_names_can_be_listed_and_no_others_are_there() -> None:
    assert set(models.__all__) <= set(dir(models))
    with pytest.raises(AttributeError, match=r"module 'theirstack_async.models' has no attribute 'Nothing'"):
        _ = models.Nothing  # type: ignore[attr-defined]


DOCUMENT = Path(__file__).parents[4] / "shared" / "api" / "theirstack.openapi.json"
SCHEMAS = {
    "Webhook": "Webhook",
    "WebhookEvent": "WebhookEvent",
    "WebhookEventCount": "WebhookEventCount",
    "WebhookTestResult": "WebhookTestResponse",
    "Job": "JobWithMatchingPhrasesResponse-Output",
    "JobSummary": "JobBaseOut",
    "JobLocation": "JobLocation-Output",
    "HiringTeamMember": "PersonBase",
    "Company": "CompanyWithTechnologiesAndJobs-Output",
    "CompanyKeywordFound": "KeywordFoundV0-Output",
    "KeywordReference": "KeywordExtended",
    "JobPreview": "JobWithMatchingPhrasesResponse-Output",
    "CompanyPreview": "CompanyWithTechnologiesAndJobs-Output",
    "SearchMetadata": "Metadata",
    "CompanyKeyword": "KeywordFoundV1",
    "CompanyKeywords": "CompanyKeywordsResponse",
    "Keyword": "KeywordAggregated",
    "KeywordCategory": "KeywordParentCategoryItem",
    "KeywordSubcategory": "KeywordCategoryItem",
    "SubcategoryKeyword": "KeywordFromCategorySmallDetails",
    "Industry": "IndustryStats",
    "Location": "GeonameCatalogResponse",
    "CompanyCountryCount": "CompaniesPerCountryCode",
    "JobCountryCount": "JobsCompaniesPerJobCountryCode",
    "CompanyList": "CompanyList",
    "CompanyListEntry": "CompanyListItem",
    "ExportLink": "CompanyListExportResponse",
    "SavedSearch": "SavedSearchResponseV0",
    "SavedSearchUser": "UserSimple",
    "Dataset": "DatasetGroup",
    "DatasetOption": "DatasetOption",
    "DatasetCredentials": "BucketCredentials",
    "DatasetStorage": "StorageConfig",
    "CreditBalance": "CreditsBalance",
    "CreditConsumption": "CreditsConsumption",
    "RequestCount": "RequestCount",
    "EmailPreferences": "EmailPreferencesResponseV0",
}
UNDESCRIBED = {"AppUrl", "CompanyCount", "Estimate", "JobClosed", "JobCount", "Salary", "WebhookEventTypeInfo"}
"""Added to the API after the document, left open by it, or made here."""
LENIENT = {
    "Job": {"company"},
    "JobPreview": {"company"},
    "CompanyKeywordFound": {"company_name"},
    "WebhookEventCount": {"number_of_executions"},
    "JobLocation": {"display_name", "country_name"},
}
"""Required by the document and optional here: deprecated, or left out by other answers."""
ADDED = {
    "Job": {"closed_at"},
    "JobPreview": {"closed_at"},
    "Webhook": {"active_event_types"},
    "WebhookEventCount": {"event_type"},
    "SearchMetadata": {"page", "limit"},
}
"""What the API was seen to add after the document, or tells in the list of keywords alone."""


@pytest.mark.skipif(not DOCUMENT.exists(), reason="the vendor's document is not at ../shared/api")
@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_a_model_has_the_fields_of_the_vendors_document(name: str, schema: str) -> None:
    described = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"][schema]
    ours = {field: required for field, _, required in fields(getattr(models, name))}
    assert set(ours) == set(described["properties"]) | ADDED.get(name, set())
    required = {field for field, is_required in ours.items() if is_required}
    assert required == set(described.get("required", ())) - LENIENT.get(name, set())


def test_no_model_is_left_out_of_the_comparison() -> None:
    assert {model.__name__ for model in MODELS} == {*SCHEMAS, *UNDESCRIBED}


@pytest.mark.skipif(not DOCUMENT.exists(), reason="the vendor's document is not at ../shared/api")
@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_null_is_taken_where_the_vendors_document_has_it(name: str, schema: str) -> None:
    """And where a field is deprecated, or was added as optional."""
    described = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"][schema]["properties"]
    loose = LENIENT.get(name, set()) | ADDED.get(name, set())
    for field, type_, _ in fields(getattr(models, name)):
        spec = described.get(field, {})
        nullable = {"type": "null"} in spec.get("anyOf", ()) or spec.get("type") == "null"
        assert accepts(type_, None) is (nullable or field in loose), field


@pytest.mark.skipif(not DOCUMENT.exists(), reason="the vendor's document is not at ../shared/api")
def test_the_enumerations_have_the_values_of_the_vendors_document() -> None:
    schemas = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"]
    names = {
        models.WebhookEventStatus: "WebhookEventStatus",
        models.WebhookEventType: "WebhookEventType",
        models.WebhookGroupBy: "WebhookGroupBy",
        models.JobSeniority: "Seniority",
        models.EmploymentStatus: "Commitment",
        models.FundingStage: "FundingStage",
        models.KeywordType: "KeywordType",
        models.LocationType: "GeonameType",
        models.CompanyListType: "CompanyListType",
        models.SearchType: "SavedSearchType",
        models.AlertFrequency: "SavedSearchFrequency",
        models.DatasetFrequency: "DatasetUpdateFrequency",
    }
    for enum, schema in names.items():
        added = {"job_closed", "event_type"}
        assert {member.value for member in enum} - added == set(schemas[schema]["enum"])


def test_one_class_serves_a_bare_company_and_a_row_of_a_search() -> None:
    bare = make(Company, {"id": "acme", "name": "Acme"})
    assert (bare.jobs_found, bare.technologies_found, bare.keywords_found) == ((), (), ())
    found = make(Company, full(Company))
    assert [len(part) for part in (found.jobs_found, found.technologies_found, found.keywords_found)] == [1, 1, 1]
