"""Plans in files: what is written is read again, and what was cut off, edited or is none of them is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.unit.replay._planned import NOON, entry, minutes, plan_of
from theirstack_async.errors import ArgumentError, ReplayError
from theirstack_async.replay import ReplayPlan, ReplayWindow
from theirstack_async.replay._plan import entry_from_json, plan_from_json
from theirstack_async.replay._plan_file import entry_to_json, head_to_json

PLAN = plan_of(
    entry(1, type="letter.sent"),
    entry("1", updated_at=minutes(5), next_attempt=minutes(-5), group="g", excluded="vetoed"),
    entry(2, webhook_id="w", created_at=NOON + timedelta(microseconds=1), excluded="vetoed"),
    start=minutes(1000),
    end=minutes(0),
    status=("FAILED", "SENT"),
    auto_retry="skip",
    windows=(ReplayWindow(45, 60.0, "ids", "webhook"), ReplayWindow(300, 0.5, "calls", "account")),
    webhook_ids=(7, "w", 9),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a plan is saved."""
    where = tmp_path / "plan.jsonl"
    PLAN.save(where)
    return where


def edit(path: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the lines of a file, as an editor would."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    change(lines)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def refuse(path: Path, says: str) -> None:
    """Load a file, and see it refused."""
    with pytest.raises(ReplayError, match=says) as caught:
        ReplayPlan.load(path)
    assert str(path) in str(caught.value)


def test_what_is_saved_is_loaded(path: Path) -> None:
    found = ReplayPlan.load(str(path))
    assert found == PLAN
    assert found.digest == PLAN.digest
    assert [type(each.id) for each in found.entries] == [int, str, int]
    assert list(path.parent.iterdir()) == [path]


def test_a_line_about_the_plan_and_one_an_entry(path: Path) -> None:
    head, *rows = map(json.loads, path.read_text().splitlines())
    assert (head["kind"], head["format"], head["entries"]) == ("theirstack-async replay plan", 1, 3)
    assert head["digest"] == PLAN.digest
    assert head["plan"]["windows"] == [[45, 60.0, "ids", "webhook"], [300, 0.5, "calls", "account"]]
    assert rows[0] == {
        "id": 1,
        "webhook_id": 7,
        "type": "letter.sent",
        "created_at": "2026-03-10T10:20:00Z",
        "updated_at": "2026-03-10T10:20:00Z",
    }
    assert rows[1]["next_attempt"] == "2026-03-10T12:05:00Z"
    assert (rows[1]["group"], rows[1]["excluded"]) == ("g", "vetoed")


def test_entries_share_what_is_the_same(path: Path) -> None:
    first, second, third = ReplayPlan.load(path).entries
    assert first.type is second.type
    assert first.created_at is first.updated_at
    assert second.excluded is third.excluded
    assert (
        entry_from_json(entry_to_json(entry(1, webhook_id="w-1"))).webhook_id
        is entry_from_json(entry_to_json(entry(2, webhook_id="w-1"))).webhook_id
    )


def test_without_bounds(tmp_path: Path) -> None:
    plan_of().save(tmp_path / "plan")
    assert ReplayPlan.load(tmp_path / "plan") == plan_of()


def test_its_parts_serve_other_stores() -> None:
    rows = json.loads(json.dumps([entry_to_json(each) for each in PLAN.entries]))
    assert plan_from_json(json.loads(json.dumps(head_to_json(PLAN))), map(entry_from_json, rows)) == PLAN


def test_times_of_another_zone(tmp_path: Path) -> None:
    there = timezone(timedelta(hours=-3))
    plan = plan_of(entry(1, created_at=NOON.astimezone(there)), made_at=NOON.astimezone(there))
    plan.save(tmp_path / "plan")
    assert ReplayPlan.load(tmp_path / "plan") == plan


def test_spaces_and_line_breaks_of_another_system_do_no_harm(path: Path) -> None:
    edit(path, lambda lines: None)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert ReplayPlan.load(path) == PLAN


@pytest.mark.parametrize("content", ["", "\n", "{}\n", "id\n1\n", '{"kind": "other"}\n', "[1]\n", "[" * 100_000])
def test_a_file_that_is_no_plan(path: Path, content: str) -> None:
    path.write_text(content)
    refuse(path, r"is no saved plan; give a file that ReplayPlan.save\(\) or theirstack replay plan --save wrote$")


def test_a_file_that_is_not_even_text(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\x00SQLite")
    refuse(path, "is no saved plan")


def test_a_later_format(path: Path) -> None:
    edit(path, lambda lines: lines[0].update(format=2))
    refuse(path, r"later release \(format 2, and this one knows 1\); upgrade theirstack-async")


@pytest.mark.parametrize("number", [0, None, "2", True])
def test_a_format_that_never_was(path: Path, number: Any) -> None:
    edit(path, lambda lines: lines[0].update(format=number))
    refuse(path, f"edited .*there is no format {number!r}")


@pytest.mark.parametrize("left", [1, 2, 3])
def test_a_file_cut_off_between_two_lines(path: Path, left: int) -> None:
    edit(path, lambda lines: lines.__delitem__(slice(left, None)))
    refuse(path, f"cut off or edited .*it has {left - 1} entries, and 3 were saved.*make a new plan")


def test_a_file_cut_off_anywhere(path: Path) -> None:
    """But for the line break at its end, which says nothing."""
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        refuse(path, "cut off|is no saved plan")
    path.write_bytes(whole[:-1])
    assert ReplayPlan.load(path) == PLAN


def test_it_says_which_line_is_broken(path: Path) -> None:
    edit(path, lambda lines: lines[3].pop("created_at"))
    refuse(path, r"line 4: created_at is None")
    edit(path, lambda lines: lines[1].pop("created_at"))
    refuse(path, r"line 2: created_at is None")
    edit(path, lambda lines: lines[0]["plan"].pop("where"))
    refuse(path, r"line 1: where is None")


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[1].update(id=11),
        lambda lines: lines[1].update(id="1"),
        lambda lines: lines[1].update(excluded="no"),
        lambda lines: lines[2].pop("excluded"),
        lambda lines: lines[1].update(note="seen"),
        lambda lines: lines.insert(1, lines.pop()),
        lambda lines: lines.append(lines[1]),
        lambda lines: lines[0]["plan"].update(where="https://production.invalid"),
        lambda lines: lines[0]["plan"].update(batch_size=1000),
        lambda lines: lines[0].update(digest="0" * 64),
        lambda lines: lines[0].pop("digest"),
        lambda lines: lines[0].update(entries=4),
        lambda lines: lines[0].update(entries=None),
    ],
)
def test_an_edited_file(path: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    edit(path, change)
    refuse(path, "cut off or edited after it was saved .*so nothing is taken from it; restore it from a copy")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("provider", 1),
        ("made_at", "2026-03-10T12:00:00"),
        ("made_at", "noon"),
        ("start", 5),
        ("status", "FAILED"),
        ("status", [1]),
        ("auto_retry", "maybe"),
        ("auto_retry", ["skip"]),
        ("batch_size", 0),
        ("batch_size", 2.0),
        ("batch_size", True),
        ("windows", {}),
        ("windows", [45]),
        ("windows", [[45, 60.0, "ids"]]),
        ("windows", [[0, 60.0, "ids", "webhook"]]),
        ("windows", [[45, 0, "ids", "webhook"]]),
        ("windows", [[45, "60", "ids", "webhook"]]),
        ("windows", [[45, True, "ids", "webhook"]]),
        ("windows", [[45, 60.0, "words", "webhook"]]),
        ("windows", [[45, 60.0, "ids", "planet"]]),
        ("webhook_ids", None),
        ("webhook_ids", [None]),
        ("webhook_ids", [1.5]),
        ("webhook_ids", [True]),
    ],
)
def test_a_head_that_no_release_writes(name: str, value: Any) -> None:
    head = {**head_to_json(PLAN), name: value}
    with pytest.raises(ValueError, match=f"^{name} |isoformat"):
        plan_from_json(head, ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", None),
        ("id", False),
        ("webhook_id", 1.0),
        ("type", None),
        ("created_at", 5),
        ("updated_at", "2026-03-10T12:00:00"),
        ("next_attempt", 0),
        ("group", 1),
        ("excluded", []),
    ],
)
def test_an_entry_that_no_release_writes(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"^{name} "):
        entry_from_json({**entry_to_json(PLAN.entries[1]), name: value})


@pytest.mark.parametrize("data", [None, [], "x"])
def test_what_is_no_object(data: Any) -> None:
    with pytest.raises(ValueError, match="expected an object"):
        entry_from_json(data)
    with pytest.raises(ValueError, match="expected an object"):
        plan_from_json(data, ())


def test_a_path_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ArgumentError, match=f"cannot read the plan {path}: ") as caught:
            ReplayPlan.load(path)
        assert caught.value.field == "path"


def test_a_path_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"cannot be saved to .*none.*: No such file"):
        PLAN.save(tmp_path / "none" / "plan")


def test_a_plan_that_cannot_be_written_leaves_the_old_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ReplayError, match="No space left on device"):
        plan_of().save(path)
    assert ReplayPlan.load(path) == PLAN
    assert list(path.parent.iterdir()) == [path]


def test_a_new_plan_takes_the_place_of_the_old_one(path: Path) -> None:
    plan_of().save(path)
    assert ReplayPlan.load(path) == plan_of()
