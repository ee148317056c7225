"""The pages of one profile in the landing folder: kept when they come, read again by the next run, deleted at last."""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from theirstack_async._engine.call import Reply
from theirstack_async.errors import StateError
from theirstack_async.hooks import logger
from theirstack_async.incremental._plan import Ask

if TYPE_CHECKING:
    from theirstack_async.incremental._landing import Landed, Landing


class KeptPages:
    """The pages of one profile. Without a folder there are none.

    Each has a name that is never used again, by which the state says which of them were acknowledged: it does so in the
    acknowledgement itself, so that a page whose file outlived a crash is not taken for a new one.
    """

    def __init__(self, landing: Landing | None, key: str, settled: Sequence[str]) -> None:
        """``settled`` names pages that were acknowledged and may still lie in the folder."""
        self._landing = landing
        self._key = key
        self._settled = frozenset(settled)
        self._waiting: deque[int] | None = None
        self._numbers: dict[str, int] = {}

    async def next(self) -> Landed | None:
        """Return the next page that an earlier run left and nobody acknowledged; None when there is no more."""
        if self._landing is None:
            return None
        if self._waiting is None:
            await self._landing.prepare(self._key)
            self._waiting = deque(await self._landing.pages(self._key))
        while self._waiting:
            page = await self._landing.read(self._key, self._waiting[0])
            self._waiting.popleft()
            name: str = page.head["name"]
            self._numbers[name] = page.number
            if name not in self._settled:
                return page
            try:
                await self.discard([name])
            except StateError as error:
                logger.warning("%s; it is acknowledged, and is not read again", error)
        return None

    async def keep(self, ask: Ask, reply: Reply) -> str | None:
        """Keep a page as it came, and return its name; None without a folder."""
        if self._landing is None:
            return None
        name = uuid.uuid4().hex
        head = attrs.evolve(ask, limit=reply.asked or ask.limit).to_head()
        date = reply.meta.date
        head |= {"name": name, "out_of_credits": reply.meta.status == 402, "credits": reply.meta.credits}
        head["now"] = None if date is None else date.timestamp()
        self._numbers[name] = await self._landing.keep(self._key, head, reply.body)
        return name

    async def discard(self, names: Sequence[str]) -> None:
        """Delete pages that were acknowledged."""
        known = [name for name in names if name in self._numbers]
        if self._landing is not None and known:
            await self._landing.discard(self._key, [self._numbers[name] for name in known])
        for name in known:
            del self._numbers[name]
