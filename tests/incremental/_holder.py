"""A process that takes a profile, says so, and does what it is told.

``python -m tests.incremental._holder ADDRESS KEY`` says ``held`` or ``refused``; at the line ``save`` of its input it
begins to save again and again, saying each revision that is saved; at the end of its input it lets go and ends.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import PurePath

from theirstack_async._database.duckdb import DuckDBDatabase
from theirstack_async.errors import StateLockedError
from theirstack_async.incremental import IncrementalState, StateChange, open_state
from theirstack_async.incremental.state._sql import SQLState

IDS = 50
"""How many ids each save adds."""


def opened(address: str) -> IncrementalState:
    """Return the state at an address, also one in a DuckDB file, which has no public address."""
    if PurePath(address).suffix == ".duckdb":
        return SQLState(DuckDBDatabase(address))
    return open_state(address)


def seen(revision: int) -> dict[int | str, float]:
    """Return the ids that a revision adds."""
    return {number: float(revision) for number in range(revision * IDS, (revision + 1) * IDS)}


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def hold(address: str, key: str) -> None:
    """Take a profile, and do what the input says."""
    state = opened(address)
    try:
        await state.acquire(key)
    except StateLockedError:
        say("refused")
        await state.aclose()
        return
    say("held")
    if await asyncio.to_thread(sys.stdin.readline) == "save\n":
        revision = (await state.load(key)).revision
        while True:
            await state.save(key, StateChange(revision, {"revision": revision + 1}, seen(revision)))
            revision += 1
            say(str(revision))
    await state.release(key)
    await state.aclose()


if __name__ == "__main__":
    asyncio.run(hold(*sys.argv[1:]))
