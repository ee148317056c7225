"""Made-up bodies, signed and not, in made-up pieces: a clean answer each time, and a handler for deliveries only."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.receiver._adapters import SECRET, SERVERS, Served, in_chunks, post, served, wire
from theirstack_async import DeliveryError
from theirstack_async.receiver import ASGIReceiver, parse_delivery
from theirstack_async.testing import sign

VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NEARLY: Final = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers() | VALUES,
        "type": st.sampled_from(["job.new", "company.new", "job.closed"]) | VALUES,
        "payload": VALUES,
    },
)
BODIES: Final = st.binary() | (VALUES | NEARLY).map(json.dumps).map(str.encode)
SIGNATURES: Final = st.none() | st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"))


def status_of(body: bytes, signature: str | None) -> int:
    """Return what a request has to be answered, with the right signature where that is None."""
    if signature is not None:
        return 403
    try:
        parse_delivery(body)
    except DeliveryError:
        return 400
    return 200


def pieces_of(body: bytes, cuts: list[int]) -> list[bytes]:
    ends = sorted({cut % (len(body) + 1) for cut in cuts} | {len(body)})
    return [body[start:end] for start, end in zip([0, *ends], ends, strict=False)]


async def answered(it: Served, body: bytes, cuts: list[int], signature: str | None) -> int:
    """Return the status of a request that is handed to the ASGI application as a server would."""
    parts = pieces_of(body, cuts)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

    async def send(message: Any) -> None:
        sent.append(message)

    value = sign(body, SECRET) if signature is None else signature
    headers = [(b"content-type", b"application/json"), (b"x-theirstack-signature-256", value.encode("latin-1"))]
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/", "headers": headers}
    await ASGIReceiver(it.receiver)(scope, receive, send)
    return sent[0]["status"]


@given(BODIES, st.lists(st.integers(min_value=0), max_size=3), SIGNATURES)
async def test_whatever_comes_is_refused_or_a_delivery(body: bytes, cuts: list[int], signature: str | None) -> None:
    it = Served()
    async with it.receiver:
        status = await answered(it, body, cuts, signature)
    assert status == status_of(body, signature)
    assert len(it.handled) == (status == 200)


@pytest_asyncio.fixture(params=SERVERS)
async def it(request: pytest.FixtureRequest) -> AsyncIterator[Served]:
    async with served(request.param) as serving:
        yield serving


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(requests=st.lists(st.tuples(BODIES, SIGNATURES, st.booleans()), min_size=1, max_size=10))
async def test_and_so_it_is_on_one_connection(it: Served, requests: list[tuple[bytes, str | None, bool]]) -> None:
    """All in one piece, some of them in chunks: no request takes a byte of the next. One server serves all examples."""
    before = len(it.handled)
    expected = [status_of(body, signature) for body, signature, _ in requests]
    async with wire(it.port) as line:
        for body, signature, chunked in requests:
            line.writer.write(in_chunks(body, signature) if chunked else plain(body, signature))
        assert [(await line.said()).status for _ in requests] == expected
    assert len(it.handled) - before <= expected.count(200)


def plain(body: bytes, signature: str | None) -> bytes:
    return post(body) if signature is None else post(body, f"X-TheirStack-Signature-256: {signature}", signed=False)
