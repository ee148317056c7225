"""The rows of the event list, as JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from theirstack_async.testing.payloads import JOB_ID_OFFSET, Payloads
from theirstack_async.testing.store import MICRO, STATUSES, EventStore, Place

_STATUS_TEXT: Final = [status.encode() for status in STATUSES]


@lru_cache(maxsize=4096)
def _instant(seconds: int) -> bytes:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)).encode()


def _exact(micros: int) -> bytes:
    second, fraction = divmod(micros, MICRO)
    whole = _instant(second)
    return b"%s.%06dZ" % (whole[:-1], fraction) if fraction else whole


@lru_cache(maxsize=256)
def _text(text: str | None) -> bytes:
    return json.dumps(text).encode()


def row(place: Place, store: EventStore, payloads: Payloads) -> list[bytes]:
    """Return one event of the list as JSON, in pieces."""
    segment, index = place.segment, place.index
    event_id, kind = place.event_id, segment.kind
    template = payloads.template(kind, event_id)
    triggered = _instant(segment.triggered[index])
    job_id = b"%d" % (event_id + JOB_ID_OFFSET) if kind in ("job", "job_closed") else b"null"
    head = b'{"id":%d,"webhook_id":%d,"job_id":%s,"company_name":%s,"triggered_at":"%s","status":"%s","payload":' % (
        event_id,
        segment.webhook_id,
        job_id,
        template.company_name,
        triggered,
        _STATUS_TEXT[segment.status[index]],
    )
    outcome = store.outcome(place)
    tail = b',"created_at":"%s","updated_at":"%s","response_status_code":%s,"response_body":%s}' % (
        triggered,
        _exact(segment.touched[index]),
        b"null" if outcome.status_code is None else b"%d" % outcome.status_code,
        _text(outcome.body),
    )
    return [head, template.fill(event_id + JOB_ID_OFFSET), tail]


def listing(places: Iterable[Place], store: EventStore, payloads: Payloads) -> bytes:
    """Return a page of the event list as a JSON array."""
    pieces: list[bytes] = []
    for place in places:
        pieces.append(b"," if pieces else b"[")
        pieces += row(place, store, payloads)
    pieces.append(b"]" if pieces else b"[]")
    return b"".join(pieces)
