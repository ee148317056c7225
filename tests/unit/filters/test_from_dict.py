"""Filters from plain JSON data and back."""

from __future__ import annotations

import copy
import json
import pickle
import warnings
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async.errors import ArgumentError
from theirstack_async.filters import (
    CompanyFilters,
    JobFilters,
    JobSort,
    KeywordFilters,
    LocationFilter,
    NestedJobFilters,
    Part,
    TechFilters,
)
from theirstack_async.filters._base import SWITCHES
from theirstack_async.filters._kinds import rules
from theirstack_async.models import JobSeniority

BODY = {
    "page": 0,
    "limit": 25,
    "offset": 0,
    "cursor": None,
    "include_total_results": False,
    "blur_company_data": False,
    "order_by": [{"desc": True, "field": "date_posted"}, {"field": "discovered_at"}],
    "job_title_or": ["data engineer"],
    "posted_at_gte": "2026-01-31",
    "posted_at_lte": None,
    "discovered_at_gte": "2026-01-31T12:00:00",
    "discovered_at_lte": "2026-02-01",
    "job_ids": [],
    "job_seniority_or": ["senior"],
    "job_location_or": [{"id": 7}],
    "remote": True,
    "min_salary_usd": 1.5,
}
"""What the ``body`` of a saved search looks like."""


