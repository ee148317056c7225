"""``theirstack receive`` in this process, with a fake that really delivers to it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import attrs
import pytest
from typer.testing import Result

from tests.cli.conftest import Run
from theirstack_async.cli import receive_run
from theirstack_async.receiver import DeliveryState, DeliveryStore
from theirstack_async.testing import FakeTheirStack, sign

SECRET = "0123456789abcdef-first"
OTHER = "0123456789abcdef-other"


@attrs.frozen
class Scene:
    """A command that listens, and an API that knows it by its first webhook."""

    url: str
    fake: FakeTheirStack
    webhook: int
    store: DeliveryStore

    async def post(self, body: bytes, *, secret: str = SECRET) -> int:
        """Deliver anything, and return the answer's status."""
        headers = {"Content-Type": "application/json", "X-TheirStack-Signature-256": sign(body, secret)}
        async with aiohttp.ClientSession() as session, session.post(self.url, data=body, headers=headers) as got:
            return got.status

    async def written(self) -> None:
        """Return when nothing that came is still to be written."""
        while (await self.store.counts())[DeliveryState.PENDING]:
            await asyncio.sleep(0.005)


Script = Callable[[Scene], Awaitable[object]]


class Receiving:
    """Runs the command; it is interrupted as Ctrl-C does when a script has come to its end."""

    def __init__(self, run: Run, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.run = run
        self.monkeypatch = monkeypatch
        self.out = folder / "events.jsonl"
        self.kept = folder / "events.jsonl.store.db"
        monkeypatch.setenv("SECRET", SECRET)
        monkeypatch.setenv("OTHER", OTHER)

    def __call__(
        self, script: Script, *options: object, before: Callable[[FakeTheirStack, int], object] = lambda *_: None
    ) -> Result:
        """Run it with a script; ``before`` is called with the API and the webhook before anything is asked of it."""
        real = receive_run.Reception.serve

        async def serve(reception: receive_run.Reception, url: str, wanted: receive_run.Wanted | None) -> None:
            async with FakeTheirStack() as fake:
                self.monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
                self.monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
                scene = Scene(url, fake, fake.seed_webhook(url, secret=SECRET), reception._receiver.store)
                before(fake, scene.webhook)
                playing = asyncio.create_task(self._play(script, scene))
                await real(reception, url, wanted)
                await playing

        with self.monkeypatch.context() as patch:
            patch.setattr(receive_run.Reception, "serve", serve)
            return self.run("receive", "--port", 0, "--secret-env", "SECRET", "--out", self.out, *options)

    async def _play(self, script: Script, scene: Scene) -> None:
        try:
            await script(scene)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    def lines(self) -> list[dict[str, Any]]:
        """Return what was written."""
        return [json.loads(line) for line in self.out.read_text("utf-8").splitlines()]

    def ids(self) -> list[int]:
        """Return the ids of the events that were written, sorted."""
        return sorted(line["id"] for line in self.lines())


async def nothing(_: Scene) -> None:
    """Do nothing at all."""


@pytest.fixture
def receiving(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Receiving:
    """The command, with its files in a folder of the test's own."""
    return Receiving(run, monkeypatch, tmp_path)
