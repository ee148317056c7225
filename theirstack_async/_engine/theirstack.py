"""TheirStack's own dialect: its operations, and what each of them does when it is repeated.

``read`` changes nothing. PATCH sets a state, so it is ``idempotent``. Creating a webhook is free, but two of them bill
every event twice; a test and a retry deliver something: these are sent ``once``.
Facts: https://theirstack.com/en/docs/api-reference.
"""

from __future__ import annotations

from typing import Final

from theirstack_async._engine.dialect import Dialect, Operation
from theirstack_async._wire.decode import api_error

WEBHOOKS_LIST: Final = Operation("webhooks.list", "GET", "/v0/webhooks", "read")
WEBHOOKS_GET: Final = Operation("webhooks.get", "GET", "/v0/webhooks/{webhook_id}", "read")
WEBHOOKS_CREATE: Final = Operation("webhooks.create", "POST", "/v0/webhooks", "once")
WEBHOOKS_UPDATE: Final = Operation("webhooks.update", "PATCH", "/v0/webhooks/{webhook_id}", "idempotent")
WEBHOOKS_STATUS: Final = Operation("webhooks.status", "PATCH", "/v0/webhooks/{webhook_id}/status", "idempotent")
WEBHOOKS_ARCHIVE: Final = Operation("webhooks.archive", "PATCH", "/v0/webhooks/{webhook_id}/archive", "idempotent")
WEBHOOKS_TEST: Final = Operation("webhooks.test", "POST", "/v0/webhooks/test", "once")
WEBHOOKS_EVENT_TYPES: Final = Operation("webhooks.event_types", "GET", "/v0/webhooks/event-types", "read")
EVENTS_LIST: Final = Operation("webhooks.events.list", "GET", "/v0/webhooks/{webhook_id}/events", "read")
EVENTS_COUNT: Final = Operation("webhooks.events.count", "GET", "/v0/webhooks/{webhook_id}/events/count", "read")
EVENTS_COUNTS: Final = Operation("webhooks.events.counts", "GET", "/v0/webhooks/events/count", "read")
EVENTS_RETRY: Final = Operation("webhooks.events.retry", "POST", "/v0/webhooks/events/retry", "once")

OPERATIONS: Final = {
    operation.name: operation
    for operation in (
        # Fixed paths first: a raw request finds the first that fits.
        WEBHOOKS_LIST,
        WEBHOOKS_CREATE,
        WEBHOOKS_TEST,
        WEBHOOKS_EVENT_TYPES,
        EVENTS_COUNTS,
        EVENTS_RETRY,
        WEBHOOKS_GET,
        WEBHOOKS_UPDATE,
        WEBHOOKS_STATUS,
        WEBHOOKS_ARCHIVE,
        EVENTS_LIST,
        EVENTS_COUNT,
    )
}


def _bearer(key: str) -> tuple[str, str]:
    return "Authorization", f"Bearer {key}"


def theirstack_dialect(base_url: str) -> Dialect:
    """Return TheirStack's dialect at an address.

    The key travels as a bearer token: https://theirstack.com/en/docs/api-reference/authentication.md.
    """
    return Dialect(
        base_url=base_url,
        auth_header=_bearer,
        parse_error=api_error,
        operations=OPERATIONS,
        secret_fields=frozenset({"secret"}),
    )
