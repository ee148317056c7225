"""The fast path for events, whose payload is a record of one of several kinds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC
from types import GenericAlias
from typing import Any, Final, TypeVar, cast

import msgspec

from theirstack_async._convert.fast import attempt
from theirstack_async._convert.kinds import kind_of
from theirstack_async._convert.problems import RefusedError
from theirstack_async.models import Company, EventPayload, Job, JobClosed, WebhookEvent
from theirstack_async.models._base import set_utc
from theirstack_async.models.webhook_event import EVENT_INSTANTS, EventFields

# The rows below differ from the public class in the type of their payload, which the decoder takes from the
# annotation, and so have its fields and its layout. They become it by assignment to __class__
# (https://docs.python.org/3/reference/datamodel.html#object.__class__): to construct the public rows anew would add
# 7 % to the time of a page.


class _JobEvent(EventFields):
    __slots__ = ()
    payload: Job | None


class _CompanyEvent(EventFields):
    __slots__ = ()
    payload: Company | None


class RawEvent(EventFields):
    """An event with its payload's text in its place, None where it was left out. Nobody outside sees one."""

    __slots__ = ()
    payload: msgspec.Raw  # type: ignore[assignment]


Row = TypeVar("Row", bound=EventFields)
_set: Final = object.__setattr__
_DECODERS: Final[dict[Any, msgspec.json.Decoder[Any]]] = {}


def _decoder(type_: Any) -> msgspec.json.Decoder[Any]:
    """Return the decoder of a type, made when it is first needed: most pages need but one."""
    if type_ not in _DECODERS:
        _DECODERS[type_] = msgspec.json.Decoder(type_)
    return _DECODERS[type_]


class EventCodec:
    """The decoders of events. Both methods raise :class:`RefusedError`, and never for a payload.

    msgspec cannot tell the kinds of payload apart, but nearly every page has one kind: the page is decoded as jobs,
    then as companies (either fails at the first payload that is none), and only then payload by payload.
    """

    def __init__(self, reference: Callable[[bytes], EventPayload]) -> None:
        """Args:
        reference: decodes what msgspec refuses of a payload, and never fails.
        """
        self._reference = reference

    def one(self, body: bytes) -> WebhookEvent:
        """Decode an event."""
        return self._finished(in_utc([attempt(_decoder(RawEvent), body)]))[0]

    def many(self, body: bytes) -> list[WebhookEvent]:
        """Decode an array of events."""
        for row_type in (_JobEvent, _CompanyEvent):
            try:
                return _published(in_utc(attempt(_decoder(GenericAlias(list, (row_type,))), body)))
            except RefusedError:
                continue
        return self._finished(read_raw(body))

    def _finished(self, rows: list[RawEvent]) -> list[WebhookEvent]:
        for row in rows:
            raw = cast("msgspec.Raw | None", row.payload)  # None where the payload was left out
            if raw is not None:
                _set(row, "payload", read_payload(bytes(raw), self._reference))
        return _published(rows)


def read_raw(body: bytes) -> list[RawEvent]:
    """Decode an array of events but for their payloads; raises :class:`RefusedError`."""
    return in_utc(attempt(_decoder(list[RawEvent]), body))


def in_utc(rows: list[Row]) -> list[Row]:
    """Put the instants of rows into UTC, in which they nearly always are; raises :class:`RefusedError`."""
    try:
        for row in rows:
            if not (row.triggered_at.tzinfo is row.created_at.tzinfo is row.updated_at.tzinfo is UTC):
                set_utc(row, *EVENT_INSTANTS)
    except ValueError:
        raise RefusedError(()) from None
    return rows


def read_payload(raw: bytes, reference: Callable[[bytes], EventPayload]) -> EventPayload:
    """Return the record that a payload is; ``reference`` decodes what msgspec refuses of it, and never fails."""
    if raw == b"null":
        return None
    for kind in (Job, Company):
        with suppress(RefusedError):
            return cast("EventPayload", attempt(_decoder(kind), raw))
    with suppress(RefusedError):
        members = attempt(_decoder(dict[str, msgspec.Raw]), raw)
        if kind_of(bytes(members.get("id", b"")).startswith(b'"'), members) is JobClosed:
            return cast("EventPayload", attempt(_decoder(JobClosed), raw))
    return reference(raw)


def _published(rows: list[Row]) -> list[WebhookEvent]:
    for row in rows:
        _set(row, "__class__", WebhookEvent)
    return cast("list[WebhookEvent]", rows)
