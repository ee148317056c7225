"""The engine above its seam: a transport that plays a script, a clock that nobody waits for, and a client of both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from theirstack_async._engine.pipeline import Pipeline
from theirstack_async._engine.slots import Slots
from theirstack_async._engine.theirstack import theirstack_dialect
from theirstack_async._values import Headers
from theirstack_async._wire.message import Request, Response
from theirstack_async.config import ClientConfig, load_key

KEY = "canary-key-5f3a"
Act = Response | BaseException | Callable[[Request], Awaitable[Response]]
"""What the transport does with a request: answer, raise, or something of its own."""


def answer(
    status: int = 200, body: Any = None, headers: Mapping[str, str] | None = None, *, sends: int = 1
) -> Response:
    """Return an answer whose body is JSON, or the bytes themselves."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status, Headers(headers or {}), content, sends)


class ManualClock:
    """Time that passes only by sleeping, and by :meth:`advance`."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        """Return a Unix timestamp."""
        return self.time + 1_700_000_000

    def monotonic(self) -> float:
        """Return the time that has passed."""
        return self.time

    async def sleep(self, seconds: float) -> None:
        """Let so much time pass at once."""
        self.sleeps.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.time += seconds


class ScriptedTransport:
    """Does one act a request, in order; the last one again and again."""

    def __init__(self, *acts: Act) -> None:
        self.acts = list(acts)
        self.requests: list[Request] = []
        self.refusal: Exception | None = None
        self.closed = False

    def check(self) -> None:
        """Raise ``refusal``, if there is one."""
        if self.refusal is not None:
            raise self.refusal

    async def send(self, request: Request) -> Response:
        """Play the next act."""
        self.requests.append(request)
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        if isinstance(act, Response):
            return act
        if isinstance(act, BaseException):
            raise act
        return await act(request)

    async def aclose(self) -> None:
        """Note that it was closed."""
        self.closed = True


def pipeline(transport: ScriptedTransport, *, clock: ManualClock | None = None, **settings: Any) -> Pipeline:
    """Return a pipeline over a scripted transport; its random numbers are all one half."""
    settings["api_key"] = load_key(settings.get("api_key", KEY))
    config = ClientConfig(**{"base_url": "http://theirstack.invalid", **settings})
    slots = Slots(config.max_concurrency)
    dialect = theirstack_dialect(config.base_url)
    return Pipeline(config, dialect, transport, slots, clock=clock or ManualClock(), uniform=lambda: 0.5)
