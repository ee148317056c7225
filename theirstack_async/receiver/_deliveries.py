"""What a receiver gets: an event's id, its type, and the record that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from theirstack_async.errors import DeliveryError, Problem
from theirstack_async.models import Company, Job, UnknownPayload
from theirstack_async.models import JobClosed as ClosedJob
from theirstack_async.receiver._signature import raw_bytes

MAX_BYTES: Final = 1024 * 1024
"""Bytes of a delivery at the most, unless a caller says otherwise. The API sends one record, of about 8 KB, in each."""


@attrs.frozen(kw_only=True)
class Delivery:
    """One event, as the API sends it to a webhook. Immutable; compares by value; can be pickled and copied.

    Each type of event has a subclass of its own
    (https://theirstack.com/en/docs/webhooks/event-type/webhook_job_new.md).
    """

    id: int
    """The event's id, the same each time that the event is sent: what the retry endpoint and the event list call it."""
    type: str
    """What happened, as deliveries spell it: ``job.new`` where the rest of the API has ``job_new``."""
    payload: Job | Company | ClosedJob | UnknownPayload
    """The record."""

    @property
    def record(self) -> str | None:
        """What the event is about, such as ``job.new:123``; None where that is not known.

        Several events may tell of one record, for instance where the searches of two webhooks overlap.
        """
        return None


@attrs.frozen(kw_only=True)
class JobNew(Delivery):
    """A job matches the search of the webhook (``job.new``)."""

    payload: Job

    @property
    def record(self) -> str:
        """``job.new:`` and the job's id."""
        return f"{self.type}:{self.payload.id}"


@attrs.frozen(kw_only=True)
class CompanyNew(Delivery):
    """A company matches the search of the webhook (``company.new``)."""

    payload: Company

    @property
    def record(self) -> str:
        """``company.new:`` and the company's id."""
        # A lone surrogate is JSON, and no database takes it.
        return f"{self.type}:{self.payload.id.encode('utf-8', 'backslashreplace').decode()}"


@attrs.frozen(kw_only=True)
class JobClosed(Delivery):
    """A job that matched the search of the webhook was taken down (``job.closed``)."""

    payload: ClosedJob

    @property
    def record(self) -> str:
        """``job.closed:`` and the job's id."""
        return f"{self.type}:{self.payload.id}"


@attrs.frozen(kw_only=True)
class UnknownDelivery(Delivery):
    """An event of a type that this release does not know, or with a damaged record. It is kept whole."""

    payload: UnknownPayload
    """The text of the payload; its ``problems`` tell why it is no record."""
    body: bytes = attrs.field(repr=lambda body: f"<{len(body)} bytes>")
    """The whole delivery, exactly as received."""


_MODELS: Final[Mapping[str, type[Job | Company | ClosedJob]]] = {
    "job.new": Job,
    "company.new": Company,
    "job.closed": ClosedJob,
}

KNOWN_TYPES: Final = frozenset(_MODELS)
"""The types of deliveries that have a class of their own."""
_MARKS: Final = tuple((name, f'"{name}"'.encode()) for name in _MODELS)
_BEGINNING: Final = 100
"""Bytes of a body in which its type is looked for."""


def parse_delivery(
    body: bytes, *, max_bytes: int = MAX_BYTES, keep_unknown_fields: bool = False
) -> JobNew | JobClosed | CompanyNew | UnknownDelivery:
    """Turn the body of a delivery into the class of its type. Check the signature first.

    Nothing is lost for what is new or damaged: a type that this release does not know, and a payload that is not what
    its type says, make an :class:`UnknownDelivery`. Of members that stand twice the last one counts.

    Args:
        body: the body as it came.
        max_bytes: bytes that it may have. A longer one is not looked into.
        keep_unknown_fields: keep the fields that a model does not know in its ``extra``; those of ``job.closed`` are
            not documented. Decoding then takes about four times as long.

    Raises:
        DeliveryError: it is too large (``too_large``), or no delivery: not a JSON object in UTF-8, nested too deeply,
            without an ``id`` that is a whole number of 64 bits, a ``type`` of at most 100 printable characters, or any
            ``payload``. ``problems`` tells what is wrong, and where.
        ArgumentError: ``body`` is not bytes.
    """
    raw = raw_bytes(body)
    if len(raw) > max_bytes:
        raise DeliveryError(f"the delivery has {len(raw):,} bytes, and at most {max_bytes:,} are read", too_large=True)
    from theirstack_async._convert.deliveries import read_at_once, read_envelope, read_payload

    type_ = _likely_type(raw)
    if type_ is not None and not keep_unknown_fields:
        found = read_at_once(raw, type_, _MODELS[type_])
        if found is not None:
            return _typed(found[0], type_, found[1], raw)
    id_, type_, text = read_envelope(raw)
    model = _MODELS.get(type_)
    payload = (
        UnknownPayload(text, (Problem("type", f"{type_!r} is not known to this release"),))
        if model is None
        else read_payload(text, model, keep_unknown_fields=keep_unknown_fields)
    )
    return _typed(id_, type_, payload, raw)


def _likely_type(body: bytes) -> str | None:
    """Return the type that a body seems to have: it stands before the record, as the API sends it."""
    beginning = body[:_BEGINNING]
    return next((name for name, mark in _MARKS if mark in beginning), None)


def _typed(
    id_: int, type_: str, payload: Job | Company | ClosedJob | UnknownPayload, raw: bytes
) -> JobNew | JobClosed | CompanyNew | UnknownDelivery:
    match payload:
        case Job():
            return JobNew(id=id_, type=type_, payload=payload)
        case Company():
            return CompanyNew(id=id_, type=type_, payload=payload)
        case ClosedJob():
            return JobClosed(id=id_, type=type_, payload=payload)
        case _:
            return UnknownDelivery(id=id_, type=type_, payload=payload, body=raw)
