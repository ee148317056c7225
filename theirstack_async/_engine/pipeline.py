"""The loop that makes one call: key, slot, send, decide, pause. Its decisions are made elsewhere, by pure functions."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import attrs

from theirstack_async._clock import Clock, SystemClock
from theirstack_async._engine.call import Call, CallState, Reply, mask_echo, prepare, secrets, write_body
from theirstack_async._engine.dialect import Dialect, Operation
from theirstack_async._engine.retry import Retry, decide
from theirstack_async._engine.slots import Slots
from theirstack_async._engine.transport import Transport
from theirstack_async._values import UNSET, Headers, Secret
from theirstack_async._wire.encode import build_url, fill_path
from theirstack_async._wire.message import Kind, Request, Response, ResponseMeta
from theirstack_async._wire.ratelimit import parse_rate_limit
from theirstack_async.config import KEY_VARIABLE, ClientConfig, KeyProvider, RequestOptions, check_key
from theirstack_async.errors import (
    AuthenticationError,
    ConfigurationError,
    OutcomeUnknownError,
    Phase,
    RequestTimeoutError,
    Sent,
    TheirStackError,
)
from theirstack_async.hooks import AttemptEnded, CallEnded, CallStarted, HookEvent, WaitStarted, emit, logger

__all__ = ["CallState", "Pipeline", "Reply"]

_NO_OPTIONS: Final = RequestOptions()
_T = TypeVar("_T")


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
        form: Mapping[str, str] | None = None,
        options: RequestOptions | None = None,
        kind: Kind | None = None,
        rows: int = 0,
        state: CallState | None = None,
    ) -> Reply:
        """Make one call and return its success.

        ``kind`` overrides what the operation's table says of a repeated request, and ``rows`` is the most that it can
        bring, by which its price is known.

        Raises:
            TheirStackError: whatever went wrong, with ``attempts`` and ``elapsed`` filled in.
        """
        url = build_url(self.dialect.base_url, operation.path, parts, query)
        options = options or _NO_OPTIONS
        call = Call(
            operation,
            prepare(operation, url, write_body(json, form), kind or operation.kind, options, self.config.timeouts),
            deadline=(options.timeouts or self.config.timeouts).deadline,
            retries=options.retries or self.config.retries,
            state=state or CallState(),
            secrets=tuple(secrets(json, self.dialect.secret_fields)),
            credits=operation.credits_per_call + rows * operation.credits_per_row,
            clock=self.clock,
        )
        self._emit(CallStarted(call.id, call.name, operation.method, fill_path(operation.path, parts), call.kind))
        failure: str | None = None
        try:
            response = await self._run(call)
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            elapsed = call.elapsed()
            self._emit(CallEnded(call.id, call.name, call.state.status, failure, call.state.attempts, elapsed))
        meta = ResponseMeta(
            response.status,
            response.headers.get("x-request-id"),
            call.state.attempts,
            elapsed,
            parse_rate_limit(response.headers),
        )
        return Reply(response.body, meta)

    async def _run(self, call: Call) -> Response:
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
                attempt=call.tries - call.key_renewed,
                remaining=call.remaining(),
                max_wait=self.config.max_rate_wait,
                random=self._uniform,
            )
            if not isinstance(decision, Retry):
                self._log(call, f"giving up: {decision.reason}")
                raise self._final(call, outcome)
            self._log(call, f"sending again in {decision.delay:.3f} s: {decision.reason}")
            self._emit(WaitStarted(call.id, call.name, decision.delay, decision.reason))
            await self.clock.sleep(decision.delay)

    async def _attempt(self, call: Call) -> Response | TheirStackError:
        """Send the request once, and return the success or what went wrong."""
        started = self.clock.monotonic()
        outcome = await self._try(call)
        failed = None if isinstance(outcome, Response) else outcome
        status: int | None = getattr(outcome, "status", None)
        error = None if failed is None else str(failed)
        sent: Sent = "yes" if failed is None else failed.sent
        call.state.status = status
        elapsed = self.clock.monotonic() - started
        self._log(call, f"attempt {call.tries}: {error or status} in {elapsed:.3f} s (sent: {sent})")
        self._emit(AttemptEnded(call.id, call.name, call.tries, status, error, sent, elapsed))
        return outcome

    async def _try(self, call: Call) -> Response | TheirStackError:
        before = call.state.sent
        call.tries += 1
        try:
            self.transport.check()
            request = await self._with_key(call)
            await self._in_time(call, self.slots.acquire(), "slot")
            try:
                remaining = call.remaining()
                if remaining == 0:
                    raise self._late(call, "slot")
                call.state.sent = "maybe"
                response = await self.transport.send(attrs.evolve(request, deadline=remaining))
            finally:
                self.slots.release()
        except TheirStackError as error:
            call.state.attempts += error.attempts
            call.state.sent = before if error.sent == "no" else error.sent
            return error
        call.state.attempts += response.sends
        hide = (call.key, *call.secrets)
        response = mask_echo(response, hide)
        if 200 <= response.status < 300 or (
            not request.is_refused_by(response.status) and self.dialect.holds_rows(response)
        ):
            call.state.sent = "yes"
            return response
        # A 4xx is a refusal: nothing was done, unless by an earlier send, be it a hidden one. After any other answer
        # nobody knows.
        call.state.sent = before if 400 <= response.status < 500 and response.sends == 1 else "maybe"
        return self.dialect.parse_error(response, request.label, now=self.clock.now(), hide=hide)

    async def _with_key(self, call: Call) -> Request:
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
            call.key = check_key(await self._ask(call, source), "api_key()")
        name, value = self.dialect.auth_header(call.key)
        return attrs.evolve(call.request, headers=Headers({**call.request.headers, name: value}))

    async def _ask(self, call: Call, source: KeyProvider) -> object:
        """Return what the user's callable gives for a key.

        Raises:
            ConfigurationError: it failed; what it raised is the ``__cause__``.
        """
        try:
            answer = source()
            return await self._in_time(call, answer, "deadline") if inspect.isawaitable(answer) else answer
        except TheirStackError:
            raise
        except Exception as error:
            message = f"{call.request.label}: api_key() gave no key, it raised {type(error).__name__}"
            raise ConfigurationError(message) from error

    async def _in_time(self, call: Call, waiting: Awaitable[_T], phase: Phase) -> _T:
        """Await something within what is left of the deadline.

        Raises:
            RequestTimeoutError: it took longer.
        """
        limit = asyncio.timeout(call.remaining())
        try:
            async with limit:
                return await waiting
        except TimeoutError:
            if not limit.expired():
                raise
        raise self._late(call, phase)

    def _late(self, call: Call, phase: Phase) -> RequestTimeoutError:
        what = "its turn (max_concurrency)" if phase == "slot" else "api_key()"
        return RequestTimeoutError(
            f"{call.request.label}: waited for {what} until the deadline of {call.deadline} s", phase=phase
        )

    def _may_renew_key(self, call: Call, error: TheirStackError) -> bool:
        """Return whether a refused key may have been renewed since: once a call, and only if a callable gives it."""
        if call.key_renewed or not isinstance(error, AuthenticationError) or not callable(self.config.api_key):
            return False
        call.key_renewed = True
        return True

    def _final(self, call: Call, error: TheirStackError) -> TheirStackError:
        """Return what the caller gets: the error, or that the outcome is unknown.

        ``call.state.sent`` tells of all attempts, so a request that is refused or cannot be sent at last, after an
        attempt that may have been carried out, does not count as unsent.
        """
        final = error
        if call.kind in ("once", "billed") and call.state.sent == "maybe":
            final = OutcomeUnknownError(
                f"{call.request.label}: nobody knows whether it was carried out, and it was not sent again, since that "
                f"could act twice. Look before you repeat it. The first error: {error}",
                credits_at_risk=call.credits if call.kind == "billed" else 0,
            )
            final.__cause__ = error
        if call.state.sent == "maybe" and error.sent == "no":
            error.sent = "maybe"
        for each in {final, error}:
            each.attempts = call.state.attempts
            each.elapsed = call.elapsed()
        return final

    def _log(self, call: Call, text: str) -> None:
        logger.debug("call %d %s: %s", call.id, call.name, text)

    def _emit(self, event: HookEvent) -> None:
        if self.config.hooks:
            emit(self.config.hooks, event)
