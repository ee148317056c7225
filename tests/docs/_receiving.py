"""What the tests of the receivers in ``examples/`` have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tests.docs._programs import start
from theirstack_async import TheirStack
from theirstack_async.testing import FakeTheirStack

SECRET: Final = "the-secret-of-a-webhook"


async def outcome(env: dict[str, str], folder: Path, name: str, *arguments: str) -> tuple[int | None, str]:
    """Run a program to its end, and return its exit code and what it printed."""
    process = await start(env, name, *arguments, folder=folder)
    printed, said = await process.communicate()
    assert b"Traceback" not in said, said.decode()
    return process.returncode, printed.decode()


async def send_again(event_ids: Iterable[int], fake: FakeTheirStack) -> None:
    """Let the API deliver events once more, and return when they are answered."""
    async with TheirStack() as client:
        (await client.webhooks.events.retry(event_ids)).raise_for_failures()
    await fake.settled()


def answers(fake: FakeTheirStack, event_ids: Iterable[int]) -> Counter[tuple[int | None, str | None]]:
    """Count what the API got for an answer last, to each of these events."""
    events = [fake.event(event_id) for event_id in event_ids]
    return Counter((event.response_status_code, event.response_body) for event in events)


def job_ids(event_ids: Iterable[int]) -> list[int]:
    """Return the ids of the jobs that events are about."""
    return [40_000_000 + event_id for event_id in event_ids]
