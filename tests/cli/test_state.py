"""``theirstack state``: shown, reset and exported."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_sync import small
from theirstack_async.cli import messages, state
from theirstack_async.incremental import JSONState, SQLiteState
from theirstack_async.testing import FakeTheirStack

__all__ = ["small"]


@pytest.fixture(params=["state.db", "state.json"])
def kept(small: FakeTheirStack, run: Run, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The state of three syncs: of 12 jobs, of 40 companies and of 3 events."""
    path = tmp_path / str(request.param)
    webhook = small.seed_webhook("https://example.invalid/hook")
    small.seed_events(webhook, 3)
    for number, arguments in enumerate(
        [
            ("jobs", "--max-items", 12, "--filter", "job_id_not=1"),
            ("companies", "--yes"),
            ("events", webhook),
        ]
    ):
        run("sync", *arguments, "--to", tmp_path / f"{number}.jsonl", "--state", path)
    return path


def profiles(run: Run, kept: Path) -> dict[str, dict[str, object]]:
    lines = run("state", "show", "--state", kept).stdout.splitlines()
    return {found["kind"]: found for found in map(json.loads, lines)}


def key(run: Run, kept: Path, kind: str) -> str:
    return str(profiles(run, kept)[kind]["key"])


def test_show_prints_a_line_a_profile(run: Run, kept: Path) -> None:
    found = profiles(run, kept)
    assert {kind: (each["rows"], each["credits"]) for kind, each in found.items()} == {
        "jobs": (12, 12), "companies": (40, 120), "events": (3, 0),
    }  # fmt: skip
    assert found["jobs"]["filters"] == {"job_id_not": [1]}
    assert {len(str(each["key"])) for each in found.values()} == {32}


@pytest.mark.usefixtures("people")
def test_show_is_a_table_for_people(run: Run, kept: Path) -> None:
    header, *lines = run("state", "show", "--state", kept).stdout.splitlines()
    assert header.split() == ["key", "kind", "mark", "(UTC)", "rows", "credits", "filters"]
    by_kind = {line.split()[1]: line.split() for line in lines}
    assert by_kind["companies"][2:] == ["-", "40", "120", "-"]
    assert (by_kind["jobs"][2][:5], by_kind["jobs"][4:]) == ("2026-", ["12", "12", "job_id_not=[1]"])
    assert by_kind["events"][-1] == "webhook_id=101"
    assert {len(each[0]) for each in by_kind.values()} == {12}


def test_show_takes_the_beginning_of_a_key(run: Run, kept: Path) -> None:
    whole = key(run, kept, "jobs")
    found = json.loads(run("state", "show", "--state", kept, whole[:8]).stdout)
    assert (found["key"], found["rows"], found["base_url"][:4]) == (whole, 12, "http")


def test_show_leaves_out_the_names_of_pages(run: Run, kept: Path) -> None:
    found = profiles(run, kept)
    assert {"landed" in each for each in found.values()} == {False}
    [one] = run("state", "show", "--state", kept, found["jobs"]["key"]).stdout.splitlines()
    assert json.loads(one) == found["jobs"]


def test_a_key_has_to_name_one_profile(run: Run, kept: Path) -> None:
    several = run("state", "show", "--state", kept, "")
    assert (several.exit_code, "KEY: 3 profiles begin with ''" in several.stderr) == (2, True)
    for command in ("show", "export", "reset"):
        none = run("state", command, "--state", kept, "xyz")
        assert (none.exit_code, none.stdout) == (2, "")
        assert "KEY: no profile has 'xyz'; theirstack state show --json shows the whole keys." in none.stderr


def test_a_whole_key_names_its_profile_though_others_begin_with_it() -> None:
    found: dict[str, dict[str, object]] = {"ab": {}, "abc": {}}
    assert (state._named(found, "ab"), state._named(found, "abc")) == ("ab", "abc")


