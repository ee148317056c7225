"""How a client is made (:class:`ClientConfig`) and how a call is made (:class:`RequestOptions`): frozen values."""

from __future__ import annotations

import inspect
import math
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, Final, TypeGuard, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import attrs

from theirstack_async._values import Secret, Value
from theirstack_async.errors import ArgumentError, ConfigurationError
from theirstack_async.hooks import Hook

if TYPE_CHECKING:
    from theirstack_async.budget import CreditBudget
    from theirstack_async.quota import QuotaStore

KEY_VARIABLE: Final = "THEIRSTACK_API_KEY"
URL_VARIABLE: Final = "THEIRSTACK_BASE_URL"
PRODUCTION_URL: Final = "https://api.theirstack.com"

KeyProvider = Callable[[], str | Awaitable[str]]
"""Returns the key, at once or as an awaitable; asked before each attempt, and once more after a 401."""

T = TypeVar("T")
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A header's name (RFC 9110, 5.6.2)."""
_RESERVED: Final = frozenset({"authorization", "host", "content-length", "transfer-encoding"})


def _seconds(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and (not _is_seconds(value) or value == 0):
        raise ArgumentError(
            f"{attribute.name}: expected seconds above 0, or None for no limit, got {value!r}", field=attribute.name
        )


def _from_zero(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_seconds(attribute.name, value)


def _count(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_count(attribute.name, value)


def _of(expected: type[T]) -> Callable[[object, attrs.Attribute[Any], T], None]:
    """Return a validator that refuses what is not of a type, which else would show in the middle of a call."""

    def check(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, expected):
            name, wanted = attribute.name, expected.__name__
            raise ArgumentError(f"{name}: expected {wanted}, got {type(value).__name__}", field=name)

    return check


def _hooks(_: object, attribute: attrs.Attribute[Any], value: tuple[object, ...]) -> None:
    for hook in value:
        if not callable(hook) or inspect.iscoroutinefunction(hook):
            raise ArgumentError(
                f"hooks: expected plain callables, which are called and not awaited, got {hook!r}", field=attribute.name
            )


def _budget(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None and not callable(getattr(value, "hold", None)):
        raise ArgumentError(
            f"budget: expected a CreditBudget, such as CreditBudget(100), got {value!r}", field=attribute.name
        )


def _quota(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_store(attribute.name, value)


def check_store(field: str, value: object) -> None:
    """Raise an :class:`ArgumentError` naming ``field`` unless ``value`` is a :class:`QuotaStore` or None."""
    if value is not None and not inspect.iscoroutinefunction(getattr(value, "update", None)):
        raise ArgumentError(
            f'{field}: expected a QuotaStore, such as SQLiteQuota("quota.db"), got {value!r}', field=field
        )


def check_count(field: str, value: object, *, at_least: int = 1, at_most: int | None = None) -> int:
    """Return ``value`` when it is a whole number in the bounds.

    Raises:
        ArgumentError: it is not.
    """
    if type(value) is int and value >= at_least and (at_most is None or value <= at_most):
        return value
    bounds = f"from {at_least}" if at_most is None else f"from {at_least} to {at_most}"
    raise ArgumentError(f"{field}: expected a whole number {bounds}, got {value!r}", field=field)


def check_seconds(field: str, value: object) -> None:
    """Raise an :class:`ArgumentError` naming ``field`` unless ``value`` is a finite number of seconds from 0."""
    if not _is_seconds(value):
        raise ArgumentError(f"{field}: expected seconds from 0, got {value!r}", field=field)


def check_share(field: str, value: object) -> None:
    """Raise an :class:`ArgumentError` naming ``field`` unless ``value`` is a number from 0 to 1."""
    if not _is_seconds(value) or value > 1:
        raise ArgumentError(f"{field}: expected a share from 0 to 1, got {value!r}", field=field)


def _is_seconds(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < math.inf


@attrs.frozen(eq=False, repr=False)
class Timeouts(Value):
    """Three limits in seconds; None switches one off, and 0 is refused."""

    connect: float | None = attrs.field(default=10.0, validator=_seconds)
    """For one connection: address look-up, TCP and TLS."""
    read: float | None = attrs.field(default=60.0, validator=_seconds)
    """Of silence between two pieces of an answer."""
    deadline: float | None = attrs.field(default=300.0, validator=_seconds)
    """For the whole call: queueing, waiting for a rate window, all attempts and the pauses between them."""


@attrs.frozen(eq=False, repr=False)
class RetryPolicy(Value):
    """When and how often a request is sent again. The pause before retry n is random, from 0 to ``base * 2**(n-1)``."""

    attempts: int = attrs.field(default=4, validator=_count)
    """How many times a call is tried at the most; 1 switches retries off. One try with a renewed key, and what aiohttp
    sends again by itself on a connection that had ended, come on top."""
    base: float = attrs.field(default=0.5, validator=_from_zero)
    """The longest first pause, in seconds."""
    cap: float = attrs.field(default=30.0, validator=_from_zero)
    """The longest pause, in seconds. What the API asks for in ``Retry-After`` is not cut."""
    retry_paid: bool = attrs.field(default=False, validator=_of(bool))
    """Whether a billed request is sent again when its outcome is unknown: it may then be paid for twice."""


@attrs.frozen(eq=False, repr=False)
class RequestOptions(Value):
    """How one call is made, where it differs from the client."""

    timeouts: Timeouts | None = attrs.field(default=None, validator=attrs.validators.optional(_of(Timeouts)))
    """Instead of the client's limits."""
    retries: RetryPolicy | None = attrs.field(default=None, validator=attrs.validators.optional(_of(RetryPolicy)))
    """Instead of the client's policy."""
    budget: CreditBudget | None = attrs.field(default=None, validator=_budget)
    """Pays for the call, instead of the client's budget."""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=lambda headers: repr([*headers]))
    """Sent along. ``Authorization`` is refused: use ``client.with_options(api_key=...)``."""

    def __attrs_post_init__(self) -> None:
        for name, value in self.headers.items():
            if not _TOKEN.fullmatch(name) or not _is_header_value(value):
                raise ArgumentError(f"headers: {name!r} cannot be sent as a header", field="headers")
            if name.lower() in _RESERVED:
                raise ArgumentError(f"headers: {name} is set by the client itself; leave it out", field="headers")


def _is_header_value(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and all(ch.isprintable() or ch == "\t" for ch in value)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ClientConfig(Value):
    """All settings of a client, checked."""

    api_key: Secret | KeyProvider | None
    base_url: str
    timeouts: Timeouts = attrs.field(default=Timeouts(), validator=_of(Timeouts))
    retries: RetryPolicy = attrs.field(default=RetryPolicy(), validator=_of(RetryPolicy))
    max_concurrency: int = attrs.field(default=16, validator=_count)
    max_rate_wait: float | None = attrs.field(default=60.0, validator=_seconds)
    max_body_bytes: int = attrs.field(default=256 * 1024 * 1024, validator=_count)
    proxy: str | None = attrs.field(default=None, repr=False)
    """May hold credentials."""
    ssl_context: SSLContext | None = attrs.field(default=None, repr=False)
    trust_env: bool = False
    budget: CreditBudget | None = attrs.field(default=None, validator=_budget)
    quota: QuotaStore | None = attrs.field(default=None, validator=_quota, repr=False)
    hooks: tuple[Hook, ...] = attrs.field(default=(), validator=_hooks)
    keep_unknown_fields: bool = False
    share_strings: bool = False


def load_key(
    api_key: str | KeyProvider | None, *, source: str = "api_key", variable: str = KEY_VARIABLE
) -> Secret | KeyProvider | None:
    """Return the key that was given, or the one in the environment, or None where there is neither.

    ``source`` is the name of the argument that it was given as, and ``variable`` that of the environment's.
    """
    if callable(api_key):
        return api_key
    if api_key is None:
        api_key, source = os.environ.get(variable), variable
        if not api_key:
            return None
    return Secret(check_key(api_key, source))


def check_key(key: object, source: str) -> str:
    """Return the key when it can be sent as a header. The error never shows it.

    Raises:
        ConfigurationError: it is empty, not text, has white space or characters beyond ASCII, or starts with Bearer.
    """
    if not isinstance(key, str):
        raise ConfigurationError(f"{source}: expected the API key as text, got {type(key).__name__}")
    if not key:
        raise ConfigurationError(f"{source}: the API key is empty")
    if key.lower().startswith("bearer "):
        raise ConfigurationError(f"{source}: leave out the word Bearer, the client adds it")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigurationError(
            f"{source}: the API key holds white space or what a header cannot carry; was a line break copied?"
        )
    return key


def load_base_url(base_url: str | None) -> str:
    """Return the address that was given, or the one in ``THEIRSTACK_BASE_URL``, or the production API's.

    Raises:
        ConfigurationError: as :func:`check_base_url`.
    """
    return check_base_url(base_url or os.environ.get(URL_VARIABLE) or PRODUCTION_URL)


def check_base_url(url: str, example: str = PRODUCTION_URL) -> str:
    """Return an API's address without a slash at its end.

    Raises:
        ConfigurationError: it is not an absolute http or https address, or has credentials, a query or a fragment.
    """
    if not _is_address(url) or any(ch in url for ch in "@?#"):
        raise ConfigurationError(
            f"base_url: expected an address such as {example}, without credentials, query or fragment"
        )
    return url.rstrip("/")


def check_session(session: object, proxy: str | None, ssl_context: SSLContext | None, trust_env: bool) -> None:
    """Refuse settings of a connection pool beside a session, which has a pool of its own.

    Raises:
        ArgumentError: there are some.
    """
    if session is not None and (proxy is not None or ssl_context is not None or trust_env):
        raise ArgumentError("session: brings its own proxy and TLS; set them there", field="session")


def check_proxy(proxy: str | None) -> str | None:
    """Return a proxy's address, which may hold credentials. The error does not show it.

    Raises:
        ConfigurationError: it is not an absolute http or https address.
    """
    if proxy is not None and not _is_address(proxy):
        raise ConfigurationError("proxy: expected an address such as http://user:password@proxy.example:3128")
    return proxy


def _is_address(url: object) -> bool:
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def find_proxy(config: ClientConfig) -> str | None:
    """Return the proxy that was given, or with ``trust_env`` the environment's, or None.

    Not aiohttp's own ``trust_env``: with that, an entry in netrc makes it refuse our Authorization header.
    """
    address = urlsplit(config.base_url)
    if config.proxy or not config.trust_env or proxy_bypass(address.netloc):
        return config.proxy
    return check_proxy(getproxies().get(address.scheme))
