"""``theirstack events list``, ``count`` and ``counts``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from theirstack_async.models._writing import plain
from theirstack_async.testing import FakeTheirStack

URL = "https://example.invalid/hook"


def test_every_event_is_a_line_with_its_payload(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    ids = [*fake.seed_events(webhook, 30), *fake.seed_events(webhook, 30, kind="company")]
    result = run("events", "list", webhook, "--page-size", 20)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, sorted(row["id"] for row in rows)) == (0, ids)
    assert all(row["payload"]["id"] for row in rows)


def test_a_line_is_the_row_as_the_api_sent_it(fake: FakeTheirStack, run: Run) -> None:
    """Fields that the models do not know are kept. The fake's naive instants get the Z that they mean."""
    import urllib.request

    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 1)
    line = json.loads(run("events", "list", webhook).stdout)
    request = urllib.request.Request(
        f"{fake.base_url}/v0/webhooks/{webhook}/events", headers={"Authorization": f"Bearer {fake.api_key}"}
    )
    with urllib.request.urlopen(request) as response:
        [row] = json.load(response)
    assert set(row) <= set(line)
    assert set(row["payload"]) <= set(line["payload"])
    assert line["payload"]["description"] == row["payload"]["description"]


def test_list_narrows(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    good, bad = fake.seed_events(webhook, 5, status="SUCCESS"), fake.seed_events(webhook, 5)
    listed = run("events", "list", webhook, "--status", "FAILED", "--ids", "--limit", 3).stdout.split()
    assert len(listed) == 3
    assert {*map(int, listed)} <= {*bad}
    assert sorted(map(int, run("events", "list", webhook, "--ids", "--offset", 5).stdout.split())) == [*good]


def test_an_unknown_status_is_a_warning_on_one_line(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    result = run("events", "list", webhook, "--status", "FAILD")
    assert "warning: status: 'FAILD' is not known to this release; did you mean 'FAILED'?\n" in result.stderr
    assert ".py" not in result.stderr


@pytest.mark.usefixtures("people")
def test_a_long_table_has_one_header(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 101)
    fake.seed_events(webhook, 50, kind="company")
    fake.seed_events(webhook, 50, kind="job_closed", status="IN_PROGRESS")
    drawn = run("events", "list", webhook).stdout.splitlines()
    assert len(drawn) == 202
    assert [line.split()[0] for line in drawn].count("id") == 1
    assert {len(line) for line in drawn} == {100}


@pytest.mark.usefixtures("people")
def test_a_hundred_rows_are_drawn_once(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 100)
    assert len(run("events", "list", webhook).stdout.splitlines()) == 101


@pytest.mark.usefixtures("people")
def test_no_event_is_said_to_people(fake: FakeTheirStack, run: Run) -> None:
    assert run("events", "list", fake.seed_webhook(URL)).stdout == "There is no such event.\n"


@pytest.mark.usefixtures("people")
def test_a_narrow_terminal_shows_fewer_columns_and_cuts_none(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 1)
    titles = {}
    for width in (5, 45, 46, 52, 65, 66):
        monkeypatch.setenv("COLUMNS", str(width))
        titles[width] = run("events", "list", webhook).stdout.splitlines()[0].split()
    assert titles[45] == ["id", "status"]
    assert titles[46] == ["id", "status", "triggered", "(UTC)"]
    assert titles[52] == titles[65] == ["id", "status", "triggered", "(UTC)", "http"]
    assert titles[66] == ["id", "status", "triggered", "(UTC)", "http", "about"]
    assert titles[5] == ["id"]


def _change_rows(monkeypatch: pytest.MonkeyPatch, **fields: object) -> None:
    """Put fields into the first row of each page."""
    from theirstack_async._convert.converter import Converter

    real = Converter.decode_rows

    def decode_rows(self: Converter, body: bytes, row_type: Any) -> Any:
        rows = json.loads(body)
        rows[0].update(fields)
        return real(self, json.dumps(rows).encode(), row_type)

    monkeypatch.setattr(Converter, "decode_rows", decode_rows)


def test_a_field_that_the_models_do_not_know_is_printed(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 1)
    _change_rows(monkeypatch, brand_new=[1, {"a": None}])
    assert json.loads(run("events", "list", webhook).stdout)["brand_new"] == [1, {"a": None}]


def test_a_row_that_does_not_decode_is_printed_as_it_came(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = fake.seed_webhook(URL)
    ids = fake.seed_events(webhook, 5)
    _change_rows(monkeypatch, triggered_at="not an instant")
    result = run("events", "list", webhook)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, sorted(row["id"] for row in rows)) == (6, [*ids])
    assert rows[-1]["triggered_at"] == "not an instant"
    assert "Rows that did not decode: 1. The first:" in result.stderr


@pytest.mark.usefixtures("people")
def test_a_row_that_does_not_decode_is_no_row_of_a_table(
    fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 5)
    _change_rows(monkeypatch, triggered_at="not an instant")
    result = run("events", "list", webhook)
    assert (result.exit_code, len(result.stdout.splitlines())) == (6, 5)


def test_a_payload_of_no_kind_is_kept() -> None:
    from theirstack_async import UnknownPayload

    assert plain({"payload": UnknownPayload(raw=b'{"a":[1]}'), "ids": (1, 2)}) == {"payload": {"a": [1]}, "ids": [1, 2]}


def test_count_is_an_object_for_programs(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 1203)
    assert json.loads(run("events", "count", webhook).stdout) == {"webhook_id": webhook, "number_of_events": 1203}


@pytest.mark.usefixtures("people")
def test_count_is_a_number_for_people(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 1203)
    assert run("events", "count", webhook).stdout == "1,203\n"


def test_counts_takes_a_period(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 3)
    result = run(
        "events", "counts", "--start", "2026-09-01T00:00:00Z", "--end", "2026-10-01T00:00:00+02:00",
        "--timezone", "Europe/Madrid", "--webhook-id", webhook, "--group-by", "event_type",
    )  # fmt: skip
    assert [json.loads(line)["number_of_events"] for line in result.stdout.splitlines()] == [3]
    assert dict(fake.requests[-1].query) == {
        "start_datetime": "2026-09-01T00:00:00Z",
        "end_datetime": "2026-09-30T22:00:00Z",
        "timezone": "Europe/Madrid",
        "webhook_id": str(webhook),
        "group_by": "event_type",
    }


@pytest.mark.usefixtures("people")
def test_counts_draws_a_table(fake: FakeTheirStack, run: Run) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 3)
    result = run("events", "counts", "--end", "2026-10-01T00:00:00Z")
    assert result.stdout.split()[-4:] == ["2026-09-21", "00:00:00", "3", "FAILED"]


def test_counts_refuses_an_instant_without_an_offset(fake: FakeTheirStack, run: Run) -> None:
    result = run("events", "counts", "--start", "2026-09-01")
    assert (result.exit_code, fake.requests.total) == (2, 0)
    assert "--start: expected an instant with an offset" in result.stderr


def test_text_from_the_server_cannot_steer_the_terminal(tmp_path: Path) -> None:
    from theirstack_async.cli.text import clean, shown

    assert clean("a\x1b[31mb\nc") == "a [31mb c"
    assert shown("\x1b]0;title\x07") == " ]0;title "
    assert shown(()) == "-"
    assert shown((True, "b")) == "yes, b"
