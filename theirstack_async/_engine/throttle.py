"""What we do about the API's rate limits: calls wait for a place in its windows, instead of being refused.

What is known of the windows is a document in a :class:`QuotaStore`, so that processes that share a store share the
windows; the reckoning itself is in :mod:`.windows`. Here is the waiting: in line, first come, first served.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import attrs

from theirstack_async._clock import Clock
from theirstack_async._engine import windows
from theirstack_async._engine.call import Call
from theirstack_async._engine.fallback import Fallback
from theirstack_async._engine.windows import Wait
from theirstack_async._tasks import pause, run_to_end
from theirstack_async._values import RateLimit
from theirstack_async._wire.dates import parse_retry_after
from theirstack_async._wire.message import Response
from theirstack_async.errors import RateLimitError

if TYPE_CHECKING:
    import anyio

    from theirstack_async.quota import QuotaStore

T = TypeVar("T")
LEASE: Final = 30.0
"""Seconds after which a request counts as answered whose process has not told its end, and may be dead."""
_SPREAD: Final = 0.25
"""The longest pause, in seconds, of those who go after the one that found a window open again."""
_HELD_BACK: Final = 60.0
"""Seconds for which a ``Retry-After`` without windows holds back other calls at the most; then one of them tries."""
_SAID: Final = 0.1
"""Seconds of waiting that an error does not mention."""
Assumed = Sequence[tuple[str, int, float]]
Change: TypeAlias = Callable[[dict[str, Any], float], T]


@attrs.frozen
class Patience:
    """How long a call may wait for a rate window."""

    call: Call
    max_wait: float | None
    """Seconds; None for any."""
    told: Callable[[float, str], None]
    """Is told of each wait: its seconds, and the reason."""

    def check(self, wait: Wait, waited: float, known: Callable[[], RateLimit]) -> None:
        """Refuse a wait that is too long.

        Raises:
            RateLimitError: it is.
        """
        remaining = self.call.remaining()
        if self.max_wait is not None and waited + wait.seconds > self.max_wait:
            so_far = f" after {waited:.3g} s of waiting" if waited >= _SAID else ""
            why = f"max_rate_wait ({self.max_wait:g} s) allows{so_far}"
        elif remaining is not None and wait.seconds >= remaining:
            why = f"is left of the deadline ({remaining:.3g} s)"
        else:
            return
        raise RateLimitError(
            f"{self.call.request.label}: the API's rate window {wait.window!r} is full, and its turn comes in "
            f"{wait.seconds:.3g} s or later, which is more than {why}. It was not sent. Come back then, or allow more.",
            retry_after=wait.seconds,
            rate_limit=known(),
            sent="no",
        )


class Line:
    """Those who wait for the windows of one group of operations, under one key."""

    def __init__(self, scope: str, assumed: Assumed) -> None:
        import anyio

        self.scope = scope
        self.assumed = assumed
        self.waiting = 0
        self.blocked = False
        """Whether who is first waits for a window, and not just for the store."""
        self.scattered = False
        """Whether a window was found full by what others sent, so that those who wait for it go one after another."""
        self.turn: anyio.Lock = anyio.Lock(fast_acquire=True)
        self.changed = asyncio.Event()
        """Whether a request has ended since who is first looked last."""
        self.document: dict[str, Any] = {}
        self.seen = (0.0, 0.0)
        """The store's time and ours when the document was read."""

    def known(self, now: float) -> RateLimit:
        """Return what is known of the windows, by our clock."""
        return windows.state(self.document, self.seen[0] + now - self.seen[1])


