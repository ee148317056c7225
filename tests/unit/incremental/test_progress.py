"""The mark follows the batches in their order, up to the first that is not acknowledged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from theirstack_async import StateError
from theirstack_async.incremental._progress import Entry, Progress
from theirstack_async.incremental.state._state import SavedState, StateChange

BASE = {"format": 1, "kind": "jobs", "base_url": "https://api.example"}
MARK = "2026-01-01T00:00:00+00:00"
AT = datetime.fromisoformat(MARK).timestamp()


def progress(revision: int = 0, **document: Any) -> Progress:
    return Progress(BASE, SavedState(revision, {**BASE, **document} if revision else {}))


def added(found: Progress, *marks: float | None) -> list[Entry]:
    """Return pages that were handed out, each with as many rows as its number says."""
    entries = [Entry({number: AT + number}, mark, rows=number, credits=number) for number, mark in enumerate(marks, 1)]
    for entry in entries:
        found.add(entry)
    return entries


def change(found: Progress, *entries: Entry, note: Any = None) -> StateChange:
    made = found.change(entries, note, lambda mark: None if mark is None else mark - 60)
    assert made is not None
    return made


def save(found: Progress, *entries: Entry) -> None:
    found.saved(change(found, *entries), entries)


NEW: dict[str, Any] = {
    **BASE, "mark": None, "rows": 0, "credits": 0, "sink": None, "landed": [], "kept_from": None, "into": None,
}  # fmt: skip


class TestDocument:
    def test_of_a_new_profile(self) -> None:
        found = progress()
        assert found.document == NEW
        assert (found.mark, found.landed) == (None, [])

    def test_what_is_saved_goes_on(self) -> None:
        kept: dict[str, Any] = {
            "mark": MARK, "rows": 5, "credits": 6, "sink": {"bytes": 7}, "landed": ["a"], "kept_from": 8.0, "into": "x",
        }  # fmt: skip
        found = progress(3, **kept, label="older", more=1)
        assert found.document == {**NEW, **kept}
        assert (found.mark, found.landed) == (AT, ["a"])

    @pytest.mark.parametrize("format_", [None, 0, "1", True])
    def test_of_no_format(self, format_: object) -> None:
        with pytest.raises(StateError, match="the state of this profile holds something else than the state of a prof"):
            progress(1, format=format_)

    def test_of_a_later_format(self) -> None:
        said = r"profile was written by a later release \(format 2, and this one knows 1\); upgra"
        with pytest.raises(StateError, match=said):
            progress(1, format=2)

    def test_that_no_release_writes(self) -> None:
        """States of somebody's own need not look at what they keep."""
        with pytest.raises(StateError, match="a profile whose rows is -1, which no release writes; restore it"):
            progress(1, rows=-1)

    def test_of_another_api(self) -> None:
        wrong = "made with https://other.example, and this client talks to https://api.example: .*or reset the profile"
        with pytest.raises(StateError, match=wrong):
            progress(1, base_url="https://other.example")


