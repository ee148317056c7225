"""A program that can die at any point of a run, and what outlives it: its state, its landing folder, its own store."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import attrs

from theirstack_async import ArgumentError, StateError, StateLockedError
from theirstack_async.incremental import SavedState, StateChange
from theirstack_async.incremental._landing import Landed, Landing

POINTS: Final = (
    "request", "answer", "landing", "landed", "got", "stored", "saving", "saved", "acked", "discarded",
)  # fmt: skip
"""Where a program can die: before a request; when its answer has arrived; before and after it is kept in the landing
folder; before and after the rows are stored; in the middle of saving an acknowledgement and right after; when it is
acknowledged; when pages that are done with were deleted from the landing folder."""


class CrashError(BaseException):
    """The program has died. Nothing catches it, and whatever runs after it has no effect."""


class Process:
    """Dies when it passes a point for the time number ``nth``, from 1."""

    def __init__(self, point: str | None = None, nth: int = 1) -> None:
        self.dead = False
        self.died_at: str | None = None
        self.held: set[str] = set()
        """The profiles that it had taken."""
        self._point, self._nth = point, nth
        self._passed: Counter[str] = Counter()

    def at(self, point: str) -> None:
        """Pass a point."""
        self.check()
        self._passed[point] += 1
        if point == self._point and self._passed[point] == self._nth:
            self.dead, self.died_at = True, point
            raise CrashError

    def check(self) -> None:
        """Do nothing, unless dead."""
        if self.dead:
            raise CrashError


@attrs.define
class Profile:
    """What a state holds of one profile."""

    revision: int = 0
    document: str = "{}"
    seen: dict[int | str, float] = attrs.Factory(dict)


class MemoryState:
    """A state in memory."""

    def __init__(self) -> None:
        self.saved: dict[str, Profile] = {}
        self.held: set[str] = set()

    async def acquire(self, key: str, *, wait: float = 0.0) -> None:
        if key in self.held:
            raise StateLockedError(f"profile {key} is in use")
        self.held.add(key)

    async def release(self, key: str) -> None:
        self.held.discard(key)

    async def load(self, key: str) -> SavedState:
        found = self.saved.get(key, Profile())
        return SavedState(found.revision, json.loads(found.document), dict(found.seen))

    async def save(self, key: str, change: StateChange, *, within: Callable[[Any], None] | None = None) -> None:
        if within is not None:
            raise ArgumentError("within: this state is no database", field="within")
        before = self.saved.get(key, Profile())
        if before.revision != change.revision:
            raise StateError(f"revision {change.revision} was expected, and {before.revision} found")
        least = float("-inf") if change.forget_before is None else change.forget_before
        seen = {id_: at for id_, at in {**before.seen, **change.seen}.items() if at >= least}
        self.saved[key] = Profile(change.revision + 1, json.dumps(dict(change.document)), seen)

    async def profiles(self) -> Mapping[str, Mapping[str, Any]]:
        return {key: json.loads(found.document) for key, found in self.saved.items()}

    async def forget(self, key: str) -> None:
        self.saved.pop(key, None)

    async def aclose(self) -> None:
        self.held.clear()


class MortalState:
    """A state as one process uses it: when that has died, it does nothing any more."""

    def __init__(self, state: Any, process: Process) -> None:
        self._state = state
        self._process = process

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **how: Any) -> Any:
            self._process.check()
            return await getattr(self._state, name)(*args, **how)

        return call

    async def acquire(self, key: str, *, wait: float = 0.0) -> None:
        self._process.check()
        await self._state.acquire(key, wait=wait)
        self._process.held.add(key)

    async def save(self, key: str, change: StateChange, *, within: Callable[[Any], None] | None = None) -> None:
        self._process.at("saving")
        await self._state.save(key, change, within=within)
        self._process.at("saved")


class MemoryLanding:
    """A landing folder in memory, for runs of any process."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], tuple[str, bytes]] = {}
        self._last = 0

    async def prepare(self, key: str) -> None:
        """Be ready at any time."""

    async def pages(self, key: str) -> list[int]:
        return sorted(number for one, number in self.kept if one == key)

    async def read(self, key: str, number: int) -> Landed:
        head, body = self.kept[key, number]
        return Landed(number, None, json.loads(head), body)  # type: ignore[arg-type]

    async def keep(self, key: str, head: Mapping[str, Any], body: bytes) -> int:
        self._last += 1
        self.kept[key, self._last] = json.dumps(dict(head)), body
        return self._last

    async def discard(self, key: str, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.kept.pop((key, number), None)


class MortalLanding:
    """A landing folder as one process uses it."""

    def __init__(self, landing: MemoryLanding | Landing, process: Process) -> None:
        self._landing = landing
        self._process = process

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any) -> Any:
            self._process.check()
            return await getattr(self._landing, name)(*args)

        return call

    async def keep(self, *args: Any) -> int:
        self._process.at("landing")
        number: int = await self._landing.keep(*args)
        self._process.at("landed")
        return number

    async def discard(self, key: str, numbers: Sequence[int]) -> None:
        self._process.check()
        await self._landing.discard(key, numbers)
        if numbers:
            self._process.at("discarded")