class Throttle:
    """Paces the calls of a client and of its views."""

    def __init__(
        self,
        store: QuotaStore | None,
        clock: Clock,
        uniform: Callable[[], float],
        assumed: Mapping[str, Assumed],
    ) -> None:
        self._store = Fallback(store, clock)
        self._clock = clock
        self._uniform = uniform
        self._assumed = assumed
        self._lines: dict[tuple[str, str], Line] = {}
        self._tickets = map(f"{uuid.uuid4().hex}-%d".__mod__, itertools.count())

    def enter(self, call: Call) -> Turn | None:
        """Take a place at once, as :meth:`acquire` does. None where one has to wait, or a shared store to be asked."""
        line = self._line(call.key, call.operation.rate_group)
        if self._store.is_shared or line.waiting:
            return None
        turn = Turn(self, line, next(self._tickets))
        if self._apply(line, _reserving(line, turn.ticket)) is not None:
            return None
        line.blocked = False
        return turn

    async def acquire(self, call: Call, max_wait: float | None, told: Callable[[float, str], None]) -> Turn:
        """Return when the request of a call may be sent. The turn that is returned has to be ended.

        ``max_wait`` is the longest wait in seconds, None for any; ``told`` is called with the seconds of each wait, and
        its reason.

        Raises:
            RateLimitError: that would be too late; nothing was sent.
        """
        line = self._line(call.key, call.operation.rate_group)
        patience = Patience(call, max_wait, told)
        turn = Turn(self, line, next(self._tickets))
        since = self._clock.monotonic()
        if line.blocked and (wait := await self._look_ahead(line)):
            patience.check(wait, 0.0, partial(line.known, since))
        try:
            if await self._in_turn(line, turn.ticket, since, patience):
                await self._clock.sleep(self._uniform() * _SPREAD)
        except BaseException:
            # Whether the place was noted is unknown after a cancellation.
            await turn.release()
            raise
        return turn

    def limits(self, key: str | None) -> dict[str, RateLimit]:
        """Return what is known at present, by group: of one key, or of all keys."""
        now = self._clock.monotonic()
        return {group: line.known(now) for (owner, group), line in self._lines.items() if key in (None, owner)}

    async def _in_turn(self, line: Line, ticket: str, since: float, patience: Patience) -> bool:
        """Take a place when it is this one's turn, and return whether those who wait are to go one after another."""
        line.waiting += 1
        try:
            async with line.turn:
                await self._reserve(line, ticket, since, patience)
            return line.scattered
        finally:
            line.waiting -= 1
            line.scattered = line.scattered and line.waiting > 0

    async def _reserve(self, line: Line, ticket: str, since: float, patience: Patience) -> None:
        while True:
            # Made before it looks, so that a request that ends meanwhile is not missed.
            line.changed = changed = asyncio.Event()
            if (wait := await self._try(line, ticket)) is None:
                break
            now = self._clock.monotonic()
            patience.check(wait, now - since, partial(line.known, now))
            patience.told(wait.seconds, f"the API's rate window {wait.window!r} is full")
            line.blocked = True
            line.scattered = line.scattered or wait.probing
            await pause(changed, wait.seconds, self._clock)
        line.blocked = False

    async def _try(self, line: Line, ticket: str) -> Wait | None:
        return await self.update(line, _reserving(line, ticket))

    async def _look_ahead(self, line: Line) -> Wait | None:
        return await self.update(line, lambda document, now: windows.forecast(document, now, line.waiting))

    async def update(self, line: Line, change: Change[T]) -> T:
        """Change what is known of a line's windows, in the store, or where that cannot be reached in this process."""
        if not self._store.is_shared:
            return self._apply(line, change)
        # What a cancelled update left in the store would take a place from others until its lease ends.
        update = self._store.update(line.scope, partial(_with_document, change))
        result, line.document, now = await run_to_end(update)
        line.seen = now, self._clock.monotonic()
        return result

    def _apply(self, line: Line, change: Change[T]) -> T:
        result, line.document, now = self._store.apply(line.scope, partial(_with_document, change))
        line.seen = now, now
        return result

    def now(self) -> float:
        """Return the wall clock time, by which dates in headers are read."""
        return self._clock.now()

    def _line(self, key: str, group: str) -> Line:
        line = self._lines.get((key, group))
        if line is None:
            # The store is shared, and must not hold the key.
            owner = hashlib.sha256(b"theirstack-async " + key.encode()).hexdigest()[:16]
            line = self._lines[key, group] = Line(f"rate:{owner}:{group}", self._assumed.get(group, ()))
        return line


class Turn:
    """A place in the windows, from before the request is sent until its answer is known."""

    def __init__(self, throttle: Throttle, line: Line, ticket: str) -> None:
        self.ticket = ticket
        self._throttle = throttle
        self._line = line

    async def end(self, response: Response | None, told: RateLimit | None) -> None:
        """Tell that the request was answered, or, without a response, that it was sent and may have been counted."""
        counted = response is None or response.status != 429
        retry_after: float | None = None
        if response is not None:
            asked = parse_retry_after(response.headers.get("retry-after"), self._throttle.now())
            retry_after = None if asked is None else min(asked, _HELD_BACK)

        def change(document: dict[str, Any], now: float) -> None:
            windows.settle(document, now, self.ticket, told, counted=counted, retry_after=retry_after)

        await self._tell(change)

    async def release(self) -> None:
        """Tell that the request was never sent."""
        await self._tell(lambda document, _: windows.release(document, self.ticket))

    async def _tell(self, change: Callable[[dict[str, Any], float], None]) -> None:
        try:
            await self._throttle.update(self._line, change)
        finally:
            self._line.changed.set()


def _reserving(line: Line, ticket: str) -> Change[Wait | None]:
    return partial(windows.reserve, ticket=ticket, lease=LEASE, assumed=line.assumed)


def _with_document(change: Change[T], document: dict[str, Any], now: float) -> tuple[T, dict[str, Any], float]:
    return change(document, now), document, now
