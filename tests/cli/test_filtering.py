"""Filters from options and files."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import typer

from tests.cli.conftest import Run
from theirstack_async import ArgumentError, CompanyFilters, JobFilters
from theirstack_async.cli.filtering import read_filters
from theirstack_async.testing import FakeTheirStack


def read(cls: Any, *filters: str, file: object = None, extra: list[str] | None = None, **short: object) -> Any:
    text = file if isinstance(file, str) else json.dumps(file)
    stream = None if file is None else io.StringIO(text)
    if stream is not None:
        stream.name = "it.json"  # type: ignore[attr-defined]  # as an opened file has one
    params = {"filter": [*filters] or None, "filters": stream, "extra_filter": extra, "remote": None, "title": None}
    return read_filters(cls, {**params, **short}, {"remote": "remote", "title": "job_title_or"})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("job_title_or=2024", ["2024"]),
        ("job_title_or=a=b, c", ["a=b, c"]),
        ('job_title_or=["a", "b"]', ["a", "b"]),
        ('job_title_or="true"', ["true"]),
        ("job_title_pattern_or=[a-z]+", ["[a-z]+"]),
        ("job_title_or=", [""]),
        ("posted_at_gte=2026-01-31", "2026-01-31"),
        ("discovered_at_gte=2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00Z"),
        ("min_salary_usd=1e5", 1e5),
        ("remote=true", True),
        ("remote=null", None),
        ("company_type=recruiting_agency", "recruiting_agency"),
        ("job_id_or=7", [7]),
        ("job_id_or=[7, 8]", [7, 8]),
        ("job_seniority_or=senior", ["senior"]),
        ('job_location_or={"id": 5}', [{"id": 5}]),
        (" remote =false", False),
    ],
)
def test_a_value_is_read_as_its_filter_wants_it(text: str, value: object) -> None:
    name = text.partition("=")[0].strip()
    assert read(JobFilters, text).filters.to_dict() == {name: value}


def test_a_list_gets_all_its_values() -> None:
    asked = read(JobFilters, "job_title_or=a", 'job_title_or=["b","c"]', "job_id_or=1", title=["d"], remote=False)
    assert asked.filters.to_dict() == {"job_title_or": ["a", "b", "c", "d"], "job_id_or": [1], "remote": False}


def test_filters_within_filters_have_a_dot() -> None:
    asked = read(
        CompanyFilters, "job_filters.job_title_or=12", "job_filters.job_title_or=b", "job_filters.remote=true",
        "tech_filters.min_jobs=3",
    )  # fmt: skip
    assert asked.filters.to_dict() == {
        "job_filters": {"job_title_or": ["12", "b"], "remote": True},
        "tech_filters": {"min_jobs": 3},
    }


def test_a_file_is_what_options_replace() -> None:
    file = {"job_filters": {"remote": True, "job_title_or": ["a"]}, "min_employee_count": 5, "limit": 10}
    asked = read(CompanyFilters, "job_filters.job_title_or=b", "max_employee_count=9", file=file)
    assert asked.filters.to_dict() == {
        "job_filters": {"remote": True, "job_title_or": ["b"]},
        "min_employee_count": 5,
        "max_employee_count": 9,
    }
    assert asked.extra is None


def test_what_is_not_known_may_be_sent_all_the_same() -> None:
    assert read(JobFilters, extra=["a=1", "b=x y", "a=2"]).extra == {"a": 2, "b": "x y"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("job_titel_or=x", "job_titel_or: no such filter; did you mean 'job_title_or'"),
        ("remote=perhaps", "remote: expected True or False, got 'perhaps'"),
        ("posted_at_gte=soon", "posted_at_gte: expected a date, got 'soon'"),
        ("remote.x=1", "remote: expected True or False"),
    ],
)
def test_a_wrong_filter_is_refused_by_its_name(text: str, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        read(JobFilters, text)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (("remote",), "--filter: expected NAME=VALUE, got 'remote'"),
        (("limit=3",), "--filter: limit is no filter; count, preview and --limit say"),
        (("=3",), "--filter: expected NAME=VALUE, got '=3'"),
        (("remote=true", "remote=true"), "remote: given twice, and takes one value"),
        (("tech_filters.min_jobs=1", "tech_filters.min_jobs=2"), "tech_filters.min_jobs: given twice"),
        (("job_filters=3", "job_filters.remote=true"), "job_filters: given as a whole, and by its parts as well"),
    ],
)
def test_an_option_that_cannot_be_read_is_refused(filters: tuple[str, ...], said: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        read(CompanyFilters if "_filters" in filters[0] else JobFilters, *filters)
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("file", "said"),
    [("{", "it.json is no JSON"), ("[" * 100_000, "it.json is no JSON"), ([1], "it.json holds no JSON object")],
)
def test_a_file_that_holds_no_filters_is_refused(file: object, said: str) -> None:
    with pytest.raises(typer.BadParameter) as refused:
        read(JobFilters, file=file)
    assert said in refused.value.message


def test_a_deprecated_filter_is_one_line_on_stderr(fake: FakeTheirStack, run: Run) -> None:
    result = run("companies", "count", "--filter", "industry_or=x", "--filter", "job_filters.reports_to_exists=true")
    assert result.exit_code == 0
    assert "warning: industry_or: deprecated by the API; use industry_id_or.\n" in result.stderr
    assert "warning: reports_to_exists: deprecated by the API; " in result.stderr
    assert result.stderr.count("\n") == 3


def test_filters_come_from_stdin_too(fake: FakeTheirStack, run: Run) -> None:
    body = json.dumps({"posted_at_max_age_days": 30, "remote": True, "limit": 25})
    assert run("jobs", "count", "--filters", "-", stdin=body).exit_code == 0
    assert json.loads(fake.requests[-1].body)["remote"] is True
    assert run("jobs", "count", "--filters", "/nowhere/at/all").exit_code == 2
