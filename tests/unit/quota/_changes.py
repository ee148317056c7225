"""Changes that tests make."""

from __future__ import annotations

from typing import Any

from theirstack_async.quota import Document


def count(document: Document, now: float) -> int:
    """Add one, and return how many there are."""
    document["n"] = document.get("n", 0) + 1
    return int(document["n"])


def look(document: Document, now: float) -> dict[str, Any]:
    """Return the document as it is."""
    return {**document}


def tell_time(document: Document, now: float) -> float:
    """Return the store's time."""
    return now
