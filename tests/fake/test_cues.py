"""Which fault plays for which request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fake._receiver import Api
from theirstack_async.testing import Status


async def test_faults_are_matched_counted_and_cleared(api: Api) -> None:
    faults = api.fake.faults
    faults.add("GET /v0/webhooks/*/events", Status(500))
    faults.add("GET /v0/webhooks", Status(503), times=2)
    faults.add(lambda request: b"77" in request.body, Status(502), times=None)
    assert [(await api("GET", "/v0/webhooks"))[0] for _ in range(3)] == [503, 503, 200]
    assert [(await api("GET", "/v0/webhooks/1/events"))[0] for _ in range(2)] == [500, 404]
    assert [(await api.retry(*ids))[0] for ids in ([77], [78], [1, 77], [177])] == [502, 422, 502, 502]
    assert len(faults) == 1
    faults.clear()
    assert (await api.retry(77))[0] == 422
    with pytest.raises(ValueError, match="times must be at least 1"):
        faults.add("*", Status(500), times=0)


@pytest.mark.parametrize("match", ["GET", "/v0/webhooks", "get /v0/webhooks", ""])
async def test_a_text_that_matches_no_request_is_refused(api: Api, match: str) -> None:
    """Its fault would never play, and the test that counts on it would pass."""
    with pytest.raises(ValueError, match="match: expected a text such as"):
        api.fake.faults.add(match, Status(500))


@pytest.mark.parametrize("fault", [500, Status, None])
async def test_what_is_no_fault_is_refused(api: Api, fault: Any) -> None:
    with pytest.raises(TypeError, match="fault: expected a fault such as"):
        api.fake.faults.add("GET /v0/webhooks", fault)
