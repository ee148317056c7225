"""Where the events are: a few bytes an event, so that a million of them stay small."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["job", "company", "job_closed"] | None
"""What an event is about; None stands for a row whose ``payload`` is null."""
Status = Literal["IN_PROGRESS", "SUCCESS", "FAILED", "NOT_TRIGGERED"]
Order = Literal["asc", "desc"]

STATUSES: Final[tuple[Status, ...]] = ("IN_PROGRESS", "SUCCESS", "FAILED", "NOT_TRIGGERED")
_CODE: Final = {status: code for code, status in enumerate(STATUSES)}
FIRST_ID: Final = 1_000_001
MICRO: Final = 1_000_000
_CHUNK: Final = 4096
_MAX_OUTCOMES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a receiver answered."""

    status_code: int | None
    """None when there was no answer."""
    body: str | None


class Segment:
    """A run of events with consecutive ids, of one webhook and one kind. All its arrays have one item an event."""

    __slots__ = ("attempts", "first", "kind", "outcome", "status", "touched", "triggered", "webhook_id")

    def __init__(self, first: int, webhook_id: int, kind: Kind) -> None:
        self.first: int = first
        self.webhook_id: int = webhook_id
        self.kind: Kind = kind
        self.status: bytearray = bytearray()
        self.attempts: bytearray = bytearray()
        self.outcome: array[int] = array("H")
        self.triggered: array[int] = array("I")
        """Unix times in seconds."""
        self.touched: array[int] = array("Q")
        """Unix times in microseconds."""

    def __len__(self) -> int:
        return len(self.status)

    def extend(self, count: int, status: int, attempts: int, outcome: int, triggered: Iterable[int]) -> None:
        """Append ``count`` events."""
        self.status.extend(bytes([status]) * count)
        self.attempts.extend(bytes([attempts]) * count)
        self.outcome.extend(array("H", [outcome]) * count)
        self.triggered.extend(triggered)
        self.touched.extend(second * MICRO for second in self.triggered[len(self) - count :])

    def pick(self, code: int, skip: int, take: int, order: Order) -> list[int]:
        """Return up to ``take`` indexes of events of a status, after the first ``skip`` of them in ``order``."""
        picked: list[int] = []
        for start, stop in self._chunks(order):
            here = self.status.count(code, start, stop)
            if here <= skip:
                skip -= here
                continue
            found = [index for index in range(start, stop) if self.status[index] == code]
            if order == "desc":
                found.reverse()
            picked += found[skip : skip + take - len(picked)]
            skip = 0
            if len(picked) == take:
                break
        return picked

    def _chunks(self, order: Order) -> Iterator[tuple[int, int]]:
        starts = range(0, len(self), _CHUNK)
        for start in starts if order == "asc" else reversed(starts):
            yield start, min(start + _CHUNK, len(self))


@dataclass(frozen=True, slots=True)
class Place:
    """Where one event is kept."""

    segment: Segment
    index: int

    @property
    def event_id(self) -> int:
        """The event's id."""
        return self.segment.first + self.index

    @property
    def status(self) -> Status:
        """The event's status."""
        return STATUSES[self.segment.status[self.index]]


class EventStore:
    """All events of the fake. Ids are given out without gaps, so an id is known if it lies between first and last."""

    def __init__(self) -> None:
        self._segments: list[Segment] = []
        self._firsts: list[int] = []
        self._next = FIRST_ID
        self._outcomes: list[Outcome] = []
        self._outcome_index: dict[Outcome, int] = {}

    def add(
        self, webhook_id: int, kind: Kind, status: Status, triggered: Iterable[int], count: int, outcome: Outcome
    ) -> range:
        """Append ``count`` events, with the Unix times in seconds at which they were triggered; return their ids."""
        last = self._segments[-1] if self._segments else None
        if last is None or last.webhook_id != webhook_id or last.kind != kind:
            last = Segment(self._next, webhook_id, kind)
            self._segments.append(last)
            self._firsts.append(self._next)
        attempts = 1 if status in ("SUCCESS", "FAILED") else 0
        last.extend(count, _CODE[status], attempts, self._intern(outcome), triggered)
        ids = range(self._next, self._next + count)
        self._next += count
        return ids

    def knows(self, event_id: int) -> bool:
        """Return whether there is such an event."""
        return FIRST_ID <= event_id < self._next

    def find(self, event_id: int) -> Place:
        """Return where an event is kept. Raises KeyError for an unknown id."""
        if not self.knows(event_id):
            raise KeyError(event_id)
        segment = self._segments[bisect_right(self._firsts, event_id) - 1]
        return Place(segment, event_id - segment.first)

    def outcome(self, place: Place) -> Outcome:
        """Return what the receiver answered last."""
        return self._outcomes[place.segment.outcome[place.index]]

    def update(self, place: Place, status: Status, now: float, outcome: Outcome | None = None) -> None:
        """Set an event's status; with an outcome, count one more attempt (they are counted up to 255).

        A new attempt is later than what was before it, by a microsecond where the clock stood still.
        """
        segment, index = place.segment, place.index
        earliest = segment.touched[index] + (place.status != "IN_PROGRESS")
        segment.status[index] = _CODE[status]
        segment.touched[index] = max(round(now * MICRO), earliest)
        if outcome is not None:
            segment.outcome[index] = self._intern(outcome)
            segment.attempts[index] = min(segment.attempts[index] + 1, 255)

    def segments(self, webhook_id: int | None = None) -> Iterator[Segment]:
        """Yield the segments, of one webhook or of all, oldest first."""
        return (s for s in self._segments if webhook_id is None or s.webhook_id == webhook_id)

    def count(self, webhook_id: int) -> int:
        """Return how many events a webhook has."""
        return sum(len(segment) for segment in self.segments(webhook_id))

    def page(self, webhook_id: int, status: Status | None, offset: int, limit: int, order: Order) -> list[Place]:
        """Return one page of a webhook's events, by id."""
        places: list[Place] = []
        segments = list(self.segments(webhook_id))
        for segment in segments if order == "asc" else reversed(segments):
            size = len(segment) if status is None else segment.status.count(_CODE[status])
            if size <= offset:
                offset -= size
                continue
            take = limit - len(places)
            if status is None:
                indexes = range(len(segment)) if order == "asc" else range(len(segment) - 1, -1, -1)
                places += [Place(segment, index) for index in indexes[offset : offset + take]]
            else:
                places += [Place(segment, index) for index in segment.pick(_CODE[status], offset, take, order)]
            offset = 0
            if len(places) == limit:
                break
        return places

    def _intern(self, outcome: Outcome) -> int:
        if outcome not in self._outcome_index and len(self._outcomes) >= _MAX_OUTCOMES:
            outcome = Outcome(outcome.status_code, None)
        index = self._outcome_index.setdefault(outcome, len(self._outcomes))
        if index == len(self._outcomes):
            self._outcomes.append(outcome)
        return index