def test_the_body_of_a_saved_search() -> None:
    """Dates and instants are read, paging is left out, and the names that the API itself wrote do not warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = JobFilters.from_dict(BODY)
        wanted = JobFilters.from_dict({
            "order_by": [JobSort(field="date_posted"), JobSort(field="discovered_at")],
            "job_title_or": ("data engineer",),
            "posted_at_gte": date(2026, 1, 31),
            "posted_at_lte": None,
            "discovered_at_gte": datetime(2026, 1, 31, 12, tzinfo=UTC),
            "discovered_at_lte": date(2026, 2, 1),
            "job_ids": [],
            "job_seniority_or": [JobSeniority.SENIOR],
            "job_location_or": [LocationFilter(id=7)],
            "remote": True,
            "min_salary_usd": 1.5,
        })  # fmt: skip
    assert found == wanted
    assert found.to_dict() == {
        **{name: value for name, value in BODY.items() if name not in SWITCHES},
        "order_by": [{"field": "date_posted", "desc": True}, {"field": "discovered_at", "desc": True}],
        "discovered_at_gte": "2026-01-31T12:00:00Z",
    }


@pytest.mark.parametrize("text", ["2026-01-31T12:00:00Z", "2026-01-31T17:00:00+05:00", "2026-01-31T12:00:00"])
def test_instants_are_read_in_any_zone(text: str) -> None:
    found = JobFilters.from_dict({"discovered_at_gte": text})
    assert found.discovered_at_gte == datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_filters_inside_are_read() -> None:
    data = {
        "job_filters": {"posted_at_gte": "2026-01-31", "limit": 5},
        "tech_filters": {"first_date_found_gte": "2026-01-31", "confidence_or": ["high"]},
        "company_type": "all",
    }
    found = CompanyFilters.from_dict(data)
    assert found == CompanyFilters(
        job_filters=NestedJobFilters(posted_at_gte=date(2026, 1, 31)),
        tech_filters=TechFilters(first_date_found_gte=date(2026, 1, 31), confidence_or=["high"]),
        company_type="all",
    )


def test_data_that_asks_for_a_preview_is_refused() -> None:
    """Without that field it would be a search, which is billed."""
    with pytest.raises(ArgumentError, match=r"^blur_company_data: this is no filter: preview") as caught:
        JobFilters.from_dict({**BODY, "blur_company_data": True})
    assert caught.value.field == "blur_company_data"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ([], "data"),
        ("{}", "data"),
        ({"posted_at_gte": "31.1.2026"}, "posted_at_gte"),
        ({"posted_at_gte": "2026-01-31T12:00:00Z"}, "posted_at_gte"),
        ({"discovered_at_gte": "noon"}, "discovered_at_gte"),
        ({"discovered_at_gte": datetime(2026, 1, 31)}, "discovered_at_gte"),  # noqa: DTZ001
        ({"job_titel_or": ["x"]}, "job_titel_or"),
        ({7: 1}, "7"),
        ({"job_title_or": "x"}, "job_title_or"),
        ({"order_by": [{"desc": True}]}, "order_by.field"),
        ({"job_location_or": [{"id": 7, "name": "Madrid"}]}, "job_location_or.name"),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_refused_by_name(data: Any, field: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        JobFilters.from_dict(data)
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")


def test_unknown_names_can_be_left_out_with_a_warning_at_the_line_that_asks() -> None:
    data = {"remote": True, "job_mood_or": ["happy"], "job_location_or": [{"id": 7, "name": "Madrid"}], "limit": 3}
    with pytest.warns(UserWarning, match="left out") as seen:
        found = JobFilters.from_dict(data, ignore_unknown=True)
    assert found == JobFilters(remote=True, job_location_or=[7])
    assert {warning.filename for warning in seen} == {__file__}
    assert [str(warning.message).rpartition(": ")[2] for warning in seen] == ["job_mood_or", "job_location_or.name"]


def test_the_result_is_of_the_class_that_was_asked() -> None:
    assert type(TechFilters.from_dict({"max_rank": 1})) is TechFilters
    assert TechFilters(max_rank=1) != KeywordFilters(max_rank=1)
    assert TechFilters(max_rank=1) != {"max_rank": 1}


TEXTS = st.lists(st.text(max_size=3), max_size=3)
IDS = st.lists(st.integers(0, 2**64), max_size=3)
DAYS = st.none() | st.dates()
INSTANTS = DAYS | st.datetimes(timezones=st.timezones() | st.just(UTC)).filter(lambda at: 1 < at.year < 9999)
SORTS = {
    f"Many[{name}]": st.lists(st.fixed_dictionaries({"field": st.text(max_size=3)}, optional={"desc": st.booleans()}))
    for name in ("JobSort", "CompanySort", "KeywordSort")
}
KEYS = st.fixed_dictionaries(
    {"neg_posted_at_timestamp": st.integers(), "url_hashed": st.integers(), "company_name_slug": st.text(max_size=3)}
)
BY_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "Many[str]": TEXTS,
    "Many[int]": IDS,
    "bool | None": st.none() | st.booleans(),
    "int | None": st.none() | st.integers(),
    "float | None": st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    "date | None": DAYS,
    "datetime | date | None": INSTANTS,
    "Many[LocationFilter | int]": IDS | IDS.map(lambda ids: [LocationFilter(id=each) for each in ids]),
    "Many[JobExportKey]": st.lists(KEYS, max_size=2),
    **SORTS,
}


def values(cls: type[Part]) -> st.SearchStrategy[dict[str, Any]]:
    """Return arguments of a filter class."""
    return st.fixed_dictionaries({}, optional={name: _given(name, rule.kind) for name, rule in rules(cls).items()})


def _given(name: str, kind: Any) -> st.SearchStrategy[Any]:
    """Return values of a field; an empty list says that anything goes, which a search has to say by leaving it out."""
    return _value(kind).filter(lambda value: value != []) if name.endswith(("_or", "_and")) else _value(kind)


def _value(kind: Any) -> st.SearchStrategy[Any]:
    if kind.part is not None:
        return st.none() | values(kind.part)
    if " | str" in kind.accepts:
        found = TEXTS if kind.accepts.startswith("Many") else st.text(max_size=3)
        return st.none() | found if kind.nullable else found
    return BY_TYPE[kind.accepts]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("cls", [JobFilters, CompanyFilters, KeywordFilters])
@given(data=st.data())
def test_back_and_forth(cls: type[Part], data: st.DataObject) -> None:
    """What is written is JSON and is read as the same, also with all of it pickled, copied and hashed on the way."""
    made = cls(**data.draw(values(cls)))
    assert cls.from_dict(json.loads(json.dumps(made.to_dict()))) == made
    for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert other == made
        assert hash(other) == hash(made)


def test_only_what_was_given_is_shown() -> None:
    assert repr(JobFilters(remote=True, job_title_or=["x"])) == "JobFilters(job_title_or=('x',), remote=True)"
    assert repr(CompanyFilters()) == "CompanyFilters()"


def test_filters_do_not_change() -> None:
    found: Any = JobFilters(remote=True)
    with pytest.raises(AttributeError):
        found.remote = False
    titles = ["x"]
    found = JobFilters(job_title_or=titles)
    titles.append("y")
    assert found.job_title_or == ("x",)
