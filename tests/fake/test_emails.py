"""E-mail preferences, and the links by which one leaves a mailing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.fake._documents import CheckedApi, checking
from theirstack_async.testing import FakeTheirStack

PATH = "/v0/email-preferences"
BEFORE = {"newsletters": {"product": True, "tips": True}, "alerts": {"saved_searches": True, "credits": True}}


@pytest_asyncio.fixture
async def keyless() -> AsyncIterator[CheckedApi]:
    async with checking(FakeTheirStack(), key=False) as api:
        yield api


async def form(api: CheckedApi) -> dict[str, Any]:
    """Return what the form holds."""
    bearer = {"Authorization": f"Bearer {api.fake.api_key}"}
    data: dict[str, Any] = (await api("GET", PATH, headers=bearer))[1]["form_data"]
    return data


async def test_the_schema_describes_the_form(checked: CheckedApi) -> None:
    answer = await checked.ok("GET", PATH)
    assert answer["form_data"] == BEFORE
    groups = answer["schema"]["properties"]
    assert {group: set(groups[group]["properties"]) for group in groups} == {g: set(k) for g, k in BEFORE.items()}


@pytest.mark.parametrize("wrap", [False, True])
async def test_put_changes_what_is_named_and_keeps_the_rest(checked: CheckedApi, wrap: bool) -> None:
    body: dict[str, Any] = {"newsletters": {"tips": False}, "events": {"webinars": True}}
    answer = await checked.ok("PUT", PATH, {"form_data": body} if wrap else body)
    expected = {"newsletters": {"product": True, "tips": False}, "events": {"webinars": True}}
    assert answer["form_data"] == BEFORE | expected
    assert await checked.ok("GET", PATH) == answer


@pytest.mark.parametrize("body", [{}, {"form_data": {}}, {"form_data": None}])
async def test_an_empty_form_changes_nothing(checked: CheckedApi, body: dict[str, Any]) -> None:
    assert (await checked.ok("PUT", PATH, body))["form_data"] == BEFORE


async def test_each_fake_has_preferences_of_its_own(checked: CheckedApi) -> None:
    await checked.ok("PUT", PATH, {"newsletters": {"tips": False}})
    async with checking(FakeTheirStack()) as other:
        assert await form(other) == BEFORE


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"newsletters": True}, ["body", "newsletters"]),
        ({"newsletters": None}, ["body", "newsletters"]),
        ({"newsletters": {"tips": "no"}}, ["body", "newsletters"]),
        ({"form_data": []}, ["body", "form_data"]),
        ({"form_data": {"newsletters": 1}}, ["body", "form_data"]),
        ([], ["body"]),
    ],
)
async def test_a_bad_form_is_422_with_a_list(checked: CheckedApi, body: Any, loc: list[str]) -> None:
    status, answer = await checked("PUT", PATH, body)
    assert (status, [problem["loc"] for problem in answer["detail"]]) == (422, [loc])
    assert await form(checked) == BEFORE


async def test_the_link_answers_a_page_and_needs_no_key(keyless: CheckedApi) -> None:
    async with keyless.session.get(f"{PATH}/unsubscribe/product?token=t") as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert "<p>Done</p>" in await response.text()
    assert (await form(keyless))["newsletters"] == {"product": False, "tips": True}


@pytest.mark.parametrize("data", [None, {"List-Unsubscribe": "One-Click"}])
async def test_one_click_needs_no_key(keyless: CheckedApi, data: dict[str, str] | None) -> None:
    assert await keyless("POST", f"{PATH}/unsubscribe/credits?token=t", data=data) == (200, {"ok": True})
    assert (await form(keyless))["alerts"] == {"saved_searches": True, "credits": False}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("end", "loc"),
    [("product", ["query", "token"]), ("nothing?token=t", ["path", "preference_key"])],
)
async def test_a_link_without_a_token_or_for_nothing_is_422(
    keyless: CheckedApi, method: str, end: str, loc: list[str]
) -> None:
    status, answer = await keyless(method, f"{PATH}/unsubscribe/{end}")
    assert (status, [problem["loc"] for problem in answer["detail"]]) == (422, [loc])
    assert await form(keyless) == BEFORE


async def test_one_click_sends_a_form(keyless: CheckedApi) -> None:
    status, answer = await keyless("POST", f"{PATH}/unsubscribe/product?token=t", {"List-Unsubscribe": "One-Click"})
    assert (status, answer["detail"][0]["loc"]) == (422, ["body"])
    assert await form(keyless) == BEFORE


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_the_preferences_themselves_need_a_key(keyless: CheckedApi, method: str) -> None:
    assert (await keyless(method, PATH, {}))[0] == 401
