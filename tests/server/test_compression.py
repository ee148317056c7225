"""Compressed answers: which are asked for, that all are read, and that none grows beyond the bound."""

from __future__ import annotations

import asyncio
import gzip
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import pytest

from tests._imports import ROOT
from tests.server._loopback import Serve, client, http, opened, request_from, saying, serving
from theirstack_async import RequestOptions
from theirstack_async.errors import DecodeError, UnprocessableError

BOMB: Final = 64 * 1024 * 1024
"""Bytes of a bomb, decompressed."""


def zstd() -> Any:
    """Return the library, which is part of Python from 3.14 on."""
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        zstd = pytest.importorskip("backports.zstd", reason="the zstd extra is not installed")
    return zstd


def deflate(body: bytes, bits: int) -> bytes:
    packer = zlib.compressobj(9, wbits=bits)
    return packer.compress(body) + packer.flush()


PACKED: Final[dict[str, tuple[str, Callable[[bytes], bytes]]]] = {
    "gzip": ("gzip", gzip.compress),
    "gzip in two members": ("gzip", lambda body: gzip.compress(body[:1]) + gzip.compress(body[1:])),
    "deflate": ("deflate", zlib.compress),
    # What RFC 9110, 8.4.1.2, notes that some send.
    "deflate without zlib's frame": ("deflate", lambda body: deflate(body, -15)),
    "zstd": ("zstd", lambda body: zstd().compress(body)),
    "zstd in two frames": ("zstd", lambda body: zstd().compress(body[:1]) + zstd().compress(body[1:])),
    "not at all": ("identity", bytes),
}
FRAMED: Final[dict[str, Callable[..., bytes]]] = {
    "with its length": http,
    "in chunks": lambda body, header, status="200 OK": (
        f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n{header}\r\n\r\n".encode()
        + b"".join(b"1\r\n%c\r\n" % byte for byte in body)
        + b"0\r\n\r\n"
    ),
}


@pytest.mark.parametrize("framed", FRAMED.values(), ids=FRAMED)
@pytest.mark.parametrize("packed", PACKED.values(), ids=PACKED)
async def test_answers_and_refusals_are_read_in_each_encoding(packed: Any, framed: Any) -> None:
    encoding, pack = packed
    header = f"Content-Encoding: {encoding}"
    async with opened(saying(framed(pack(b"[1]"), header))) as api:
        for method in ("GET", "POST"):
            assert (await api.request(method, "/v0/webhooks")).body == b"[1]"
    refusal = pack(b'{"error": {"code": "E", "title": "no", "description": "so it is"}}')
    async with opened(saying(framed(refusal, header, status="422 Unprocessable Content"))) as api:
        with pytest.raises(UnprocessableError, match="no: so it is"):
            await api.request("GET", "/v0/webhooks")


@pytest.mark.parametrize("pack", [PACKED[name] for name in ("gzip", "deflate", "zstd")], ids=lambda pack: pack[0])
async def test_a_bomb_is_counted_as_it_unfolds(pack: tuple[str, Callable[[bytes], bytes]]) -> None:
    """It is never in memory as a whole, neither as an answer nor as a refusal."""
    encoding, bomb = pack[0], pack[1](bytes(BOMB))
    assert len(bomb) < BOMB // 900
    header = f"Content-Encoding: {encoding}"
    for status, failure, said in (
        ("200 OK", DecodeError, r"larger than max_body_bytes allows \(1,000,000 bytes\)"),
        ("422 Unprocessable Content", UnprocessableError, "422"),
    ):
        async with opened(saying(http(bomb, header, status=status)), max_body_bytes=1_000_000) as api:
            tracemalloc.start()
            with pytest.raises(failure, match=said):
                await api.request("GET", "/v0/webhooks")
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < BOMB / 4


def asking(seen: list[str]) -> Serve:
    """Return a server that notes the encodings that each request asks for."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await request_from(reader))[0]
            seen.extend(
                line.partition(":")[2].strip() for line in head.split("\r\n") if line[:10].lower() == "accept-enc"
            )
            writer.write(http())

    return serve


async def test_what_is_asked_for() -> None:
    seen: list[str] = []
    plain = RequestOptions(headers={"Accept-Encoding": "identity"})
    zstd()
    async with opened(asking(seen)) as api:
        await api.request("GET", "/v0/webhooks")
        await api.request("GET", "/v0/webhooks", options=plain)
        await api.request("POST", "/v0/new", json={}, options=plain)
        assert await api.webhooks.list(options=plain) == []
    by_default, *chosen = seen
    assert {"gzip", "deflate", "zstd"} <= set(by_default.split(", ")) <= {"gzip", "deflate", "zstd", "br"}
    assert chosen == ["identity"] * 3


async def test_what_is_asked_for_without_the_extra() -> None:
    program = """
        import asyncio, sys
        sys.modules["backports.zstd"] = sys.modules["compression.zstd"] = None
        from theirstack_async import TheirStack

        async def main():
            async with TheirStack("k", base_url=sys.argv[1]) as client:
                await client.request("GET", "/v0/webhooks")

        asyncio.run(main())
    """
    seen: list[str] = []
    code = "\n".join(line[8:] for line in program.splitlines())
    async with serving(asking(seen)) as port:
        address = f"http://127.0.0.1:{port}"
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, address, cwd=ROOT)
        assert await process.wait() == 0
    assert set(seen[0].split(", ")) - {"br"} == {"gzip", "deflate"}


async def test_a_session_that_leaves_answers_packed_does_not_matter() -> None:
    async with (
        serving(saying(http(gzip.compress(b"[1]"), "Content-Encoding: gzip"))) as port,
        aiohttp.ClientSession(auto_decompress=False) as session,
        client(port, session=session) as api,
    ):
        assert (await api.request("GET", "/v0/webhooks")).json() == [1]
