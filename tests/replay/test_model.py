"""The promise of a replay, over thousands of its lives: whatever the API does with the calls, and however and wherever
its processes end, each planned event ends in exactly one state, which is the true one, and none is accepted twice.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.replay._invariants import check_always, check_ended, check_truth
from tests.replay._life import POINTS, End, Life, Manners, Session
from tests.replay._memory import Fate
from tests.replay._virtual import LoopClock, play
from theirstack_async.replay import ReplayState, ReplayWindow, StopWhen

pytestmark = pytest.mark.slow

WINDOWS = (
    (),
    (ReplayWindow(10, 60.0, "ids", "webhook"),),
    (ReplayWindow(20, 60.0, "ids", "webhook"), ReplayWindow(4, 60.0, "calls", "account")),
)
TROUBLES: tuple[Fate, ...] = ("throttled", "unsent", "lost", "dropped", "partly", "refused", "closed", "over")
CLEAR: tuple[Fate, ...] = ("throttled", "unsent", "lost", "dropped", "partly")
"""Those after which all can still be delivered."""
LAST = Session(quiet=True, how={"canary": 0, "stop_when": None})
"""Nothing holds it up, but for many events in a row that are refused."""
MOST = 30
"""Last processes at the most."""


def sessions(*on_unknown: str) -> st.SearchStrategy[Session]:
    """Return a strategy for processes."""
    stop_when = st.none() | st.builds(
        StopWhen, failed=st.sampled_from([0.5, 1.0]), of=st.integers(1, 5), every=st.sampled_from([5.0, 60.0])
    )
    how = st.fixed_dictionaries(
        {
            "canary": st.integers(0, 3),
            "stop_when": stop_when,
            "max_concurrency": st.integers(1, 4),
            "drain": st.sampled_from([0.0, 5.0]),
            "on_unknown": st.sampled_from(on_unknown),
        }
    )
    return st.builds(
        Session,
        end=st.sampled_from(get_args(End)),
        point=st.sampled_from(POINTS),
        nth=st.just(1) | st.integers(1, 25),
        turns=st.integers(0, 40) | st.integers(0, 2_000),
        how=how,
    )


def manners(**fixed: Any) -> st.SearchStrategy[Manners]:
    """Return a strategy for how the world behaves."""
    drawn: dict[str, Any] = {
        "seed": st.integers(0, 2**32),
        "webhooks": st.lists(st.integers(0, 25), min_size=1, max_size=3).map(tuple),
        "batch_size": st.sampled_from([1, 2, 5, 10]),
        "outcomes": st.sampled_from(["each", "all"]),
        "windows": st.sampled_from(WINDOWS),
        "adds_rows": st.booleans(),
        "shows_pending": st.booleans(),
        "troubles": st.lists(st.sampled_from(TROUBLES), max_size=4).map(tuple),
        "odd": st.sampled_from([0.0, 0.05, 0.2]),
        "slowest": st.sampled_from([0.1, 5.0]),
        "latest": st.sampled_from([1.0, 45.0, 900.0]),
        "receiver": st.sampled_from(["up", "down", "later", "a while", "flaky"]),
        "vanish": st.sampled_from([0.0, 0.0, 0.1]),
        "auto_retry": st.sampled_from(["include", "skip"]),
        "rate": st.sampled_from([None, None, 0.5, 20.0]),
    }
    return st.builds(Manners, **{**drawn, **fixed})


async def lived(how: Manners, processes: list[Session], folder: str, **settings: Any) -> Life:
    """Return what a life came to, after last processes that nothing holds up."""
    life = Life(how, folder)
    await life.make_plan()
    assert not life.world.calls
    resend = settings.get("on_unknown") == "resend"
    for session in processes:
        ended = await life.live(session)
        check_always(life, resend=resend)
        if ended is None and session.end != "stop":
            check_ended(life)
    for _ in range(MOST):
        ended = await life.live(Session(quiet=True, how={**LAST.how, **settings}))
        assert ended is None
        check_always(life, resend=resend)
        check_ended(life)
        if not unsettled(life):
            break
    check_truth(life, LoopClock().now())
    return life


def unsettled(life: Life) -> list[Any]:
    """Return the rows of which something is left to be done, but for those of webhooks that are gone."""
    assert life.report is not None
    open_states = {ReplayState.PLANNED, ReplayState.INTENDED, ReplayState.ACCEPTED}
    return [row for row in life.report.rows if row.state in open_states and row.webhook_id not in life.world.closed]


@given(how=manners(), processes=st.lists(sessions("report"), max_size=4))
def test_each_event_ends_in_the_state_that_is_true_and_none_is_accepted_twice(
    how: Manners, processes: list[Session]
) -> None:
    async def scenario(folder: str) -> None:
        life = await lived(how, processes, folder)
        assert unsettled(life) == []

    with TemporaryDirectory() as folder:
        play(scenario(folder))


async def resent(how: Manners, processes: list[Session], folder: str) -> None:
    """Assert what a life comes to where the receiver takes all, and the last process has ``on_unknown="resend"``."""
    life = await lived(how, processes, folder, on_unknown="resend")
    assert life.report is not None
    good = {ReplayState.DELIVERED, ReplayState.EXCLUDED, ReplayState.REJECTED}
    left = [row for row in life.report.rows if row.state not in good and row.id not in life.world.skips]
    doubts = life.doubts()
    assert [row for row in left if row.state is not ReplayState.UNKNOWN or doubts[int(row.id)] < 3] == []


@given(
    how=manners(
        troubles=st.lists(st.sampled_from(CLEAR), max_size=4).map(tuple),
        receiver=st.just("up"),
        vanish=st.just(0.0),
    ),
    processes=st.lists(sessions("report", "resend"), max_size=4),
)
def test_resent_on_unknown_all_are_delivered_that_can_be(how: Manners, processes: list[Session]) -> None:
    """But for those that were in three calls of unknown outcome."""
    with TemporaryDirectory() as folder:
        play(resent(how, processes, folder))
