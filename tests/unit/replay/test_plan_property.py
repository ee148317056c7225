"""What holds for all plans, and for lists whose rows come, go and change while they are read."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.replay._planned import Lister, entry, event, minutes, plan, plan_of
from theirstack_async.replay import PlanEntry, ReplayEvent, ReplayPlan, ReplayWindow

TEXTS = st.text(st.characters(exclude_categories=()), max_size=10)
"""Also such with halves of surrogate pairs, which JSON can hold and UTF-8 cannot."""
INSTANTS = st.datetimes(timezones=st.just(UTC))
IDS = st.integers() | TEXTS
WINDOWS = st.builds(
    ReplayWindow,
    st.integers(1, 50),
    st.floats(0.5, 1e6),
    st.sampled_from(["ids", "calls"]),
    st.sampled_from(["webhook", "account"]),
)
ENTRIES = st.builds(
    PlanEntry,
    id=IDS,
    webhook_id=IDS,
    type=TEXTS,
    created_at=INSTANTS,
    updated_at=INSTANTS,
    next_attempt=st.none() | INSTANTS,
    group=st.none() | TEXTS,
    excluded=st.none() | TEXTS.filter(bool),
)
PLANS = st.builds(
    ReplayPlan,
    provider=TEXTS,
    where=TEXTS,
    made_at=INSTANTS,
    start=st.none() | INSTANTS,
    end=st.none() | INSTANTS,
    status=st.lists(TEXTS, max_size=3).map(tuple),
    auto_retry=st.sampled_from(["include", "skip"]),
    batch_size=st.integers(1, 1000),
    windows=st.lists(WINDOWS, max_size=2).map(tuple),
    entries=st.lists(ENTRIES, max_size=8).map(tuple),
)


@given(made=PLANS)
def test_what_is_saved_is_loaded(made: ReplayPlan, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    made.save(path)
    found = ReplayPlan.load(path)
    assert found == made
    assert found.digest == made.digest
    assert [(type(each.id), type(each.webhook_id)) for each in found.entries] == [
        (type(each.id), type(each.webhook_id)) for each in made.entries
    ]


@given(made=PLANS)
def test_totals_add_up(made: ReplayPlan) -> None:
    numbers = made.summary()
    tables = (numbers.by_webhook, numbers.by_type, numbers.by_day, numbers.by_age)
    assert {sum(table.values()) for table in tables} == {numbers.to_send} == {made.to_send}
    assert numbers.to_send + sum(numbers.excluded.values()) == len(made.entries)
    assert str(made).startswith(f"To be sent again: {numbers.to_send:,} of {len(made.entries):,} event")
    assert str(made).endswith("\nThis is a plan: nothing was sent.")


@given(old=PLANS, new=PLANS)
def test_a_difference_and_what_stays_are_all_there_is(old: ReplayPlan, new: ReplayPlan) -> None:
    new = attrs.evolve(new, provider=old.provider, where=old.where)
    diff = old.diff(new)
    added, removed, changed = (
        {(webhook_id, id_) for webhook_id, ids in part.items() for id_ in ids}
        for part in (diff.added, diff.removed, diff.changed)
    )
    before, after = ({(each.webhook_id, each.id): each for each in one.entries} for one in (old, new))
    assert (before.keys() - removed) | added == after.keys()
    assert {key for key in before.keys() & after.keys() if before[key] != after[key]} == changed


@given(
    sizes=st.lists(st.integers(0, 60), min_size=1, max_size=4),
    batch=st.integers(1, 20),
    limit=st.integers(1, 25),
    counts=st.sampled_from(["ids", "calls"]),
    per=st.sampled_from(["webhook", "account"]),
)
def test_the_least_time_is_that_of_a_sliding_window(
    sizes: list[int], batch: int, limit: int, counts: Any, per: Any
) -> None:
    """One unit after the other, each as soon as the one ``limit`` places before it has left the window."""
    entries = [entry(id_, webhook_id=webhook) for webhook, size in enumerate(sizes) for id_ in range(size)]
    made = plan_of(*entries, batch_size=batch, windows=(ReplayWindow(limit, 7.0, counts, per),))
    units = [len(range(0, size, batch)) if counts == "calls" else size for size in sizes]
    assert made.summary().calls == sum(len(range(0, size, batch)) for size in sizes)
    ends = [0.0]
    for amount in units if per == "webhook" else [sum(units)]:
        times: list[float] = []
        for place in range(amount):
            times.append(times[place - limit] + 7.0 if place >= limit else 0.0)
        ends += times
    assert made.summary().least_seconds == max(ends)


@attrs.frozen
class Change:
    """What becomes of one event before the next row is read."""

    id: int
    word: str | None
    """None: it vanishes."""


CHANGES = st.none() | st.builds(Change, st.integers(0, 9), st.sampled_from(["FAILED", "SENT", "PENDING", None]))
STATUS = {"FAILED": "failed", "SENT": "delivered", "PENDING": "pending"}


class MovingList:
    """A list of up to ten events, the latest first, that is read by position while it changes."""

    def __init__(self, changes: list[Change | None], groups: list[int | None], ages: list[int]) -> None:
        self.changes = list(changes)
        self.rows: dict[int, ReplayEvent[int]] = {}
        self.groups, self.ages = groups, ages
        self.yielded: list[ReplayEvent[int]] = []
        self.steady = set(range(10))
        for id_ in range(0, 10, 2):
            self.put(id_, "FAILED", tried=self.ages[id_])
        self.steady &= set(self.rows)

    def put(self, id_: int, word: str, *, tried: float) -> None:
        """Have an event listed, as it was tried so many minutes before noon."""
        group = None if self.groups[id_] is None else f"group {self.groups[id_]}"
        self.rows[id_] = event(
            id_, age=self.ages[id_], tried=tried, word=word, status=STATUS[word], group=group, type=f"{word} {tried}"
        )

    def step(self) -> None:
        """Let the next thing happen."""
        change = self.changes.pop(0) if self.changes else None
        if change is None:
            return
        self.steady.discard(change.id)
        if change.word is None:
            self.rows.pop(change.id, None)
        else:
            self.put(change.id, change.word, tried=float(len(self.changes)) - 100)

    def __iter__(self) -> Any:
        position = 0
        while position < len(self.rows):
            row = sorted(self.rows.values(), key=lambda each: (each.created_at, each.id), reverse=True)[position]
            self.yielded.append(row)
            yield row
            self.step()
            position += 1


def expected(yielded: list[ReplayEvent[int]], start: float) -> dict[int, tuple[str, str | None]]:
    """Return the plan of rows that were listed, the slow way: type and reason by id."""
    last = {
        id_: max((row.updated_at, at) for at, row in enumerate(yielded) if row.id == id_)
        for id_ in {row.id for row in yielded}
    }
    rows = [yielded[at] for _, at in last.values()]
    wanted = [row for row in rows if row.word == "FAILED" and row.created_at >= minutes(start)]
    found: dict[int, tuple[str, str | None]] = {}
    for row in wanted:
        kin = [other for other in rows if row.group is not None and other.group == row.group]
        newest = max(
            (other for other in kin if other in wanted), key=lambda each: (each.created_at, each.id), default=row
        )
        if any(other.word == "SENT" for other in kin):
            found[row.id] = (row.type, "delivered")
        elif newest.id != row.id:
            found[row.id] = (row.type, f"another attempt of {newest.id}")
        else:
            found[row.id] = (row.type, None)
    return found


@given(
    changes=st.lists(CHANGES, max_size=20),
    groups=st.lists(st.none() | st.integers(0, 2), min_size=10, max_size=10),
    ages=st.lists(st.integers(1, 30), min_size=10, max_size=10),
    start=st.sampled_from([15, 50]),
)
def test_a_list_that_moves_while_it_is_read(
    changes: list[Change | None], groups: list[int | None], ages: list[int], start: int
) -> None:
    listing = MovingList(changes, groups, ages)
    made = asyncio.run(plan(Lister({7: listing}), start=minutes(start)))
    found = {
        each.id: (each.type, "delivered" if (each.excluded or "").startswith("delivered as ") else each.excluded)
        for each in made.entries
    }
    assert found == expected(listing.yielded, start)
    assert max(Counter(each.id for each in made.entries).values(), default=1) == 1
    assert list(made.entries) == sorted(made.entries, key=lambda each: (each.created_at, each.id))
    seen = {row.id for row in listing.yielded}
    assert {id_ for id_ in listing.steady & seen if ages[id_] <= start} <= set(found)
