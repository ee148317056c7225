"""A client's life: opened late, closed once, used on one loop at a time, and missed when it was forgotten."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
import warnings
from typing import Any

import pytest

from tests._imports import ROOT
from tests.server._loopback import KEY, client, hang, http, saying, serving
from theirstack_async import RetryPolicy, TheirStack
from theirstack_async._engine.aiohttp_transport import AiohttpTransport
from theirstack_async._values import Headers
from theirstack_async._wire.message import Request
from theirstack_async.errors import ClientClosedError, ConfigurationError, OutcomeUnknownError, TheirStackError
from theirstack_async.testing import FakeTheirStack

ANSWER = saying(http())


def run(program: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the package, asyncio's debug mode and all warnings as errors."""
    setup = """
        import asyncio, gc, sys
        from theirstack_async import TheirStack
        from theirstack_async.testing import FakeTheirStack
        async def use(client):
            async with FakeTheirStack(api_key="k", port=int(sys.argv[1])) as fake:
                await client.webhooks.list()
    """
    code = textwrap.dedent(setup) + textwrap.dedent(program)
    command = [sys.executable, "-X", "dev", "-W", "error", *flags, "-c", code, str(free_port())]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def free_port() -> int:
    import socket

    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


MAKE = 'client = TheirStack("k", base_url=f"http://127.0.0.1:{sys.argv[1]}")\n'


def test_one_client_in_two_runs_leaves_nothing_behind() -> None:
    """Each run's end closes what the client opened in it, without a word."""
    done = run(MAKE + "asyncio.run(use(client)); gc.collect()\nasyncio.run(use(client)); gc.collect(); print('twice')")
    assert (done.stdout, done.stderr) == ("twice\n", "")


def test_a_client_that_is_forgotten_is_missed_once_by_name_and_place() -> None:
    program = """
        async def main():
            client = TheirStack("canary", base_url=f"http://127.0.0.1:{sys.argv[1]}")
            await use(client)
            del client
            gc.collect()
            await asyncio.sleep(0)
        asyncio.run(main(), debug=True)
        gc.collect()
    """
    done = run(program.replace("canary", "k"), "-W", "always::ResourceWarning")
    assert done.returncode == 0
    assert done.stderr.count("Warning") == 1 + done.stderr.count("Enable tracemalloc")
    assert done.stderr.count("was never closed; use 'async with', or await client.aclose()") == 1
    assert "<TheirStack http://127.0.0.1:" in done.stderr
    assert "made at <string>:" in done.stderr
    assert "nclosed" not in done.stderr.replace("never closed", "")


def test_a_client_that_outlives_main_is_missed_too() -> None:
    program = """
        async def main():
            await use(TheirStack("k", base_url=f"http://127.0.0.1:{sys.argv[1]}"))
        asyncio.run(main())
    """
    done = run(program, "-W", "always::ResourceWarning")
    assert done.stderr.count("was never closed") == 1
    assert "Unclosed" not in done.stderr
    assert "unclosed" not in done.stderr
    assert "Task was destroyed" not in done.stderr


def test_a_loop_that_is_closed_without_ending_its_generators() -> None:
    """Nothing can be closed in order then; the client still works on the next loop."""
    program = """
        loop = asyncio.new_event_loop()
        loop.run_until_complete(use(client))
        loop.close()
        asyncio.run(use(client))
        print("twice")
    """
    done = run(MAKE + textwrap.dedent(program), "-W", "ignore")
    assert done.stdout == "twice\n"
    assert "Unclosed" not in done.stderr


async def test_nothing_is_opened_before_the_first_call() -> None:
    api = TheirStack(KEY, base_url="http://nowhere.invalid")
    transport = api._transport
    assert transport is not None
    assert not transport.open
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del api, transport
        gc.collect()


async def test_after_closing_and_closing_twice() -> None:
    async with serving(ANSWER) as port:
        api = client(port)
        assert (await api.request("GET", "/v0/webhooks")).json() == []
        await api.aclose()
        await api.aclose()
        with pytest.raises(ClientClosedError, match="the client is closed; make a new one"):
            await api.request("GET", "/v0/webhooks")
        with pytest.raises(ClientClosedError):
            await api.__aenter__()
        view = api.with_options()
        with pytest.raises(ClientClosedError):
            await view.webhooks.list()


async def test_a_client_that_was_never_used_closes() -> None:
    async with TheirStack(KEY) as api:
        assert "TheirStack" in repr(api)


async def test_closing_with_calls_in_flight() -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with serving(hang) as port:
        api = client(port, retries=RetryPolicy(), max_concurrency=8)
        tasks = [asyncio.create_task(api.request("GET", "/v0/webhooks")) for _ in range(10)]
        tasks.append(asyncio.create_task(api.request("POST", "/v0/new", json={})))
        for _ in range(50):
            await asyncio.sleep(0.001)
        await api.aclose()
        *results, acted = await asyncio.gather(*tasks, return_exceptions=True)
    gc.collect()
    assert {type(result) for result in results} == {ClientClosedError}
    assert isinstance(acted, ClientClosedError)  # it waited for its turn
    assert complaints == []
    assert api._pipeline.slots.free == 8


