"""Cancel each kind of work at each of its await points, over real sockets. Also a program: it prints what it did."""

from __future__ import annotations

import asyncio
import logging
import threading
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from typing import Any, Final

import attrs

from theirstack_async import RetryPolicy, TheirStack
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.faults import Status

EVENTS: Final = 60
WIDTH: Final = 3
Work = Callable[[TheirStack, "Server"], Awaitable[object]]


@attrs.frozen
class Server:
    """A fake in a thread of its own, so that every task on the test's loop is the client's."""

    fake: FakeTheirStack
    webhook: int
    ids: range


@contextmanager
def serving() -> Iterator[Server]:
    fake = FakeTheirStack(keep_requests=True, deliver=False)
    webhook = fake.seed_webhook("http://localhost:9/hook")
    server = Server(fake, webhook, fake.seed_events(webhook, EVENTS))
    ready, stop = threading.Event(), threading.Event()

    async def serve() -> None:
        async with fake:
            ready.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield server
    finally:
        stop.set()
        thread.join()


@types.coroutine
def cancel_at(work: Coroutine[Any, Any, Any], point: int) -> Generator[Any, Any, Any]:
    """Await ``work``, and cancel the task when it is suspended for the time number ``point``, from 0."""
    step: Callable[[], Any] = partial(work.send, None)
    suspended = 0
    while True:
        try:
            future = step()
        except StopIteration as stop:
            return stop.value
        if suspended == point:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        suspended += 1
        try:
            yield future
        except BaseException as error:  # whatever it is, it goes to the work  # noqa: BLE001
            step = partial(work.throw, error)
        else:
            step = partial(work.send, None)


async def call(client: TheirStack, server: Server) -> object:
    return await client.webhooks.events.count(server.webhook)


async def call_again(client: TheirStack, server: Server) -> object:
    server.fake.faults.add("GET /v0/webhooks", Status(503), times=2)
    try:
        return await client.webhooks.list()
    finally:
        server.fake.faults.clear()


async def iterate(client: TheirStack, server: Server) -> object:
    taken: list[int] = []
    paginator = client.webhooks.events.ids(server.webhook, page_size=20)
    try:
        async with aclosing(aiter(paginator)) as rows:
            async for row in rows:
                taken.append(row)
                if row % 7 == 0:
                    await asyncio.sleep(0)
    except asyncio.CancelledError:
        # The one row that was being stored, and the rest, come as if nothing had happened.
        taken += await paginator.collect()
        assert sorted(taken) == list(server.ids)
        raise
    return taken


async def prefetch(client: TheirStack, server: Server) -> object:
    taken: list[int] = []
    paginator = client.webhooks.events.ids(server.webhook, page_size=10)
    try:
        async with paginator.prefetch(WIDTH) as rows, aclosing(rows):
            async for row in rows:
                taken.append(row)
    except asyncio.CancelledError:
        taken += await paginator.collect()
        assert sorted(taken) == list(server.ids)
        raise
    return taken


async def collect(client: TheirStack, server: Server) -> object:
    try:
        return await client.webhooks.events.ids(server.webhook, page_size=20).collect()
    except asyncio.CancelledError as error:
        assert vars(error).keys() >= {"items_so_far", "checkpoint"}  # and it goes on  # noqa: PT017
        raise


def retry(drain: float) -> Work:
    async def work(client: TheirStack, server: Server) -> object:
        try:
            report = await client.webhooks.events.retry(server.ids, batch_size=7, max_concurrency=WIDTH, drain=drain)
        except asyncio.CancelledError as error:
            report = getattr(error, "report")  # noqa: B009
            assert drain == 0.0 or not report.unknown
            raise
        finally:
            four = [set(report.accepted), set(report.rejected), set(report.unknown), set(report.skipped)]
            assert sum(map(len, four)) == report.requested == EVENTS
            assert set().union(*four) == set(server.ids)
        return report

    return work


async def retry_failed(client: TheirStack, server: Server) -> object:
    return await client.webhooks.events.retry_failed(server.webhook, page_size=20, batch_size=7, drain=0.0)


WORKS: Final[dict[str, Work]] = {
    # First, as long as there are FAILED ones.
    "retry_failed": retry_failed,
    "a call": call,
    "a call that is sent again": call_again,
    "an iteration": iterate,
    "collect": collect,
    "a prefetch": prefetch,
    "a retry run": retry(5.0),
    "a retry run without drain": retry(0.0),
}


async def cancel_everywhere(work: Work, server: Server) -> int:
    """Cancel ``work`` at its first await point, at its second, and so on until it ends before. Returns how many."""
    point = 0
    while await _cancelled(work, server, point):
        point += 1
    return point


async def _cancelled(work: Work, server: Server, point: int) -> bool:
    retries = RetryPolicy(base=1e-9)
    url, key = server.fake.base_url, server.fake.api_key
    async with TheirStack(key, base_url=url, retries=retries, max_concurrency=4) as client:

        async def run() -> bool:
            try:
                await cancel_at(_coroutine(work, client, server), point)
            except asyncio.CancelledError:
                return True
            return False

        task = asyncio.create_task(run())
        cancelled = await task
        slots = client._pipeline.slots  # nothing public tells how many are free
        assert slots.free == slots.limit == 4, f"a slot was lost at point {point}"
        left = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left, f"tasks left at point {point}: {left}"
    return cancelled


async def _coroutine(work: Work, client: TheirStack, server: Server) -> object:
    return await work(client, server)


async def main() -> None:
    # In debug mode asyncio tells of slow callbacks, which a busy machine has.
    logging.getLogger("asyncio").addFilter(lambda record: not str(record.msg).startswith("Executing"))
    with serving() as server:
        for name, work in WORKS.items():
            print(f"{name}: cancelled at {await cancel_everywhere(work, server)} points")  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main())
