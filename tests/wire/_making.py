"""Calls under a mock of aiohttp, as they stood on the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl

from tests._mocking import aioresponses
from theirstack_async import TheirStack

BASE: Final = "http://theirstack.invalid"
KEY: Final = "canary-key-5f3a"
EVERY: Final = re.compile(".*")
Do = Callable[[TheirStack], Awaitable[Any]]
Sent = tuple[str, str, Any]
"""Method, address and body."""


async def made(
    do: Do, *answers: Any, keyless: bool = False, accept: str = "application/json"
) -> tuple[list[Sent], Any]:
    """Make a call that gets these answers, and return what was sent and what came back.

    A form is shown as a list of pairs. The queries of ``aioresponses`` are sorted by name and value.
    """
    sent: list[Sent] = []

    def note(url: Any, **kwargs: Any) -> None:
        headers = dict(kwargs["headers"])
        assert headers.pop("user-agent").startswith("theirstack-async/")
        assert headers.pop("accept") == accept
        assert headers.pop("authorization", None) == (None if keyless else f"Bearer {KEY}")
        body = (kwargs["data"].decode() if kwargs["data"] is not None else "") or None
        kind = headers.pop("content-type", None)
        assert kind in ((None,) if body is None else ("application/json", "application/x-www-form-urlencoded"))
        assert headers == {}
        shown = None if body is None else json.loads(body) if kind == "application/json" else parse_qsl(body)
        sent.append((methods.pop(0), str(url).removeprefix(BASE), shown))

    methods: list[str] = []
    with aioresponses() as mocked:
        for method, payload in answers:
            methods.append(method)
            text = {"body": payload} if isinstance(payload, bytes) else {"payload": payload}
            mocked.add(EVERY, method, callback=note, **text)
        async with TheirStack(KEY, base_url=BASE) as client:
            result = await do(client)
    return sent, result
