"""Many copies of each delivery come at once: each is handled once, on every store, and on one that processes share."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from tests._scale import scaled
from tests.receiver._sending import KINDS, SECRET, body_of, headers_of, once, send, serving, stores_of
from tests.receiver._workers import Log, held_port, order, program, working
from theirstack_async.receiver import Answer, Delivery, DeliveryState, JobNew, Receiver
from theirstack_async.testing import VirtualClock

pytestmark = pytest.mark.slow

COPIES = 20
DELIVERIES = scaled(1_000)
IDS = range(1_000_001, 1_000_001 + DELIVERIES)


def shuffled(bodies: Sequence[bytes]) -> list[bytes]:
    """Return the copies of each body in an order in which those of one are near each other, but not in a row."""
    chance = random.Random(1)
    places = sorted((at + chance.uniform(0, 3), body) for at, body in enumerate(bodies) for _ in range(COPIES))
    return [body for _, body in places]


async def all_at_once(receivers: Sequence[Receiver], bodies: Sequence[bytes]) -> Counter[int]:
    """Send bodies to receivers in turn, straight and all at once, and return how many had which status."""
    headers = {body: headers_of(body) for body in set(bodies)}
    sent = [send(receivers[at % len(receivers)], body, headers[body]) for at, body in enumerate(bodies)]
    answers: list[Answer] = await asyncio.gather(*sent)
    return Counter(answer.status for answer in answers)


@pytest.mark.parametrize(("kind", "number"), [("memory", 1), ("sqlite", 1), ("sqlite", 2)])
async def test_each_is_handled_once(tmp_path: Path, kind: str, number: int) -> None:
    """Also when they come again after that; two receivers have two stores of one file."""
    handled: Counter[int] = Counter()

    async def handle(delivery: JobNew) -> None:
        await asyncio.sleep(0)
        handled[delivery.id] += 1

    bodies = shuffled([body_of(id_) for id_ in IDS])
    async with stores_of(kind, tmp_path, number) as stores, AsyncExitStack() as stack:
        receivers = [Receiver(SECRET, store, queue=len(bodies), budget=1e9) for store in stores]
        for receiver in receivers:
            receiver.on(JobNew)(handle)
            await stack.enter_async_context(receiver)
        first = await all_at_once(receivers, bodies)
        for receiver in receivers:
            await receiver.settled()
        assert handled == once(IDS)
        assert first.total() == first[200] + first[202] == COPIES * DELIVERIES
        assert first[202] == (DELIVERIES if stores[0].durable else 0)
        assert await all_at_once(receivers, bodies) == {200: COPIES * DELIVERIES}
        assert handled == once(IDS)
        assert sum(receiver.stats.handled for receiver in receivers) == DELIVERIES
        assert (await stores[0].counts())[DeliveryState.DONE] == DELIVERIES


@pytest.mark.parametrize("kind", KINDS)
async def test_each_record_is_handled_once_where_that_is_asked(tmp_path: Path, kind: str) -> None:
    """Overlapping searches find one job, and each has an event of its own for it."""
    handled: list[int] = []
    events = {id_: range(id_ * 100, id_ * 100 + COPIES) for id_ in IDS[: DELIVERIES // 10]}
    bodies = [body_of(event, record=id_) for id_, its in events.items() for event in its]
    async with (
        stores_of(kind, tmp_path) as (store,),
        Receiver(SECRET, store, queue=len(bodies), budget=1e9, dedupe="record") as receiver,
    ):

        @receiver.on(JobNew)
        async def handle(delivery: JobNew) -> None:
            await asyncio.sleep(0)
            assert delivery.record is not None
            handled.append(delivery.payload.id)

        answers = await all_at_once([receiver], random.Random(1).sample(bodies, len(bodies)))
        await receiver.settled()
        assert len(handled) == len(set(handled)) == len(events)
        assert answers.total() == answers[200] + answers[202] == len(bodies)
        assert (await store.counts())[DeliveryState.DONE] == len(bodies)


@pytest.mark.parametrize("kind", KINDS)
async def test_over_sockets_with_a_handler_that_fails_once_each_succeeds_once(tmp_path: Path, kind: str) -> None:
    """Copies come while the event waits for its next attempt, and after it."""
    clock, began, handled = VirtualClock(), Counter[int](), Counter[int]()
    async with stores_of(kind, tmp_path) as (store,):
        # The clock runs much faster than bodies come in.
        receiver = Receiver(SECRET, store, queue=DELIVERIES, budget=1e9, lease=1e9, clock=clock)

        @receiver.on(Delivery)
        async def handle(delivery: Delivery) -> None:
            began[delivery.id] += 1
            if began[delivery.id] == 1:
                raise ConnectionError("the database is away")
            handled[delivery.id] += 1

        async with serving(receiver) as url, aiohttp.ClientSession() as session:
            answers = asyncio.ensure_future(posted(session, [url], shuffled([body_of(id_) for id_ in IDS])))
            while handled.total() < DELIVERIES:
                await clock.advance(1.0)
                await asyncio.sleep(0)
            assert (await answers).total() == COPIES * DELIVERIES
            assert await posted(session, [url], [body_of(id_) for id_ in IDS]) == {200: DELIVERIES}
        assert handled == once(IDS)
        assert began == dict.fromkeys(IDS, 2)


async def posted(session: aiohttp.ClientSession, urls: Sequence[str], bodies: Sequence[bytes]) -> Counter[int]:
    """POST bodies to URLs in turn until they are taken, as many at once as the session allows, and return how many had
    which status in the end.
    """

    async def post(at: int, body: bytes) -> int:
        while True:
            async with session.post(urls[at % len(urls)], data=body, headers=dict(headers_of(body))) as answer:
                await answer.read()
                if answer.status != 503:
                    return answer.status

    return Counter(await asyncio.gather(*(post(at, body) for at, body in enumerate(bodies))))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the programs are forked, and there is no fork here")
async def test_two_processes_that_share_a_file_handle_each_once(tmp_path: Path) -> None:
    """A front server gives the copies to either."""
    log = Log(tmp_path / "log.txt")
    bodies = shuffled([body_of(id_) for id_ in IDS])
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        workers, urls = [], []
        for _ in range(2):
            running = await stack.enter_async_context(program())
            port = stack.enter_context(held_port())
            urls.append(f"http://127.0.0.1:{port}/hook")
            workers.append(await stack.enter_async_context(working(running, order(tmp_path, port, budget=1e9))))
        first = await posted(session, urls, bodies)
        assert first.total() == first[200] + first[202] == COPIES * DELIVERIES
        assert first[202] == DELIVERIES
        results = [await worker.stop() for worker in workers]
    assert log.count("end") == log.count("begin") == once(IDS)
    assert sum(result["handled"] for result in results) == DELIVERIES
    assert min(result["handled"] for result in results) > 0
    assert {result["pending"] for result in results} == {0}
