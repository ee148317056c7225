"""The main jobs on uvloop, on real sockets: its connections, its TLS and its order of events are its own."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, Final, ParamSpec

import attrs
import pytest
import trustme
from aiohttp import web

from tests.receiver._adapters import SECRET, Served, aiohttp_at
from tests.server._loopback import KEY, Held, client, close, hang, http, opened, request_from, reset, saying, serving
from theirstack_async import RetryPolicy, RetryReport, TheirStack, Timeouts
from theirstack_async.errors import (
    ClientClosedError,
    ConnectError,
    ConnectionLostError,
    OutcomeUnknownError,
    RequestTimeoutError,
    TheirStackError,
)
from theirstack_async.receiver import AiohttpReceiver
from theirstack_async.testing import FakeTheirStack, ResetAfterHeaders, ResetBeforeBody, TruncatedBody

uvloop: Final[Any] = pytest.importorskip("uvloop", reason="uvloop is not installed")
P = ParamSpec("P")


def run(work: Callable[[], Awaitable[None]]) -> None:
    """Run something on a new loop of uvloop's, and check that it leaves no task and that nobody complains."""
    complaints: list[Any] = []

    async def watched() -> None:
        loop = asyncio.get_running_loop()
        assert type(loop).__module__.startswith("uvloop")
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        await work()
        for _ in range(3):
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(watched())
    assert complaints == []


