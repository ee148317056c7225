"""What must hold of a replay, however its processes ended."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Any

from tests.replay._life import Life
from tests.replay._memory import Log
from theirstack_async.replay import ReplayState, ReplayWindow

_ROUNDING = 1e-6


def most_within(calls: Sequence[Log], window: ReplayWindow) -> int:
    """Return the most that arrived within any stretch of a window's length, per webhook or of all together."""
    found = 0
    for webhook in {log.webhook_id for log in calls} if window.per == "webhook" else {None}:
        these = [log for log in calls if webhook in (None, log.webhook_id)]
        these.sort(key=lambda log: log.arrived)
        times = [log.arrived for log in these]
        sums = [0, *accumulate(log.count if window.counts == "ids" else 1 for log in these)]
        for place, at in enumerate(times, 1):
            found = max(found, sums[place] - sums[bisect_left(times, at - window.seconds + _ROUNDING)])
    return found


def check_always(life: Life, *, resend: bool = False) -> None:
    """Assert what must hold after each process."""
    world, plan, report = life.world, life.plan, life.report
    assert plan is not None
    for window in life.manners.windows:
        assert most_within(world.calls, window) <= window.limit
    never = world.rows.keys() - {entry.id for entry in plan.entries if entry.excluded is None}
    assert not never & world.sent.keys(), "sent, and not to be sent"
    if not resend:
        assert world.doubled() == []
    if report is None:
        assert not world.calls
        return
    assert [row.id for row in report.rows] == [entry.id for entry in plan.entries]
    assert report.total == len(plan.entries) == sum(report.counts.values())
    for state in ReplayState:
        assert report.counts.get(state, 0) == sum(row.state is state for row in report.rows)
    assert report.counts[ReplayState.THROTTLED] == 0
    doubt = life.doubts().keys()
    for row in report.rows:
        _check_row(life, row, doubt, resend=resend)


def _check_row(life: Life, row: Any, doubt: Collection[int], *, resend: bool) -> None:
    world, state, taken = life.world, row.state, life.world.rows[row.id].taken
    assert row.sends >= world.sent[row.id] >= (state not in _UNSENT and row.id not in doubt), "sent behind its back"
    if state in (ReplayState.PLANNED, ReplayState.EXCLUDED, ReplayState.REJECTED):
        assert taken == 0 or resend, f"{row.id} was accepted, and is {state}"
    if state is ReplayState.EXCLUDED:
        assert row.reason
    if state is ReplayState.REJECTED:
        assert row.id in world.poison | world.rejects or "refused" in life.manners.troubles
    if state is ReplayState.UNKNOWN:
        assert row.id in doubt, f"{row.id} is unknown, and its answer was clear"
    if state in _SEEN:
        assert taken or row.id in life.by_itself or _shared(life, row.id), f"{row.id} is {state}, and was not accepted"
    if state is ReplayState.DELIVERED:
        assert any(each.delivered or each.status == "delivered" for each in world.attempts(row.id, 0.0))


_UNSENT = {ReplayState.PLANNED, ReplayState.EXCLUDED}
_SEEN = {ReplayState.DELIVERED, ReplayState.FAILED_AGAIN, ReplayState.PENDING, ReplayState.MISSING}


def _shared(life: Life, id_: int) -> bool:
    """Return whether there are other rows about the event that the API may have tried."""
    return any(each.id != id_ and each.id in life.by_itself for each in life.world.attempts(id_, 0.0))


def check_ended(life: Life) -> None:
    """Assert, after a run that nobody ended, that it has left nothing undone but what it says it has."""
    assert life.report is not None
    stopped = life.report.stopped
    for row in life.report.rows:
        assert row.state not in (ReplayState.INTENDED, ReplayState.ACCEPTED)
        if row.state is ReplayState.PLANNED:
            assert None in stopped or row.webhook_id in stopped, f"{row.id} was forgotten"


def check_truth(life: Life, now: float) -> None:
    """Assert, after a look with all deliveries behind it, that the report says what is so."""
    assert life.report is not None
    for row in life.report.rows:
        if row.state not in _SEEN | {ReplayState.ACCEPTED}:
            continue
        shown = [each for each in life.world.attempts(row.id, now) if not each.hidden]
        assert isinstance(row.seen_at, datetime)
        seen_at = row.seen_at.timestamp()
        # The API may have delivered by itself what had failed again when it was looked at.
        delivered = any(each.delivered_at <= seen_at for each in shown)
        if row.state is ReplayState.MISSING:
            assert not shown
        elif delivered:
            assert row.state is ReplayState.DELIVERED, f"{row.id} was delivered, and is {row.state}"
        elif row.state is ReplayState.DELIVERED:
            # It was seen before the list lost it.
            assert any(each.hidden and each.delivered for each in life.world.attempts(row.id, now))
        elif row.state is ReplayState.PENDING:
            # The list has lost the new attempt, and shows the old one.
            assert any(each.hidden for each in life.world.attempts(row.id, now)), f"{row.id} is still pending"
        else:
            assert row.state is ReplayState.FAILED_AGAIN, f"{row.id} failed again, and is {row.state}"