async def test_closing_while_something_is_sent_that_must_not_be_repeated() -> None:
    async with serving(hang) as port:
        api = client(port)
        task = asyncio.create_task(api.request("POST", "/v0/new", json={}))
        for _ in range(50):
            await asyncio.sleep(0.001)
        await api.aclose()
        with pytest.raises(OutcomeUnknownError) as caught:
            await task
    assert isinstance(caught.value.__cause__, ClientClosedError)


async def test_a_second_live_loop_is_refused_and_the_first_goes_on() -> None:
    async with serving(ANSWER) as port, client(port) as api:
        await api.request("GET", "/v0/webhooks")
        raised: list[BaseException] = []

        def elsewhere() -> None:
            try:
                asyncio.run(api.request("GET", "/v0/webhooks"))  # type: ignore[arg-type]
            except TheirStackError as error:
                raised.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        await asyncio.to_thread(thread.join)
        assert [type(error) for error in raised] == [ConfigurationError]
        assert "open on another event loop" in str(raised[0])
        assert (await api.request("GET", "/v0/webhooks")).json() == []


async def test_many_lives_leave_no_descriptor_open() -> None:
    async def live() -> None:
        async with client(port) as api:
            await api.request("GET", "/v0/webhooks")

    async with serving(ANSWER) as port:
        for _ in range(5):
            await live()
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(200):
            await live()
        await asyncio.sleep(0.01)
        assert len(os.listdir("/proc/self/fd")) <= before + 2


async def test_views_share_the_pool_and_close_nothing() -> None:
    connections = 0

    async def count(*streams: Any) -> None:
        nonlocal connections
        connections += 1
        await ANSWER(*streams)

    async with serving(count) as port, client(port, max_concurrency=2) as api:
        async with api.with_options(max_concurrency=1, api_key="other", hooks=[]) as view:
            assert (await view.request("GET", "/v0/webhooks")).json() == []
        await view.aclose()
        await api.with_options().with_options(max_concurrency=3).request("GET", "/v0/webhooks")
        assert connections == 1
        assert repr(view).endswith("api_key=*** (view)>")
        assert (view._pipeline.slots.free, api._pipeline.slots.free) == (1, 2)
        assert view._pipeline.config.hooks == ()


async def test_a_view_keeps_its_client_alive() -> None:
    async with serving(ANSWER) as port:
        view = client(port).with_options()
        gc.collect()
        assert (await view.request("GET", "/v0/webhooks")).json() == []
        assert view._root is not None
        await view._root.aclose()


@pytest.mark.parametrize(("key", "shown"), [("canary", "***"), (lambda: "canary", "callable"), (None, "None")])
def test_the_text_of_a_client(key: Any, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import copy
    import pickle

    monkeypatch.delenv("THEIRSTACK_API_KEY", raising=False)
    api = TheirStack(key, base_url="http://h", proxy="http://u:canary@h")
    assert repr(api) == f"<TheirStack http://h api_key={shown}>"
    holders = [api, api._pipeline, api._transport, api._pipeline.config]
    assert "canary" not in "".join(repr(each) + repr(getattr(each, "__dict__", "")) for each in holders)
    for trip in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled or copied"):
            trip(api)  # type: ignore[operator]


async def test_a_keep_alive_connection_that_the_server_ends_is_not_used_for_what_is_sent_once() -> None:
    """With a still loop: the server's end has arrived by the time the next request leaves."""

    async def once(reader: Any, writer: Any) -> None:
        from tests.server._loopback import request_from

        await request_from(reader)
        writer.write(http())
        await writer.drain()

    async with serving(once) as port, client(port) as api:
        for _ in range(50):
            await api.request("POST", "/v0/new", json={}, kind="once")
            await api.request("GET", "/v0/webhooks")


async def test_a_body_can_be_read_as_text() -> None:
    """aiohttp's payloads can be; its middlewares and loggers may ask."""
    from theirstack_async._engine.aiohttp_transport import _Body

    assert _Body("é".encode(), only_once=False).decode() == "é"


async def test_a_defect_below_is_not_taken_for_a_failure_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    class DefectError(Exception):
        pass

    async with serving(ANSWER) as port, client(port) as api:
        transport: Any = api._transport
        assert isinstance(transport, AiohttpTransport)

        async def fail(*_: object) -> None:
            raise DefectError

        monkeypatch.setattr(transport, "_exchange", fail)
        with pytest.raises(DefectError):
            await transport.send(Request("GET", f"http://127.0.0.1:{port}/", "read", Headers()))


async def test_a_free_loop_of_another_make() -> None:
    """The main paths on uvloop, in a thread of its own."""
    uvloop = pytest.importorskip("uvloop", reason="uvloop is not installed")

    async def use() -> None:
        async with FakeTheirStack(api_key=KEY, deliver=False) as fake:
            webhook_id = fake.seed_webhook("http://nowhere.invalid")
            ids = fake.seed_events(webhook_id, 30)
            async with TheirStack(KEY, base_url=fake.base_url) as api:
                found = await api.webhooks.events.ids(webhook_id, page_size=7).collect()
                assert sorted(found) == list(ids)
                assert (await api.webhooks.events.retry(ids, batch_size=7)).ok

    def main() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(use())

    await asyncio.to_thread(main)
