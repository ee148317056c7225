"""The headers that hold a date: ``Date`` (RFC 9110, 6.6.1) and ``Retry-After`` (10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

_SECONDS: Final = re.compile(r"\d{1,15}(\.\d{0,9})?\Z", re.ASCII)


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Return how many seconds to wait: never negative, never infinite, never NaN.

    Reads seconds and HTTP dates (a date in the past means now). Anything else counts as "not said" and gives None.
    ``now`` is a Unix timestamp, which a date is measured from.
    """
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.match(text):
        return float(text)
    when = parse_date(text)
    return None if when is None else max(0.0, when.timestamp() - now)


# All answers of a second have the same.
@lru_cache(maxsize=8)
def parse_date(value: str | None) -> datetime | None:
    """Return the instant of an HTTP date, in UTC; None for anything else."""
    if value is None:
        return None
    try:
        when = parsedate_to_datetime(value.strip())
        # The obsolete form of a date names no zone, and means GMT as the others do (RFC 9110, 5.6.7).
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
