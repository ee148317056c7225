"""Names that are no filters, and filters that the API deprecates."""

from __future__ import annotations

import re
import warnings
from typing import Any

import pytest

from theirstack_async.errors import ArgumentError
from theirstack_async.filters import CompanyFilters, JobFilters, JobSort, KeywordFilters, NestedJobFilters, TechFilters
from theirstack_async.filters._base import SWITCHES
from theirstack_async.filters._kinds import rules

FILTERS = [JobFilters, CompanyFilters, NestedJobFilters, TechFilters, KeywordFilters]


@pytest.mark.parametrize(
    ("cls", "name", "hint"),
    [
        (JobFilters, "job_titel_or", "did you mean 'job_title_or'?"),
        (JobFilters, "technology_slug_or", "did you mean 'job_technology_slug_or'?"),
        (JobFilters, "company_country_or", "did you mean 'company_country_code_or'?"),
        (JobFilters, "job_idz", "did you mean 'job_id_"),
        (JobFilters, "company_technology_slugs_not", "did you mean 'job_technology_slug_not' or"),
        (JobFilters, "revealed_data", "did you mean 'revealed_company_data'?"),
        (JobFilters, "posted_after", "did you mean 'posted_at_lte' or 'posted_at_gte'?"),
        (JobFilters, "JOB_TITLE_OR", "did you mean 'job_title_or'?"),
        (JobFilters, "title", "did you mean 'job_title_or' or 'job_title_not' or 'job_title_pattern_and'?"),
        (JobFilters, "xyzzy", "JobFilters documents all."),
        (JobFilters, "self", "JobFilters documents all."),
        (CompanyFilters, "job_title_or", "it belongs inside job_filters="),
        (CompanyFilters, "max_rank", "it belongs inside tech_filters="),
        (JobFilters, "budget", "options=RequestOptions(budget=...) says how calls are made"),
        (CompanyFilters, "company_domain", "did you mean 'company_domain_"),
        (TechFilters, "order_by", "TechFilters documents all."),
    ],
)  # fmt: skip
def test_a_misspelt_filter_is_refused(cls: type[Any], name: str, hint: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        cls(**{name: ["x"]})
    assert str(caught.value).startswith(f"{name}: no such filter; {hint}")
    assert caught.value.field == name


def test_a_misspelt_filter_inside_names_the_whole_way() -> None:
    with pytest.raises(ArgumentError, match=r"^job_filters\.job_titel_or: no such filter; did you mean 'job_title_or'"):
        CompanyFilters(job_filters={"job_titel_or": ["x"]})  # type: ignore[typeddict-unknown-key]


@pytest.mark.parametrize("cls", FILTERS)
@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_is_no_filter_and_the_error_says_where_it_belongs(cls: type[Any], name: str) -> None:
    assert name not in rules(cls)
    with pytest.raises(ArgumentError, match=f"^{name}: this is no filter: {re.escape(SWITCHES[name])}$") as caught:
        cls(**{name: 1})
    assert caught.value.field == name


@pytest.mark.parametrize("cls", FILTERS)
def test_filters_are_keywords_only(cls: type[Any]) -> None:
    with pytest.raises(TypeError):
        cls({"remote": True})


def deprecated() -> list[tuple[type[Any], str]]:
    return [(cls, name) for cls in FILTERS for name, rule in rules(cls).items() if rule.deprecated]


VALUES: dict[str, Any] = {"bool | None": True, "Many[str]": ["x"], "Many[int]": [1], "Many[JobSort]": [{"field": "x"}]}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(("cls", "name"), deprecated())
def test_a_deprecated_filter_warns_at_the_line_that_gives_it(cls: type[Any], name: str) -> None:
    rule = rules(cls)[name]
    with pytest.warns(DeprecationWarning, match=f"^{name}: deprecated by the API; {rule.deprecated}$") as seen:
        cls(**{name: VALUES[rule.kind.accepts]})
    assert seen[-1].filename == __file__
    successors = [word for word in str(rule.deprecated).replace(",", " ").split() if "_" in word]
    assert set(successors) - {"hiring_team"} <= set(rules(cls))


def test_there_are_deprecated_filters() -> None:
    assert len(deprecated()) > 40


def test_a_deprecated_filter_inside_warns_too() -> None:
    with pytest.warns(DeprecationWarning, match=r"^job_filters\.job_ids: deprecated by the API; use job_id_or$"):
        CompanyFilters(job_filters={"job_ids": [1]})


def test_other_filters_do_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        JobFilters(remote=True, job_seniority_or=["senior"], company_type="all")
        JobSort(field="salary")
