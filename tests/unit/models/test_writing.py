"""Models as dicts, as JSON, and as rows of tables: nothing of what came in is lost on the way out."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from datetime import UTC, date, datetime
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import MODELS, fields, full, minimal, rows, write
from theirstack_async._convert import Converter
from theirstack_async._values import UNSET, Secret, Unset
from theirstack_async.errors import ArgumentError
from theirstack_async.models import (
    Company,
    CompanyKeyword,
    CompanyListEntry,
    Job,
    JobClosed,
    JobLocation,
    JobSeniority,
    Model,
    SavedSearch,
    UnknownPayload,
    WebhookEvent,
    WebhookEventCount,
)
from theirstack_async.models._base import as_utc
from theirstack_async.models._writing import compact, plain

KEEPING = Converter(keep_unknown_fields=True)
CELLS = (str, int, float, bool, datetime, date, type(None))
NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def make(model: type[Any], row: dict[str, Any] | None = None) -> Any:
    return KEEPING.decode(json.dumps(full(model) if row is None else row).encode(), model)


def kept(sent: Any, value: object, written: Any) -> bool:
    """Tell whether what was sent for a value is what is written of it."""
    if isinstance(value, Model):
        known = {name for name, _, _ in fields(type(value))}
        return all(
            kept(item, getattr(value, name), written[name]) if name in known else item == written[name]
            for name, item in sent.items()
        )
    if isinstance(value, tuple):
        return len(sent) == len(written) and all(map(kept, sent, value, written))
    if isinstance(value, datetime):
        return as_utc(msgspec.convert(sent, datetime)) == datetime.fromisoformat(written)
    return bool(float(sent) == written) if isinstance(value, float) else bool(sent == written)


@given(
    st.sampled_from([m for m in MODELS if m is not WebhookEventCount]).flatmap(lambda m: st.tuples(st.just(m), rows(m)))
)
def test_all_that_came_in_goes_out(case: tuple[type[Any], dict[str, Any]]) -> None:
    """Counts of events are left to the next test, for they replace a 0."""
    model, row = case
    got = KEEPING.decode(write(row).encode(), model)
    assert kept(row, got, got.to_dict())


@given(rows(WebhookEventCount))
def test_all_of_a_count_goes_out(row: dict[str, Any]) -> None:
    got = KEEPING.decode(write(row).encode(), WebhookEventCount)
    replaced = {} if row.get("number_of_events") else {"number_of_events": row.get("number_of_executions") or 0}
    assert kept({**row, **replaced}, got, got.to_dict())


@given(st.sampled_from(MODELS).flatmap(lambda m: st.tuples(st.just(m), rows(m))))
def test_what_is_written_is_read_as_the_same(case: tuple[type[Any], dict[str, Any]]) -> None:
    """An unknown payload is kept as its text, which another writer spaces otherwise."""
    model, row = case
    got = KEEPING.decode(write(row).encode(), model)
    assert json.loads(got.to_json()) == got.to_dict()
    again = KEEPING.decode(got.to_json().encode(), model)
    assert again.to_dict() == got.to_dict()
    assert again == got or isinstance(getattr(got, "payload", None), UnknownPayload)


def test_what_is_written_is_new() -> None:
    search = make(SavedSearch, {**full(SavedSearch), "body": {"a": [1]}, "new": {"b": [2]}})
    written = search.to_dict()
    written["body"]["a"].append(9)
    written["new"]["b"].append(9)
    assert (search.body, search.extra) == ({"a": [1]}, {"new": {"b": [2]}})


def test_json_is_one_line_of_ascii() -> None:
    assert JobClosed(id=1, closed_at=NOON).to_json() == '{"id":1,"closed_at":"2026-01-02T12:00:00Z"}'
    assert make(Company, {"id": "a", "name": "Bücher\n"}).to_json().startswith('{"id":"a","name":"B\\u00fccher\\n",')


@attrs.frozen
class Filters:
    """What a filter object looks like to the writer."""

    since: date | Unset = UNSET
    titles: tuple[str, ...] | Unset = UNSET
    inner: Filters | Unset | None = UNSET


def test_what_is_not_set_is_left_out() -> None:
    assert plain(Filters()) == {}
    filters = Filters(titles=("a",), inner=Filters(since=date(2026, 1, 2), inner=None))
    assert plain({"job_filters": filters}) == {
        "job_filters": {"titles": ["a"], "inner": {"since": "2026-01-02", "inner": None}}
    }


@pytest.mark.parametrize("value", [Secret("hidden-text"), {"key": Secret("hidden-text")}, [UNSET], {1, 2}, b"bytes"])
def test_what_has_no_form_in_json_is_refused(value: object) -> None:
    with pytest.raises(ArgumentError, match=r"cannot be written as JSON: \w+$") as caught:
        compact(value)
    assert "hidden-text" not in str(caught.value)


@pytest.mark.parametrize("model", MODELS)
def test_the_rows_of_a_class_have_the_same_columns(model: type[Any]) -> None:
    every, bare = make(model).to_row(), make(model, minimal(model)).to_row()
    assert list(every) == list(bare)
    assert all(type(cell) in CELLS for cell in [*every.values(), *bare.values()])


@pytest.mark.parametrize("model", MODELS)
def test_every_column_can_be_asked_for(model: type[Any]) -> None:
    row = make(model)
    every = row.to_row()
    assert row.to_row(reversed(every)) == every
    assert list(row.to_row(reversed(every))) == list(reversed(every))


def test_a_row_for_a_table() -> None:
    job = make(Job, {**full(Job), "job_title": "Bäcker", "technology_slugs": ["a", "ö"], "locations": []})
    wanted = ["id", "job_title", "discovered_at", "date_posted", "remote", "latitude", "seniority", "technology_slugs"]
    assert job.to_row(wanted) == {
        "id": 7,
        "job_title": "Bäcker",
        "discovered_at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        "date_posted": date(2026, 1, 2),
        "remote": True,
        "latitude": 1.5,
        "seniority": "c_level",
        "technology_slugs": '["a", "ö"]',
    }
    assert type(job.to_row(["seniority"])["seniority"]) is str
    assert isinstance(job.seniority, JobSeniority)
    assert job.to_row(["locations"]) == {"locations": "[]"}


def test_models_within_are_spread_over_columns() -> None:
    row = make(Job).to_row()
    assert row["company_object.name"] == "text"
    assert "company_object" not in row
    assert json.loads(make(Job).to_row(["company_object"])["company_object"]) == full(Company)
    assert json.loads(row["company_object.jobs_found"])[0]["date_posted"] == "2026-01-02"
    assert make(CompanyKeyword).to_row(["technology.slug", "first_date_found"]) == {
        "technology.slug": "text",
        "first_date_found": date(2026, 1, 2),
    }


def test_a_payload_is_one_column_and_can_be_looked_into() -> None:
    """It is of several kinds, so its own columns would differ from row to row."""
    event = make(WebhookEvent)
    assert json.loads(event.to_row()["payload"]) == full(Job)
    wanted = ["payload.id", "payload.company_object.name", "payload.domain", "payload.closed_at"]
    company = make(WebhookEvent, {**full(WebhookEvent), "payload": {"id": "acme", "name": "Acme", "domain": "a.b"}})
    nothing = make(WebhookEvent, {**full(WebhookEvent), "payload": None})
    unknown = make(WebhookEvent, {**full(WebhookEvent), "payload": {"id": 5}})
    assert list(event.to_row(wanted).values()) == [7, "text", None, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)]
    assert list(company.to_row(wanted).values()) == ["acme", None, "a.b", None]
    assert list(nothing.to_row(["payload", *wanted]).values()) == [None] * 5
    assert list(unknown.to_row(["payload", *wanted]).values()) == ['{"id": 5}', *[None] * 4]


@pytest.mark.parametrize(
    ("column", "hint"),
    [
        ("job_titel", "did you mean 'job_title'?"),
        ("company_object.domian", "did you mean 'company_object.domain'?"),
        ("locations.name", "did you mean"),
        ("zzz", "there are id, job_title, url, "),
        (5, "there are id, job_title, url, "),
        ("_extra", "there are id, job_title"),
        ("company_object.name.x", "did you mean 'company_object.name'?"),
    ],
)
def test_an_unknown_column_is_refused(column: Any, hint: str) -> None:
    with pytest.raises(ArgumentError, match=f"^columns: Job has no {column!r}; ") as caught:
        make(Job).to_row(["id", column])
    assert hint in str(caught.value)
    assert caught.value.field == "columns"


@pytest.mark.parametrize("column", ["apply_url", "company_name", "salary"])
def test_what_is_worked_out_is_refused_as_a_column(column: str) -> None:
    """A job does have it, so the message does not say that there is none."""
    said = f"^columns: {column} of a Job is worked out, and no column; put it into the row yourself$"
    with pytest.raises(ArgumentError, match=said) as caught:
        make(Job).to_row(["id", column])
    assert caught.value.field == "columns"


def test_one_text_is_no_list_of_columns() -> None:
    with pytest.raises(ArgumentError, match=r"^columns: expected a list, got the text 'id'; write \['id'\]$") as caught:
        make(Job).to_row("id")
    assert caught.value.field == "columns"


def test_unknown_fields_are_no_columns() -> None:
    row = make(JobLocation, {"id": 5, "new": 1})
    assert row.extra == {"new": 1}
    assert "new" not in row.to_row()
    with pytest.raises(ArgumentError, match="JobLocation has no 'new'"):
        row.to_row(["new"])


def test_rows_go_into_a_database_and_a_csv_file() -> None:
    wanted = ["added_at", "company_object.id", "company_object.investors", "company_object.annual_revenue_usd"]
    row = make(CompanyListEntry).to_row(wanted)
    connection = sqlite3.connect(":memory:")
    cells = [str(row["added_at"]), *list(row.values())[1:]]
    assert connection.execute("SELECT ?, ?, ?, ?", cells).fetchone() == tuple(cells)
    connection.close()
    file = io.StringIO()
    writer = csv.DictWriter(file, wanted)
    writer.writeheader()
    writer.writerow(row)
    assert file.getvalue().splitlines()[1] == '2026-01-02 03:04:05+00:00,text,"[""text""]",1.5'
