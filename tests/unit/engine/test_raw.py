"""What is presumed of a raw request: which operation it is, and how many rows it may be billed for."""

from __future__ import annotations

from typing import Any

import pytest

from theirstack_async._engine.raw import raw_operation, rows_asked
from theirstack_async._engine.theirstack import theirstack_dialect
from theirstack_async.errors import ArgumentError

DIALECT = theirstack_dialect("http://theirstack.invalid")


@pytest.mark.parametrize(
    ("method", "path", "kind", "field"),
    [
        ("GET", "v0/webhooks", None, "path"),
        ("GET", "//elsewhere.example/v0", None, "path"),
        ("GET", "/v0/../secret", None, "path"),
        ("GET", "/v0/webhooks?limit=1", None, "path"),
        ("TRACE", "/v0/webhooks", None, "method"),
        ("GET", "/v0/webhooks", "paid", "kind"),
    ],
)
def test_what_is_refused(method: str, path: str, kind: Any, field: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{field}: expected ") as caught:
        raw_operation(DIALECT, method, path, kind)
    assert caught.value.field == field


def test_which_operation_it_is() -> None:
    known = raw_operation(DIALECT, "post", "/v1/jobs/search", None)
    assert (known.name, known.kind, known.credits_per_row) == ("jobs.search", "billed", 1)
    assert raw_operation(DIALECT, "GET", "/v0/webhooks/7", None).path == "/v0/webhooks/7"
    unknown = raw_operation(DIALECT, "POST", "/v9/new", None)
    assert (unknown.name, unknown.kind, unknown.worst_case(9)) == ("POST /v9/new", "once", 0)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"limit": 7}, 7),
        ({}, 25),
        (None, 25),
        ([{"limit": 7}], 25),
        ({"limit": None}, 25),
        ({"limit": "7"}, 25),
        ({"limit": True}, 25),
        ({"limit": -3}, 25),
        ({"limit": 7, "blur_company_data": True}, 0),
        ({"limit": 7, "blur_company_data": False}, 7),
        ({"limit": 7, "blur_company_data": True, "company_domain_or": ["a.example"]}, 7),
    ],
)
def test_how_many_rows_it_may_be_billed_for(body: Any, rows: int) -> None:
    assert rows_asked(body) == rows
