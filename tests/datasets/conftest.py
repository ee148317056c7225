"""The storage of the datasets, and credentials for it as the client gets them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
import pytest_asyncio

from tests.datasets._storage import BUCKET, Storage, storage
from theirstack_async import TheirStack
from theirstack_async.models import DatasetCredentials
from theirstack_async.testing import FakeTheirStack, Status


@pytest.fixture(scope="session")
def _on_its_own() -> Iterator[None]:
    """Hide what a machine says about S3: the credentials must do by themselves.

    Polars and DuckDB use sockets of their own, which the guard of all tests does not see, but they do heed proxies: a
    request that is not for this machine fails at a port where nobody listens.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_CONFIG_FILE", os.devnull)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        for name in ("http_proxy", "https_proxy"):
            patch.setenv(name, "http://127.0.0.1:9")
            patch.setenv(name.upper(), "http://127.0.0.1:9")
        patch.setenv("no_proxy", "127.0.0.1")
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield


@pytest.fixture(scope="session")
def bucket(_on_its_own: None) -> Iterator[Storage]:
    with storage() as served:
        yield served


@pytest_asyncio.fixture
async def credentials(bucket: Storage) -> DatasetCredentials:
    """Ask a fake for credentials. Those it makes up no server knows, so it is told the ones of this server."""
    fake = FakeTheirStack(storage_endpoint=bucket.endpoint, storage_bucket=BUCKET)
    async with fake, TheirStack(fake.api_key, base_url=fake.base_url) as client:
        made_up = json.loads((await client.datasets.credentials()).to_json())
        known = Status(200, json.dumps({**made_up, **bucket.keys}))
        fake.faults.add("POST /v1/datasets/credentials", known)
        return await client.datasets.credentials()
