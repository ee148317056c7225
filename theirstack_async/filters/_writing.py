"""From filters to plain JSON data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from enum import Enum
from typing import Any, cast

import attrs

from theirstack_async._values import UNSET
from theirstack_async._wire.encode import encode_instant


def plain(value: Any) -> Any:
    """Return a value as JSON data, without the fields that are UNSET."""
    if isinstance(value, tuple):
        return [plain(each) for each in cast("Iterable[Any]", value)]
    if isinstance(value, datetime):
        return encode_instant(value, "")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if attrs.has(value.__class__):
        pairs = ((name, getattr(value, name)) for name in attrs.fields_dict(value.__class__))
        return {name: plain(each) for name, each in pairs if each is not UNSET}
    return value
