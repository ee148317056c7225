"""What receiving deliveries costs beside a bare handler that only reads the body: deliveries a second on one core.

    python benchmarks/receiver.py [aiohttp] [asgi] [asgi-h11] [fastapi]

A worker is a process of its own on one core. It runs ``aiohttp.web``, an ASGI application without a framework in
uvicorn (with the parser httptools, or h11), or FastAPI in uvicorn, all on asyncio's own loop; with a bare handler, or
with a receiver over a memory store or a SQLite file: signature, decoding, claim, an empty handler, mark.
The deliveries are new jobs of about 8 KB, each with an id of its own, signed before the clock starts. The generator has
the other core, and keeps its connections open, each of which sends the next delivery once the last is answered. All
workers stay up and take turns, so that a busy machine slows them alike; the medians of the turns are compared. Latency
is that of a delivery from its first byte to its answer, with as many in flight as there are connections.

Bound: with a memory store, half of the bare handler's deliveries a second. Exits 1 beyond it, or if anything was lost.
``LOAD_SCALE`` scales the count.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal

import uvicorn
from aiohttp import web
from fastapi import FastAPI, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from theirstack_async.receiver import (
    SIGNATURE_HEADER,
    AiohttpReceiver,
    ASGIReceiver,
    JobNew,
    MemoryDeliveries,
    Receiver,
    SQLiteDeliveries,
)
from theirstack_async.testing import sign
from theirstack_async.testing.payloads import Payloads

SCALE = float(os.environ.get("LOAD_SCALE") or "1")
TURN = max(200, round(2_000 * SCALE))
"""Deliveries of a turn."""
TURNS = 15
WARM_UP = 2
"""Turns that do not count."""
CONNECTIONS = 32
BOUND = 0.5
"""Of the bare handler's deliveries a second."""
SECRET = "a-secret-of-some-length"  # noqa: S105 - it is none
FRAMEWORKS = ("aiohttp", "asgi", "asgi-h11", "fastapi")
KINDS = ("bare", "memory", "sqlite")
FIRST = 1_000_001


def pin(core: int) -> None:
    """Keep this process on a core, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})


# The worker


def receiver_of(kind: str, folder: Path, name: str) -> Receiver:
    store = MemoryDeliveries() if kind == "memory" else SQLiteDeliveries(folder / f"{name}.db")
    receiver = Receiver(SECRET, store, queue=10 * CONNECTIONS, budget=60.0)

    @receiver.on(JobNew)
    async def handle(delivery: JobNew) -> None:
        return None

    return receiver


async def bare_aiohttp(request: web.Request) -> web.Response:
    await request.read()
    return web.Response(text="ok")


async def bare_asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        return
    while (await receive()).get("more_body"):
        continue
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})


@asynccontextmanager
async def serving_aiohttp(receiver: Receiver | None) -> AsyncIterator[int]:
    """Serve, and yield the port."""
    app = web.Application()
    if receiver is None:
        app.router.add_post("/hook", bare_aiohttp)
    else:
        adapter = AiohttpReceiver(receiver)
        app.router.add_post("/hook", adapter.handle)
        app.cleanup_ctx.append(adapter.lifespan)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def bare_fastapi(request: Request) -> PlainTextResponse:
    await request.body()
    return PlainTextResponse("ok")


def fastapi_app(receiver: Receiver | None) -> FastAPI:
    if receiver is None:
        app = FastAPI()
        app.post("/hook")(bare_fastapi)
        return app

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with receiver:
            yield

    return FastAPI(lifespan=lifespan, routes=[Route("/hook", ASGIReceiver(receiver), methods=["POST"])])


@asynccontextmanager
async def serving_asgi(app: Any, http: Literal["httptools", "h11"] = "httptools") -> AsyncIterator[int]:
    """Serve, and yield the port."""
    lifespan: Literal["off", "on"] = "off" if app is bare_asgi else "on"
    config = uvicorn.Config(app, http=http, log_level="warning", access_log=False, lifespan=lifespan)
    server = uvicorn.Server(config)
    # Whoever connects before it accepts waits in the queue of this socket. Where the protocol is not named, asyncio
    # leaves Nagle's algorithm on.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(CONNECTIONS)
        task = asyncio.ensure_future(server.serve([listening]))
        yield listening.getsockname()[1]
        server.should_exit = True
        await task


def serving(framework: str, receiver: Receiver | None) -> AbstractAsyncContextManager[int]:
    if framework == "aiohttp":
        return serving_aiohttp(receiver)
    if framework == "fastapi":
        return serving_asgi(fastapi_app(receiver))
    app = bare_asgi if receiver is None else ASGIReceiver(receiver)
    return serving_asgi(app, "h11" if framework == "asgi-h11" else "httptools")


async def work(framework: str, kind: str, folder: Path) -> None:
    """Serve until the input ends, and tell at each of its lines what was done and how much CPU it took."""
    pin(0)
    receiver = None if kind == "bare" else receiver_of(kind, folder, f"{framework}-{kind}")
    async with serving(framework, receiver) as port:
        print(port, flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            if receiver is not None:
                await receiver.settled()
            handled = None if receiver is None else receiver.stats.handled
            print(json.dumps({"handled": handled, "cpu": time.process_time()}), flush=True)


# The generator


def requests(first: int, count: int) -> list[bytes]:
    """Return the deliveries of so many events, each with its head."""
    payloads = Payloads(0)
    made: list[bytes] = []
    for event_id in range(first, first + count):
        body = b'{"id":%d,"type":"job.new","payload":%s}' % (event_id, payloads.delivered("job", event_id))
        head = (
            "POST /hook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: */*\r\n"
            f"{SIGNATURE_HEADER}: {sign(body, SECRET)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode("ascii") + body)
    return made


class Connection(asyncio.Protocol):
    """Sends one request after the other."""

    def __init__(self) -> None:
        self._got = b""
        self._size = re.compile(rb"(?i)\r\ncontent-length: (\d+)")

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def start(self, left: Iterator[bytes], seconds: list[float], end: Callable[[], None]) -> None:
        self._left, self._seconds, self._end = left, seconds, end
        self._next()

    def data_received(self, data: bytes) -> None:
        self._got += data
        head, found, body = self._got.partition(b"\r\n\r\n")
        size = self._size.search(head)
        if not found or size is None or len(body) < int(size[1]):
            return
        assert head[9:12] in (b"200", b"202"), self._got
        self._seconds.append(time.perf_counter() - self._began)
        self._got = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def _next(self) -> None:
        request = next(self._left, None)
        if request is None:
            self._end()
            return
        self._began = time.perf_counter()
        self._transport.write(request)


async def load(port: int) -> None:
    """Send a turn's deliveries at each line of the input, and tell how long they took."""
    pin(1)
    loop = asyncio.get_running_loop()
    connections = [(await loop.create_connection(Connection, "127.0.0.1", port))[1] for _ in range(CONNECTIONS)]
    first = FIRST
    while await asyncio.to_thread(sys.stdin.readline):
        made, seconds, ended = requests(first, TURN), list[float](), asyncio.Event()
        first += TURN
        running = len(connections)

        def end(ended: asyncio.Event = ended) -> None:
            nonlocal running
            running -= 1
            if not running:
                ended.set()

        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        left, cpu, began = iter(made), time.process_time(), time.perf_counter()
        for connection in connections:
            connection.start(left, seconds, end)
        await ended.wait()
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert len(seconds) == TURN, "a connection was closed"
        print(json.dumps({"seconds": took, "cpu": cpu, "latencies": seconds}), flush=True)


