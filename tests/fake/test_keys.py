"""Which calls need the key, and how a test proves that a client sends it to no other."""

from __future__ import annotations

import pytest

from tests.fake._documents import CheckedApi
from theirstack_async.testing.routes import TABLE

KEYLESS = [(row.method, row.path) for row in TABLE if not row.needs_key]
OTHERS = [(row.method, row.path) for row in TABLE if row.needs_key]


@pytest.mark.parametrize(("method", "path"), KEYLESS)
async def test_it_is_carried_out_without_a_key_and_with_any(free: CheckedApi, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        async with free.session.request(method, f"{path.format(id='product')}?token=t", headers=headers) as response:
            assert response.status == 200
    assert [record.needs_key for record in free.fake.requests] == [False, False]
    assert ["authorization" in record.headers for record in free.fake.requests] == [False, True]


@pytest.mark.parametrize(("method", "path"), OTHERS)
async def test_it_is_refused_without_the_key(free: CheckedApi, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}):
        status, answer = await free(method, path.format(id=1), headers=headers)
        assert (status, set(answer)) == (401, {"error", "request_id"})
    assert [record.needs_key for record in free.fake.requests] == [True, True]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v0/nothing", 404), ("PUT", "/v0/webhooks", 405)])
async def test_what_is_no_operation_needs_neither(free: CheckedApi, method: str, path: str, status: int) -> None:
    assert (await free(method, path))[0] == status
    assert [record.needs_key for record in free.fake.requests] == [None]
