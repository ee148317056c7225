"""What was put into a data set comes out of it again, as Model.to_row() has it, with pyarrow and with DuckDB."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import full, minimal, values
from tests.unit.incremental.sinks._runs import StubRun, company, job
from theirstack_async._convert import Converter
from theirstack_async.incremental.sinks._arrow import Layout, layout_of
from theirstack_async.incremental.sinks._parquet import ParquetSink
from theirstack_async.models import Company, Job, JobLocation, Model, UnknownPayload, WebhookEvent, WebhookEventStatus
from theirstack_async.models._base import keep_extra

CLASSES: list[type[Model]] = [Job, Company, WebhookEvent]


async def store(folder: Path, *rows: Any) -> None:
    run, sink = StubRun(), ParquetSink(folder)
    await sink.open(type(rows[0]), None)
    await sink.write(run.batch(*rows))
    await sink.flush()
    await sink.aclose()


def by_name(row: Model) -> dict[str, Any]:
    """Return what to_row() says of a row, under the names of columns of tables."""
    return {name.replace(".", "_"): value for name, value in row.to_row().items()}


def told(read: dict[str, Any], row: Model) -> dict[str, Any]:
    """Return a row that was read as to_row() would have it: lists of texts are lists here and JSON texts there."""
    wanted, found = by_name(row), dict[str, Any]()
    exact = json.loads(read["_extra"] or "{}").get("_exact", {})
    read = {**read, **{name: json.loads(text) for name, text in exact.items()}}
    for name, value in read.items():
        if name in wanted:
            found[name] = value
            if isinstance(value, list) or (isinstance(wanted[name], str) and not isinstance(value, str)):
                assert json.loads(wanted[name]) == value
                found[name] = wanted[name]
            elif isinstance(value, str) and value != wanted[name]:
                # They differ in white space only, which means nothing.
                assert json.loads(value) == json.loads(wanted[name])
                found[name] = wanted[name]
    return found


def decoded(cls: type[Any], *rows: Any) -> list[Any]:
    return list(Converter().decode_rows(json.dumps(rows).encode(), cls).rows)


@pytest.mark.parametrize("cls", CLASSES)
async def test_all_fields_come_back(cls: type[Any], tmp_path: Path) -> None:
    rows = decoded(cls, full(cls), minimal(cls))
    await store(tmp_path / "rows", *rows)
    tables = [pq.ParquetFile(path).read() for path in (tmp_path / "rows").rglob("*.parquet")]
    read = pa.concat_tables(tables).to_pylist()
    assert [told(row, rows[place]) for place, row in enumerate(read)] == [by_name(row) for row in rows]
    assert [row["_extra"] for row in read] == [None, None]


@given(data=st.data())
def test_random_rows_come_back(data: st.DataObject) -> None:
    rows = decoded(Job, *data.draw(st.lists(values(Job), min_size=1, max_size=3)))
    read = layout_of(Job).cut(rows).to_pylist()
    for found, row in zip(read, rows, strict=True):
        assert told(found, row) == by_name(row)


@pytest.mark.parametrize("cls", CLASSES)
def test_the_schema_is_the_same_for_all_rows_of_a_class(cls: type[Model]) -> None:
    layout = Layout(cls)
    assert layout.cut([]).schema == layout.cut(decoded(cls, full(cls))).schema == layout.schema
    assert all(field.nullable for field in layout.schema)
    assert layout_of(cls) is layout_of(cls)


def test_types() -> None:
    schema = layout_of(Job).schema
    types = {
        "id": pa.int64(),
        "latitude": pa.float64(),
        "remote": pa.bool_(),
        "date_posted": pa.date32(),
        "closed_at": pa.timestamp("us", "UTC"),
        "seniority": pa.string(),
        "countries": pa.list_(pa.string()),
        "country_codes": pa.list_(pa.string()),
        "employment_statuses": pa.list_(pa.string()),
        "locations": pa.string(),
        "hiring_team": pa.string(),
        "company_object_id": pa.string(),
        "company_object_investors": pa.list_(pa.string()),
        "company_object_jobs_found": pa.string(),
        "_extra": pa.string(),
    }
    assert {name: schema.field(name).type for name in types} == types


async def test_duckdb_reads_the_folder_with_its_days(tmp_path: Path) -> None:
    rows = [job(number, job_title="Ä 🦆\0", countries=("DE", "ES")) for number in (1, 2, 30)]
    await store(tmp_path / "jobs", *rows)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"CREATE VIEW jobs AS FROM read_parquet('{tmp_path}/jobs/**/*.parquet', hive_partitioning=true)"
        )
        days = connection.execute("SELECT date, list(id ORDER BY id) FROM jobs GROUP BY 1 ORDER BY 1").fetchall()
        assert days == [(date(2026, 1, 1), [1, 2]), (date(2026, 1, 2), [30])]
        plain = "id, job_title, countries, company_object_name, epoch_us(discovered_at)"
        [row] = connection.execute(f"SELECT {plain} FROM jobs WHERE id = 30").fetchall()
    instant = round(rows[2].discovered_at.timestamp() * 1_000_000)
    assert row == (30, "Ä 🦆\0", ["DE", "ES"], "Müller", instant)


async def test_pyarrow_reads_the_folder_with_its_days_and_passes_over_all_else(tmp_path: Path) -> None:
    await store(tmp_path / "jobs", job(1), job(30))
    for name in ("_rejects-0badcafe.jsonl", "_unfinished/0badcafe/00000001/part.parquet.tmp"):
        path = tmp_path / "jobs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no Parquet")
    table = ds.dataset(tmp_path / "jobs", partitioning="hive").to_table(columns=["id", "date"])
    assert sorted(zip(*table.to_pydict().values(), strict=True)) == [(1, "2026-01-01"), (30, "2026-01-02")]


def test_what_a_column_cannot_hold_is_in_extra() -> None:
    odd = job(1, min_annual_salary=2**70, job_title="a\ud800b", countries=("x\udfff", "y"), remote="perhaps")
    keep_extra(odd, {"new": {"deep": [1]}})
    plain = job(2, min_annual_salary=5)
    first, second = layout_of(Job).cut([odd, plain]).to_pylist()
    assert (first["min_annual_salary"], first["job_title"], first["countries"]) == (None, "a\ufffdb", ["x\ufffd", "y"])
    assert (first["remote"], second["min_annual_salary"], second["job_title"]) == (None, 5, "Title 2")
    extra = json.loads(first["_extra"])
    assert extra.pop("new") == {"deep": [1]}
    assert {name: json.loads(text) for name, text in extra.pop("_exact").items()} == {
        "min_annual_salary": 2**70,
        "job_title": "a\ud800b",
        "countries": ["x\udfff", "y"],
        "remote": "perhaps",
    }
    assert (extra, second["_extra"]) == ({}, None)


def test_unknown_fields_within_models_are_kept() -> None:
    employer = company()
    keep_extra(employer, {"mood": "good"})
    [row] = layout_of(Job).cut([job(1, company_object=employer)]).to_pylist()
    assert json.loads(row["_extra"]) == {"company_object": {"mood": "good"}}


def test_numbers_that_are_not_finite_stay() -> None:
    [row] = layout_of(Job).cut([job(1, latitude=float("inf"), longitude=float("-inf"))]).to_pylist()
    assert (row["latitude"], row["longitude"], row["_extra"]) == (float("inf"), float("-inf"), None)


def event(payload: Any) -> WebhookEvent:
    instant = datetime(2026, 1, 1, tzinfo=UTC)
    return WebhookEvent(
        id=1,
        webhook_id=2,
        status=WebhookEventStatus("NEW"),
        triggered_at=instant,
        created_at=instant,
        updated_at=instant,
        payload=payload,
    )


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        (None, None),
        (job(1), json.dumps(job(1).to_dict(), ensure_ascii=False, separators=(",", ":"))),
        (UnknownPayload(b'{"a": [1]}'), '{"a":[1]}'),
        (UnknownPayload(b'{"a": [NaN, -Infinity, 1.5]}'), '{"a":["NaN","-Infinity",1.5]}'),
        (UnknownPayload(b"no JSON"), '"no JSON"'),
    ],
)
def test_payloads_are_json(payload: Any, text: str | None) -> None:
    [row] = layout_of(WebhookEvent).cut([event(payload)]).to_pylist()
    assert (row["payload"], row["status"]) == (text, "NEW")


def test_every_json_text_is_json() -> None:
    """A server can only send a number that is too large for a float, or a lone half of a pair of UTF-16."""
    row = job(1, locations=(JobLocation(id=5, name="Oslo", latitude=float("inf")),))
    keep_extra(row, {"new": float("-inf"), "half": "\udfff\\\ud800"})
    [found] = layout_of(Job).cut([row]).to_pylist()
    assert strictly(found["locations"])[0]["latitude"] == "Infinity"
    assert strictly(found["_extra"]) == {"new": "-Infinity", "half": "\udfff\\\ud800"}


def strictly(text: str) -> Any:
    """Return what a JSON text says, without the numbers that Python takes and RFC 8259 does not."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_unknown_fields_within_json_are_kept() -> None:
    inner = job(1)
    keep_extra(inner, {"new": 1})
    [row] = layout_of(WebhookEvent).cut([event(inner)]).to_pylist()
    assert json.loads(row["payload"])["new"] == 1


def test_a_lone_surrogate_within_json_is_kept() -> None:
    [row] = layout_of(WebhookEvent).cut([event(UnknownPayload(b'"\\ud800"'))]).to_pylist()
    assert row["payload"] == '"\ufffd"'
    assert json.loads(json.loads(json.loads(row["_extra"])["_exact"]["payload"])) == "\ud800"


def test_what_has_no_form_in_json_is_an_error() -> None:
    with pytest.raises(Exception, match="cannot be written as JSON: object"):
        layout_of(WebhookEvent).cut([event(object())])
