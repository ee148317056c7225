"""Faults on cue. Each says by ``apply`` whether the operation is carried out although its answer goes wrong.

A fault that spoils an answer (``TruncatedBody``, ``DripBody``, ``ResetAfterHeaders``, ``WrongContentType``) spoils the
true one when ``apply`` is True, and otherwise a 200 with the body ``null``. A request counts in the rate windows when
it is carried out; while a window is spent the true answer is a 429, and nothing is billed.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from theirstack_async.testing.answers import Answer, FieldProblem, detail, envelope, json_answer
from theirstack_async.testing.exchange import Exchange

_MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """The base of all faults."""

    reads_request: ClassVar[bool] = True
    """Whether the request's body is read first."""

    async def play(self, exchange: Exchange) -> Answer:
        """Return the answer to send, or break the connection by the exchange's ``reset`` or ``close``."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Latency(Fault):
    """The answer comes so many seconds late, by the fake's ``sleep``.

    With ``apply`` the operation is carried out before the wait; without, after it, if the client is still there.
    """

    seconds: float
    apply: bool = True

    async def play(self, exchange: Exchange) -> Answer:
        """Wait, and return the true answer."""
        if not self.apply:
            await exchange.sleep(self.seconds)
            return await exchange.carry_out()
        answer = await exchange.carry_out()
        await exchange.sleep(self.seconds)
        return answer


@dataclass(frozen=True, slots=True)
class Status(Fault):
    """Any status. Without a body it is the error envelope; a body that begins with ``<`` is sent as HTML."""

    code: int
    body: str | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    """Such as ``{"Retry-After": "2"}``."""
    content_type: str | None = None
    apply: bool = False

    async def play(self, exchange: Exchange) -> Answer:
        """Return that status."""
        if self.apply:
            await exchange.carry_out()
        if self.body is None:
            return replace(envelope(self.code, "on cue"), headers=self.headers)
        body = self.body.encode() if isinstance(self.body, str) else self.body
        guessed = "text/html; charset=utf-8" if body.startswith(b"<") else "application/json"
        return Answer(self.code, body, self.content_type or guessed, self.headers)


@dataclass(frozen=True, slots=True)
class ResetBeforeBody(Fault):
    """The connection is reset before any byte of an answer, once the request has been read."""

    apply: bool = False

    async def play(self, exchange: Exchange) -> Answer:
        """Reset."""
        if self.apply:
            await exchange.carry_out()
        exchange.reset()


@dataclass(frozen=True, slots=True)
class ResetBeforeRead(Fault):
    """The connection is reset when the request's headers have arrived, its body unread. Never carried out."""

    reads_request: ClassVar[bool] = False

    async def play(self, exchange: Exchange) -> Answer:
        """Reset."""
        exchange.reset()


@dataclass(frozen=True, slots=True)
class ResetAfterHeaders(Fault):
    """The headers of the answer arrive, then the connection is reset."""

    apply: bool = True

    async def play(self, exchange: Exchange) -> Answer:
        """Write the headers, and reset."""
        exchange.write_head(await _spoilt(exchange, self.apply))
        exchange.reset()


