"""The ``Retry-After`` header (RFC 9110, 10.2.3)."""

from __future__ import annotations

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
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
    try:
        when = parsedate_to_datetime(text)
        # The obsolete form of a date names no zone, and means GMT as the others do (RFC 9110, 5.6.7).
        delay = (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, delay) if math.isfinite(delay) else None
