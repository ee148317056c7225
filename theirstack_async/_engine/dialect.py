"""What one API is like, as data, so that a second API needs no second engine."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import attrs

from theirstack_async._values import Value
from theirstack_async._wire.message import Kind, Response
from theirstack_async.errors import APIError


@attrs.frozen(eq=False, repr=False)
class Operation(Value):
    """One operation of an API."""

    name: str
    """The method's name on the client, such as ``webhooks.events.retry``."""
    method: str
    path: str
    """With ``{names}`` for its parts."""
    kind: Kind
    """What a repeated request would do."""
    credits_per_row: int = 0
    """Credits that one returned row costs; 0 for a free operation."""
    credits_per_call: int = 0
    """Credits that one call costs that returns anything at all, however many rows."""
    needs_key: bool = True
    """Whether the key is sent along."""
    accept: str = "application/json"
    """The media type of its answer."""
    rate_group: str = "other"
    """Operations of one name share one set of rate windows."""
    limit_field: str = "limit"
    """The field of the body that says how many rows are wanted, where rows have a price."""

    def price(self, rows: int) -> int:
        """Return what an answer with so many rows costs, in credits."""
        return rows * self.credits_per_row + (self.credits_per_call if rows else 0)

    def worst_case(self, rows: int) -> int:
        """Return what a request for so many rows costs at the most, in credits."""
        return rows * self.credits_per_row + self.credits_per_call


class ErrorParser(Protocol):
    """Turns an answer that is not a success into an exception."""

    def __call__(self, response: Response, label: str, *, now: float, hide: Iterable[str] = ()) -> APIError:
        """Return the exception; ``hide`` are texts that it must not repeat."""
        ...


@attrs.frozen(eq=False, repr=False)
class Dialect(Value):
    """An API as the engine sees it."""

    base_url: str
    auth_header: Callable[[str], tuple[str, str]]
    """From the key to the header that carries it."""
    parse_error: ErrorParser
    operations: Mapping[str, Operation]
    """By name."""
    missing_key: str
    """What a call needs that has no key, and how to give it: the end of an error's sentence."""
    key_argument: str = "api_key"
    """The argument that a key is given as."""
    holds_rows: Callable[[Response], bool] = lambda _: False
    """Whether an answer that refuses a billed request holds rows all the same, which were paid for."""
    count_rows: Callable[[bytes], int | None] = lambda _: None
    """From the answer of an operation that has a price to the number of its rows; None where it has none to count."""
    assumed_windows: Mapping[str, tuple[tuple[str, int, float], ...]] = {}
    """By rate group: the windows (name, requests, seconds) that are presumed until the API has declared some."""
    declares_windows: bool = True
    """Whether the API's answers declare rate windows; where they never do, those that are assumed stay."""
    secret_fields: frozenset[str] = frozenset()
    """Fields of a request's body that no error may repeat."""

    def find(self, method: str, path: str) -> Operation | None:
        """Return the operation that a raw request is an instance of, or None when the table has none."""
        found = [each for each in self.operations.values() if each.method == method and _fits(each.path, path)]
        # Of ``/v0/webhooks/event-types`` and ``/v0/webhooks/{webhook_id}`` the former, which has fewer names, is meant.
        return min(found, key=lambda each: each.path.count("{"), default=None)


def _fits(pattern: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(pattern)), path) is not None
