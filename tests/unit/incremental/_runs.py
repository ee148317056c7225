"""A reader that plays a script, and a state in memory that checks revisions and can fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from tests.unit.incremental.sinks._runs import BEGIN, job
from theirstack_async import EndReason, IncrementalRun, Job, SavedState, StateChange, StateError, Window
from theirstack_async.incremental._progress import Progress
from theirstack_async.incremental._reader import Found
from theirstack_async.incremental._run import Profile
from theirstack_async.incremental.state._state import Id, Within

BEGAN = BEGIN.timestamp()
DOCUMENT: Mapping[str, Any] = {"format": 1, "kind": "jobs", "base_url": "https://api.example"}


def found(*numbers: int, mark: float | None = None, **fields: Any) -> Found[Job]:
    """Return a page of jobs that were discovered so many hours after the beginning."""
    rows = [job(number) for number in numbers]
    times = [row.discovered_at for row in rows]
    ids: dict[Id, float] = {row.id: row.discovered_at.timestamp() for row in rows}
    window = Window(min(times), max(times)) if times else Window()
    cost = fields.get("credits", 0)
    return Found(**{"rows": rows, "ids": ids, "mark": mark, "window": window, "cost": cost, **fields})


@attrs.define(slots=False)
class StubReader:
    """Brings one page after the other, or raises one."""

    pages: list[Found[Job] | BaseException]
    last: EndReason = EndReason.EXHAUSTED
    mark: float | None = None
    end: EndReason | None = None
    discarded: list[list[str]] = attrs.field(factory=list[list[str]])

    async def pull(self) -> Found[Job] | None:
        if not self.pages:
            self.end = self.last
            return None
        page = self.pages.pop(0)
        if isinstance(page, BaseException):
            raise page
        return page

    def keeps_from(self, mark: float | None) -> float | None:
        return None if mark is None else mark - 60

    async def discard(self, landed: Sequence[str]) -> None:
        self.discarded.append(list(landed))


@attrs.define(eq=False, slots=False)
class StubState:
    """Keeps one profile."""

    saved: SavedState = attrs.field(factory=SavedState)
    log: list[str] = attrs.field(factory=list[str])
    changes: list[StateChange] = attrs.field(factory=list[StateChange])
    errors: dict[str, BaseException] = attrs.field(factory=dict[str, BaseException])
    """What the next call of a method raises."""

    def _note(self, text: str) -> None:
        self.log.append(text)
        if (error := self.errors.pop(text.split(maxsplit=1)[0], None)) is not None:
            raise error

    async def acquire(self, key: str, *, wait: float = 0.0) -> None:
        self._note(f"acquire {key} {wait}")

    async def release(self, key: str) -> None:
        self._note(f"release {key}")

    async def load(self, key: str) -> SavedState:
        self._note(f"load {key}")
        return self.saved

    async def save(self, key: str, change: StateChange, *, within: Within | None = None) -> None:
        self._note(f"save {key}")
        if change.revision != self.saved.revision:
            raise StateError("another run got in")
        if within is not None:
            within("connection")
        self.changes.append(change)
        seen = {**self.saved.seen, **change.seen}
        self.saved = SavedState(change.revision + 1, change.document, seen)

    async def profiles(self) -> Mapping[str, Mapping[str, Any]]:
        return {"key": self.saved.document}

    async def forget(self, key: str) -> None:
        self.saved = SavedState()

    async def aclose(self) -> None:
        self.log.append("aclose")


@attrs.define(slots=False)
class World:
    """A run over both."""

    reader: StubReader
    state: StubState = attrs.field(factory=StubState)
    read: list[tuple[SavedState, Progress]] = attrs.field(factory=list[Any])
    """What readers were made of."""
    error: BaseException | None = None
    """Raised when the reader is made."""

    def run(self, **settings: Any) -> IncrementalRun[Job]:
        def read(saved: SavedState, progress: Progress) -> StubReader:
            self.read.append((saved, progress))
            if self.error:
                raise self.error
            return self.reader

        async def count(progress: Progress) -> int:
            return int(progress.document["rows"]) + 100

        profile = Profile(key="key", document=DOCUMENT, row_type=Job, read=read, count=count)
        return IncrementalRun(profile, self.state, **settings)


def world(*pages: Found[Job] | BaseException, **settings: Any) -> World:
    return World(StubReader(list(pages), **settings))
