"""From a request on the socket to the answer on the socket."""

from __future__ import annotations

import asyncio
import inspect
import time
from email.utils import formatdate
from typing import cast

from aiohttp import web

from theirstack_async._values import Headers
from theirstack_async.testing.answers import Answer, RefusedError, envelope, refusal
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call
from theirstack_async.testing.cues import Faults
from theirstack_async.testing.exchange import BrokenOffError, Exchange, Sleep
from theirstack_async.testing.rate import RateLimiter
from theirstack_async.testing.records import RequestLog, RequestRecord
from theirstack_async.testing.routes import check_key, route


class Dispatcher:
    """The request handler of the fake."""

    def __init__(self, backend: Backend, api_key: str, sleep: Sleep, *, keep_requests: bool) -> None:
        self._backend = backend
        self._api_key = api_key
        self._sleep = sleep
        self.rate: RateLimiter = RateLimiter(backend.options.windows, backend.options.rate_over, backend.clock)
        self._handlers: set[asyncio.Task[object]] = set()
        self.closing: asyncio.Event = asyncio.Event()
        self.requests: RequestLog = RequestLog(keep=keep_requests)
        self.faults: Faults = Faults()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Serve one request."""
        record = RequestRecord(
            method=request.method,
            path=request.path,
            query_string=request.rel_url.raw_query_string,
            headers=Headers(request.headers.items()),
            began=time.monotonic(),
        )
        exchange = Exchange(
            request,
            record,
            perform=self._perform,
            sleep=self._sleep,
            compression=self._backend.options.compression,
        )
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._handlers.add(task)
        self.requests.begin(record)
        try:
            return await exchange.send(await self._answer(exchange))
        except (BrokenOffError, ConnectionError):
            return web.Response()  # aiohttp wants one; there is no connection left that could carry it
        finally:
            self.requests.end(record)
            self._handlers.discard(task)

    async def close(self) -> None:
        """End all requests that are being served."""
        self.closing.set()
        handlers = list(self._handlers)
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)

    async def _answer(self, exchange: Exchange) -> Answer:
        early = self.faults.take(exchange.record, reads_request=False)
        if early is not None:
            return await early.play(exchange)
        await exchange.read_body()
        fault = self.faults.take(exchange.record, reads_request=True)
        if fault is None:
            return await exchange.carry_out()
        exchange.headers = self._headers(exchange.record)
        return await fault.play(exchange)

    def _headers(self, record: RequestRecord) -> dict[str, str]:
        return {"Date": formatdate(self._backend.clock.now(), usegmt=True), **self.rate.headers(record)}

    async def _perform(self, exchange: Exchange) -> Answer:
        record = exchange.record
        admitted = self.rate.admit(record)
        exchange.headers = self._headers(record)
        if not admitted:
            return envelope(429, "A rate window is spent; the rate headers tell when it has room again")
        answer = await self._operate(record)
        record.rows += answer.rows
        record.credits += answer.credits
        return answer

    async def _operate(self, record: RequestRecord) -> Answer:
        style = self._backend.options.error_style
        try:
            row, path_id = route(record.method, record.path)
            record.needs_key = row.needs_key
            if row.needs_key:
                check_key(record.headers.get("authorization"), self._api_key)
        except RefusedError as error:
            return refusal(error, style)
        content_type = record.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            answer = row.operation(self._backend, Call(path_id, record.query, record.body, content_type))
            answer = await answer if inspect.isawaitable(answer) else answer
        except RefusedError as error:
            answer = refusal(error, row.errors if style == "envelope" else style)
        if row.needs_key:
            self._backend.account.seen.note(self._backend.clock.now(), record.method, record.path, answer.status)
        return answer
