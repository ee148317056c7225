"""One call while it runs: what is sent, under which limits, how far it is, and what it ends in."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, cast
from urllib.parse import urlencode

import attrs

from theirstack_async._clock import Clock
from theirstack_async._engine.dialect import Operation
from theirstack_async._values import MASK, UNSET, Headers
from theirstack_async._version import __version__
from theirstack_async._wire.encode import encode_json
from theirstack_async._wire.message import Kind, Request, Response, ResponseMeta
from theirstack_async.config import RequestOptions, RetryPolicy, Timeouts
from theirstack_async.errors import DecodeError, Problem, Sent

_IDENTITY: Final = f"theirstack-async/{__version__}"
_TELLING: Final = 12
"""Characters from which on a text that equals the key, or a secret, can only be an echo of it."""
Body = tuple[bytes | None, str | None]
"""A request's body, and its media type; None and None without one."""
_call_ids: Final = itertools.count(1)


@attrs.frozen
class Reply:
    """A success: its bytes, and what came beside them."""

    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")
    """Decompressed, not decoded."""
    meta: ResponseMeta
    """Status, request id, attempts, seconds, rate windows."""

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


@attrs.define
class CallState:
    """What is known of a call while it runs. Hand one in to read it after the call was cancelled."""

    sent: Sent = "no"
    """Whether the API can have acted on it by now."""
    attempts: int = 0
    status: int | None = None


@attrs.define
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

    def __attrs_post_init__(self) -> None:
        self.started = self.clock.monotonic()

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


def prepare(
    operation: Operation, url: str, body: Body, kind: Kind, options: RequestOptions, timeouts: Timeouts
) -> Request:
    """Return the request of a call, without the key."""
    content, media_type = body
    headers = {"accept": operation.accept, "user-agent": _IDENTITY}
    if media_type:
        headers["content-type"] = media_type
    headers |= {name.lower(): value for name, value in options.headers.items()}
    limits = options.timeouts or timeouts
    return Request(operation.method, url, kind, Headers(headers), content, limits.connect, limits.read)


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
    body, headers = response.body, response.headers
    for word in hide:
        if len(word) >= _TELLING:
            body = body.replace(word.encode(), MASK.encode())
            if any(word in value for value in headers.values()):
                headers = Headers({name: value.replace(word, MASK) for name, value in headers.items()})
    return attrs.evolve(response, body=body, headers=headers)
