"""The loop that makes one call: key, slot, send, decide, pause. Its decisions are made elsewhere, by pure functions."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from theirstack_async._clock import Clock, SystemClock
from theirstack_async._engine.call import SLOT, Call, CallState, Reply, mask_echo, prepare, secrets, write_body
from theirstack_async._engine.dialect import Dialect, Operation
from theirstack_async._engine.keys import with_key
from theirstack_async._engine.retry import Retry, Stop, decide
from theirstack_async._engine.slots import Slots
from theirstack_async._engine.spending import Spending
from theirstack_async._engine.transport import Transport
from theirstack_async._engine.usage import OperationUsage, Usage
from theirstack_async._values import UNSET, Headers, RateLimit
from theirstack_async._wire.dates import parse_date
from theirstack_async._wire.encode import build_url, fill_path
from theirstack_async._wire.message import Kind, Response, ResponseMeta
from theirstack_async._wire.ratelimit import parse_rate_limit
from theirstack_async.config import ClientConfig, RequestOptions
from theirstack_async.errors import AuthenticationError, Sent, TheirStackError
from theirstack_async.hooks import AttemptEnded, CallEnded, CallStarted, HookEvent, WaitStarted, emit, logger

if TYPE_CHECKING:
    from theirstack_async._engine.throttle import Throttle, Turn
    from theirstack_async.budget import CreditBudget

__all__ = ["CallState", "Pipeline", "Reply"]

_NO_OPTIONS: Final = RequestOptions()


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
        self._root: Pipeline = self
        self.usage: Usage = Usage()
        """What the calls have come to, those of views included."""

    def view(self, config: ClientConfig, slots: Slots) -> Pipeline:
        """Return a pipeline under another configuration over the same transport."""
        view = Pipeline(config, self.dialect, self.transport, slots, clock=self.clock, uniform=self._uniform)
        view._root, view.usage = self._root, self.usage
        return view

    @cached_property
    def throttle(self) -> Throttle:
        """What paces the calls of a client and of its views."""
        if self._root is not self:
            return self._root.throttle
        from theirstack_async._engine.throttle import Throttle

        return Throttle(self.config.quota, self.clock, self._uniform, self.dialect.assumed_windows)

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
        path = fill_path(operation.path, parts)
        url = build_url(self.dialect.base_url, path, query)
        options = options or _NO_OPTIONS
        kind = kind or operation.kind
        call = Call(
            operation,
            prepare(operation, url, write_body(json, form), kind, options, self.config.timeouts),
            deadline=(options.timeouts or self.config.timeouts).deadline,
            retries=options.retries or self.config.retries,
            state=state or CallState(),
            secrets=tuple(secrets(json, self.dialect.secret_fields)),
            credits=operation.worst_case(rows) if kind == "billed" else 0,
            clock=self.clock,
        )
        self._emit(call, CallStarted, operation.method, path, call.kind)
        spending = Spending(call, self.budget_for(options), rows)
        failure: str | None = None
        try:
            asked = await spending.begin(json)
            response = await self._run(call, spending)
        except BaseException as error:
            failure = type(error).__name__
            raise
        finally:
            self._end(call, spending, failure)
        return Reply(response.body, self._meta(call, spending, response), asked)

    def budget_for(self, options: RequestOptions | None) -> CreditBudget | None:
        """Return what pays for a call with these options; None where nothing bounds it."""
        return (options or _NO_OPTIONS).budget or self.config.budget

    async def charge(self, operation: Operation, rows: int, options: RequestOptions | None) -> int:
        """Account for rows that were billed although they were asked for free, and return what they cost in credits."""
        cost = operation.price(rows)
        self.usage.note(operation.name, OperationUsage(rows=rows, credits=cost))
        if (budget := self.budget_for(options)) is not None:
            await budget.charge(cost)
        return cost

    def _end(self, call: Call, spending: Spending, failure: str | None) -> None:
        usage = spending.usage()
        self.usage.note(call.name, usage)
        self._emit(call, CallEnded, call.state.status, failure, call.state.attempts, call.elapsed(), usage.credits)

    def _meta(self, call: Call, spending: Spending, response: Response) -> ResponseMeta:
        return ResponseMeta(
            response.status,
            response.headers.get("x-request-id"),
            call.state.attempts,
            call.elapsed(),
            call.told,
            spending.rows,
            spending.credits,
            parse_date(response.headers.get("date")),
        )

    async def _run(self, call: Call, spending: Spending) -> Response:
        try:
            response = await self._repeat(call, spending)
        except BaseException:
            await spending.fail()
            raise
        if call.kind == "billed":
            await spending.settle(self.dialect.count_rows(response.body))
        return response

    async def _repeat(self, call: Call, spending: Spending) -> Response:
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
            if isinstance(decision, Retry) and (refusal := await spending.repeat()) is not None:
                decision = Stop(refusal)
            if not isinstance(decision, Retry):
                self._log(call, "giving up: %s", decision.reason)
                raise call.final(outcome)
            self._log(call, "sending again in %.3f s: %s", decision.delay, decision.reason)
            self._emit(call, WaitStarted, decision.delay, decision.reason)
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
        self._log(call, "attempt %d: %s in %.3f s (sent: %s)", call.tries, error or status, elapsed, sent)
        self._emit(call, AttemptEnded, call.tries, status, error, sent, elapsed)
        return outcome

    async def _try(self, call: Call) -> Response | TheirStackError:
        before = call.state.sent
        call.tries += 1
        try:
            self.transport.check()
            headers = await with_key(call, self.config.api_key, self.dialect)
            turn = await self._turn(call)
            try:
                response = await self._send(call, headers)
            except BaseException as error:
                unsent = not call.unclear or (isinstance(error, TheirStackError) and error.sent == "no")
                await (turn.release() if unsent else turn.end(None, None))
                raise
        except TheirStackError as error:
            call.state.attempts += error.attempts
            call.state.sent = before if error.sent == "no" else error.sent
            call.unclear = error.sent != "no"
            return error
        response = mask_echo(response, (call.key, *call.secrets))
        call.told = parse_rate_limit(response.headers)
        await turn.end(response, call.told or (RateLimit(()) if self.dialect.declares_windows else None))
        return self._judge(call, response, before)

    async def _turn(self, call: Call) -> Turn:
        """Wait for a place in the rate windows."""
        if (turn := self.throttle.enter(call)) is not None:
            return turn

        def told(seconds: float, why: str) -> None:
            self._emit(call, WaitStarted, seconds, why)

        waiting = self.throttle.acquire(call, self.config.max_rate_wait, told)
        return await call.in_time(waiting, "deadline", "a rate window")

    async def _send(self, call: Call, headers: Headers) -> Response:
        if not self.slots.take():
            await call.in_time(self.slots.acquire(), "slot", SLOT)
        try:
            remaining = call.remaining()
            if remaining == 0:
                raise call.late("slot", SLOT)
            call.state.sent, call.unclear = "maybe", True
            return await self.transport.send(call.request.ready(headers, remaining))
        finally:
            self.slots.release()

    def _judge(self, call: Call, response: Response, before: Sent) -> Response | TheirStackError:
        """Return the answer if it is a success, or the error that it tells of."""
        request = call.request
        call.state.attempts += response.sends
        if 200 <= response.status < 300 or (
            not request.is_refused_by(response.status) and self.dialect.holds_rows(response)
        ):
            call.state.sent = "yes"
            return response
        # A 4xx is a refusal: nothing was done, unless by an earlier send, be it a hidden one. After any other answer
        # nobody knows.
        call.unclear = not (400 <= response.status < 500 and response.sends == 1)
        call.state.sent = "maybe" if call.unclear else before
        return self.dialect.parse_error(response, request.label, now=self.clock.now(), hide=(call.key, *call.secrets))

    def _may_renew_key(self, call: Call, error: TheirStackError) -> bool:
        """Return whether a refused key may have been renewed since: once a call, and only if a callable gives it."""
        if call.key_renewed or not isinstance(error, AuthenticationError) or not callable(self.config.api_key):
            return False
        call.key_renewed = True
        return True

    def _log(self, call: Call, text: str, *values: object) -> None:
        logger.debug(f"call %d %s: {text}", call.id, call.name, *values)

    def _emit(self, call: Call, kind: Callable[..., HookEvent], *values: object) -> None:
        """Tell the hooks, where there are any, of what happened to a call."""
        if self.config.hooks:
            emit(self.config.hooks, kind(call.id, call.name, *values))
