"""``theirstack receive --reconcile``: what never arrived is got while deliveries are received."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.cli._receiving import Receiving, Scene, receiving
from theirstack_async.cli import receive_run
from theirstack_async.receiver import Receiver
from theirstack_async.testing import FakeTheirStack, Hang, Status

__all__ = ["receiving"]

LIST = "GET /v0/webhooks/*/events*"
SINCE = ("--reconcile", 101, "--since", "2000-01-01T00:00:00Z")


def told(receiving: Receiving) -> asyncio.Event:
    """Return what is set when the lists were read, or could not be."""
    ended = asyncio.Event()
    real = receive_run.Reception._reconcile

    async def reconcile(reception: receive_run.Reception, wanted: receive_run.Wanted) -> None:
        await real(reception, wanted)
        ended.set()

    receiving.monkeypatch.setattr(receive_run.Reception, "_reconcile", reconcile)
    return ended


def test_what_never_arrived_is_written(receiving: Receiving) -> None:
    ended = told(receiving)
    ids: list[int] = []

    async def script(scene: Scene) -> None:
        await ended.wait()
        ids.extend(scene.fake.trigger(scene.webhook, 2))
        await scene.fake.settled()
        await scene.written()

    result = receiving(script, *SINCE, before=lambda fake, webhook: ids.extend(fake.seed_events(webhook, 7)))
    assert (result.exit_code, receiving.ids()) == (0, ids)
    report = json.loads(result.stdout.splitlines()[-1])["reconcile"]
    assert (report["ok"], report["listed"], sorted(report["processed"])) == (True, 7, ids[:7])
    assert "\n7 events listed; since 2000-01-01T00:00:00Z: 7 failed, 0 not triggered\n" in result.stderr
    assert "\n0 known already, 7 processed, 0 resent, 0 left\n" in result.stderr


def test_what_could_not_be_got_makes_the_exit_code(receiving: Receiving) -> None:
    ended = told(receiving)

    async def script(_: Scene) -> None:
        await ended.wait()

    def before(fake: FakeTheirStack, webhook: int) -> None:
        fake.seed_events(webhook, 1, status="NOT_TRIGGERED", kind=None)

    result = receiving(script, *SINCE, before=before)
    assert result.exit_code == 1
    assert len(json.loads(result.stdout.splitlines()[-1])["reconcile"]["left"]) == 1
    assert "\ntheirstack events retry ID... has events that were left sent again, which may cost" in result.stderr


def test_an_api_that_refuses_does_not_end_the_receiver(receiving: Receiving) -> None:
    ended = told(receiving)
    ids: list[int] = []

    def before(fake: FakeTheirStack, webhook: int) -> None:
        fake.faults.add(LIST, Status(401), times=None)

    async def script(scene: Scene) -> None:
        await ended.wait()
        ids.extend(scene.fake.trigger(scene.webhook, 2))
        await scene.fake.settled()
        await scene.written()

    result = receiving(script, *SINCE, before=before)
    assert (result.exit_code, receiving.ids()) == (3, ids)
    assert json.loads(result.stdout.splitlines()[-1])["reconcile"] is None
    assert (
        "Deliveries are still received; what never arrived was not all got. Give --reconcile 101 again."
        in result.stderr
    )


def test_an_interrupt_says_that_the_lists_were_not_read(receiving: Receiving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_run, "_EVERY_LINE", 0.0)

    async def script(scene: Scene) -> None:
        while not scene.fake.requests.total:
            await asyncio.sleep(0.005)

    result = receiving(script, *SINCE, before=lambda fake, _: fake.faults.add(LIST, Hang()))
    assert result.exit_code == 0
    assert "The event lists were not read to their end. Give --reconcile 101 again.\n" in result.stderr


def test_what_nobody_expected_ends_it(receiving: Receiving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_run, "_EVERY_LINE", 0.0)

    async def fails(*_: object, **__: object) -> None:
        raise RuntimeError("a mistake")

    async def script(_: Scene) -> None:
        await asyncio.sleep(0.1)

    monkeypatch.setattr(Receiver, "reconcile", fails)
    result = receiving(script, *SINCE)
    assert (result.exit_code, "RuntimeError: a mistake" in result.stderr) == (1, True)