@dataclass(frozen=True, slots=True)
class TruncatedBody(Fault):
    """The body is cut off after ``sent`` bytes (half of it by default), and the connection is closed."""

    sent: int | None = None
    apply: bool = True

    async def play(self, exchange: Exchange) -> Answer:
        """Write the headers and a part of the body."""
        answer = await _spoilt(exchange, self.apply)
        exchange.write_head(answer)
        exchange.write(answer.body[: len(answer.body) // 2 if self.sent is None else self.sent])
        exchange.close()


@dataclass(frozen=True, slots=True)
class DripBody(Fault):
    """The body arrives ``chunk`` bytes at a time, with ``delay`` seconds, by the fake's ``sleep``, before each."""

    chunk: int = 1
    delay: float = 0.01
    apply: bool = True

    async def play(self, exchange: Exchange) -> Answer:
        """Write the headers, and the body bit by bit."""
        answer = await _spoilt(exchange, self.apply)
        exchange.write_head(answer)
        for start in range(0, len(answer.body), self.chunk):
            await exchange.sleep(self.delay)
            exchange.write(answer.body[start : start + self.chunk])
        exchange.close()


@dataclass(frozen=True, slots=True)
class Hang(Fault):
    """No answer, and no end, until the client goes away or the fake is closed."""

    apply: bool = False

    async def play(self, exchange: Exchange) -> Answer:
        """Hang."""
        if self.apply:
            await exchange.carry_out()
        return await exchange.hang()


@dataclass(frozen=True, slots=True)
class WrongContentType(Fault):
    """The answer says that it is something else than JSON."""

    content_type: str = "text/html; charset=utf-8"
    apply: bool = True

    async def play(self, exchange: Exchange) -> Answer:
        """Return the answer with the wrong type."""
        return replace(await _spoilt(exchange, self.apply), content_type=self.content_type)


@dataclass(frozen=True, slots=True)
class GarbageJson(Fault):
    """A 200 that says it is JSON and is not."""

    body: bytes = b'[{"id": 1, "status": FAIL'
    apply: bool = False

    async def play(self, exchange: Exchange) -> Answer:
        """Return garbage."""
        if self.apply:
            await exchange.carry_out()
        return Answer(body=self.body)


@dataclass(frozen=True, slots=True)
class HugeBody(Fault):
    """A small gzip body that decodes to ``decoded_bytes`` bytes of blanks within a JSON array."""

    decoded_bytes: int = 512 * _MIB
    apply: bool = False

    async def play(self, exchange: Exchange) -> Answer:
        """Return the compressed body."""
        if self.apply:
            await exchange.carry_out()
        return Answer(body=_gzip_bomb(self.decoded_bytes), headers={"Content-Encoding": "gzip"})


@dataclass(frozen=True, slots=True)
class PaymentRequiredData(Fault):
    """A 402 with the body of an ordinary search answer, as users with live accounts have seen it."""

    truncated_results: int = 10
    rows: Sequence[Any] = ()
    apply: bool = False

    async def play(self, exchange: Exchange) -> Answer:
        """Return the 402."""
        if self.apply:
            await exchange.carry_out()
        metadata = {
            "total_results": None,
            "truncated_results": self.truncated_results,
            "truncated_companies": 0,
            "total_companies": None,
        }
        return json_answer({"metadata": metadata, "data": list(self.rows)}, 402)


@dataclass(frozen=True, slots=True)
class SamePageForever(Fault):
    """A list that gives its first page whatever the offset; add it with ``times=None``."""

    async def play(self, exchange: Exchange) -> Answer:
        """Return the first page."""
        kept = [(name, value) for name, value in exchange.record.query if name != "offset"]
        original = exchange.record.query_string
        exchange.record.query_string = urlencode(kept)
        try:
            return await exchange.carry_out()
        finally:
            exchange.record.query_string = original


@dataclass(frozen=True, slots=True)
class EchoKey(Fault):
    """An error whose body repeats the Authorization header, as a careless proxy does."""

    code: int = 401
    apply: bool = False

    async def play(self, exchange: Exchange) -> Answer:
        """Return the error."""
        if self.apply:
            await exchange.carry_out()
        return envelope(self.code, f"Bad header: Authorization: {exchange.record.headers.get('authorization', '')}")


@dataclass(frozen=True, slots=True)
class ValidationDetail(Fault):
    """A 422 in FastAPI's own shape, which the real API uses outside of webhooks."""

    loc: tuple[str | int, ...] = ("body", "webhook_event_ids", 0)
    msg: str = "Input should be a valid integer"
    type: str = "int_type"
    apply: bool = False

    async def play(self, exchange: Exchange) -> Answer:
        """Return the 422."""
        if self.apply:
            await exchange.carry_out()
        return detail([FieldProblem(self.loc, self.msg, self.type)])


BILLED_DROPS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        "before headers": ResetBeforeBody(apply=True),
        "after headers": ResetAfterHeaders(apply=True),
        "mid-body": TruncatedBody(apply=True),
    }
)
"""The points at which a search can be billed and its answer be lost with the connection."""


async def _spoilt(exchange: Exchange, apply: bool) -> Answer:
    return await exchange.carry_out() if apply else Answer()


@lru_cache(maxsize=4)
def _gzip_bomb(decoded_bytes: int) -> bytes:
    compressor = zlib.compressobj(wbits=31)
    pieces = [compressor.compress(b"[")]
    left = decoded_bytes - 2
    blanks = b" " * _MIB
    while left > 0:
        pieces.append(compressor.compress(blanks[: min(left, _MIB)]))
        left -= _MIB
    pieces += [compressor.compress(b"]"), compressor.flush()]
    return b"".join(pieces)
