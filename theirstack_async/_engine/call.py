"""One call while it runs: what is sent, under which limits, how far it is, and what it ends in."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlencode

import attrs

from theirstack_async._clock import Clock
from theirstack_async._engine.dialect import Operation
from theirstack_async._values import MASK, UNSET, Headers, RateLimit, Value
from theirstack_async._version import __version__
from theirstack_async._wire.encode import encode_json
from theirstack_async._wire.message import Kind, Request, Response, ResponseMeta
from theirstack_async.config import RequestOptions, RetryPolicy, Timeouts
from theirstack_async.errors import (
    DecodeError,
    OutcomeUnknownError,
    Phase,
    Problem,
    RequestTimeoutError,
    Sent,
    TheirStackError,
)

_IDENTITY: Final = f"theirstack-async/{__version__}"
_TELLING: Final = 12
"""Characters from which on a text that equals the key, or a secret, can only be an echo of it."""
SLOT: Final = "its turn (max_concurrency)"
"""What a call waits for when too many are under way."""
T = TypeVar("T")
Body = tuple[bytes | None, str | None]
"""A request's body, and its media type; None and None without one."""
_call_ids: Final = itertools.count(1)


@attrs.frozen(eq=False, repr=False)
class Reply(Value):
    """A success: its bytes, and what came beside them."""

    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")
    """Decompressed, not decoded."""
    meta: ResponseMeta
    """Status, request id, attempts, seconds, rate windows, credits."""
    asked: int = 0
    """How many rows were asked for: fewer than wanted where a budget had no room for more."""

    def json(self) -> Any:
        """Return the body as plain data.

        Raises:
            DecodeError: it is not JSON.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            why = str(error)
        raise DecodeError(f"the answer is not JSON: {why}", problems=[Problem("", why)], body=self.body)


@attrs.define(eq=False)
class CallState:
    """What is known of a call while it runs. Hand one in to read it after the call was cancelled."""

    sent: Sent = "no"
    """Whether the API can have acted on it by now."""
    attempts: int = 0
    status: int | None = None


@attrs.define(eq=False)
class Call:
    """One call: what is sent, under which limits, and how far it is."""

    operation: Operation
    request: Request
    """Without the key."""
    deadline: float | None
    """Seconds for the whole call; None for no limit."""
    retries: RetryPolicy
    state: CallState
    secrets: tuple[str, ...] = attrs.field(repr=False)
    """What of the request no error may repeat, beside the key."""
    credits: int
    """What it costs at the most."""
    clock: Clock = attrs.field(repr=False)
    key: str = attrs.field(default="", repr=False)
    key_renewed: bool = False
    tries: int = 0
    """How often it was tried, the try with a renewed key included."""
    id: int = attrs.field(factory=lambda: next(_call_ids))
    started: float = attrs.field(init=False)
    unclear: bool = False
    """Whether the present attempt may have been carried out, and nobody knows what it came to. For a billed one that is
    so until its rows are counted."""
    doubted: int = 0
    """Credits at the most that attempts before the present one cost, of which nobody knows."""
    told: RateLimit | None = None
    """What the rate headers of the last complete answer said."""
    fingerprint: str = attrs.field(init=False, default="")
    """A digest of what was asked, by which a budget names it, the same for the same request; only billed ones have it.
    """

    def __attrs_post_init__(self) -> None:
        self.started = self.clock.monotonic()
        if self.kind == "billed":
            asked = b"\0".join([self.request.label.encode(), self.request.url.encode(), self.request.body or b""])
            self.fingerprint = hashlib.sha256(asked).hexdigest()[:16]

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.operation.name

    @property
    def kind(self) -> Kind:
        """What a repeated request would do."""
        return self.request.kind

    def elapsed(self) -> float:
        """Return the seconds since the call was made."""
        return self.clock.monotonic() - self.started

    def remaining(self) -> float | None:
        """Return the seconds left of the deadline, not below zero; None without a deadline."""
        return None if self.deadline is None else max(0.0, self.deadline - self.elapsed())

    async def in_time(self, waiting: Awaitable[T], phase: Phase, what: str) -> T:
        """Await something within what is left of the deadline.

        Raises:
            RequestTimeoutError: it took longer.
        """
        limit = asyncio.timeout(self.remaining())
        try:
            async with limit:
                return await waiting
        except TimeoutError:
            if not limit.expired():
                raise
        raise self.late(phase, what)

    def late(self, phase: Phase, what: str) -> RequestTimeoutError:
        """Return the error for a call whose deadline passed before it was sent."""
        return RequestTimeoutError(
            f"{self.request.label}: waited for {what} until the deadline of {self.deadline} s, and was not sent",
            phase=phase,
        )

    def final(self, error: TheirStackError) -> TheirStackError:
        """Return what the caller gets: the error, or that the outcome is unknown.

        ``state.sent`` tells of all attempts, so a request that is refused or cannot be sent at last, after an attempt
        that may have been carried out, does not count as unsent.
        """
        final = error
        if self.kind in ("once", "billed") and self.state.sent == "maybe":
            final = self._unknown(error)
            final.__cause__ = error
        if self.state.sent == "maybe" and error.sent == "no":
            error.sent = "maybe"
        for each in {final, error}:
            each.attempts = self.state.attempts
            each.elapsed = self.elapsed()
        return final

    def _unknown(self, error: TheirStackError) -> OutcomeUnknownError:
        label = self.request.label
        unclear = f"{label}: nobody knows whether it was carried out, and it was not sent again, since that could"
        if self.kind != "billed":
            return OutcomeUnknownError(f"{unclear} act twice. Look before you repeat it. The first error: {error}")
        at_risk = self.doubted + (self.credits if self.unclear else 0)
        return OutcomeUnknownError(
            f"{unclear} be billed twice: {at_risk} credits are at risk (request {self.fingerprint}). Compare "
            "used_api_credits of client.billing.credit_balance() with what you know you spent, or let "
            f"CreditBudget.reconcile(client) do it. The first error: {error}",
            credits_at_risk=at_risk,
            fingerprint=self.fingerprint,
        )


def prepare(
    operation: Operation, url: str, body: Body, kind: Kind, options: RequestOptions, timeouts: Timeouts
) -> Request:
    """Return the request of a call, without the key."""
    content, media_type = body
    headers = _headers(operation.accept, media_type)
    if options.headers:
        headers = Headers({**headers, **{name.lower(): value for name, value in options.headers.items()}})
    limits = options.timeouts or timeouts
    return Request(operation.method, url, kind, headers, content, limits.connect, limits.read)


@lru_cache(maxsize=8)
def _headers(accept: str, media_type: str | None) -> Headers:
    own = {"accept": accept, "user-agent": _IDENTITY}
    return Headers({**own, "content-type": media_type} if media_type else own)


def write_body(json: object, form: Mapping[str, str] | None) -> Body:
    """Return a body's bytes and their media type.

    Raises:
        ArgumentError: it cannot be written as JSON.
    """
    if form is not None:
        return urlencode(form).encode(), "application/x-www-form-urlencoded"
    return (None, None) if json is UNSET else (encode_json(json), "application/json")


def secrets(body: object, fields: Iterable[str]) -> Iterator[str]:
    """Yield the secrets that a request's body holds."""
    if isinstance(body, dict):
        values = cast("Mapping[str, object]", body)
        yield from (value for field in fields if isinstance(value := values.get(field), str))


def mask_echo(response: Response, hide: Iterable[str]) -> Response:
    """Return an answer with the key and secrets, should the API echo them, replaced by ``***``.

    An answer that does not decode ends up in a DecodeError, and that in a log; headers end up in errors and in
    ``meta``. Texts shorter than 12 characters, such as the keys of tests, are left alone: rows hold such words of
    their own, and must arrive as they were sent.
    """
    for word in hide:
        if len(word) < _TELLING:
            continue
        if word.encode() in response.body:
            response = attrs.evolve(response, body=response.body.replace(word.encode(), MASK.encode()))
        if any(word in value for _, value in response.headers.pairs()):
            headers = Headers({name: value.replace(word, MASK) for name, value in response.headers.pairs()})
            response = attrs.evolve(response, headers=headers)
    return response
