"""Links into the app."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fake._documents import CheckedApi

PATH = "/v0/app-urls"
APP = "https://app.theirstack.com"


async def test_the_link_of_a_webhook(checked: CheckedApi) -> None:
    webhook_id = checked.fake.seed_webhook("https://hooks.example/")
    answer = await checked.ok("POST", PATH, {"type": "webhook", "webhook_id": webhook_id})
    assert answer == {"url": f"{APP}/webhooks/{webhook_id}"}
    assert (await checked("POST", PATH, {"type": "webhook", "webhook_id": 77}))[0] == 404


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ({"type": "home"}, "home"),
        ({"type": "company_list", "list_id": 5}, "company_list?list_id=5"),
        (
            {"type": "a/b é\ud800", "search_type": "jobs", "filters": {"a": ["é"]}, "webhook_id": 3},
            "a%2Fb%20%C3%A9%3F?search_type=jobs&filters=%7B%22a%22%3A%5B%22%5Cu00e9%22%5D%7D&webhook_id=3",
        ),
        ({"type": "search", "saved_search_id": 0}, "search?saved_search_id=0"),
    ],
)
async def test_any_other_type_is_taken_with_what_comes_along(checked: CheckedApi, body: Any, end: str) -> None:
    assert await checked.ok("POST", PATH, body) == {"url": f"{APP}/{end}"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"type": 1},
        {"type": "webhook"},
        {"type": "webhook", "webhook_id": "1"},
        {"type": "x", "list_id": "1"},
        {"type": "x", "filters": []},
        {"type": "x", "search_type": "people"},
    ],
)
async def test_a_bad_request_is_422(checked: CheckedApi, body: dict[str, Any]) -> None:
    assert (await checked("POST", PATH, body))[0] == 422
