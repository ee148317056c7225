"""What happens to a program over several runs: what moves on the server, how it behaves, and where the program dies."""

from __future__ import annotations

from typing import Any, Final, get_args

import attrs
from hypothesis import strategies as st

from tests.incremental._process import POINTS
from tests.incremental._world import Dry, Sorting, World

OVERLAPS: Final = (0.0, 5.0, 600.0)
"""Seconds."""


@attrs.frozen
class Move:
    """What happens on the server before it answers a request."""

    wait: float = 0.0
    """Seconds that pass."""
    arrive: int = 0
    late: float = 0.0
    """The share of the overlap by which the new rows are late."""
    remove: int | None = None
    again: int | None = None
    """The place of a row that is found anew under its old id."""

    def play(self, world: World, overlap: float) -> None:
        """Let it happen."""
        world.now += self.wait
        world.arrive(self.arrive, late=self.late * overlap)
        if self.remove is not None:
            world.remove(self.remove)
        if self.again is not None:
            world.move(self.again)


@attrs.frozen(kw_only=True)
class Session:
    """One run of the program, and the server in that time."""

    page_size: int = 100
    max_items: int | None = None
    max_pages: int | None = None
    budget: int = 10**9
    credits: int | None = None
    dry: Dry = "truncate"
    sorting: Sorting = "obeyed"
    cap: int | None = None
    dies: tuple[str, int] | None = None
    """Where, and at the how many-th time."""
    stops_after: int | None = None
    """Batches after which the program leaves the loop."""
    lag: bool = False
    """Whether a batch is acknowledged only when the next one is stored."""
    first: tuple[Move, ...] = ()
    """What happened since the session before."""
    moves: tuple[Move, ...] = ()
    """What happens before each request."""


@attrs.frozen
class Schedule:
    """A program's life."""

    overlap: float
    inclusive: bool
    newest_of_equals: bool
    fit: int
    """Rows that a window of time may hold."""
    proof: int
    """Ascents that an order is believed for."""
    sessions: tuple[Session, ...]


def or_none(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return a strategy that is None three times of four."""
    return st.one_of(st.none(), st.none(), st.none(), strategy)


_PLACES: Final = st.integers(0, 40)


def moves() -> st.SearchStrategy[Move]:
    """Return a strategy for what happens between two requests."""
    return st.builds(
        Move,
        wait=st.sampled_from([0.0, 0.25, 1.0, 30.0, 2_000.0]),
        arrive=st.sampled_from([0, 0, 1, 2, 7]),
        late=st.sampled_from([0.0, 0.0, 0.5, 0.99]),
        remove=or_none(_PLACES),
        again=or_none(_PLACES),
    )


def crashes() -> st.SearchStrategy[tuple[str, int] | None]:
    """Return a strategy for where a program dies, if it does."""
    return st.none() | st.tuples(st.sampled_from(POINTS), st.integers(1, 5))


def sessions(sorting: st.SearchStrategy[Sorting]) -> st.SearchStrategy[Session]:
    """Return a strategy for runs."""
    return st.builds(
        Session,
        page_size=st.sampled_from([1, 2, 3, 7, 10, 25, 100]),
        max_items=or_none(st.integers(0, 20)),
        max_pages=or_none(st.integers(1, 4)),
        budget=st.just(10**9) | st.integers(0, 30),
        credits=st.none() | st.integers(0, 30),
        dry=st.sampled_from(get_args(Dry)),
        sorting=sorting,
        cap=st.sampled_from([None, None, 2, 5, 25]),
        dies=crashes(),
        stops_after=or_none(st.integers(1, 3)),
        lag=st.booleans(),
        first=st.lists(moves(), max_size=12).map(tuple),
        moves=st.lists(moves(), max_size=12).map(tuple),
    )


def schedules(
    sorting: st.SearchStrategy[Sorting], *, proofs: tuple[int, ...] = (1, 2, 8)
) -> st.SearchStrategy[Schedule]:
    """Return a strategy for lives of a program.

    Windows are small and orders soon believed, for there are dozens of rows here and not thousands.
    """
    return st.builds(
        Schedule,
        overlap=st.sampled_from(OVERLAPS),
        inclusive=st.booleans(),
        newest_of_equals=st.booleans(),
        fit=st.sampled_from([2, 5, 20]),
        proof=st.sampled_from(proofs),
        sessions=st.lists(sessions(sorting), min_size=1, max_size=5).map(tuple),
    )
