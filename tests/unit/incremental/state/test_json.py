"""What is particular to the state in a JSON file."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from theirstack_async._database.thread import file_lock
from theirstack_async.errors import ArgumentError, StateError, StateLockedError
from theirstack_async.incremental import JSONState, StateChange
from theirstack_async.incremental.state import _json

FIRST = StateChange(0, {"label": "my jobs"}, {12: 1.0, "12": 2.0})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.json"


@pytest_asyncio.fixture
async def state(path: Path) -> AsyncIterator[JSONState]:
    state = JSONState(path)
    yield state
    await state.aclose()


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def read(path: Path) -> bytes:
    return path.read_bytes()


def listed(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


async def test_it_shows_where_it_is(state: JSONState, path: Path) -> None:
    assert repr(state) == f"JSONState('the JSON file {path}')"


async def test_the_file_is_plain_json(state: JSONState, path: Path) -> None:
    await state.save("a", FIRST)
    profile = {"revision": 1, "document": {"label": "my jobs"}, "seen": [[12, 1.0], ["12", 2.0]]}
    assert json.loads(read(path)) == {"format": 1, "profiles": {"a": profile}}


async def test_to_look_writes_nothing(state: JSONState, path: Path) -> None:
    await state.load("a")
    await state.forget("a")
    assert listed(path.parent) == ["state.json.lock"]
    write(path, b'{ "format": 1, "profiles": {} }')
    await state.load("a")
    assert read(path) == b'{ "format": 1, "profiles": {} }'


async def test_within_is_refused(state: JSONState) -> None:
    with pytest.raises(ArgumentError, match="needs a state that is a database, such as SQLiteState") as caught:
        await state.save("a", FIRST, within=print)
    assert caught.value.field == "within"


async def test_a_run_that_is_refused_names_the_profile(path: Path, state: JSONState) -> None:
    other = JSONState(path)
    await other.acquire("a")
    with pytest.raises(StateLockedError, match=r"the profile a in the JSON file .*state\.json is held by another run;"):
        await state.acquire("a")
    await other.save("a", FIRST)
    with pytest.raises(StateLockedError, match="the profile my jobs in"):
        await state.acquire("a")
    write(path, b"broken")
    with pytest.raises(StateLockedError, match="the profile a in"):
        await state.acquire("a")
    await other.release("a")
    await other.aclose()


PROFILE: dict[str, Any] = {"revision": 1, "document": {}, "seen": [[1, 1.0]]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no state of extractions: .*; restore it from a copy, or move it away to begin anew, which buys rows"),
        ('{"format": 1, "profiles": {"a"', "is no state of extractions"),
        ("\udcff", "is no state of extractions"),
        ("[]", "it has no format"),
        ('{"profiles": {}}', "it has no format"),
        ('{"format": "1"}', "holds something else"),
        (
            '{"format": 2}',
            r"was written by a later release \(format 2, and this one knows 1\); upgrade theirstack-async",
        ),
        ('{"format": 1}', "it has no profiles"),
        (json.dumps({"format": 1, "profiles": {"a": []}}), "a is no profile"),
        (json.dumps({"format": 1, "profiles": {"a": {}}}), "a is no profile"),
        (json.dumps({"format": 1, "profiles": {"a": {**PROFILE, "seen": [1]}}}), "a is no profile"),
        (json.dumps({"format": 1, "profiles": {"a": {**PROFILE, "revision": None}}}), "a is no profile"),
        (json.dumps({"format": 1, "profiles": {"b": {**PROFILE, "document": 1}}}), "b is no profile"),
        (json.dumps({"format": 1, "profiles": {"a": {**PROFILE, "document": {"format": 2}}}}), "by a later release"),
        *(
            (json.dumps({"format": 1, "profiles": {"a": {**PROFILE, "document": document}}}), "which no release writes")
            for document in (
                {"mark": "x"},
                {"mark": 7},
                {"mark": "2025-10-09T10:33:20"},
                {"rows": "7"},
                {"rows": -1},
                {"credits": True},
                {"landed": None},
                {"landed": [1]},
            )
        ),
        (json.dumps({"format": 1, "profiles": {"a": {**PROFILE, "seen": ["ab"]}}}), "a is no profile"),
        (json.dumps({"format": 1, "profiles": {"a": {**PROFILE, "seen": [["a", None]]}}}), "a is no profile"),
    ],
)
async def test_what_cannot_be_read_is_never_taken_for_empty(
    content: str, said: str, path: Path, state: JSONState
) -> None:
    before = content.encode(errors="surrogateescape")
    write(path, before)
    with pytest.raises(StateError, match=said):
        await state.load("a")
    assert read(path) == before


async def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    state = JSONState(tmp_path / "missing" / "state.json")
    for call in (state.acquire("a"), state.load("a"), state.save("a", FIRST)):
        with pytest.raises(StateError, match="missing is missing; make it, or correct the path"):
            await call
    await state.aclose()


async def test_a_crash_while_it_is_written_leaves_the_last_one(
    state: JSONState, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new file is written and synced beside the old one before it takes its place."""
    await state.save("a", FIRST)

    def full(self: Path, target: Path) -> None:
        assert json.loads(self.read_bytes())["profiles"]["a"]["revision"] == 2
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StateError, match=r"No space left .*; see that it and its folder may be written and have room"):
        await state.save("a", StateChange(1, {}))
    monkeypatch.undo()
    assert (await state.load("a")).revision == 1
    await state.save("a", StateChange(1, {}))
    assert listed(path.parent) == ["state.json", "state.json.lock"]


async def test_it_is_synced_before_it_takes_the_place_and_its_folder_after(
    state: JSONState, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(descriptor: int) -> None:
        calls.append("fsync")
        fsync(descriptor)

    def replaced(self: Path, target: Path) -> Path:
        calls.append("replace")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    await state.save("a", FIRST)
    assert calls == ["fsync", "replace", "fsync"]


async def test_a_folder_that_knows_no_flushing_is_passed_over(
    state: JSONState, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def synced(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    await state.save("a", FIRST)
    assert (await state.load("a")).revision == 1


def private_file_with_link(path: Path, link: Path) -> None:
    path.write_text('{"format": 1, "profiles": {}}')
    path.chmod(0o600)
    link.symlink_to(path)


def is_link(path: Path) -> bool:
    return path.is_symlink()


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


async def test_a_link_stays_a_link_and_rights_stay_as_they_are(tmp_path: Path, path: Path) -> None:
    link = tmp_path / "link.json"
    private_file_with_link(path, link)
    state = JSONState(link)
    await state.save("a", FIRST)
    assert is_link(link) and rights(path) == 0o600
    assert (await JSONState(path).load("a")).revision == 1
    await state.aclose()


async def test_a_file_that_stays_locked_is_said(path: Path, state: JSONState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_json, "_PATIENCE", 0.02)
    with (
        file_lock(f"{path}.lock"),
        pytest.raises(
            StateError, match=r"was locked for 0\.02 s; find out which program holds .*state\.json\.lock, and"
        ),
    ):
        await state.save("a", FIRST)
    await state.save("a", FIRST)


async def test_a_document_that_is_no_json_is_refused_and_nothing_saved(state: JSONState) -> None:
    with pytest.raises(TypeError):
        await state.save("a", StateChange(0, {"what": object()}))
    assert (await state.load("a")).revision == 0
