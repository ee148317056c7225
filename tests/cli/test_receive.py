"""``theirstack receive``: deliveries become lines, each once, and the end is told."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli._receiving import OTHER, Receiving, Scene, nothing, receiving
from theirstack_async import DeliveryStoreError, SinkError
from theirstack_async.cli import receive_run
from theirstack_async.cli.receive_file import DeliveryFile
from theirstack_async.receiver import DeliveryState, SQLiteDeliveries

__all__ = ["receiving"]


def kept(path: Path, *events: tuple[int, bytes], owner: str = "a process that died") -> None:
    """Leave events in a store as a process does that is killed while they are in hand, some time ago."""

    async def leave() -> None:
        store = SQLiteDeliveries(path)
        for event_id, body in events:
            await store.claim(event_id, body, record=None, owner=owner, now=1.0, until=2.0)
        await store.aclose()

    asyncio.run(leave())


def body_of(event_id: int) -> bytes:
    return b'{"id":%d,"type":"job.closed","payload":{"id":5,"closed_at":"2026-09-01T05:00:00Z"}}' % event_id


def test_deliveries_become_lines(receiving: Receiving) -> None:
    ids: list[int] = []

    async def script(scene: Scene) -> None:
        other = scene.fake.seed_webhook(scene.url, secret=OTHER)
        wrong = scene.fake.seed_webhook(scene.url, secret="0123456789abcdef-wrong")
        for webhook, kind in ((scene.webhook, "job"), (other, "company"), (scene.webhook, "job_closed")):
            ids.extend(scene.fake.trigger(webhook, 5, kind=kind))
        refused = scene.fake.trigger(wrong, 2)
        await scene.fake.settled()
        assert {scene.fake.event(each).response_status_code for each in ids} == {202}
        assert {scene.fake.event(each).response_status_code for each in refused} == {403}
        await scene.written()

    result = receiving(script, "--secret-env", "OTHER")
    assert result.exit_code == 0
    assert receiving.ids() == ids
    assert [line["type"] for line in sorted(receiving.lines(), key=lambda line: line["id"])] == [
        *["job.new"] * 5, *["company.new"] * 5, *["job.closed"] * 5,
    ]  # fmt: skip
    begun, ended = map(json.loads, result.stdout.splitlines())
    assert begun == {"url": begun["url"], "out": str(receiving.out), "store": str(receiving.kept)}
    assert (ended["written"], ended["handled"], ended["answers"]) == (15, 15, {"202": 15, "403": 2})
    assert ended["stored"] == {"pending": 0, "done": 15, "unhandled": 0, "dead": 0}
    assert (ended["out"], ended["reconcile"]) == (str(receiving.out), None)
    listening = f"Listening on {begun['url']} until Ctrl-C. Deliveries are added to {receiving.out}."
    first, second, last = result.stderr.splitlines()
    assert (first, second) == (listening, receive_run.STOPPING)
    assert last.startswith("A delivery was answered 403: it is not signed with a secret of --secret-env.")


def test_a_line_is_the_delivery_as_it_came(receiving: Receiving) -> None:
    """Fields that no model knows, types that are not known, and spaces are kept; a line break in it is a space."""
    unusual = (
        b'{\r\n "payload": {"id": 7, "closed_at": "x", "new": [1, "\\n\\u00e9"]},\n "type": "job.closed", "id": 8}'
    )
    unknown = b'{"id":9,"type":"moon.full","payload":{"a":"\xc3\xa9"},"sent_at":"2026"}'
    odd = b'{"id":10,"type":"job.new","payload":"\t"}'

    async def script(scene: Scene) -> None:
        for body in (unusual, unknown, odd):
            assert await scene.post(body) == 202
            await scene.written()

    assert receiving(script).exit_code == 0
    first, second, third = receiving.out.read_bytes().splitlines()
    assert first == unusual.replace(b"\r", b" ").replace(b"\n", b" ")
    assert second == unknown
    assert json.loads(third) == {"id": 10, "body": odd.decode()}, "a control character is no JSON"


def test_an_event_is_written_once(receiving: Receiving) -> None:
    async def script(scene: Scene) -> None:
        for _ in range(2):
            assert await scene.post(body_of(1)) in (200, 202)
            await scene.written()

    for _ in range(2):
        assert receiving(script).exit_code == 0
    assert receiving.ids() == [1]


def test_a_record_is_written_once_where_that_is_asked_for(receiving: Receiving) -> None:
    async def script(scene: Scene) -> None:
        for event_id in (1, 2):
            await scene.post(body_of(event_id))
            await scene.written()

    assert receiving(script, "--dedupe", "record").exit_code == 0
    assert receiving.ids() == [1]


def test_what_a_run_left_behind_is_written_unless_it_was(receiving: Receiving) -> None:
    kept(receiving.kept, *((each, body_of(each)) for each in range(1, 6)))
    receiving.out.write_bytes(b"".join(body_of(each) + b"\n" for each in (2, 7, 4)))
    result = receiving(Scene.written)
    ended = json.loads(result.stdout.splitlines()[-1])
    assert (ended["written"], ended["handled"], ended["stored"]["done"]) == (3, 5, 5)
    assert [line["id"] for line in receiving.lines()[:3]] == [2, 7, 4]
    assert receiving.ids() == [1, 2, 3, 4, 5, 7]


@pytest.mark.parametrize("cut", [1, 20, len(body_of(2))])
def test_a_line_that_was_not_whole_is_written_again(receiving: Receiving, cut: int) -> None:
    kept(receiving.kept, (1, body_of(1)), (2, body_of(2)))
    receiving.out.write_bytes(body_of(1) + b"\n" + body_of(2)[:cut])
    assert receiving(Scene.written).exit_code == 0
    assert receiving.out.read_bytes() == body_of(1) + b"\n" + body_of(2) + b"\n"


def test_what_somebody_else_wrote_is_left_alone(receiving: Receiving) -> None:
    kept(receiving.kept, (1, body_of(1)))
    receiving.out.write_bytes(b'{"id":"mine"}\n[3]\nnull\n{"no":"id"}\nnotes')
    result = receiving(Scene.written)
    assert receiving.out.read_bytes() == b'{"id":"mine"}\n[3]\nnull\n{"no":"id"}\nnotes\n' + body_of(1) + b"\n"
    assert f"{receiving.out} did not end with a line break, so one was added.\n" in result.stderr


def test_a_full_disk_is_told_once_and_the_line_tried_again(
    receiving: Receiving, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = DeliveryFile.add, 0

    async def add(file: DeliveryFile, event_id: int, line: bytes) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise SinkError("the disk is full")
        await real(file, event_id, line)

    async def script(scene: Scene) -> None:
        for event_id in (1, 2):
            await scene.post(body_of(event_id))
        await scene.written()

    monkeypatch.setattr(DeliveryFile, "add", add)
    result = receiving(script)
    assert (result.exit_code, receiving.ids(), tries) == (0, [1, 2], 4)
    assert result.stderr.count("error: the disk is full\n") == 1
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("verbose", [False, True])
def test_a_store_that_fails_is_told_without_a_traceback(receiving: Receiving, verbose: bool) -> None:
    real, tries = SQLiteDeliveries.claim, 0

    async def claim(store: SQLiteDeliveries, *arguments: Any, **options: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise DeliveryStoreError("the disk is full")
        return await real(store, *arguments, **options)

    async def script(scene: Scene) -> None:
        assert await scene.post(body_of(1)) == 503
        assert await scene.post(body_of(1)) == 202
        await scene.written()

    receiving.monkeypatch.setattr(SQLiteDeliveries, "claim", claim)
    if verbose:
        real_run = receiving.run
        receiving.run = lambda *arguments: real_run("--verbose", *arguments)
    result = receiving(script)
    assert (result.exit_code, receiving.ids()) == (0, [1])
    flags = re.DOTALL if verbose else re.NOFLAG
    assert re.search(r"ERROR event 1 was not taken.*: the disk is full\n", result.stderr, flags)
    assert ("Traceback" in result.stderr) is verbose


def test_events_that_were_given_up_are_told(receiving: Receiving) -> None:
    async def dead() -> None:
        store = SQLiteDeliveries(receiving.kept)
        await store.claim(1, b"not a delivery", record=None, owner="me", now=1.0, until=2.0)
        await store.aclose()

    asyncio.run(dead())
    result = receiving(Scene.written)
    assert (
        f"1 delivery given up: theirstack deliveries list --store {receiving.kept} --state dead shows why."
        in result.stderr
    )


def test_an_event_that_somebody_else_took_is_not_written(receiving: Receiving) -> None:
    real = receive_run.Reception._body

    async def script(scene: Scene) -> None:
        raised: list[BaseException] = []

        async def taken(reception: receive_run.Reception, delivery: Any) -> bytes:
            store = SQLiteDeliveries(receiving.kept)
            await store.take(owner="another", now=time.time() + 60, until=time.time() + 120, limit=1)
            await store.settle(
                1, owner="another", state=DeliveryState.DONE, attempts=0, error=None, due=0.0, now=time.time()
            )
            await store.aclose()
            try:
                return await real(reception, delivery)
            except DeliveryStoreError as error:
                raised.append(error)
                raise

        receiving.monkeypatch.setattr(receive_run.Reception, "_body", taken)
        # One that another has too, so that there is a next one.
        await scene.store.claim(2, body_of(2), record=None, owner="another", now=time.time(), until=time.time() + 999)
        await scene.post(body_of(1))
        while not raised:
            await asyncio.sleep(0.005)
        assert str(raised[0]).startswith("event 1 is no longer pending in ")

    assert receiving(script).exit_code == 0
    assert receiving.out.read_bytes() == b""


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_ipv6_address_is_shown_in_brackets(receiving: Receiving) -> None:
    async def script(scene: Scene) -> None:
        assert scene.url.startswith("http://[::1]:")

    assert receiving(script, "--host", "::1").exit_code == 0


def test_it_may_have_nothing_to_do(receiving: Receiving) -> None:
    assert receiving(nothing).exit_code == 0
    assert receiving.out.read_bytes() == b""
    assert logging.getLogger("theirstack_async.receiver").filters == []
