"""Where the rate windows are kept: in a store, and in this process for as long as that store cannot be reached."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from theirstack_async._clock import Clock
from theirstack_async.errors import QuotaError
from theirstack_async.hooks import logger

if TYPE_CHECKING:
    from theirstack_async.quota import QuotaStore

T = TypeVar("T")
_PAUSE: Final = 1.0
"""Seconds until a store that could not be reached is tried again."""


class Fallback:
    """A store that never fails: while the true one cannot be reached, what is noted is kept in memory.

    The windows are a courtesy to the API, which also tells in its answers what is left of them; so a store that is
    down holds nobody up. Budgets are not kept here: they refuse to spend then.
    """

    def __init__(self, store: QuotaStore | None, clock: Clock) -> None:
        self._store = store
        self._own: dict[str, dict[str, Any]] = {}
        self._clock = clock
        self._down = False
        self._next_try = -math.inf

    @property
    def is_shared(self) -> bool:
        """Whether there is a store beside the one in memory."""
        return self._store is not None

    def apply(self, key: str, change: Callable[[dict[str, Any], float], T]) -> T:
        """Apply ``change`` to what this process keeps itself, at once."""
        return change(self._own.setdefault(key, {}), self._clock.monotonic())

    async def update(self, key: str, change: Callable[[dict[str, Any], float], T]) -> T:
        """Apply ``change`` to the document of ``key``, and return what it returned. See :class:`QuotaStore`."""
        if self._store is None or self._clock.monotonic() < self._next_try:
            return self.apply(key, change)
        if self._down:
            # It may take seconds to fail, and one who tries is enough.
            self._next_try = math.inf
        try:
            result = await self._store.update(key, change)
            self._down = False
        except QuotaError as error:
            if not self._down:
                logger.warning("rate limits are kept by this process alone until its store is back: %s", error)
            self._down = True
            result = self.apply(key, change)
        finally:
            self._next_try = self._clock.monotonic() + _PAUSE if self._down else -math.inf
        return result
