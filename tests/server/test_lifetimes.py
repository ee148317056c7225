"""A client's life: opened late, closed once, used on one loop at a time, and missed when it was forgotten."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import textwrap
import threading
import warnings
from pathlib import Path
from typing import Any

import attrs
import pytest

from tests._imports import ROOT
from tests.server._loopback import KEY, Held, client, http, saying, serving
from theirstack_async import RetryPolicy, TheirStack
from theirstack_async.errors import ClientClosedError, ConfigurationError, OutcomeUnknownError, TheirStackError

ANSWER = saying(http())


def run(program: str, *flags: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the package, asyncio's debug mode and all warnings as errors."""
    setup = """
        import asyncio, gc, logging, sys
        from theirstack_async import TheirStack
        from theirstack_async.testing import FakeTheirStack
        # In debug mode asyncio tells of slow callbacks, which a busy machine has.
        logging.getLogger("asyncio").addFilter(lambda record: not str(record.msg).startswith("Executing"))
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


async def test_a_client_that_is_forgotten_warns_and_lets_go_of_its_connections() -> None:
    async with serving(ANSWER) as port:
        api = client(port)
        await api.request("GET", "/v0/webhooks")
        transport = api._transport
        assert transport is not None
        assert transport.open
        holder = [api]
        del api
        with pytest.warns(ResourceWarning, match="was never closed") as caught:
            holder.clear()
        assert len(caught) == 1
        assert not transport.open
        while len(asyncio.all_tasks()) > 2:  # this one, and the server's for the connection
            await asyncio.sleep(0)


def test_one_client_in_two_runs() -> None:
    async def use() -> None:
        async with serving(ANSWER) as port:
            address = attrs.evolve(api._pipeline.dialect, base_url=f"http://127.0.0.1:{port}")
            api._pipeline.dialect = address
            assert (await api.request("GET", "/v0/webhooks")).json() == []

    api = TheirStack(KEY)
    for _ in range(2):
        asyncio.run(use())
        assert api._transport is not None
        assert not api._transport.open


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
    held = Held()
    async with serving(held) as port:
        api = client(port, retries=RetryPolicy(), max_concurrency=8)
        tasks = [asyncio.create_task(api.request("GET", "/v0/webhooks")) for _ in range(10)]
        tasks.append(asyncio.create_task(api.request("POST", "/v0/new", json={})))
        await held.arrived(8)
        await api.aclose()
        *results, acted = await asyncio.gather(*tasks, return_exceptions=True)
    gc.collect()
    assert {type(result) for result in results} == {ClientClosedError}
    assert isinstance(acted, ClientClosedError)  # it waited for its turn
    assert complaints == []
    assert api._pipeline.slots.free == 8


async def test_closing_while_something_is_sent_that_must_not_be_repeated() -> None:
    held = Held()
    async with serving(held) as port:
        api = client(port)
        task = asyncio.create_task(api.request("POST", "/v0/new", json={}))
        await held.arrived(1)
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


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_many_lives_leave_no_descriptor_open() -> None:
    async def live() -> None:
        async with client(port) as api:
            await api.request("GET", "/v0/webhooks")

    async with serving(ANSWER) as port:
        for _ in range(5):
            await live()
        before = open_descriptors()
        for _ in range(200):
            await live()
        for _ in range(20):
            await asyncio.sleep(0)
        assert open_descriptors() <= before + 2


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