def test_export_prints_documents_and_ids(run: Run, kept: Path) -> None:
    lines = [json.loads(line) for line in run("state", "export", "--state", kept).stdout.splitlines()]
    by_kind = {line["document"]["kind"]: line for line in lines}
    assert {kind: len(line["seen"]) for kind, line in by_kind.items()} | {"jobs": 0} == {
        "jobs": 0, "companies": 40, "events": 3,
    }  # fmt: skip
    assert all(line["revision"] >= 1 and line["document"]["format"] == 1 for line in lines)
    assert {type(id_) for id_, _ in by_kind["companies"]["seen"]} == {str}
    assert {type(id_) for id_, _ in by_kind["events"]["seen"]} == {int}
    one = run("state", "export", "--state", kept, lines[0]["key"][:6]).stdout
    assert [json.loads(line) for line in one.splitlines()] == lines[:1]


def test_reset_has_everything_bought_again(small: FakeTheirStack, run: Run, kept: Path) -> None:
    whole = key(run, kept, "companies")
    result = run("state", "reset", "--state", kept, whole[:10], "--yes")
    assert (result.exit_code, result.stderr) == (0, f"The profile {whole} is reset.\n")
    assert profiles(run, kept).keys() == {"jobs", "events"}
    before = small.credits_billed
    run("sync", "companies", "--yes", "--to", kept.parent / "new.jsonl", "--state", kept)
    assert small.credits_billed - before == 120


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("jobs", "(job_id_not=[1]) is forgotten: its 12 jobs would be bought again; they have cost 12 credits. Go on?"),
        ("companies", " is forgotten: its 40 companies would be bought again; they have cost 120 credits. Go on?"),
        ("events", "(webhook_id=101) is forgotten: its 3 events come again. Go on?"),
    ],
)
def test_reset_says_what_is_lost_and_wants_to_be_meant(run: Run, kept: Path, kind: str, said: str) -> None:
    whole = key(run, kept, kind)
    result = run("state", "reset", "--state", kept, whole)
    assert (result.exit_code, profiles(run, kept).keys()) == (2, {"jobs", "companies", "events"})
    assert f"The profile {whole[:12]}" in result.stderr
    assert said in result.stderr


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, 2), ("n\n", 1, 3), ("", 130, 3)])
def test_reset_asks_on_a_terminal(
    run: Run, kept: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, left: int
) -> None:
    monkeypatch.setattr(messages, "can_ask", lambda: True)
    result = run("state", "reset", "--state", kept, key(run, kept, "events"), stdin=answer)
    assert (result.exit_code, len(profiles(run, kept))) == (code, left)


def test_reset_leaves_a_profile_alone_that_runs(run: Run, kept: Path) -> None:
    whole = key(run, kept, "jobs")
    other = JSONState(kept) if kept.suffix == ".json" else SQLiteState(kept)
    asyncio.run(other.acquire(whole))
    result = run("state", "reset", "--state", kept, whole, "--yes")
    asyncio.run(other.release(whole))
    asyncio.run(other.aclose())
    assert (result.exit_code, len(profiles(run, kept))) == (10, 3)


@pytest.mark.usefixtures("people")
def test_the_state_of_a_database_is_beside_its_rows(small: FakeTheirStack, run: Run, tmp_path: Path) -> None:
    to = tmp_path / "jobs.duckdb"
    run("sync", "jobs", "--to", to, "--max-items", 500)
    assert " jobs " in run("state", "show", "--state", to).stdout


@pytest.mark.usefixtures("people")
def test_a_state_without_profiles_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state.db").touch()
    assert run("state", "show", "--state", tmp_path / "state.db").stdout == "There is no profile yet.\n"


@pytest.mark.parametrize("name", ["nowhere.db", "nowhere.json", "nowhere.duckdb"])
def test_a_state_that_is_not_there_is_not_made(run: Run, tmp_path: Path, name: str) -> None:
    for arguments in (("show",), ("export",), ("reset", "abc")):
        result = run("state", arguments[0], "--state", tmp_path / name, *arguments[1:])
        assert (result.exit_code, [*tmp_path.iterdir()]) == (2, [])
        assert f"--state: there is no file {tmp_path / name}." in result.stderr


def test_a_server_that_cannot_be_reached_is_an_error(run: Run) -> None:
    result = run("state", "show", "--state", "postgresql://user:secret@127.0.0.1:1/jobs")
    assert (result.exit_code, "secret" in result.output) == (1, False)


def test_a_damaged_state_is_never_taken_for_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{", "utf-8")
    result = run("state", "show", "--state", tmp_path / "state.json")
    assert (result.exit_code, "restore it from a copy" in result.stderr) == (1, True)
