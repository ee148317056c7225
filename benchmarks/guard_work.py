"""What the guard counts: small pieces of work, run under callgrind with one of the two trees on PYTHONPATH.

    python guard_work.py PAGES SCRATCH

PAGES is a folder with ``light.json`` and ``heavy.json``, SCRATCH an empty one, where valgrind listens. One line of JSON
a piece of work is printed, in the order of the parts into which callgrind's counts fall: its name, and why it could not
be run, or null. Only names that the older tree has too may be used here; what it lacks is told, and left out.

All runs in one thread, without a clock that matters and with the collector of garbage run at set places, so that the
same tree comes to the same count. The server is in the same thread too, behind a Unix socket: an answer is there before
the loop looks for it, and no other process decides how often it looks.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import aiohttp

Work = Callable[[], object]
CALLS: Final = 20
PAGE: Final = 100
"""Events a page of the list, of which there are five."""
KEPT_ALIVE: Final = 3600.0


def mark() -> None:
    """End a part of the counts: callgrind does so where the C library's function of this name is entered."""
    os.getsid(0)


def begin_counting(scratch: Path) -> None:
    """Have callgrind count from here on: what was before, the interpreter's start and the imports, took no counting.

    It looks for commands while it runs code, so this waits busily.
    """
    command = ["vgdb", f"--pid={os.getpid()}", f"--vgdb-prefix={scratch / 'vgdb'}", "--max-invoke-ms=0"]
    vgdb = subprocess.Popen([*command, "instrumentation", "on"], stdout=subprocess.DEVNULL)
    while vgdb.poll() is None:
        continue
    if vgdb.returncode:
        raise SystemExit(f"vgdb ended with {vgdb.returncode}")


class Server(asyncio.Protocol):
    """Answers what the work below asks for, at once and without looking closely."""

    rows: list[bytes]

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.received = b""

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, _, body = self.received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if len(body) < int(length or 0):
            return
        self.received = b""
        answer = self._answer(head.split(b" ", 2)[1].decode())
        self.transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(answer), answer)
        )

    def _answer(self, target: str) -> bytes:
        path, _, query = target.partition("?")
        if path.endswith("/retry"):
            return b"null"
        if path.endswith("/count"):
            return b"500"
        given = dict(pair.split("=") for pair in query.split("&"))
        offset = int(given.get("offset", 0))
        return b"[" + b",".join(self.rows[offset : offset + int(given["limit"])]) + b"]"


def decoding(pages: Path) -> dict[str, Callable[[], Work]]:
    """Return what decodes a page, by name; each is given as what makes it."""

    def decode(kind: str, row_type: str) -> Work:
        from theirstack_async import models
        from theirstack_async._convert import Converter
        from theirstack_async.models.webhook_event import EventId

        body = (pages / f"{kind}.json").read_bytes()
        converter = Converter()
        model: Any = EventId if row_type == "EventId" else getattr(models, row_type)

        def work() -> object:
            rows = converter.decode_rows(body, model)
            assert len(rows.rows) == 500
            gc.collect()
            return rows

        return work

    return {
        "decode a light page": lambda: decode("light", "WebhookEvent"),
        "decode a heavy page": lambda: decode("heavy", "WebhookEvent"),
        "decode ids": lambda: decode("heavy", "EventId"),
    }


def calling(loop: asyncio.AbstractEventLoop, client: Any) -> dict[str, Callable[[], Work]]:
    """Return what makes calls, by name."""

    async def one_call() -> None:
        for _ in range(CALLS):
            assert await client.webhooks.events.count(1) == 500

    async def list_pages() -> None:
        assert len([row async for row in client.webhooks.events.list(1, page_size=PAGE)]) == 500

    async def retry() -> None:
        report = await client.webhooks.events.retry(range(1, CALLS * 10 + 1), batch_size=10)
        assert len(report.accepted) == CALLS * 10

    def running(main: Callable[[], Awaitable[None]]) -> Work:
        def work() -> None:
            loop.run_until_complete(main())
            gc.collect()

        return work

    return {
        "call": lambda: running(one_call),
        "list pages": lambda: running(list_pages),
        "retry batches": lambda: running(retry),
    }


def count(works: dict[str, Callable[[], Work]], scratch: Path) -> None:
    """Run each piece of work between two marks, and tell of those that this tree cannot run."""
    ready: dict[str, Work] = {}
    for name, make in works.items():
        why = None
        try:
            work = make()
            for _ in range(3):  # by then the interpreter has specialised what it will
                work()
            ready[name] = work
        except Exception as error:  # noqa: BLE001  # whatever an older tree lacks or does otherwise
            why = f"{type(error).__name__}: {error}"
        print(json.dumps({"name": name, "missing": why}), flush=True)
    gc.collect()
    gc.freeze()
    gc.disable()
    begin_counting(scratch)
    for work in ready.values():
        mark()
        work()
        mark()


async def start(path: str, rows: list[bytes]) -> tuple[aiohttp.ClientSession, asyncio.Server, Any]:
    """Return a session that reaches a server in this thread, the server, and a client of both."""
    from theirstack_async import TheirStack

    Server.rows = rows
    server = await asyncio.get_running_loop().create_unix_server(Server, path)
    connector = aiohttp.UnixConnector(path, keepalive_timeout=KEPT_ALIVE)
    session = aiohttp.ClientSession(connector=connector)
    return session, server, TheirStack(api_key="k", base_url="http://127.0.0.1", session=session)


def main() -> None:
    pages, scratch = map(Path, sys.argv[1:])
    rows = [json.dumps(row).encode() for row in json.loads((pages / "light.json").read_bytes())]
    loop = asyncio.new_event_loop()
    session, server, client = loop.run_until_complete(start(str(scratch / "socket"), rows))
    count({**decoding(pages), **calling(loop, client)}, scratch)
    server.close()
    loop.run_until_complete(session.close())
    loop.close()


if __name__ == "__main__":
    main()
