"""Reports as JSON lines and as CSV."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from theirstack_async.errors import ReplayError
from theirstack_async.replay import ReplayReport, ReplayRow, ReplayState
from theirstack_async.replay._whole_file import write_whole

AT = datetime(2026, 9, 21, 14, 13, 20, 5, UTC)
FULL = ReplayRow(
    id=1, webhook_id=7, type="job.new", created_at=AT, state=ReplayState.FAILED_AGAIN, batch=3, sends=2,
    reason='she said "no", twice', handle="h", word="FAILED", response_status=503, response="line 1\r\nline 2",
    seen_at=AT + timedelta(days=1),
)  # fmt: skip
BARE = ReplayRow(
    id="x", webhook_id="w", type="", created_at=AT, state=ReplayState.PLANNED, batch=None, sends=0, reason=None,
    handle=None, word=None, response_status=None, response=None, seen_at=None,
)  # fmt: skip
COLUMNS = [
    "id", "webhook_id", "type", "created_at", "state", "batch", "sends", "reason", "handle", "word",
    "response_status", "response", "seen_at",
]  # fmt: skip


def jsonl(path: Path, *rows: ReplayRow) -> list[dict[str, Any]]:
    """Write rows as JSON lines, and read them."""
    ReplayReport(rows).save_jsonl(path)
    text = path.read_bytes().decode("utf-8")
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def table(path: Path, *rows: ReplayRow) -> list[list[str]]:
    """Write rows as CSV, and read them."""
    ReplayReport(rows).save_csv(path)
    with path.open(encoding="utf-8", newline="") as file:
        return [*csv.reader(file, strict=True)]


def test_json_lines_have_all_columns_and_keep_types(tmp_path: Path) -> None:
    full, bare = jsonl(tmp_path / "report.jsonl", FULL, BARE)
    assert full == {
        "id": 1, "webhook_id": 7, "type": "job.new", "created_at": "2026-09-21T14:13:20.000005Z",
        "state": "failed_again", "batch": 3, "sends": 2, "reason": 'she said "no", twice', "handle": "h",
        "word": "FAILED", "response_status": 503, "response": "line 1\r\nline 2",
        "seen_at": "2026-09-22T14:13:20.000005Z",
    }  # fmt: skip
    assert [*full] == [*bare] == COLUMNS
    assert bare == {
        **dict.fromkeys(COLUMNS), "id": "x", "webhook_id": "w", "type": "", "state": "planned", "sends": 0,
        "created_at": "2026-09-21T14:13:20.000005Z",
    }  # fmt: skip


def test_csv_has_a_line_of_names_and_one_a_row(tmp_path: Path) -> None:
    assert table(tmp_path / "report.csv", FULL, BARE) == [
        COLUMNS,
        [
            "1", "7", "job.new", "2026-09-21T14:13:20.000005Z", "failed_again", "3", "2", 'she said "no", twice', "h",
            "FAILED", "503", "line 1\r\nline 2", "2026-09-22T14:13:20.000005Z",
        ],
        ["x", "w", "", "2026-09-21T14:13:20.000005Z", "planned", "", "0", "", "", "", "", "", ""],
    ]  # fmt: skip
    assert (tmp_path / "report.csv").read_bytes().startswith(b"id,webhook_id,"), "no byte order mark"
    assert (tmp_path / "report.csv").read_bytes().endswith(b"\r\n")


def test_no_rows_are_an_empty_file_and_a_line_of_names(tmp_path: Path) -> None:
    assert jsonl(tmp_path / "report.jsonl") == []
    assert table(tmp_path / "report.csv") == [COLUMNS]


def test_instants_are_told_in_utc(tmp_path: Path) -> None:
    there = attrs.evolve(BARE, created_at=AT.astimezone(timezone(timedelta(hours=2))))
    assert jsonl(tmp_path / "report.jsonl", there)[0]["created_at"] == "2026-09-21T14:13:20.000005Z"


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])  # noqa: RUF001
def test_what_a_spreadsheet_would_run_is_a_text_in_csv(tmp_path: Path, first: str) -> None:
    said = f"{first}1+cmd|' /C calc'!A0"
    row = attrs.evolve(BARE, id=said, webhook_id=said, type=said, reason=said, handle=said, word=said, response=said)
    assert table(tmp_path / "report.csv", row)[1] == [
        f"'{said}", f"'{said}", f"'{said}", "2026-09-21T14:13:20.000005Z", "planned", "", "0", f"'{said}", f"'{said}",
        f"'{said}", "", f"'{said}", "",
    ]  # fmt: skip
    assert jsonl(tmp_path / "report.jsonl", row)[0]["response"] == said


def test_numbers_and_other_texts_stay_as_they_are_in_csv(tmp_path: Path) -> None:
    row = attrs.evolve(BARE, id=-1, reason="a=1", response="'quoted'")
    assert [table(tmp_path / "report.csv", row)[1][at] for at in (0, 7, 11)] == ["-1", "a=1", "'quoted'"]


def test_texts_are_readable_in_any_script_and_half_a_character_does_no_harm(tmp_path: Path) -> None:
    row = attrs.evolve(BARE, reason="été", response="\ud83d")
    assert jsonl(tmp_path / "report.jsonl", row)[0]["response"] == "\ud83d"
    assert "été".encode() in (tmp_path / "report.jsonl").read_bytes()
    assert table(tmp_path / "report.csv", row)[1][7:12] == ["été", "", "", "", "\\ud83d"]


@given(response=st.text(st.characters(codec="utf-8"), max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back(tmp_path: Path, response: str) -> None:
    row = attrs.evolve(BARE, response=response)
    assert jsonl(tmp_path / "report.jsonl", row, FULL)[0]["response"] == response
    found = table(tmp_path / "report.csv", row, FULL)
    assert len(found) == 3
    assert found[1][11].removeprefix("'") == response.removeprefix("'")


def test_an_older_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "report.jsonl"
    path.write_text("old\n" * 9, encoding="utf-8")
    assert len(jsonl(path, BARE)) == 1
    assert [*tmp_path.iterdir()] == [path]


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report"
    path.write_bytes(b"old")

    def lines() -> Iterator[bytes]:
        yield b"new"
        assert (tmp_path / "report.tmp").exists()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, lines(), what="the report")
    assert path.read_bytes() == b"old"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("save", ["save_jsonl", "save_csv"])
def test_what_cannot_be_written_is_said(tmp_path: Path, save: str) -> None:
    missing = tmp_path / "missing" / "report"
    with pytest.raises(ReplayError) as caught:
        getattr(ReplayReport([BARE]), save)(str(missing))
    assert str(caught.value) == f"the report cannot be saved to {missing}: No such file or directory"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="cannot be saved to"):
        ReplayReport([BARE]).save_csv(tmp_path)
    assert [*tmp_path.iterdir()] == []
    assert not tmp_path.with_name(f"{tmp_path.name}.tmp").exists()


def test_the_file_lasts_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    replace = Path.replace
    monkeypatch.setattr("os.fsync", lambda descriptor: done.append("flushed"))
    monkeypatch.setattr(Path, "replace", lambda self, to: [done.append("replaced"), replace(self, to)])
    ReplayReport([BARE]).save_csv(tmp_path / "report.csv")
    assert done == ["flushed", "replaced", "flushed"]


def test_an_error_that_has_no_text_of_the_system_is_told_by_its_own(tmp_path: Path) -> None:
    def lines() -> Iterator[bytes]:
        yield b"new"
        raise OSError("odd")

    with pytest.raises(ReplayError, match=r"^the report cannot be saved to .*: odd$"):
        write_whole(tmp_path / "report", lines(), what="the report")
    assert [*tmp_path.iterdir()] == []
