"""A client whose requests go to a script, and what it sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests._engine import KEY, ScriptedTransport, answer, pipeline
from tests.strategies import minimal
from theirstack_async import Company, Job, TheirStack
from theirstack_async._wire.message import Response

URL = "http://theirstack.invalid"


def client_over(*acts: Response, **settings: Any) -> tuple[TheirStack, ScriptedTransport]:
    transport = ScriptedTransport(*acts)
    client = TheirStack(KEY, base_url=settings.get("base_url", URL))
    client._pipeline = pipeline(transport, **settings)
    return client, transport


def found(*rows: Mapping[str, Any], total: int | None = None) -> Response:
    """Return the answer of a search."""
    return answer(200, {"metadata": {"total_results": total}, "data": rows})


def job(number: int, at: str = "2026-01-02T03:04:05Z") -> dict[str, Any]:
    return {**minimal(Job), "id": number, "discovered_at": at}


def company(name: str) -> dict[str, Any]:
    return {**minimal(Company), "id": name}


def sent(transport: ScriptedTransport) -> list[dict[str, Any]]:
    """Return the bodies of all requests."""
    return [json.loads(request.body or b"null") for request in transport.requests]
