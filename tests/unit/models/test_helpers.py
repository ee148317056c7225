"""What nearly every program asks of a job, a company and a balance."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.strategies import full, minimal
from theirstack_async._convert import Converter
from theirstack_async.models import (
    Company,
    CompanyKeyword,
    CompanyKeywords,
    CompanyPreview,
    CreditBalance,
    Job,
    JobPreview,
    Salary,
    SearchMetadata,
)


def make(model: type[Any], **values: Any) -> Any:
    return Converter().decode(json.dumps({**minimal(model), **values}).encode(), model)


@pytest.mark.parametrize(
    ("final_url", "url", "source_url", "expected"),
    [
        ("https://a", "https://b", "https://c", "https://a"),
        (None, "https://b", "https://c", "https://b"),
        ("", "https://b", "https://c", "https://b"),
        ("  ", "", "https://c", "https://c"),
        (None, "", " ", None),
    ],
)
def test_where_to_apply(final_url: str | None, url: str, source_url: str, expected: str | None) -> None:
    assert make(Job, final_url=final_url, url=url, source_url=source_url).apply_url == expected


@pytest.mark.parametrize(
    ("name", "company", "expected"),
    [("Acme", "Old", "Acme"), ("", "Old", "Old"), (" ", "Old", "Old"), ("", None, None), ("", " ", None)],
)
def test_the_name_of_the_employer(name: str, company: str | None, expected: str | None) -> None:
    assert make(Job, company=company, company_object={"id": "acme", "name": name}).company_name == expected


def test_the_salary_gathers_what_is_known() -> None:
    job = make(
        Job,
        min_annual_salary=100,
        max_annual_salary=201,
        salary_currency="EUR",
        min_annual_salary_usd=110.5,
        max_annual_salary_usd=220.5,
        avg_annual_salary_usd=165.5,
        salary_string="100 to 201 euros",
    )
    assert job.salary == Salary(
        min=100, max=201, currency="EUR", min_usd=110.5, max_usd=220.5, avg_usd=165.5, text="100 to 201 euros"
    )
    assert job.salary.avg == 150.5


@pytest.mark.parametrize(("low", "high", "mean"), [(100, None, 100), (None, 90, 90), (0, 0, 0), (None, None, None)])
def test_the_mean_of_a_salary_takes_what_there_is(low: int | None, high: int | None, mean: float | None) -> None:
    assert Salary(min=low, max=high).avg == mean


@pytest.mark.parametrize(
    "known",
    [
        {"min_annual_salary": 0},
        {"max_annual_salary": 1},
        {"min_annual_salary_usd": 1.5},
        {"max_annual_salary_usd": 1.5},
        {"avg_annual_salary_usd": 1.5},
        {"salary_string": "good"},
    ],
)
def test_a_salary_is_there_as_soon_as_anything_is_known(known: dict[str, Any]) -> None:
    assert make(Job, **known).salary is not None


@pytest.mark.parametrize("values", [{}, {"salary_currency": "EUR"}])
def test_no_salary_where_nothing_is_known(values: dict[str, Any]) -> None:
    """A currency alone says nothing of what a job pays."""
    assert make(Job, **values).salary is None


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("example.com", "example.com"),
        (" Example.COM ", "example.com"),
        ("https://www.example.com:443/about?a=b#c", "example.com"),
        ("HTTP://user:secret@Example.com", "example.com"),
        ("//example.com/a", "example.com"),
        ("example.com/a//b", "example.com"),
        ("example.com/?to=https://other.example", "example.com"),
        ("example.com?a=@other.example", "example.com"),
        ("example.com:8443", "example.com"),
        ("example.com.", "example.com"),
        ("https://www.example.com./", "example.com"),
        ("https:\\\\example.com", None),
        ("https://example.com\\a", "example.com"),
        ("www.example.co.uk", "example.co.uk"),
        ("www2.example.com", "www2.example.com"),
        ("jobs.www.example.com", "jobs.www.example.com"),
        ("www.com", "www.com"),
        ("www.www.com", "www.com"),
        ("www.", None),
        ("bücher.example", "bücher.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("localhost", None),
        ("n/a", None),
        ("a company", None),
        ("a company.com", None),
        ("example..com", None),
        (".", None),
        ("https://", None),
        ("", None),
        (None, None),
    ],
)
def test_a_domain_in_the_form_for_joining(address: str | None, expected: str | None) -> None:
    assert make(Company, domain=address).normalized_domain == expected
    assert make(Company, url=address).normalized_domain == expected


def test_the_domain_goes_before_the_address() -> None:
    assert make(Company, domain="a.example", url="https://b.example").normalized_domain == "a.example"
    assert make(Company, domain="none", url="https://www.b.example").normalized_domain == "b.example"


@pytest.mark.parametrize("model", [Company, CompanyPreview])
@pytest.mark.parametrize(("found", "expected"), [(None, False), (0, False), (1, False), (2, True)])
def test_more_jobs_match_than_are_shown(model: type[Any], found: int | None, expected: bool) -> None:
    row = make(model, num_jobs_found=found, jobs_found=[{"company": "Acme"}])
    assert row.jobs_found_is_sample is expected


def test_what_is_left_of_a_balance() -> None:
    balance = CreditBalance(api_credits=200, used_api_credits=37, ui_credits=50, used_ui_credits=8)
    assert (balance.remaining, balance.remaining_ui) == (163, 42)
    overdrawn = CreditBalance(api_credits=5, used_api_credits=9, ui_credits=0, used_ui_credits=1)
    assert (overdrawn.remaining, overdrawn.remaining_ui) == (0, 0)


def test_the_keywords_of_a_company_are_a_sequence_of_rows() -> None:
    answer = make(CompanyKeywords, data=[full(CompanyKeyword)] * 2)
    assert (list(answer), len(answer)) == (list(answer.data), 2)
    assert not CompanyKeywords(data=(), metadata=SearchMetadata())


def test_a_preview_is_no_row() -> None:
    preview = make(JobPreview)
    assert not isinstance(preview, Job)
    assert isinstance(preview.company_object, CompanyPreview)
    assert not isinstance(preview.company_object, Company)
    assert preview.discovered_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for name in ("apply_url", "company_name", "salary"):
        assert not hasattr(preview, name)
    assert not hasattr(preview.company_object, "normalized_domain")
