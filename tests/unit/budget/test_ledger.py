"""The ledger: functions on a document, which JSON can hold at every moment."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from theirstack_async._engine import ledger
from theirstack_async._engine.ledger import Busy, Demand, Doubt, Full, Standing

LABEL = "POST /v1/jobs/search"


def take(doc: dict[str, Any], ticket: str, rows: int = 5, **settings: Any) -> int | Busy | Full:
    demand = {"price": 1, "least": 1, "label": LABEL, "fingerprint": "f1"}
    demand |= {name: settings.pop(name) for name in tuple(settings) if name in demand}
    now = settings.pop("now", 0.0)
    settings = {"room": 10, "lease": 60.0, **settings}
    outcome = ledger.take(doc, now, ticket, Demand(rows=rows, **demand), **settings)
    assert json.loads(json.dumps(doc)) == doc
    return outcome


def amounts(doc: dict[str, Any], now: float = 0.0) -> tuple[int, int, int]:
    standing = ledger.read(doc, now)
    assert json.loads(json.dumps(doc)) == doc
    return standing.spent, standing.held, standing.uncertain


def test_a_new_ledger_is_untouched() -> None:
    standing = ledger.read({}, 3.0)
    assert standing == Standing(born=3.0, at=3.0)
    assert standing.untouched
    assert standing.baseline is None


def test_a_hold_is_settled() -> None:
    doc: dict[str, Any] = {}
    assert take(doc, "a", 5, price=2) == 5
    assert amounts(doc) == (0, 10, 0)
    ledger.settle(doc, 1.0, "a", 4)
    assert amounts(doc) == (4, 0, 0)


def test_it_takes_what_is_left() -> None:
    doc: dict[str, Any] = {}
    assert take(doc, "a", 6) == 6
    ledger.settle(doc, 0.0, "a", 6)
    assert take(doc, "b", 6, price=3) == 1
    assert amounts(doc) == (6, 3, 0)


def test_it_is_busy_while_holds_take_the_room() -> None:
    doc: dict[str, Any] = {}
    take(doc, "a", 4, now=10.0, lease=60.0)
    take(doc, "b", 5, now=20.0, lease=30.0)
    assert take(doc, "c", 3, least=2, now=25.0) == Busy(25.0)
    assert take(doc, "c", 1, price=2, now=30.0) == Busy(20.0)
    assert take(doc, "c", 3, now=30.0) == Busy(20.0)
    assert take(doc, "c", 1, now=30.0) == 1


def test_it_is_full_when_no_end_of_a_hold_makes_room() -> None:
    doc: dict[str, Any] = {}
    for ticket in "ab":
        take(doc, ticket, 4)
    ledger.settle(doc, 0.0, "a", 4)
    ledger.doubt(doc, 1.0, "b")
    full = take(doc, "c", 3, price=3)
    assert isinstance(full, Full)
    assert (full.standing.spent, full.standing.uncertain) == (4, 4)
    assert take(doc, "c", 3, price=2) == 1


@pytest.mark.parametrize(("least", "outcome"), [(1, Busy(math.inf)), (11, Full)])
def test_who_has_to_wait_takes_nothing(least: int, outcome: Busy | type[Full]) -> None:
    doc: dict[str, Any] = {}
    got = take(doc, "a", 11, least=least, wait=True)
    assert got == outcome or isinstance(got, Full)
    assert isinstance(got, Full) is (outcome is Full)
    assert amounts(doc) == (0, 0, 0)


def test_taking_again_with_the_same_ticket_holds_once() -> None:
    """A store whose answer was lost may apply a change a second time."""
    doc: dict[str, Any] = {}
    assert take(doc, "a", 8) == take(doc, "a", 8) == 8
    assert amounts(doc) == (0, 8, 0)


def test_what_is_repeated_or_unknown_changes_nothing() -> None:
    doc: dict[str, Any] = {}
    take(doc, "a", 5)
    take(doc, "b", 5)
    ledger.settle(doc, 0.0, "a", 3)
    ledger.release(doc, 0.0, "b")
    for ticket in ("a", "b", "unknown"):
        ledger.settle(doc, 0.0, ticket, 5)
        ledger.doubt(doc, 0.0, ticket)
        ledger.release(doc, 0.0, ticket)
    assert amounts(doc) == (3, 0, 0)


def test_a_lease_that_ends_leaves_a_doubt() -> None:
    doc: dict[str, Any] = {}
    take(doc, "a", 5, now=10.0, lease=60.0)
    assert amounts(doc, 69.9) == (0, 5, 0)
    assert amounts(doc, 70.0) == (0, 0, 5)
    assert [*ledger.read(doc, 80.0).doubts.values()] == [Doubt("f1", LABEL, 5, 70.0)]


def test_leases_that_ended_together_are_listed_by_their_ends() -> None:
    doc: dict[str, Any] = {}
    take(doc, "a", 5, lease=90.0)
    take(doc, "b", 5, lease=60.0)
    assert [*ledger.read(doc, 100.0).doubts] == ["b", "a"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda doc: ledger.settle(doc, 99.0, "a", 2), (2, 0, 0)),
        (lambda doc: ledger.release(doc, 99.0, "a"), (0, 0, 0)),
        (lambda doc: ledger.doubt(doc, 99.0, "a"), (0, 0, 5)),
    ],
)
def test_a_late_end_still_counts(change: Any, expected: tuple[int, int, int]) -> None:
    doc: dict[str, Any] = {}
    take(doc, "a", 5, lease=60.0)
    change(doc)
    assert amounts(doc, 99.0) == expected
    assert all(each.since == 60.0 for each in ledger.read(doc, 99.0).doubts.values())


@pytest.mark.parametrize(
    "touch",
    [
        lambda doc: ledger.settle(doc, 60.0, "", 0),
        lambda doc: ledger.release(doc, 60.0, ""),
        lambda doc: ledger.doubt(doc, 60.0, ""),
        lambda doc: ledger.claim(doc, 60.0, "c", 0),
        lambda doc: ledger.resolve(doc, 60.0, "", 0),
        lambda doc: ledger.anchor(doc, 60.0, 0),
        lambda doc: ledger.reconcile(doc, 60.0, (), 0),
        lambda doc: take(doc, "b", now=60.0),
    ],
)
def test_each_touch_ends_leases(touch: Any) -> None:
    doc: dict[str, Any] = {}
    take(doc, "a", 5, lease=60.0)
    touch(doc)
    assert "a" not in doc["holds"]
    assert doc["uncertain"]["a"] == [5, LABEL, "f1", 60.0]


def test_a_charge_in_two_steps_counts_once() -> None:
    doc: dict[str, Any] = {}
    for _ in range(2):
        ledger.claim(doc, 0.0, "a", 7)
        assert amounts(doc) == (0, 0, 7)
    for _ in range(2):
        ledger.settle(doc, 0.0, "a", 7)
        assert amounts(doc) == (7, 0, 0)
    assert ledger.read(doc, 0.0).guessed == 0


def test_the_oldest_doubt_of_a_fingerprint_is_resolved() -> None:
    doc: dict[str, Any] = {}
    for number, fingerprint in enumerate(("f2", "f1", "f1")):
        take(doc, f"t{number}", 2, fingerprint=fingerprint)
    for number in (2, 1, 0):
        ledger.doubt(doc, 5.0 - number, f"t{number}")
    assert [each.since for each in ledger.read(doc, 9.0).doubts.values()] == [3.0, 4.0, 5.0]
    assert ledger.resolve(doc, 9.0, "f1", 1)
    assert [*ledger.read(doc, 9.0).doubts] == ["t1", "t0"]
    assert amounts(doc) == (1, 0, 4)
    assert ledger.read(doc, 9.0).guessed == 1
    assert not ledger.resolve(doc, 9.0, "f3", 1)


@pytest.mark.parametrize(("most", "cost"), [(0, 0), (3, 3), (100, 4)])
def test_reconciling_settles_the_doubts_that_are_left(most: int, cost: int) -> None:
    doc: dict[str, Any] = {}
    for ticket in "abc":
        take(doc, ticket, 2, fingerprint=ticket)
        ledger.doubt(doc, 1.0, ticket)
    ledger.settle(doc, 2.0, "c", 2)
    take(doc, "d", 2)
    ledger.doubt(doc, 3.0, "d")
    settled = ledger.reconcile(doc, 4.0, {"a", "b", "c"}, most)
    assert settled == ((Doubt("a", LABEL, 2, 1.0), Doubt("b", LABEL, 2, 1.0)), cost)
    assert amounts(doc) == (2 + cost, 0, 2)
    assert ledger.read(doc, 4.0).guessed == cost


def test_the_baseline_is_noted_once_and_only_before_anything_is_spent() -> None:
    doc: dict[str, Any] = {}
    take(doc, "a")
    assert not ledger.anchor(doc, 0.0, 40)
    ledger.release(doc, 0.0, "a")
    assert ledger.anchor(doc, 0.0, 41)
    assert ledger.anchor(doc, 0.0, 42)
    assert ledger.read(doc, 0.0).baseline == 41
