"""Runs the programs in ``examples/`` that serve, each in processes of its own."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

import pytest

from tests._imports import ROOT

_RUNNING: Final = r"(?i)running on (http://[\d.]+:\d+)"
PATIENCE: Final = 120.0
"""Seconds after which what has not happened is taken for what never will."""
_LOGGING: Final = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"pid": {"format": "%(process)d %(message)s"}},
    "handlers": {"all": {"class": "logging.StreamHandler", "formatter": "pid"}},
    "root": {"handlers": ["all"], "level": "INFO"},
}
"""All that is logged, with the process that logged it."""


class Server:
    """A program that serves, and all that it and its workers have said."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._more = asyncio.Condition()
        self._ended = False
        self._reading = asyncio.get_running_loop().create_task(self._read())
        self.lines: list[str] = []
        self.url = ""

    @property
    def port(self) -> int:
        """Where it serves."""
        return int(self.url.rpartition(":")[2])

    def found(self, pattern: str) -> list[Any]:
        """Return what ``re.findall()`` finds in all that was said."""
        return re.findall(pattern, "\n".join(self.lines))

    async def said(self, pattern: str, times: int = 1) -> list[Any]:
        """Return what :meth:`found` does, as soon as that is so many.

        An AssertionError if the program ends before, or does not say it at all.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE), self._more:
                await self._more.wait_for(lambda: len(self.found(pattern)) >= times or self._ended)
        found = self.found(pattern)
        assert len(found) >= times, "\n".join([f"{pattern!r} was not said {times} times, but this:", *self.lines])
        return found

    async def end(self) -> int:
        """Tell the program to end, and return its exit code."""
        self.signal(signal.SIGTERM)
        return await self.ended()

    def signal(self, number: int) -> None:
        """Send the program a signal, but not its workers."""
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Return the exit code when it has ended, and all that it said was read."""
        await self._reading
        return await self._process.wait()

    async def kill(self) -> None:
        """Kill the program and its workers at once."""
        if not self._ended:
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._reading
        await self._process.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while not self._ended:
            line = await self._process.stdout.readline()
            async with self._more:
                if line:
                    self.lines.append(line.decode().rstrip())
                self._ended = not line
                self._more.notify_all()


@asynccontextmanager
async def serve(env: dict[str, str], folder: Path, *arguments: str, serving: bool = True) -> AsyncGenerator[Server]:
    """Run Python with these arguments while the block runs, from where it says that it serves, if it does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *arguments,
        env=env,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    async with Server(process) as server:
        if serving:
            server.url = (await server.said(_RUNNING))[0]
        yield server


@asynccontextmanager
async def uvicorn(
    env: dict[str, str], folder: Path, program: str, *, workers: int = 1, port: int = 0
) -> AsyncGenerator[Server]:
    """Serve the application of an example with uvicorn, from where each worker has started."""
    for name in ("fastapi", "litestar", "uvicorn"):
        pytest.importorskip(name, reason="needs the extra `test`")
    (folder / "logging.json").write_text(json.dumps(_LOGGING), "utf-8")
    options = ["--app-dir", str(ROOT / "examples"), "--log-config", "logging.json", "--port", str(port)]
    async with serve(env, folder, "-m", "uvicorn", f"{program}:app", *options, "--workers", str(workers)) as server:
        await server.said("Application startup complete", workers)
        # It says that it runs before its workers listen.
        async with asyncio.timeout(PATIENCE):
            while not await _listens(server.port):
                await asyncio.sleep(0.01)
        yield server


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
