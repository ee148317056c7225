"""Addresses, queries and bodies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from theirstack_async._values import UNSET, Headers
from theirstack_async._wire.encode import build_url, encode_instant, encode_json, fill_path
from theirstack_async._wire.message import Request, Response
from theirstack_async.errors import ArgumentError
from theirstack_async.models import WebhookEventStatus


def test_an_address() -> None:
    query = {"a": None, "b": UNSET, "c": True, "d": False, "e": [1, "x y"], "f": (), "g": WebhookEventStatus.FAILED}
    assert build_url("http://h/api", "/v0/7/x", query) == ("http://h/api/v0/7/x?c=true&d=false&e=1&e=x+y&g=FAILED")
    assert build_url("http://h", "/v0", {"a": None}) == "http://h/v0"


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_part_stays_one_segment_and_comes_back_as_it_was(text: str) -> None:
    if text in (".", ".."):
        return
    url = URL(build_url("http://h", fill_path("/v0/{part}/events", {"part": text}), {"q": text}), encoded=True)
    assert len(url.raw_path.split("/")) == 4
    assert (url.parts[2], url.query["q"]) == (text, text)


@pytest.mark.parametrize("part", ["", ".", ".."])
def test_a_part_that_would_lead_elsewhere_is_refused(part: str) -> None:
    with pytest.raises(ArgumentError, match="cannot be part of a path") as caught:
        fill_path("/v0/{name}", {"name": part})
    assert caught.value.field == "name"


def test_a_body() -> None:
    assert encode_json({"a": [1, None, "é"]}) == '{"a":[1,null,"é"]}'.encode()


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {"secret": "\ud800"}, LOOP, {1j: 2}])
def test_a_body_that_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(ArgumentError, match="cannot be written as JSON") as caught:
        encode_json(value)
    assert caught.value.field == "json"
    assert caught.value.__cause__ is caught.value.__context__ is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "2026-01-02T03:00:00Z"),
        (datetime(2026, 1, 2, 3, 0, 0, 5, tzinfo=timezone(timedelta(hours=5.5))), "2026-01-01T21:30:00.000005Z"),
    ],
)
def test_an_instant(value: datetime, text: str) -> None:
    assert encode_instant(value, "start") == text


@pytest.mark.parametrize(("value", "why"), [(datetime(2026, 1, 2), "no time zone"), ("now", "expected a datetime")])  # noqa: DTZ001
def test_an_instant_that_is_none_is_refused(value: object, why: str) -> None:
    with pytest.raises(ArgumentError, match=why) as caught:
        encode_instant(value, "start")
    assert caught.value.field == "start"


def test_messages_hide_key_and_bodies_in_their_text() -> None:
    headers = Headers({"Authorization": "Bearer canary", "Accept": "x"})
    request = Request("POST", "http://h/v0/x?q=1", "once", headers, b"canary")
    assert request.label == "POST /v0/x"
    assert "canary" not in repr(request)
    assert "<6 bytes>" in repr(request)
    assert "body=None" in repr(Request("GET", "http://h/", "read"))
    assert "canary" not in repr(Response(200, headers, b"canary"))
