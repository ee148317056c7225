"""A payload that fits no kind of record."""

from __future__ import annotations

import attrs

from theirstack_async.errors import Problem


@attrs.frozen(weakref_slot=False)
class UnknownPayload:
    """The payload of an event that is of no kind known here, or of a known kind and damaged. Nothing of it is lost."""

    raw: bytes
    """The JSON text of the payload, exactly as received."""
    problems: tuple[Problem, ...] = attrs.field(default=(), eq=False)
    """Why it is not a record, with paths such as ``payload.locations[0].latitude``. Not compared."""
