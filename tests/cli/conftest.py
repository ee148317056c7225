"""A fake TheirStack in a thread of its own, since each command runs an event loop, and ways to run commands."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner, Result

from theirstack_async.cli.app import app
from theirstack_async.cli.output import Output
from theirstack_async.testing import FakeBitGo, FakeTheirStack

Run = Callable[..., Result]


F = TypeVar("F", FakeTheirStack, FakeBitGo)


@contextmanager
def on_a_thread(fake: F) -> Iterator[F]:
    """Serve a fake on another thread for as long as the block lasts."""
    started, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        async with fake:
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    started.wait()
    yield fake
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()


def serving(**options: Any) -> AbstractContextManager[FakeTheirStack]:
    """Serve a fake TheirStack on another thread; it delivers nothing unless told to."""
    return on_a_thread(FakeTheirStack(**{"deliver": False, **options}))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeTheirStack]:
    """A served fake, to which the environment points."""
    with serving() as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        yield fake


@pytest.fixture
def run() -> Run:
    """Run the program in this process, its output not on a terminal."""

    def run(*args: object, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, [str(arg) for arg in args], input=stdin, prog_name="theirstack")

    return run


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have results written for people, as on a terminal, though nothing here is one."""
    make = Output.__init__

    def for_people(self: Output, *, json: bool) -> None:
        make(self, json=json)
        self.json = json

    monkeypatch.setattr(Output, "__init__", for_people)
    monkeypatch.setenv("COLUMNS", "100")
