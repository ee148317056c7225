"""What ``theirstack receive`` tells people and pipes while it runs, and when it is interrupted."""

from __future__ import annotations

import asyncio
import json
import os
import signal

import aiohttp
import pytest

from tests.cli._receiving import OTHER, SECRET, Receiving, Scene, receiving
from theirstack_async.cli import receive_run
from theirstack_async.cli.receive_file import DeliveryFile

__all__ = ["receiving"]


def body_of(event_id: int) -> bytes:
    return b'{"id":%d,"type":"job.closed","payload":{"id":5,"closed_at":"2026-09-01T05:00:00Z"}}' % event_id


def test_only_its_own_path_is_answered(receiving: Receiving) -> None:
    async def script(scene: Scene) -> None:
        assert scene.url.endswith("/hook/it")
        other = scene.fake.seed_webhook(scene.url + "/", secret=SECRET)
        [lost] = scene.fake.trigger(other)
        await scene.fake.settled()
        event = scene.fake.event(lost)
        assert (event.response_status_code, event.response_body) == (404, "deliveries are taken at /hook/it only")
        async with aiohttp.ClientSession() as session, session.get(scene.url) as got:
            assert (got.status, got.headers["Allow"]) == (405, "POST")
        assert await scene.post(body_of(1)) == 202
        await scene.written()

    result = receiving(script, "--path", "/hook/it")
    assert result.exit_code == 0
    assert json.loads(result.stdout.splitlines()[1])["astray"] == 1


@pytest.mark.usefixtures("people")
def test_requests_to_another_path_are_counted_and_told_once(receiving: Receiving) -> None:
    async def script(scene: Scene) -> None:
        for _ in range(3):
            lost = scene.fake.seed_webhook(scene.url + "elsewhere", secret=SECRET)
            scene.fake.trigger(lost)
            await scene.fake.settled()

    result = receiving(script)
    assert result.stdout == "0 written, 3 to another path.\n"
    assert result.stderr.count("A request to another path was answered 404. If it was a delivery, give") == 1


def test_what_is_not_signed_is_told_once_while_it_runs(receiving: Receiving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_run, "_EVERY_LINE", 0.0)

    async def script(scene: Scene) -> None:
        for _ in range(2):
            assert await scene.post(body_of(1), secret="0123456789abcdef-wrong") == 403
            for _ in range(5):
                await asyncio.sleep(0)

    said = receiving(script).stderr
    assert said.count("A delivery was answered 403") == 1
    assert said.index("A delivery was answered 403") < said.index(receive_run.STOPPING)


@pytest.mark.usefixtures("people")
def test_people_read_a_sentence(receiving: Receiving) -> None:
    async def script(scene: Scene) -> None:
        for body, secret in ((body_of(1), SECRET), (body_of(1), SECRET), (body_of(2), OTHER), (b"[]", SECRET)):
            await scene.post(body, secret=secret)
        await scene.written()

    result = receiving(script)
    assert result.stdout == "1 written, 1 known already, 2 refused.\n"


def test_a_pipe_gets_a_line_when_something_has_changed(receiving: Receiving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive_run, "_EVERY_LINE", 0.0)
    looks = 0
    real = receive_run._Follower.update

    def update(follower: receive_run._Follower) -> None:
        nonlocal looks
        looks += 1
        real(follower)

    monkeypatch.setattr(receive_run._Follower, "update", update)

    async def script(scene: Scene) -> None:
        await scene.post(body_of(1))
        await scene.written()
        seen = looks
        while looks < seen + 3:
            await asyncio.sleep(0)

    result = receiving(script)
    assert result.stderr.count("\n1 written.\n") == 1
    assert "0 written.\n" not in result.stderr


def test_a_second_interrupt_cuts_what_is_in_hand(receiving: Receiving, monkeypatch: pytest.MonkeyPatch) -> None:
    writing = asyncio.Event()

    async def add(file: DeliveryFile, event_id: int, line: bytes) -> None:
        writing.set()
        await asyncio.Event().wait()

    async def script(scene: Scene) -> None:
        asyncio.get_running_loop().call_later(0.2, os.kill, os.getpid(), signal.SIGTERM)
        await scene.post(body_of(1))
        await writing.wait()

    monkeypatch.setattr(DeliveryFile, "add", add)
    result = receiving(script)
    assert result.exit_code == 143
    assert json.loads(result.stdout.splitlines()[-1])["stored"]["pending"] == 1
    assert "1 delivery stored and not written yet: the same command goes on with them.\n" in result.stderr
    monkeypatch.undo()