def on_uvloop(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Make a plain test of an asynchronous one."""

    @wraps(test)
    def plain(*args: P.args, **kwargs: P.kwargs) -> None:
        run(lambda: test(*args, **kwargs))

    return plain


@attrs.frozen
class World:
    """A fake API with a webhook and its events, and a client of it."""

    fake: FakeTheirStack
    api: TheirStack
    webhook: int
    ids: range


@asynccontextmanager
async def world(events: int = 60, **settings: Any) -> AsyncIterator[World]:
    async with FakeTheirStack(api_key=KEY, deliver=False) as fake:
        webhook = fake.seed_webhook("http://nowhere.invalid")
        ids = fake.seed_events(webhook, events)
        async with TheirStack(KEY, base_url=fake.base_url, **settings) as api:
            yield World(fake, api, webhook, ids)


@on_uvloop
async def test_whole_extractions_and_a_retry() -> None:
    async with world() as it:
        events = it.api.webhooks.events
        assert sorted([event.id async for event in events.list(it.webhook, page_size=7)]) == list(it.ids)
        async with events.list(it.webhook, page_size=7).prefetch(4) as rows:
            assert sorted([event.id async for event in rows]) == list(it.ids)
        report = await events.retry(it.ids, batch_size=7)
        assert report.ok
        assert set(report.accepted) == set(it.ids)


# Before 0.23 uvloop leaves the socket of a connection whose making was cancelled to be collected.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@on_uvloop
async def test_listings_that_are_left_or_cancelled_go_on_where_they_were() -> None:
    async with world() as it:
        paginator = it.api.webhooks.events.ids(it.webhook, page_size=7)
        got: list[int] = []

        async def take(enough: int) -> None:
            async with paginator.prefetch(4) as rows:
                async for event_id in rows:
                    got.append(event_id)
                    if len(got) == enough:
                        return
                    if len(got) % 10 == 0:
                        await asyncio.sleep(0)

        await take(5)
        for turns in range(20):
            task = asyncio.create_task(take(len(it.ids) + 1))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        got += [event_id async for event_id in paginator]
        assert sorted(got) == list(it.ids)
        assert it.api._pipeline.slots.free == it.api._pipeline.slots.limit
    gc.collect()


@on_uvloop
async def test_a_retry_that_is_cancelled_twice_accounts_for_each_id() -> None:
    held = Held()
    reports: list[RetryReport] = []
    async with opened(held) as api:
        retry = api.webhooks.events.retry(range(1, 41), batch_size=5, max_concurrency=3, on_progress=reports.append)
        task = asyncio.create_task(retry)
        await held.arrived(3)
        task.cancel()
        for _ in range(20):
            await asyncio.sleep(0)
        assert not task.done()  # what is under way may end
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    report = reports[-1]
    assert (set(report.accepted), set(report.rejected), set(report.unknown)) == (set(), set(), set(range(1, 16)))
    assert report.requested == 15 + len(report.skipped)


QUICK: Final = Timeouts(connect=0.05, read=0.05, deadline=5)
FAULTS: Final[dict[str, tuple[Any, Timeouts, type[TheirStackError], str | None]]] = {
    "silence": (saying(then=hang), QUICK, RequestTimeoutError, "read"),
    "silence in the body": (saying(http(b"[1", length=9), then=hang), QUICK, RequestTimeoutError, "read"),
    "the deadline": (saying(then=hang), Timeouts(deadline=0.05), RequestTimeoutError, "deadline"),
    "a reset": (saying(then=reset), Timeouts(), ConnectionLostError, None),
    "a reset in the body": (saying(http(b"[1", length=9), then=reset), Timeouts(), ConnectionLostError, None),
    "an end in the body": (saying(http(b"[1", length=9), then=close), Timeouts(), ConnectionLostError, None),
}


@pytest.mark.parametrize(("serve", "timeouts", "kind", "phase"), FAULTS.values(), ids=FAULTS)
@on_uvloop
async def test_what_breaks_is_told_as_on_any_loop(
    serve: Any, timeouts: Timeouts, kind: type[TheirStackError], phase: str | None
) -> None:
    async with opened(serve, timeouts=timeouts) as api:
        with pytest.raises(kind) as caught:
            await api.request("GET", "/v0/webhooks")
        assert (caught.value.sent, getattr(caught.value, "phase", None)) == ("maybe", phase)
        with pytest.raises(OutcomeUnknownError) as unknown:
            await api.request("POST", "/v0/new", json={})
        assert type(unknown.value.__cause__) is kind


@on_uvloop
async def test_a_port_where_nobody_listens() -> None:
    async with serving(hang) as port:
        pass
    async with client(port) as api:
        for method in ("GET", "POST"):
            with pytest.raises(ConnectError) as caught:
                await api.request(method, "/v0/webhooks")
            assert caught.value.sent == "no"


@on_uvloop
async def test_tls() -> None:
    authority = trustme.CA()
    server, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.configure_trust(trusting)
    async with opened(saying(http()), server, scheme="https", ssl_context=trusting) as api:
        for _ in range(2):
            assert (await api.request("GET", "/v0/webhooks")).json() == []
    async with opened(saying(http()), server, scheme="https") as api:
        with pytest.raises(ConnectError) as caught:
            await api.request("POST", "/v0/new", json={})
        assert (caught.value.permanent, caught.value.sent) == (True, "no")


@on_uvloop
async def test_a_connection_that_the_server_has_ended_is_not_used_for_what_is_sent_once() -> None:
    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_from(reader)
        writer.write(http())
        await writer.drain()

    async with serving(once) as port, client(port) as api:
        for _ in range(50):
            await api.request("POST", "/v0/new", json={}, kind="once")


@on_uvloop
async def test_closing_with_calls_under_way() -> None:
    held = Held()
    async with serving(held) as port:
        api = client(port, max_concurrency=4)
        tasks = [asyncio.create_task(api.request("GET", "/v0/webhooks")) for _ in range(6)]
        await held.arrived(4)
        await api.aclose()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} == {ClientClosedError}


def test_one_client_in_several_runs() -> None:
    """Also one after another on loops of both makes. The end of each run closes what was opened in it."""
    api = TheirStack(KEY)

    async def use() -> None:
        async with serving(saying(http())) as port:
            api._pipeline.dialect = attrs.evolve(api._pipeline.dialect, base_url=f"http://127.0.0.1:{port}")
            assert (await api.request("GET", "/v0/webhooks")).json() == []

    for begin in (run, lambda work: asyncio.run(work()), run):
        begin(use)
        assert api._transport is not None
        assert not api._transport.open


@pytest.mark.parametrize("fault", [ResetBeforeBody, ResetAfterHeaders, TruncatedBody])
@on_uvloop
async def test_the_faults_of_the_fake_server(fault: Any) -> None:
    async with world(10, retries=RetryPolicy(base=0)) as it:
        it.fake.faults.add("GET *", fault(), times=2)
        assert sorted(await it.api.webhooks.events.ids(it.webhook).collect()) == list(it.ids)
        it.fake.faults.add("POST *", fault())
        assert set((await it.api.webhooks.events.retry(it.ids)).unknown) == set(it.ids)


@on_uvloop
async def test_a_receiver() -> None:
    it = Served()
    adapter = AiohttpReceiver(it.receiver)
    app = web.Application()
    app.cleanup_ctx.append(adapter.lifespan)
    app.router.add_post("/theirstack", adapter.handle)
    async with aiohttp_at(app) as port, FakeTheirStack() as fake:
        ids = fake.trigger(fake.seed_webhook(f"http://127.0.0.1:{port}/theirstack", secret=SECRET), 20)
        await fake.settled()
        assert {fake.event(event).status for event in ids} == {"SUCCESS"}
        assert sorted(it.handled) == list(ids)
