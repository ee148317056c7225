"""Rows as cells: whatever the API sends is stored, and can be had back exactly."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.incremental.sinks._runs import company, job
from theirstack_async import ArgumentError, Company, Job, JobSeniority, Model, UnknownPayload, WebhookEvent
from theirstack_async._convert import Converter
from theirstack_async.incremental.sinks._cells import Cutter
from theirstack_async.incremental.sinks._table import table_of
from theirstack_async.models import JobLocation
from theirstack_async.models._base import keep_extra

STRICT = Cutter(table_of(Job), refuses_nul=True)
LAX = Cutter(table_of(Job), times_as_text=True)
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def cells(cutter: Cutter, *rows: Model) -> list[dict[str, Any]]:
    """Return what is stored of rows, by the names of the columns."""
    names = [*(column.name for column in cutter.table.columns), "_extra"]
    return [dict(zip(names, row, strict=True)) for row in zip(*cutter.cut(rows).columns, strict=True)]


def event(**fields: Any) -> WebhookEvent:
    plain: dict[str, Any] = {"id": 1, "webhook_id": 7, "status": "SUCCESS"}
    return WebhookEvent(**{**plain, **dict.fromkeys(("triggered_at", "created_at", "updated_at"), WHEN), **fields})


def stored_event(**fields: Any) -> dict[str, Any]:
    (found,) = cells(Cutter(table_of(WebhookEvent), refuses_nul=True), event(**fields))
    return found


def test_values_stay_and_lists_become_json() -> None:
    row = job(3, seniority=JobSeniority.SENIOR, remote=True, latitude=1.5, cities=("Köln", "Łódź"), closed_at=WHEN)
    (found,) = cells(STRICT, row)
    assert (found["id"], found["remote"], found["latitude"], found["closed_at"]) == (3, True, 1.5, WHEN)
    assert found["date_posted"] == date(2025, 12, 1)
    assert type(found["seniority"]) is str and found["seniority"] == "senior"
    assert found["cities"] == '["Köln","Łódź"]'
    assert found["employment_statuses"] == "[]"
    assert found["hiring_team"] is found["_extra"] is None
    assert found["company_object_name"] == "Müller"


def test_times_as_texts_are_in_the_order_of_time() -> None:
    rows = [job(1, closed_at=WHEN), job(2, closed_at=WHEN.replace(microsecond=5)), job(3)]
    found = cells(LAX, *rows)
    assert [row["closed_at"] for row in found] == ["2026-01-02T03:04:05.000000Z", "2026-01-02T03:04:05.000005Z", None]
    assert found[0]["date_posted"] == "2025-12-01"
    assert found[0]["date_reposted"] is None


def test_rows_come_in_the_order_of_their_ids_each_once() -> None:
    found = cells(LAX, job(3), job(1, job_title="first"), job(2), job(1, job_title="last"))
    assert [(row["id"], row["job_title"]) for row in found] == [(1, "last"), (2, "Title 2"), (3, "Title 3")]


def test_models_in_a_list_are_written_with_what_they_do_not_know() -> None:
    place = JobLocation(id=5, name="Oslo")
    keep_extra(place, {"mayor": "Å"})
    (found,) = cells(STRICT, job(1, locations=(place,)))
    written = json.loads(found["locations"])
    assert (written[0]["name"], written[0]["mayor"], written[0]["latitude"]) == ("Oslo", "Å", None)


def test_unknown_fields_are_kept_those_of_a_model_within_too() -> None:
    row = job(1, company_object=company())
    keep_extra(row, {"vibe": {"n": [1]}})
    keep_extra(row.company_object, {"pets": True})
    found = cells(STRICT, row, job(2))
    assert json.loads(found[0]["_extra"]) == {"vibe": {"n": [1]}, "company_object": {"pets": True}}
    assert found[1]["_extra"] is None


def test_whole_numbers_beyond_64_bits_are_kept_exactly() -> None:
    least, most = -(2**63), 2**63 - 1
    rows = [job(n, min_annual_salary=salary) for n, salary in enumerate([least, most, least - 1, most + 1, None, 0])]
    found = cells(STRICT, *rows)
    assert [row["min_annual_salary"] for row in found] == [least, most, None, None, None, 0]
    extras = [row["_extra"] and json.loads(row["_extra"])["_exact"] for row in found]
    assert extras == [None, None, *({"min_annual_salary": str(n)} for n in (least - 1, most + 1)), None, None]


@pytest.mark.parametrize(("number", "text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")])
def test_numbers_that_are_not_finite_are_kept_exactly(number: float, text: str) -> None:
    (found,) = cells(LAX, job(1, latitude=number))
    assert found["latitude"] is None
    assert json.loads(found["_extra"]) == {"_exact": {"latitude": text}}


def test_exact_values_stand_beside_unknown_fields() -> None:
    row = job(1, latitude=math.inf)
    keep_extra(row, {"vibe": 1})
    (found,) = cells(LAX, row)
    assert json.loads(found["_extra"]) == {"vibe": 1, "_exact": {"latitude": "Infinity"}}


@pytest.mark.parametrize(("cutter", "title"), [(STRICT, "a\ufffdb\ufffdé"), (LAX, "a\0b\ufffdé")])
def test_characters_that_a_database_refuses(cutter: Cutter, title: str) -> None:
    bad = "a\0b\udcffé"
    found = cells(cutter, job(1, job_title=bad, cities=(bad,)), job(2))
    assert found[0]["job_title"] == title
    assert json.loads(found[0]["cities"]) == [title]
    exact = json.loads(found[0]["_extra"])["_exact"]
    assert json.loads(exact["job_title"]) == bad
    assert json.loads(exact["cities"]) == [bad]
    assert all(text.isascii() and "\0" not in text for text in exact.values())
    assert (found[1]["job_title"], found[1]["_extra"]) == ("Title 2", None)


def test_nul_only_where_it_is_refused() -> None:
    (found,) = cells(LAX, job(1, job_title="a\0b", cities=("a\0b",)))
    assert (found["job_title"], found["cities"], found["_extra"]) == ("a\0b", '["a\\u0000b"]', None)


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "a\\u0000b"])
def test_a_text_that_only_looks_like_nul_stays(text: str) -> None:
    """In JSON a backslash is written as two, and so the same letters follow it."""
    (found,) = cells(STRICT, job(1, cities=(text,), job_title=text))
    assert (json.loads(found["cities"]), found["job_title"], found["_extra"]) == ([text], text, None)


def test_unknown_fields_with_such_characters() -> None:
    row = job(1)
    keep_extra(row, {"k\0": "\ud800", "n": math.inf})
    (found,) = cells(STRICT, row)
    extra = json.loads(found["_extra"])
    assert extra["k\ufffd"] == "\ufffd" and extra["n"] == "Infinity"
    assert json.loads(extra["_exact"]["_extra"]) == {"k\0": "\ud800", "n": "Infinity"}


def test_payloads() -> None:
    whole = job(4, closed_at=WHEN, seniority=JobSeniority.SENIOR, locations=(JobLocation(id=5, name="Oslo"),))
    assert json.loads(stored_event(payload=whole)["payload"]) == whole.to_dict()
    assert json.loads(stored_event(payload=company())["payload"]) == company().to_dict()
    assert stored_event()["payload"] is None
    assert stored_event(payload=UnknownPayload(b'{"a": 1}'))["payload"] == '{"a":1}'
    assert stored_event(payload=UnknownPayload(b'{"a": NaN}'))["payload"] == '{"a":"NaN"}'
    assert json.loads(stored_event(payload=UnknownPayload(b"{no json"))["payload"]) == "{no json"


def test_what_has_no_form_in_json_is_an_error() -> None:
    with pytest.raises(ArgumentError, match="cannot be written as JSON: object"):
        stored_event(payload=object())


def test_a_payload_that_is_no_text_either() -> None:
    found = stored_event(payload=UnknownPayload(b"\xff"))
    assert json.loads(found["payload"]) == "\ufffd"
    assert json.loads(json.loads(found["_extra"])["_exact"]["payload"]) == "\udcff"


@pytest.mark.parametrize("id_", [2**63, -(2**63) - 1])
def test_a_row_whose_number_the_table_cannot_hold_is_left_out(id_: int) -> None:
    row = job(5, id=id_, latitude=math.inf, cities=("\0",))
    cut = STRICT.cut([row, job(2)])
    assert cut.left_out == [row]
    assert cut.columns[0] == (2,)
    written = json.loads(STRICT.document(row))
    assert (written["id"], written["latitude"], json.loads(written["cities"])) == (id_, math.inf, ["\0"])


@pytest.mark.parametrize(
    ("id_", "refuses_nul", "out"), [("\ud800", False, True), ("\0", True, True), ("\0", False, False)]
)
def test_a_row_whose_text_the_table_cannot_hold_is_left_out(id_: str, refuses_nul: bool, out: bool) -> None:
    row = company(id=id_)
    cut = Cutter(table_of(Company), refuses_nul=refuses_nul).cut([row])
    assert bool(cut.left_out) is out
    assert [len(column) for column in cut.columns] == [not out] * (len(table_of(Company).columns) + 1)


def test_no_rows() -> None:
    cut = LAX.cut([])
    assert (set(cut.columns), cut.left_out) == ({()}, [])


TEXTS = st.text(st.characters() | st.sampled_from("\0\\u\"'\ud800\udfffé"), max_size=12)
JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(title=TEXTS, words=st.lists(TEXTS | st.none()), salary=st.none() | st.integers(), rest=JSONS, nul=st.booleans())
def test_nothing_is_lost(title: str, words: list[str | None], salary: int | None, rest: Any, nul: bool) -> None:
    """What is stored is what was sent, or stands beside it; and no database refuses it."""
    # A member that comes last of several of one name is the one that counts.
    wire = {"id": 1, "job_title": title, "url": "", "source_url": "", "date_posted": "2026-01-01", "rest": rest}
    wire |= {"discovered_at": "2026-01-01T00:00:00Z", "company_object": {"id": "c", "name": "n"}}
    wire |= {"matching_words": words, "min_annual_salary": salary}
    row = Converter(keep_unknown_fields=True).decode(json.dumps(wire).encode(), Job)
    (found,) = cells(Cutter(table_of(Job), refuses_nul=nul), row)
    for value in found.values():
        if isinstance(value, str):
            value.encode()
            assert not nul or "\0" not in value
    assert not nul or "\0" not in _texts(json.loads(found["_extra"])) + _texts(json.loads(found["matching_words"]))
    extra = json.loads(found["_extra"])
    exact = extra.pop("_exact", {})
    assert (json.loads(exact["job_title"]) if "job_title" in exact else found["job_title"]) == title
    assert json.loads(exact.get("matching_words", found["matching_words"])) == words
    assert (int(exact["min_annual_salary"]) if "min_annual_salary" in exact else found["min_annual_salary"]) == salary
    kept = json.loads(exact["_extra"]) if "_extra" in exact else extra
    assert kept == {"rest": json.loads(json.dumps(rest), parse_constant=str)}


def _texts(value: Any) -> str:
    """Return all texts in a JSON value, one after the other."""
    if isinstance(value, dict):
        return "".join(name + _texts(item) for name, item in value.items())
    if isinstance(value, list):
        return "".join(map(_texts, value))
    return value if isinstance(value, str) else ""
