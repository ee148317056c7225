"""As most programs do it: a session of requests, ``response.json()``, dicts, and a plain loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import requests


def events(url: str, key: str, webhook: int, page_size: int = 500) -> Iterator[dict[str, Any]]:
    """Yield the rows, page after page."""
    offset = 0
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}"
        while True:
            query = {"offset": offset, "limit": page_size}
            response = session.get(f"{url}/v0/webhooks/{webhook}/events", params=query, timeout=30)
            response.raise_for_status()
            rows = response.json()
            yield from rows
            if len(rows) < page_size:
                return
            offset += page_size


def run(url: str, key: str, webhook: int, page_size: int = 500) -> int:
    """Read all events, and return how many there were."""
    return sum(row["webhook_id"] > 0 for row in events(url, key, webhook, page_size))