class TestChange:
    def test_all_that_an_acknowledgement_says(self) -> None:
        found = progress(3, mark=MARK, rows=5, credits=6, sink={"bytes": 7}, landed=["a"])
        entry = Entry({1: AT, "b": 2.0}, AT + 1, rows=2, credits=3, landed="b")
        found.add(entry)
        made = change(found, entry, note={"bytes": 8})
        document = {
            **NEW, "mark": "2026-01-01T00:00:01+00:00", "rows": 7, "credits": 9, "sink": {"bytes": 8},
            "landed": ["a", "b"], "kept_from": AT - 59,
        }  # fmt: skip
        assert made == StateChange(3, document, {1: AT, "b": 2.0}, AT - 59)

    def test_without_a_note_the_last_one_stays(self) -> None:
        found = progress(3, sink={"bytes": 7})
        assert change(found, *added(found, None)).document["sink"] == {"bytes": 7}
        assert change(found, *added(found, None), note={}).document["sink"] == {}

    def test_a_page_that_was_not_landed_has_no_name(self) -> None:
        found = progress()
        assert change(found, *added(found, None)).document["landed"] == []

    def test_several_at_once(self) -> None:
        found = progress()
        made = change(found, *added(found, AT, AT + 1))
        assert (made.document["rows"], made.document["credits"], set(made.seen)) == (3, 3, {1, 2})

    def test_nothing_changes_nothing(self) -> None:
        found = progress()
        assert found.change([], None, lambda mark: mark) is None
        added(found, AT)
        assert found.change([], None, lambda mark: mark) is None

    def test_a_page_without_a_mark_is_saved_for_its_ids(self) -> None:
        found = progress()
        made = change(found, *added(found, None))
        assert (made.document["mark"], made.forget_before, made.seen) == (None, None, {1: AT + 1})

    def test_a_mark_alone_is_saved(self) -> None:
        found = progress()
        found.add(Entry({}, AT, done=True))
        made = change(found)
        assert (made.document["mark"], made.seen, made.forget_before) == (MARK, {}, AT - 60)

    def test_it_is_nothing_until_it_was_saved(self) -> None:
        found = progress()
        entries = added(found, AT)
        assert change(found, *entries) == change(found, *entries)
        assert (found.mark, entries[0].done) == (None, False)


class TestMark:
    def test_it_moves_in_order(self) -> None:
        found = progress()
        first, second, third = added(found, AT, AT + 1, AT + 2)
        save(found, second)
        assert found.mark is None
        save(found, first)
        assert found.mark == AT + 1
        save(found, third)
        assert found.mark == AT + 2

    def test_it_waits_for_the_first(self) -> None:
        found = progress()
        first, second = added(found, AT, AT + 1)
        assert change(found, second).document["mark"] is None
        assert change(found, second, first).document["mark"] is not None
        save(found, first)
        assert found.mark == AT

    def test_pages_that_look_alike_are_told_apart(self) -> None:
        found = progress()
        first, second = Entry({}, AT), Entry({}, AT)
        found.add(first)
        found.add(second)
        save(found, second)
        assert found.mark is None
        save(found, first)
        assert found.mark == AT

    def test_it_passes_what_does_not_say(self) -> None:
        found = progress()
        first, second = added(found, None, AT)
        save(found, first)
        assert found.mark is None
        save(found, second)
        assert found.mark == AT

    def test_it_never_moves_back(self) -> None:
        found = progress(1, mark=MARK)
        save(found, *added(found, AT - 1))
        assert found.mark == AT
        save(found, *added(found, None))
        assert found.mark == AT

    def test_what_needs_no_acknowledgement_waits_for_its_turn(self) -> None:
        found = progress()
        (first,) = added(found, AT)
        found.add(Entry({}, AT + 5, done=True))
        assert found.change([], None, lambda mark: mark) is None
        save(found, first)
        assert found.mark == AT + 5

    def test_it_ends_where_python_does(self) -> None:
        found = progress()
        save(found, *added(found, 1e15))
        assert found.document["mark"] == "9999-12-31T23:59:59+00:00"

    def test_microseconds_are_kept(self) -> None:
        found = progress()
        at = datetime(2026, 1, 1, 0, 0, 0, 123457, tzinfo=UTC).timestamp()
        save(found, *added(found, at))
        assert (found.mark, found.document["mark"]) == (at, "2026-01-01T00:00:00.123457+00:00")


def test_what_was_saved_counts_from_then_on() -> None:
    found = progress(3, rows=5)
    entry = Entry({}, None, rows=2, landed="a")
    found.add(entry)
    save(found, entry)
    assert (entry.done, found.landed, found.document["rows"]) == (True, ["a"], 7)
    assert list(found._entries) == []
    assert change(found, *added(found, None)).revision == 4
    found.landed.append("b")
    assert found.document["landed"] == ["a"]
