"""Events whose payloads are decoded when they are first asked for.

No row is rejected for its payload, so to decode one later, or never, loses nothing.
"""

from __future__ import annotations

from contextlib import suppress
from types import MemberDescriptorType
from typing import Any, Final, cast

import msgspec

from theirstack_async._convert.converter import Converter, reference
from theirstack_async._convert.events import RawEvent, read_payload, read_raw
from theirstack_async._convert.problems import RefusedError
from theirstack_async._convert.rows import Reject, Rows
from theirstack_async.models import EventPayload, WebhookEvent
from theirstack_async.models.webhook_event import EventFields

_SLOT: Final = cast("MemberDescriptorType", EventFields.__dict__["payload"])
_NULL: Final = msgspec.Raw(b"null")


class LazyEvent(WebhookEvent):
    """An event with its payload's text in its place. Once that is decoded, it is a plain event, by its class too.

    Whatever tells events apart by their class decodes first, so that it sees a plain one.
    """

    __slots__ = ()

    @property
    def payload(self) -> EventPayload:
        return _plain(self).payload

    @payload.setter
    def payload(self, value: EventPayload) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        # Called by __init__ alone, as in attrs.evolve(): the class is frozen.
        _SLOT.__set__(self, value)

    def __eq__(self, other: object) -> bool:
        return _plain(self) == other

    def __hash__(self) -> int:
        return hash(_plain(self))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _plain(self).__reduce_ex__(protocol)


LazyEvent.__name__ = WebhookEvent.__name__  # as it is called in representations and errors


def read_lazily(body: bytes, converter: Converter) -> Rows[WebhookEvent]:
    """Decode an array of events as the converter does, but for their payloads, each of which is decoded when needed.

    A page that cannot be read at once, because one of its rows is damaged, is decoded whole.

    Raises:
        DecodeError: the answer is not an array.
    """
    with suppress(RefusedError):
        return Rows(_lazy(read_raw(body)), 0)
    return converter.decode_rows(body, WebhookEvent)


def _lazy(rows: list[RawEvent]) -> list[WebhookEvent | Reject]:
    put, become = _SLOT.__set__, object.__setattr__
    for row in rows:
        raw = cast("msgspec.Raw | None", row.payload)
        if raw is None or raw == _NULL:
            put(row, None)
            become(row, "__class__", WebhookEvent)
        else:
            # A copy: a msgspec.Raw keeps the bytes of its whole page, a hundred times the memory for one row in 100.
            put(row, bytes(raw))
            become(row, "__class__", LazyEvent)
    return cast("list[WebhookEvent | Reject]", rows)


def _plain(event: WebhookEvent) -> WebhookEvent:
    """Decode the payload of an event, which is a plain one from then on.

    Two threads may both decode it, which gives equal records, and the class changes after the payload.
    """
    raw = _SLOT.__get__(event)
    if isinstance(raw, bytes):
        _SLOT.__set__(event, read_payload(raw, _slowly))
    object.__setattr__(event, "__class__", WebhookEvent)
    return event


def _slowly(raw: bytes) -> EventPayload:
    return reference().payload(raw)
