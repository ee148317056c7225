"""Crashes at any step of what is done to the disk and to the state."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from unittest import mock

import attrs

from tests.unit.incremental.sinks._runs import StubRun

_STEPS: Final = (
    (os, "fsync"),
    (os, "truncate"),
    (Path, "mkdir"),
    (Path, "replace"),
    (Path, "rmdir"),
    (Path, "unlink"),
    (shutil, "rmtree"),
)


class Crash(BaseException):
    """The process ends here."""


@attrs.define(eq=False)
class CrashingRun(StubRun):
    """A run whose process may die before or after anything that is done to the disk or to the state."""

    steps_left: int = 0

    def step(self) -> None:
        self.steps_left -= 1
        if self.steps_left < 0:
            raise Crash

    async def ack(self, batches: Any, *, within: Any = None, note: Any = None) -> None:
        self.step()
        await super().ack(batches, within=within, note=note)
        self.step()

    @contextmanager
    def dying_after(self, steps: int) -> Iterator[None]:
        """Let everything die at a step, and swallow that; what is cleaned up after it is not done either."""
        self.steps_left = steps
        with ExitStack() as stack:
            stack.enter_context(mock.patch("theirstack_async.incremental.sinks._lines.asyncio.to_thread", at_once))
            for target, name in _STEPS:
                stack.enter_context(mock.patch.object(target, name, self._counted(getattr(target, name))))
            try:
                yield
            except Crash:
                return

    def _counted(self, real: Any) -> Any:
        def counted(*args: Any, **kwargs: Any) -> Any:
            self.step()
            result = real(*args, **kwargs)
            self.step()
            return result

        return counted


async def at_once(work: Any) -> Any:
    return work()
