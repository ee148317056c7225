"""What the tests of the rate windows share."""

from __future__ import annotations

from typing import Any, Final

from theirstack_async._engine.windows import Wait, reserve, settle
from theirstack_async._values import RateLimit, RateWindow

SILENT: Final = RateLimit(())
PAIR: Final = (("second", 2, 1), ("minute", 3, 60))


def told(*windows: tuple[str, int | None, float | None, int | None, float | None]) -> RateLimit:
    """Return what an answer says, by name, quota, window, remaining and reset."""
    return RateLimit(tuple(RateWindow(*window) for window in windows))


def known(*windows: tuple[str, int, float]) -> dict[str, Any]:
    """Return a document that knows windows, of which nothing is used."""
    doc: dict[str, Any] = {}
    settle(doc, 0.0, "none", told(*((name, quota, length, quota, None) for name, quota, length in windows)))
    return doc


def take(doc: dict[str, Any], now: float, ticket: str, *, lease: float = 300.0) -> Wait | None:
    return reserve(doc, now, ticket, lease=lease)


def use(doc: dict[str, Any], *times: float) -> None:
    """Make requests that are answered at once."""
    for time in times:
        assert take(doc, time, "used") is None
        settle(doc, time, "used", None)
