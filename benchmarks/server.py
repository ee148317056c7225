"""The server that all clients are measured against, in a process of its own: pages of events that lie ready.

It does as little as can be, so that what is measured is the clients: no framework, each page made once, compressed once
and kept with its headers.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from subprocess import PIPE, Popen
from typing import Final
from urllib.parse import parse_qs, urlsplit

import attrs

from benchmarks.payloads import FIRST, Kind, events

WEBHOOK: Final = 7
KEY: Final = "Zx81kQpLm20bVtYw7GhR4sDcJ9nEfUaT5iOo3uPq"
"""Of the length and kind that keys usually have: answers are searched for it."""
_DISTINCT: Final = 100_000
"""Rows that differ in more than their ids. Beyond them pages are made when they are asked for, and not kept."""
_CORE: Final = {"light": 1_000, "heavy": 500}
"""Rows that are made from the seed; they come round again with other ids."""


@attrs.frozen
class Served:
    """A server that runs."""

    url: str
    rows: int
    key: str = KEY
    webhook: int = WEBHOOK

    @property
    def place(self) -> dict[str, object]:
        """What a client has to know."""
        return {"url": self.url, "key": self.key, "webhook": self.webhook}


@contextmanager
def serving(
    kind: Kind = "light", rows: int = 20_000, *, latency: float = 0.0, encoding: str = "identity"
) -> Iterator[Served]:
    """Serve so many events, each page after ``latency`` seconds and in the encoding identity, gzip or zstd."""
    command = [sys.executable, "-m", "benchmarks.server", kind, str(rows), str(latency), encoding]
    with Popen(command, stdout=PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Served(process.stdout.readline().strip(), rows)
        finally:
            process.terminate()


class Pages:
    """The answers by offset and limit."""

    def __init__(self, kind: Kind, rows: int, encoding: str) -> None:
        self._rows = rows
        self._encoding = encoding
        made = events(kind, min(rows, _CORE[kind]))
        self._parts = [row.split(str(FIRST + place).encode()) for place, row in enumerate(made)]
        self._kept: dict[tuple[int, int], bytes] = {}

    def row(self, place: int) -> bytes:
        """Return the event at a place of the list."""
        return str(FIRST + place).encode().join(self._parts[place % len(self._parts)])

    def answer(self, offset: int, limit: int) -> bytes:
        """Return the whole answer to a request for a page."""
        if (offset, limit) in self._kept:
            return self._kept[offset, limit]
        last = min(offset + limit, self._rows)
        whole = http(b"[" + b",".join(self.row(place) for place in range(offset, last)) + b"]", self._encoding)
        if self._rows <= _DISTINCT:
            self._kept[offset, limit] = whole
        return whole


def http(body: bytes, encoding: str) -> bytes:
    """Return a whole answer."""
    body = compressor(encoding)(body)
    named = "" if encoding == "identity" else f"Content-Encoding: {encoding}\r\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{named}Content-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def compressor(encoding: str) -> Callable[[bytes], bytes]:
    """Return what compresses, as servers usually do: fast rather than small."""
    if encoding == "gzip":
        return lambda body: gzip.compress(body, compresslevel=6, mtime=0)
    if encoding == "zstd":
        from backports import zstd

        return zstd.compress
    return bytes


class Connection(asyncio.Protocol):
    """One connection: request after request, each answered in order."""

    def __init__(self, pages: Pages, latency: float) -> None:
        self._pages = pages
        self._latency = latency
        self._buffer = b""
        self._null = http(b"null", "identity")
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1")
            whole = end + 4 + length_of(head)
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            answer = self._answer(head)
            if self._latency:
                asyncio.get_running_loop().call_later(self._latency, self._write, answer)
            else:
                self._write(answer)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)

    def _answer(self, head: str) -> bytes:
        method, target, _ = head.split(" ", 2)
        if method == "POST":
            return self._null
        query = parse_qs(urlsplit(target).query)
        return self._pages.answer(int(query.get("offset", ["0"])[0]), int(query["limit"][0]))


def length_of(head: str) -> int:
    """Return how long the body of a request is."""
    for line in head.lower().split("\r\n"):
        if line.startswith("content-length:"):
            return int(line.partition(":")[2])
    return 0


async def serve(kind: Kind, rows: int, latency: float, encoding: str) -> None:
    """Serve until the process is ended."""
    pages = Pages(kind, rows, encoding)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(pages, latency), "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    _, kind_, rows_, latency_, encoding_ = sys.argv
    assert kind_ in ("light", "heavy")
    asyncio.run(serve(kind_, int(rows_), float(latency_), encoding_))
