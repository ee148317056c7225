"""Datasets, over real sockets. An answer with secrets that does not decode shows none of them."""

from __future__ import annotations

import pickle
import traceback
from datetime import timedelta

import pytest

from tests.server._account import account, keys, sent
from theirstack_async import DecodeError, PermissionDeniedError
from theirstack_async.models import Dataset, DatasetCredentials, DatasetItemType
from theirstack_async.testing.faults import GarbageJson, Status

SECRET = "canary-secret-9c41"


async def test_datasets() -> None:
    async with account() as (_, client):
        found = await client.datasets.list()
        assert all(isinstance(each, Dataset) and each.is_accessible for each in found)
        options = [option for each in found for option in each.options or ()]
        for option in options:
            is_file = option.item_type is DatasetItemType.FILE
            assert (option.dataset_url is not None, option.dataset_prefix is not None) == (is_file, not is_file)


async def test_credentials() -> None:
    async with account(storage_endpoint="http://127.0.0.1:9", storage_bucket="rows") as (fake, client):
        first, second = await client.datasets.credentials(), await client.datasets.credentials()
        assert isinstance(first, DatasetCredentials)
        assert first.secret_access_key != second.secret_access_key
        assert (first.storage.endpoint_url, first.storage.bucket_name) == ("http://127.0.0.1:9", "rows")
        assert first.expiration.timestamp() == fake.clock.now() + timedelta(days=7).total_seconds()
        assert first.secret_access_key not in repr(first)
        assert keys(fake) == {True}


async def test_a_call_for_credentials_is_repeated() -> None:
    """Each call makes new ones, and the old ones stay good, so a second one does no harm."""
    async with account() as (fake, client):
        fake.faults.add("POST *", Status(503, apply=True))
        await client.datasets.credentials()
        assert sent(fake) == ["POST /v1/datasets/credentials"] * 2


async def test_a_plan_without_datasets() -> None:
    async with account(plan="free") as (_, client):
        assert not any(each.is_accessible for each in await client.datasets.list())
        with pytest.raises(PermissionDeniedError, match="no datasets"):
            await client.datasets.credentials()


@pytest.mark.parametrize(
    ("body", "paths"),
    [
        (b'{"secret_access_key": "%s", "session_token": ["%s"], "expiration": "%s"}', "session_token"),
        (b'{"secretAccessKey": "%s", "sessionToken": "%s", "x": "%s"}', "secret_access_key"),
        (b'{"secret_access_key": "%s", "session_token": "%s", "expiration": "%s', ""),
        (b'"%s %s %s"', ""),
    ],
)
async def test_an_answer_that_does_not_decode_shows_no_secret(body: bytes, paths: str) -> None:
    async with account() as (fake, client):
        fake.faults.add("POST *", GarbageJson(body % ((SECRET.encode(),) * 3)))
        with pytest.raises(DecodeError, match=r"POST /v1/datasets/credentials: .*not kept") as caught:
            await client.datasets.credentials()
    error = caught.value
    assert paths in [problem.path for problem in error.problems]
    assert error.body == b""
    assert error.sent == "yes"
    assert SECRET.encode() not in pickle.dumps(error)
    assert SECRET not in "".join(traceback.format_exception(error))
    assert error.__context__ is None
