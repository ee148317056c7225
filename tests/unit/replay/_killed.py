"""A program that keeps a journal, and is killed before each of its statements to SQLite in turn.

``python -m tests.unit.replay._killed FOLDER`` forks a child for each, whose journal is ``FOLDER/<number>/replay.db``,
until one lives to its end. It prints, as JSON, how many writes of each child had returned: 0 once the journal was made,
-1 before.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any, Final

from tests.unit.replay._journals import NOW, accepted, intended, plan_of_size, settings_of
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import Doubtful, Resumed, Seen, Sight, Step

PLAN: Final = plan_of_size(4)
WRITES: Final[tuple[tuple[Step, ...], ...]] = (
    (Resumed(at=NOW),),
    (intended(1, 0, 1), intended(2, 2)),
    (accepted(1, 0), Doubtful(batch=2, reason="reset"), intended(3, 3)),
    (Seen(sights={0: Sight(state=ReplayState.DELIVERED)}, at=NOW),),
)
"""Each is written at once."""


class Mortal(sqlite3.Connection):
    """A connection whose process dies before a statement."""

    left = 0

    def execute(self, *args: Any) -> Any:
        self._live()
        return super().execute(*args)

    def executemany(self, *args: Any) -> Any:
        self._live()
        return super().executemany(*args)

    def close(self) -> None:
        self._live()
        super().close()

    def _live(self) -> None:
        Mortal.left -= 1
        if Mortal.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


async def keep(path: Path, told: int) -> None:
    """Make a journal and write to it, and tell of each write that returned by a byte."""
    journal = await Journal.create(path, PLAN, settings_of())
    os.write(told, b".")
    for steps in WRITES:
        await journal.write(*steps)
        os.write(told, b".")
    await journal.aclose()


def life(path: Path, left: int) -> tuple[int, bool]:
    """Return how many writes of a child returned that dies before this statement, and whether it lived to its end."""
    reading, told = os.pipe()
    if (child := os.fork()) == 0:
        connect = sqlite3.connect
        Mortal.left = left
        sqlite3.connect = lambda *args, **named: connect(*args, **named, factory=Mortal)  # type: ignore[assignment]
        asyncio.run(keep(path, told))
        os._exit(0)
    os.close(told)
    _, status = os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as pipe:
        returned = len(pipe.read()) - 1
    assert status in {0, signal.SIGKILL}, status
    return returned, status == 0


def main(folder: Path) -> None:
    """Kill a child before each statement, the last one before none."""
    told: list[int] = []
    ended = False
    while not ended:
        path = folder / str(len(told)) / "replay.db"
        path.parent.mkdir()
        returned, ended = life(path, len(told) + 1)
        told.append(returned)
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
