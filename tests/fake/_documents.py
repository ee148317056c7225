"""Calling the fake with an eye on the vendor's document: each answer that it describes is held against it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.fake._receiver import Api
from theirstack_async.testing import FakeTheirStack

FOLDER = Path(__file__).parents[3] / "shared" / "api"
VENDORS = FOLDER / "theirstack.openapi.json"
NEWER = FOLDER / "theirstack-2026-08.openapi.yaml"


@cache
def vendors_document() -> dict[str, Any] | None:
    """Return the vendor's document; None where it is missing."""
    return json.loads(VENDORS.read_text("utf-8")) if VENDORS.exists() else None


def described(document: dict[str, Any], method: str, path: str) -> dict[str, Any] | None:
    """Return what the document says of the operation that answers a request; fixed paths come before others."""
    for template in sorted(document["paths"], key=lambda one: one.count("{")):
        if re.fullmatch(re.sub(r"\\\{[^/]+\\\}", "[^/]+", re.escape(template)), path.partition("?")[0]):
            found: dict[str, Any] | None = document["paths"][template].get(method.lower())
            if found is not None:
                return found
    return None


def problems(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """Return what is wrong with a value by a schema of the document, formats included."""
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed (pip install jsonschema)")
    formats = jsonschema.FormatChecker(())
    formats.checks("date-time", raises=(ValueError, TypeError))(_is_instant)
    whole = {**schema, "components": document["components"]}
    validator = jsonschema.Draft202012Validator(whole, format_checker=formats)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def _is_instant(value: Any) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


class CheckedApi(Api):
    """Calls the fake, and fails where a JSON answer is not as the vendor's document has it, if that is there."""

    async def __call__(self, method: str, path: str, body: Any = ..., **options: Any) -> tuple[int, Any]:
        status, answer = await super().__call__(method, path, body, **options)
        document = vendors_document()
        operation = described(document, method, path) if document else None
        content = (operation or {}).get("responses", {}).get(str(status), {}).get("content", {})
        if document and "application/json" in content:
            assert problems(document, content["application/json"]["schema"], answer) == []
        return status, answer


@asynccontextmanager
async def checking(fake: FakeTheirStack, *, key: bool = True) -> AsyncIterator[CheckedApi]:
    """Serve ``fake``, and yield a caller with or without its key."""
    headers = {"Authorization": f"Bearer {fake.api_key}"} if key else {}
    async with fake, aiohttp.ClientSession(fake.base_url, headers=headers) as session:
        yield CheckedApi(fake, session)