# The measurement


class Process:
    """A process that runs this file, and answers line by line."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, __file__, *arguments]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def say(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write("\n")
        self.child.stdin.flush()

    def hear(self) -> Any:
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        assert line, "a process has ended with an error"
        return line.strip() if line == "ready\n" else json.loads(line)

    def ask(self) -> Any:
        self.say()
        return self.hear()


@contextmanager
def process(*arguments: str) -> Iterator[Process]:
    started = Process(*arguments)
    try:
        yield started
    finally:
        started.child.communicate()


class Contender:
    """A worker and the generator that loads it, with what they took in each turn."""

    def __init__(self, worker: Process, generator: Process) -> None:
        self._worker = worker
        self._generator = generator
        self.rates: list[float] = []
        self.cpu: list[float] = []
        self.busy: list[float] = []
        self.latencies: list[float] = []

    def turn(self, number: int, *, counts: bool) -> None:
        assert self._generator.ask() == "ready"
        before = self._worker.ask()["cpu"]
        told = self._generator.ask()
        after = self._worker.ask()
        assert after["handled"] in (None, (number + 1) * TURN), f"{after['handled']} were handled"
        if counts:
            self.rates.append(TURN / told["seconds"])
            self.cpu.append((after["cpu"] - before) / TURN * 1e6)
            self.busy.append(told["cpu"] / told["seconds"])
            self.latencies += told["latencies"]


def report(framework: str, kind: str, found: Contender, bare: Contender) -> float:
    """Print a line, and return the ratio to the bare handler."""
    ratio = statistics.median(one / other for one, other in zip(found.rates, bare.rates, strict=True))
    cuts = statistics.quantiles(found.latencies, n=100)
    print(
        f"{framework:9}{kind:8}{statistics.median(found.rates):>14,.0f}{ratio:>8.2f}"
        f"{statistics.median(found.cpu):>10.0f}{cuts[49] * 1e3:>10.1f}{cuts[98] * 1e3:>10.1f}"
        f"{statistics.median(found.busy):>12.0%}",
        flush=True,
    )
    return ratio


def compare(framework: str, folder: Path) -> bool:
    """Let the workers of a framework take turns, print what they did, and return whether it is within the bound."""
    contenders: dict[str, Contender] = {}
    with ExitStack() as stack:
        for kind in KINDS:
            worker = stack.enter_context(process("work", framework, kind, str(folder)))
            generator = stack.enter_context(process("load", str(worker.hear())))
            contenders[kind] = Contender(worker, generator)
        for number in range(WARM_UP + TURNS):
            for each in contenders.values():
                each.turn(number, counts=number >= WARM_UP)
    ratios = {kind: report(framework, kind, each, contenders["bare"]) for kind, each in contenders.items()}
    return ratios["memory"] >= BOUND


def measure(frameworks: list[str]) -> bool:
    print(f"{TURNS} turns of {TURN:,} deliveries over {CONNECTIONS} connections; bound {BOUND} with a memory store")
    print(f"{'':17}{'deliveries/s':>14}{'ratio':>8}{'CPU us':>10}{'p50 ms':>10}{'p99 ms':>10}{'generator':>12}")
    with tempfile.TemporaryDirectory() as folder:
        within = [compare(framework, Path(folder)) for framework in frameworks]
    return all(within)


def main() -> int:
    command, *others = sys.argv[1:] or FRAMEWORKS
    if command == "work":
        framework, kind, folder = others
        asyncio.run(work(framework, kind, Path(folder)))
    elif command == "load":
        asyncio.run(load(int(others[0])))
    elif unknown := {command, *others} - {*FRAMEWORKS}:
        sys.exit(f"{', '.join(sorted(unknown))}: expected any of {', '.join(FRAMEWORKS)}")
    else:
        return 0 if measure([command, *others]) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
