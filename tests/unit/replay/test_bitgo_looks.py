"""Which row tells where a notification stands that was sent again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from theirstack_async.replay import Trace
from theirstack_async.replay._bitgo_api import Notification
from theirstack_async.replay._bitgo_looks import Sought

SINCE = datetime(2026, 11, 21, tzinfo=UTC)


def row(id_: str, *, at: float = -60.0, updated: float | None = None, **fields: Any) -> Notification:
    created = SINCE + timedelta(seconds=at)
    known: dict[str, Any] = {
        "id": id_, "request_id": f"c-{id_}", "type": "t", "status": "FAILED", "retries": 7, "created_at": created,
        "updated_at": created if updated is None else SINCE + timedelta(seconds=updated),
        "group": "g", "response_status": None, "response": None,
    }  # fmt: skip
    return Notification(**{**known, **fields})


def found(*rows: Notification, **ids: Trace) -> dict[str, str]:
    """Return the id of the row that tells most, by the id that is sought."""
    sought = Sought(ids, SINCE)
    for each in rows:
        sought.take(each)
    return {id_: each.id for id_, each in sought.found.items()}


def test_the_row_itself() -> None:
    assert found(row("a"), row("b"), a=Trace()) == {"a": "a"}


def test_a_row_that_bears_the_handle() -> None:
    """However old it is."""
    assert found(row("new", request_id="h"), a=Trace(handle="h")) == {"a": "new"}


def test_a_new_row_of_the_group() -> None:
    """Those from before are earlier attempts."""
    assert found(row("new", at=0), a=Trace(group="g")) == {"a": "new"}
    assert found(row("old", at=-1), a=Trace(group="g")) == {}
    assert found(row("other", at=1, group="x"), a=Trace(group="g")) == {}


def test_a_row_that_is_sought_itself_tells_of_no_other() -> None:
    ids = {"a": Trace(group="g"), "b": Trace(group="g")}
    assert found(row("a", at=1), row("b", at=1), **ids) == {"a": "a", "b": "b"}


def test_the_newest_counts_in_whichever_order() -> None:
    old, new = row("a", updated=-30), row("new", at=1)
    assert found(old, new, a=Trace(group="g")) == found(new, old, a=Trace(group="g")) == {"a": "new"}
    later = row("a", updated=9)
    assert found(later, new, a=Trace(group="g")) == found(new, later, a=Trace(group="g")) == {"a": "a"}


def test_of_two_tried_at_once_the_one_that_was_added_later_counts() -> None:
    one, two = row("x", at=1, updated=5), row("y", at=2, updated=5)
    assert found(one, two, a=Trace(group="g")) == found(two, one, a=Trace(group="g")) == {"a": "y"}


def test_one_delivery_counts_whatever_came_later() -> None:
    sent, failed = row("x", at=1, status="SENT"), row("y", at=9)
    assert found(sent, failed, a=Trace(group="g")) == found(failed, sent, a=Trace(group="g")) == {"a": "x"}


def test_what_is_missing() -> None:
    sought = Sought({"a": Trace(), "b": Trace(), "c": Trace()}, SINCE)
    sought.take(row("b"))
    assert sought.missing == ["a", "c"]
