"""The fast path for events, whose payload is a record of one of several kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
import msgspec

from theirstack_async._convert.fast import attempt
from theirstack_async._convert.kinds import kind_of
from theirstack_async._convert.problems import RefusedError
from theirstack_async.models import Company, EventPayload, Job, JobClosed, WebhookEvent

# The rows below differ from the public class in the type of their payload alone, and so have its layout. They become
# it by assignment to __class__ (https://docs.python.org/3/reference/datamodel.html#object.__class__): to construct
# the public rows anew would add 7 % to the time of a page.


_NULL: Final = msgspec.Raw(b"null")


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, getstate_setstate=False)
class _JobEvent(WebhookEvent):
    payload: Job | None = None


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, getstate_setstate=False)
class _CompanyEvent(WebhookEvent):
    payload: Company | None = None


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, getstate_setstate=False)
class _RawEvent(WebhookEvent):
    # The payload's text stands here until it is decoded, before anybody sees the row.
    payload: msgspec.Raw = _NULL  # type: ignore[assignment]


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
        self._one = msgspec.json.Decoder(_RawEvent)
        self._many = msgspec.json.Decoder(list[_RawEvent])
        self._pages: Final[tuple[msgspec.json.Decoder[Any], ...]] = (
            msgspec.json.Decoder(list[_JobEvent]),
            msgspec.json.Decoder(list[_CompanyEvent]),
        )
        self._members = msgspec.json.Decoder(dict[str, msgspec.Raw])
        self._kinds: Final[dict[type[Any], msgspec.json.Decoder[Any]]] = {
            kind: msgspec.json.Decoder(kind) for kind in (Job, Company, JobClosed)
        }

    def one(self, body: bytes) -> WebhookEvent:
        """Decode an event."""
        return self._finished(attempt(self._one, body))

    def many(self, body: bytes) -> list[WebhookEvent]:
        """Decode an array of events."""
        for page in self._pages:
            try:
                return [_published(row) for row in attempt(page, body)]
            except RefusedError:
                continue
        return [self._finished(row) for row in attempt(self._many, body)]

    def _finished(self, row: _RawEvent) -> WebhookEvent:
        object.__setattr__(row, "payload", self._payload(bytes(row.payload)))
        return _published(row)

    def _payload(self, raw: bytes) -> EventPayload:
        if raw == b"null":
            return None
        try:
            members = attempt(self._members, raw)
            kind = kind_of(bytes(members.get("id", b"")).startswith(b'"'), members)
            payload: EventPayload = attempt(self._kinds[kind], raw) if kind else self._reference(raw)
        except RefusedError:
            return self._reference(raw)
        return payload


def _published(row: WebhookEvent) -> WebhookEvent:
    object.__setattr__(row, "__class__", WebhookEvent)
    return row
