"""Making deliveries of rows of the event list: they have the bare record, and not the type of the event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from theirstack_async.errors import DecodeError
from theirstack_async.models import Company, Job, JobClosed

if TYPE_CHECKING:
    from theirstack_async._convert import Converter

_NULL: Final = b"null"


@attrs.frozen
class Record:
    """What a row says of the record that its event is about."""

    payload: bytes
    """The record as JSON, exactly as it is listed."""
    types: tuple[str, ...]
    """The types of event that it can be of; none when it is no record that a delivery could have."""


def record_of(row: bytes, converter: Converter) -> Record:
    """Return the record in a row.

    A job with a closing date may be that of a ``job.new`` too, when a webhook goes through older matches. One whose
    data are blurred was never paid for, and is none that would be delivered.
    """
    from theirstack_async._convert.kinds import kind_of
    from theirstack_async._convert.pages import members

    payload = members(row).get("payload", _NULL)
    try:
        fields = members(payload)
        kind = kind_of(fields.get("id", b"").startswith(b'"'), fields)
        record = converter.decode(payload, kind) if kind else None
    except (ValueError, DecodeError):
        record = None
    return Record(payload, _types_of(record))


def envelope(event_id: int, event_type: str, payload: bytes) -> bytes:
    """Return the body of a delivery (https://theirstack.com/en/docs/webhooks/event-type)."""
    return b'{"id":%d,"type":"%s","payload":%s}' % (event_id, event_type.encode(), payload)


def _types_of(record: Job | Company | JobClosed | None) -> tuple[str, ...]:
    if isinstance(record, JobClosed):
        return ("job.closed",)
    if record is None or record.has_blurred_data:
        return ()
    if isinstance(record, Company):
        return ("company.new",)
    return ("job.new",) if record.closed_at is None else ("job.new", "job.closed")
