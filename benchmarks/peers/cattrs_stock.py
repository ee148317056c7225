"""This package's models, filled by the converter that cattrs ships for orjson. For decoding alone."""

from __future__ import annotations

from typing import Any

from cattrs.preconf.orjson import make_converter

from theirstack_async.models import Company, EventPayload, Job, WebhookEvent

CONVERTER = make_converter()


@CONVERTER.register_structure_hook
def _payload(value: Any, _: Any) -> EventPayload:
    if value is None:
        return None
    return CONVERTER.structure(value, Job if "job_title" in value else Company)


def decode(body: bytes) -> list[WebhookEvent]:
    """Decode a page."""
    return CONVERTER.loads(body, list[WebhookEvent])
