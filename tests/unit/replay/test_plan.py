"""A plan as a value: what it counts, what its digest covers, and how it differs from another one."""

from __future__ import annotations

import pickle
from datetime import timedelta, timezone

import attrs
import pytest

from tests.unit.replay._planned import entry, minutes, plan_of
from theirstack_async.errors import ArgumentError
from theirstack_async.replay import PlanDiff, ReplayWindow


def test_what_is_to_be_sent_is_what_is_not_excluded() -> None:
    assert plan_of(entry(1), entry(2, excluded="vetoed"), entry(3)).to_send == 2
    assert plan_of().to_send == 0


def test_its_webhooks_are_those_of_its_entries_unless_given() -> None:
    entries = (entry(1, webhook_id=9), entry(2, webhook_id=8), entry(3, webhook_id=9))
    assert plan_of(*entries).webhook_ids == (9, 8)
    assert plan_of(*entries, webhook_ids=(8, 7, 9)).webhook_ids == (8, 7, 9)


def test_what_a_debugger_shows_is_short() -> None:
    assert "entries=<2>" in repr(plan_of(entry(1), entry(2)))


def test_it_travels_to_other_processes() -> None:
    plan = plan_of(entry(1), windows=(ReplayWindow(45, 60.0, "ids", "webhook"),))
    assert pickle.loads(pickle.dumps(plan)) == plan


def test_an_entry_is_small() -> None:
    """Plans may have hundreds of thousands of them."""
    assert not hasattr(entry(1), "__dict__")
    assert not hasattr(entry(1), "__weakref__")


def test_equal_plans_have_equal_digests() -> None:
    assert plan_of(entry(1), entry("1")).digest == plan_of(entry(1), entry("1")).digest
    assert len(plan_of().digest) == 64


def test_the_digest_is_of_instants_and_not_of_clocks() -> None:
    there = minutes(0).astimezone(timezone(timedelta(hours=-3)))
    assert plan_of(made_at=there) == plan_of(made_at=minutes(0))
    assert plan_of(made_at=there).digest == plan_of(made_at=minutes(0)).digest


def test_the_digest_covers_every_field() -> None:
    plan = plan_of(entry(1), entry(2))
    others = {
        "provider": "others",
        "where": "https://others.invalid",
        "made_at": minutes(1),
        "start": minutes(1),
        "end": minutes(1),
        "status": ("SENT",),
        "auto_retry": "skip",
        "batch_size": 11,
        "windows": (ReplayWindow(45, 60.0, "ids", "webhook"),),
        "entries": (entry(2), entry(1)),
        "webhook_ids": (7, 8),
    }
    assert set(others) == {field.name for field in attrs.fields(type(plan))}
    digests = {attrs.evolve(plan, **{name: value}).digest for name, value in others.items()}
    assert len(digests | {plan.digest}) == len(others) + 1


def test_the_digest_covers_every_field_of_an_entry() -> None:
    one = entry(1)
    others = {
        "id": "1",
        "webhook_id": "7",
        "type": "",
        "created_at": minutes(1),
        "updated_at": minutes(1),
        "next_attempt": minutes(1),
        "group": "g",
        "excluded": "vetoed",
    }
    assert set(others) == {field.name for field in attrs.fields(type(one))}
    digests = {plan_of(attrs.evolve(one, **{name: value}), webhook_ids=(7,)).digest for name, value in others.items()}
    assert len(digests | {plan_of(one).digest}) == len(others) + 1


def test_how_a_later_plan_differs() -> None:
    gone = [entry(id_) for id_ in range(30, 51)]
    old = plan_of(entry(1), entry(2), entry(3), *gone, entry(1, webhook_id=8))
    new = plan_of(entry(4), entry(3, excluded="vetoed"), entry(2), entry("1"), entry(1, webhook_id=9))
    diff = old.diff(new)
    assert diff == PlanDiff(added={7: (4, "1"), 9: (1,)}, removed={7: (1, *range(30, 51)), 8: (1,)}, changed={7: (3,)})
    ids = ", ".join(map(str, (1, *range(30, 49))))
    assert str(diff).splitlines() == [
        "webhook 7: 2 added (4, 1)",
        "webhook 9: 1 added (1)",
        f"webhook 7: 22 removed ({ids}, ...)",
        "webhook 8: 1 removed (1)",
        "webhook 7: 1 changed (3)",
    ]


def test_as_many_ids_as_are_shown_need_no_dots() -> None:
    text = str(plan_of().diff(plan_of(*map(entry, range(20)))))
    assert text.startswith("webhook 7: 20 added (0, 1, 2, ")
    assert text.endswith(", 19)")


def test_a_plan_made_again_has_no_difference() -> None:
    diff = plan_of(entry(1)).diff(plan_of(entry(1), made_at=minutes(-1)))
    assert diff == PlanDiff(added={}, removed={}, changed={})
    assert str(diff) == "The plans have the same entries."


@pytest.mark.parametrize("other", [{"provider": "theirs"}, {"where": "https://test.invalid"}])
def test_plans_for_two_apis_cannot_be_compared(other: dict[str, str]) -> None:
    with pytest.raises(ArgumentError, match=f"a plan for .*{next(iter(other.values()))}.*same API") as caught:
        plan_of().diff(plan_of(**other))
    assert caught.value.field == "other"
