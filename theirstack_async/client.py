"""The client: what a program makes once and keeps."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Iterable, Mapping
from ssl import SSLContext
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

import attrs

from theirstack_async._engine.aiohttp_transport import AiohttpTransport
from theirstack_async._engine.pipeline import Pipeline, Reply
from theirstack_async._engine.slots import Slots
from theirstack_async._engine.theirstack import theirstack_dialect
from theirstack_async._engine.usage import Usage
from theirstack_async._values import UNSET, All, RateLimit, Secret, Unset
from theirstack_async._wire.message import Kind
from theirstack_async.config import (
    ClientConfig,
    KeyProvider,
    RequestOptions,
    RetryPolicy,
    Timeouts,
    check_proxy,
    check_session,
    load_base_url,
    load_key,
)
from theirstack_async.errors import ClientClosedError
from theirstack_async.hooks import Hook
from theirstack_async.resources._all import Resources

if TYPE_CHECKING:
    import aiohttp

    from theirstack_async.budget import CreditBudget
    from theirstack_async.filters import CompanyFilters, JobFilters
    from theirstack_async.models import CreditBalance, Estimate
    from theirstack_async.quota import QuotaStore

_MIB: Final = 1024 * 1024


class TheirStack(Resources):
    """A client of the TheirStack API.

    Make one a program, or one an event loop, and close it: ``async with TheirStack() as client``, or
    ``await client.aclose()``. Making it opens nothing; the connection pool is opened by the first call.
    """

    def __init__(
        self,
        api_key: str | KeyProvider | None = None,
        *,
        base_url: str | None = None,
        timeouts: Timeouts = Timeouts(),
        retries: RetryPolicy = RetryPolicy(),
        max_concurrency: int = 16,
        max_rate_wait: float | None = 60.0,
        max_body_bytes: int = 256 * _MIB,
        session: aiohttp.ClientSession | None = None,
        proxy: str | None = None,
        ssl_context: SSLContext | None = None,
        trust_env: bool = False,
        budget: CreditBudget | None = None,
        quota: QuotaStore | None = None,
        hooks: Iterable[Hook] = (),
        keep_unknown_fields: bool = False,
        share_strings: bool = False,
    ) -> None:
        """Set a client up.

        Args:
            api_key: the key, or a callable, possibly async, that returns it; it is asked before each attempt, and once
                more after a 401. By default ``THEIRSTACK_API_KEY``. A key that is missing is an error only at the
                first call that needs one.
            base_url: where the API is. By default ``THEIRSTACK_BASE_URL``, or ``https://api.theirstack.com``.
            timeouts: connect 10 s, read 60 s, deadline 300 s.
            retries: up to 4 attempts; never of a call that would act or cost twice.
            max_concurrency: requests under way at once; more calls wait for their turn, within their deadline.
            max_rate_wait: the longest wait, in seconds, for a rate window; None for any.
            max_body_bytes: the largest answer, decompressed.
            session: an aiohttp session to use; it is never closed here, and the pool, the proxy and TLS are its own.
            proxy: the address of an HTTP proxy.
            ssl_context: for a private certificate authority.
            trust_env: take the proxy from the environment (``HTTPS_PROXY``, ``NO_PROXY``) as it is at the first call.
            budget: bounds what billed calls may spend.
            quota: where the API's rate windows are kept, so that processes that share a key can share them
                (:class:`SQLiteQuota`, :class:`RedisQuota`). By default each client keeps its own.
            hooks: callables that are told of each call, attempt and wait; see :mod:`theirstack_async.hooks`.
            keep_unknown_fields: keep fields that the models do not know in ``.extra``; decoding is slower then.
            share_strings: make equal short texts of rows, and equal tuples of them, one object each. Events with jobs
                take about half the memory then, and 1.7 times as long to decode: for programs that hold many rows, and
                not for those that read one after the other and let it go.

        Raises:
            ConfigurationError: the key or the address cannot be used, or the session would send something of its own.
            ArgumentError: a number is out of its bounds.
        """
        check_session(session, proxy, ssl_context, trust_env)
        config = ClientConfig(
            api_key=load_key(api_key),
            base_url=load_base_url(base_url),
            timeouts=timeouts,
            retries=retries,
            max_concurrency=max_concurrency,
            max_rate_wait=max_rate_wait,
            max_body_bytes=max_body_bytes,
            proxy=check_proxy(proxy),
            ssl_context=ssl_context,
            trust_env=trust_env,
            budget=budget,
            quota=quota,
            hooks=tuple(hooks),
            keep_unknown_fields=keep_unknown_fields,
            share_strings=share_strings,
        )
        transport = AiohttpTransport(config, session)
        slots = Slots(config.max_concurrency)
        self._transport: AiohttpTransport | None = transport
        self._pipeline = Pipeline(config, theirstack_dialect(config.base_url), transport, slots)
        self._root = None
        self._made_at = _caller()

    def with_options(
        self,
        *,
        api_key: str | KeyProvider | Unset = UNSET,
        timeouts: Timeouts | Unset = UNSET,
        retries: RetryPolicy | Unset = UNSET,
        budget: CreditBudget | Unset | None = UNSET,
        hooks: Iterable[Hook] | Unset = UNSET,
        max_concurrency: int | Unset = UNSET,
    ) -> Self:
        """Return a view of this client with other settings. It shares the connection pool, and closes nothing.

        A view's ``max_concurrency`` lies within this client's: its requests count in both. ``budget=None`` takes the
        client's budget off. ``usage`` is shared with this client, and so are the rate windows of one key.
        """
        old = self._pipeline.config
        given: dict[str, Any] = {
            "timeouts": timeouts, "retries": retries, "budget": budget, "max_concurrency": max_concurrency
        }  # fmt: skip
        given = {name: value for name, value in given.items() if value is not UNSET}
        if not isinstance(api_key, Unset):
            given["api_key"] = load_key(api_key)
        if not isinstance(hooks, Unset):
            given["hooks"] = tuple(hooks)
        config = attrs.evolve(old, **given)
        slots = self._pipeline.slots
        if "max_concurrency" in given:
            slots = Slots(config.max_concurrency, slots)
        view = object.__new__(type(self))
        view._transport = None
        view._pipeline = self._pipeline.view(config, slots)
        # Keeps the client that owns the pool alive for as long as a view of it is used.
        view._root = self
        view._made_at = self._made_at
        return view

    @property
    def usage(self) -> Usage:
        """What the calls of this client and of its views came to so far: requests, rows and credits, by operation."""
        return self._pipeline.usage

    @property
    def rate_limits(self) -> Mapping[str, RateLimit]:
        """What is known of the API's rate windows now, by group of operations: ``tiered`` for the searches that share a
        quota by plan, ``other`` for the rest. Empty before the first call. Where ``api_key`` is a callable, of
        several keys the newest counts.
        """
        key = self._pipeline.config.api_key
        return self._pipeline.throttle.limits(key.reveal() if isinstance(key, Secret) else None)

    async def ping(self) -> CreditBalance:
        """Call the API for free, and return the credits of the account: the address and the key are good then.

        Raises:
            AuthenticationError: the key is not.
            TheirStackError: what else went wrong.
        """
        return await self.billing.credit_balance()

    async def estimate(self, query: JobFilters | CompanyFilters, *, max_items: int | All | None = None) -> Estimate:
        """Return how many rows a search would bring, at most ``max_items``, and what they would cost, in credits. Free.

        As :meth:`Jobs.estimate` and :meth:`Companies.estimate`, for filters that are an object.

        Raises:
            ArgumentError: an argument was refused, or a filter names companies: then the API would bill the count.
            DecodeError: what came was billed although it was asked for free. It is accounted for, and in ``body``.
        """
        from theirstack_async.filters import JobFilters

        if isinstance(query, JobFilters):
            return await self.jobs.estimate(query, max_items=max_items)
        return await self.companies.estimate(query, max_items=max_items)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        json: Any = UNSET,
        kind: Kind | None = None,
        options: RequestOptions | None = None,
    ) -> Reply:
        """Make a call that has no method here, through the same engine, and return its answer undecoded.

        Args:
            method: the HTTP method.
            path: from the leading slash, without host and query.
            query: parameters; None is left out, a list is sent as several.
            json: the body.
            kind: what a repeated request would do; by default as for the method here that calls the same path, else by
                the HTTP method, where a POST counts as ``once``.
            options: how this call is made, where it differs from the client.

        Raises:
            ArgumentError: the path is not one.
        """
        from theirstack_async._engine.raw import raw_operation, rows_asked

        operation, rows = raw_operation(self._pipeline.dialect, method, path, kind), rows_asked(json)
        return await self._pipeline.call(operation, query=query or {}, json=json, options=options, kind=kind, rows=rows)

    async def aclose(self) -> None:
        """Close the connection pool. Calls under way end in :class:`ClientClosedError`. A second call does nothing.

        On a view this does nothing at all: the client that it was made from owns the pool.
        """
        if self._transport is not None:
            await self._transport.aclose()

    async def __aenter__(self) -> Self:
        if self._transport is not None and self._transport.closed:
            raise ClientClosedError("the client is closed; make a new one")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        config = self._pipeline.config
        key = "***" if isinstance(config.api_key, Secret) else "callable" if config.api_key else None
        return f"<TheirStack {config.base_url} api_key={key}{' (view)' if self._root else ''}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a TheirStack client cannot be pickled or copied; make one in each process, or use with_options()"
        )

    def __del__(self) -> None:
        transport: AiohttpTransport | None = getattr(self, "_transport", None)
        if transport is not None and transport.open:
            transport.abandon()
            warnings.warn(
                f"{self!r}, made at {self._made_at}, was never closed; use 'async with', or await client.aclose()",
                ResourceWarning,
                source=self,
                stacklevel=2,
            )


def _caller() -> str:
    """Return file and line of the code that makes a client."""
    frame = traceback.extract_stack(limit=3)[0]
    return f"{frame.filename}:{frame.lineno}"
