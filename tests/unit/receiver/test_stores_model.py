"""All stores give the same answers to the same calls, whatever these are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import attrs
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async.receiver import DeliveryState, DeliveryStore, MemoryDeliveries, SQLiteDeliveries, StoredDelivery

ids: Final = st.integers(0, 5)
instants: Final = st.integers(0, 8).map(float)
owners: Final = st.sampled_from(["a", "b"])
states: Final = st.sampled_from(DeliveryState)
some: Final = st.lists(ids, max_size=4)

Strategy = st.SearchStrategy[Any]

ARGUMENTS: Final[Mapping[str, tuple[list[Strategy], dict[str, Strategy]]]] = {
    "claim": (
        [ids, st.sampled_from([b"", b"{}"])],
        {"record": st.sampled_from([None, "r", "s"]), "owner": owners, "now": instants, "until": instants},
    ),
    "take": ([], {"owner": owners, "now": instants, "until": instants, "limit": st.integers(-1, 4)}),
    "renew": ([some], {"owner": owners, "until": instants}),
    "settle": (
        [ids],
        {
            "owner": owners,
            "state": states,
            "attempts": st.integers(0, 3),
            "error": st.sampled_from([None, "E"]),
            "due": instants,
            "now": instants,
        },
    ),
    "next_due": ([], {}),
    "known": ([some], {}),
    "list": ([states], {"limit": st.integers(0, 3), "after": st.none() | ids}),
    "counts": ([], {}),
    "revive": ([some], {"now": instants}),
    "prune": ([], {"before": instants}),
    "aclose": ([], {}),
}
CALLS: Final[Mapping[str, st.SearchStrategy[tuple[list[Any], dict[str, Any]]]]] = {
    name: st.tuples(st.tuples(*args).map(list), st.fixed_dictionaries(how)) for name, (args, how) in ARGUMENTS.items()
}
# Most is decided by claims and what becomes of them.
NAMES: Final = [*CALLS, "claim", "claim", "settle", "settle", "settle"]
calls: Final = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), CALLS[name]))


def clock(sequence: list[tuple[str, tuple[list[Any], dict[str, Any]]]]) -> None:
    """Let time go on from call to call, and never back."""
    for number, (_, (_, how)) in enumerate(sequence):
        if "now" in how:
            how["now"] = float(number)
        for name in {"until", "due", "before"} & how.keys():
            how[name] += number - 4


def comparable(answer: Any) -> Any:
    """Return an answer without what stores may differ in: details of what is done, and what means nothing."""
    if isinstance(answer, list):
        return [comparable(one) for one in answer]
    if isinstance(answer, StoredDelivery) and answer.state is not DeliveryState.PENDING:
        answer = attrs.evolve(answer, due=0.0)
        if answer.state is DeliveryState.DONE:
            return attrs.evolve(answer, attempts=0, error=None, received_at=0.0)
    return "done" if getattr(answer, "status", None) == "done" else answer


async def ask(store: DeliveryStore, name: str, args: list[Any], how: dict[str, Any]) -> Any:
    return comparable(await getattr(store, name)(*args, **how))


@given(st.lists(calls, max_size=40))
def test_stores_agree(sequence: list[tuple[str, tuple[list[Any], dict[str, Any]]]]) -> None:
    clock(sequence)

    async def run(path: Path) -> None:
        memory, file = MemoryDeliveries(), SQLiteDeliveries(path)
        try:
            for name, (args, how) in sequence:
                assert await ask(memory, name, args, how) == await ask(file, name, args, how), name
            for state in DeliveryState:
                assert await ask(memory, "list", [state], {}) == await ask(file, "list", [state], {})
        finally:
            await file.aclose()

    with TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder, "deliveries.db")))
