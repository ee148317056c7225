"""The loop that makes one call: key, slot, send, decide, pause. Its decisions are made elsewhere, by pure functions."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import attrs

from theirstack_async._clock import Clock, SystemClock
from theirstack_async._engine.dialect import Dialect, Operation
from theirstack_async._engine.retry import Retry, decide
from theirstack_async._engine.slots import Slots
from theirstack_async._engine.transport import Transport
from theirstack_async._values import UNSET, Headers, Secret
from theirstack_async._version import __version__
from theirstack_async._wire.encode import build_url, encode_json, fill_path
from theirstack_async._wire.message import Kind, Request, Response, ResponseMeta
from theirstack_async._wire.ratelimit import parse_rate_limit
from theirstack_async.config import KEY_VARIABLE, ClientConfig, RequestOptions, RetryPolicy, Timeouts, check_key
from theirstack_async.errors import (
    AuthenticationError,
    ConfigurationError,
    DecodeError,
    OutcomeUnknownError,
    Phase,
    Problem,
    RequestTimeoutError,
    Sent,
    ServerError,
    TheirStackError,
)
from theirstack_async.hooks import AttemptEnded, CallEnded, CallStarted, HookEvent, WaitStarted, emit, logger

_IDENTITY: Final = f"theirstack-async/{__version__}"
_NO_OPTIONS: Final = RequestOptions()
_call_ids: Final = itertools.count(1)
_T = TypeVar("_T")


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
class _Call:
    """One call: what is sent, under which limits, and how far it is."""

    operation: Operation
    kind: Kind
    request: Request
    timeouts: Timeouts
    retries: RetryPolicy
    state: CallState
    started: float
    key: str | None = attrs.field(default=None, repr=False)
    key_renewed: bool = False
    tries: int = 0
    id: int = attrs.field(factory=lambda: next(_call_ids))

    @property
    def name(self) -> str:
        return self.operation.name


class Pipeline:
    """Makes calls under one configuration. Views of a client have a pipeline each, over one transport."""

    def __init__(
        self,
        config: ClientConfig,
        dialect: Dialect,
        transport: Transport,
        slots: Slots,
        *,
        clock: Clock | None = None,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self.config = config
        self.dialect = dialect
        self.transport = transport
        self.slots = slots
        self.clock: Clock = clock or SystemClock()
        self._uniform = uniform

    def view(self, config: ClientConfig, slots: Slots) -> Pipeline:
        """Return a pipeline under another configuration over the same transport."""
        return Pipeline(config, self.dialect, self.transport, slots, clock=self.clock, uniform=self._uniform)

    async def call(
        self,
        operation: Operation,
        *,
        parts: Mapping[str, object] = {},
        query: Mapping[str, object] = {},
        json: Any = UNSET,
        options: RequestOptions | None = None,
        kind: Kind | None = None,
        state: CallState | None = None,
    ) -> Reply:
        """Make one call and return its success.

        ``kind`` overrides what the operation's table says of a repeated request.

        Raises:
            TheirStackError: whatever went wrong, with ``attempts`` and ``elapsed`` filled in.
        """
        call = self._prepare(operation, parts, query, json, options or _NO_OPTIONS, kind, state or CallState())
        self._emit(CallStarted(call.id, call.name, operation.method, fill_path(operation.path, parts), call.kind))
        failure = "cancelled"
        try:
            response = await self._run(call)
            failure = ""
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            elapsed = self.clock.monotonic() - call.started
            self._emit(
                CallEnded(call.id, call.name, call.state.status, failure or None, call.state.attempts, elapsed)
            )
        meta = ResponseMeta(
            response.status,
            response.headers.get("x-request-id"),
            call.state.attempts,
            elapsed,
            parse_rate_limit(response.headers),
        )
        return Reply(response.body, meta)

    def _prepare(
        self,
        operation: Operation,
        parts: Mapping[str, object],
        query: Mapping[str, object],
        json: Any,
        options: RequestOptions,
        kind: Kind | None,
        state: CallState,
    ) -> _Call:
        headers = {"Accept": "application/json", "User-Agent": _IDENTITY, **options.headers}
        if json is not UNSET:
            headers["Content-Type"] = "application/json"
        timeouts = options.timeouts or self.config.timeouts
        request = Request(
            operation.method,
            build_url(self.dialect.base_url, operation.path, parts, query),
            kind or operation.kind,
            Headers(headers),
            None if json is UNSET else encode_json(json),
            timeouts.connect,
            timeouts.read,
        )
        retries = options.retries or self.config.retries
        return _Call(operation, request.kind, request, timeouts, retries, state, self.clock.monotonic())

    async def _run(self, call: _Call) -> Response:
        while True:
            outcome = await self._attempt(call)
            if isinstance(outcome, Response):
                return outcome
            if self._may_renew_key(call, outcome):
                self._log(call, "asking for the key again after a 401")
                continue
            decision = decide(
                call.retries,
                call.kind,
                outcome,
                attempt=call.tries,
                remaining=self._remaining(call),
                max_wait=self.config.max_rate_wait,
                random=self._uniform,
            )
            if not isinstance(decision, Retry):
                self._log(call, f"giving up: {decision.reason}")
                raise self._final(call, outcome)
            self._log(call, f"sending again in {decision.delay:.3f} s: {decision.reason}")
            self._emit(WaitStarted(call.id, call.name, decision.delay, decision.reason))
            await self.clock.sleep(decision.delay)

    async def _attempt(self, call: _Call) -> Response | TheirStackError:
        """Send the request once, and return the success or what went wrong."""
        started = self.clock.monotonic()
        outcome = await self._try(call)
        failed = None if isinstance(outcome, Response) else outcome
        status: int | None = getattr(outcome, "status", None)
        error = None if failed is None else str(failed)
        sent: Sent = "yes" if failed is None else failed.sent
        call.state.status = status
        elapsed = self.clock.monotonic() - started
        number = call.state.attempts
        self._log(call, f"attempt {number}: {error or status} in {elapsed:.3f} s (sent: {sent})")
        self._emit(AttemptEnded(call.id, call.name, number, status, error, sent, elapsed))
        return outcome

    async def _try(self, call: _Call) -> Response | TheirStackError:
        before = call.state.sent
        call.tries += 1
        try:
            request = await self._with_key(call)
            await self._in_time(call, self.slots.acquire(), "slot")
            try:
                call.state.sent = "maybe"
                response = await self.transport.send(attrs.evolve(request, deadline=self._remaining(call)))
            finally:
                self.slots.release()
        except TheirStackError as error:
            call.state.attempts += error.attempts
            call.state.sent = before if error.sent == "no" else error.sent
            return error
        call.state.attempts += response.sends
        if 200 <= response.status < 300:
            call.state.sent = "yes"
            return response
        # A 4xx is a refusal: nothing was done. After a 5xx nobody knows.
        call.state.sent = "maybe" if response.status >= 500 else before
        return self.dialect.parse_error(response, request.label, now=self.clock.now(), hide=call.key)

    async def _with_key(self, call: _Call) -> Request:
        if not call.operation.needs_key:
            return call.request
        source = self.config.api_key
        if source is None:
            raise ConfigurationError(
                f"{call.request.label} needs an API key: pass TheirStack(api_key=...) or set {KEY_VARIABLE}"
            )
        if isinstance(source, Secret):
            call.key = source.reveal()
        else:
            answer = source()
            if inspect.isawaitable(answer):
                answer = await self._in_time(call, answer, "deadline")
            call.key = check_key(answer, "api_key()")
        name, value = self.dialect.auth_header(call.key)
        return attrs.evolve(call.request, headers=Headers({**call.request.headers, name: value}))

    def _remaining(self, call: _Call) -> float | None:
        """Return the seconds left of the deadline, not below zero; None without a deadline."""
        if call.timeouts.deadline is None:
            return None
        return max(0.0, call.timeouts.deadline - (self.clock.monotonic() - call.started))

    async def _in_time(self, call: _Call, waiting: Awaitable[_T], phase: Phase) -> _T:
        """Await something within what is left of the deadline.

        Raises:
            RequestTimeoutError: it took longer.
        """
        limit = asyncio.timeout(self._remaining(call))
        try:
            async with limit:
                return await waiting
        except TimeoutError:
            if not limit.expired():
                raise
        what = "its turn (max_concurrency)" if phase == "slot" else "api_key()"
        raise RequestTimeoutError(
            f"{call.request.label}: waited for {what} until the deadline of {call.timeouts.deadline:g} s", phase=phase
        )

    def _may_renew_key(self, call: _Call, error: TheirStackError) -> bool:
        """Return whether a refused key may have been renewed since: once a call, and only if a callable gives it."""
        if call.key_renewed or not isinstance(error, AuthenticationError) or not callable(self.config.api_key):
            return False
        call.key_renewed = True
        call.tries -= 1
        return True

    def _final(self, call: _Call, error: TheirStackError) -> TheirStackError:
        """Return what the caller gets: the error, or that the outcome is unknown."""
        final = error
        if call.kind in ("once", "billed") and (isinstance(error, ServerError) or error.sent == "maybe"):
            final = OutcomeUnknownError(
                f"{call.request.label}: nobody knows whether it was carried out, and it was not sent again, since that "
                f"could act twice. Look before you repeat it. The first error: {error}"
            )
            final.__cause__ = error
        for each in {final, error}:
            each.attempts = call.state.attempts
            each.elapsed = self.clock.monotonic() - call.started
        return final

    def _log(self, call: _Call, text: str) -> None:
        logger.debug("call %d %s: %s", call.id, call.name, text)

    def _emit(self, event: HookEvent) -> None:
        if self.config.hooks:
            emit(self.config.hooks, event)
