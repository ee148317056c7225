"""Datasets, and the credentials to read them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fake._documents import CheckedApi, checking
from theirstack_async.testing import FakeTheirStack

PATH = "/v1/datasets"
CREDENTIALS = "/v1/datasets/credentials"


async def test_there_are_datasets_of_six_kinds(checked: CheckedApi) -> None:
    found = await checked.ok("GET", PATH)
    assert [one["type"] for one in found] == [
        "jobs", "companies", "technologies", "technographics", "buying_intents", "buying_intent_topics",
    ]  # fmt: skip
    assert all(one["is_accessible"] for one in found)
    options = [option for one in found for option in one["options"]]
    assert len({option["id"] for option in options}) == len(options) == 11
    assert {option["format"] for option in options} == {"csv", "parquet"}
    assert {option["frequency"] for option in options} == {"hourly", "daily", "weekly", "monthly"}
    assert not any(option["is_deprecated"] for option in options)
    assert {option["last_updated"] for option in options} == {"2026-09-21T00:00:00Z"}


async def test_a_file_has_a_url_and_a_folder_a_prefix() -> None:
    fake = FakeTheirStack(storage_endpoint="http://127.0.0.1:9000", storage_bucket="mine")
    async with checking(fake) as api:
        options = {option["id"]: option for one in await api.ok("GET", PATH) for option in one["options"]}
    whole, folder = options["jobs-daily-csv"], options["jobs-hourly-parquet"]
    assert (whole["item_type"], whole["dataset_prefix"]) == ("file", None)
    assert whole["dataset_url"] == "http://127.0.0.1:9000/mine/jobs/daily/csv/jobs.csv"
    assert (folder["item_type"], folder["dataset_prefix"]) == ("folder", "jobs/hourly/parquet/")
    assert folder["dataset_url"] is None


async def test_each_call_makes_new_credentials_for_a_week(checked: CheckedApi) -> None:
    first, second = [await checked.ok("POST", CREDENTIALS) for _ in range(2)]
    for name in ("access_key_id", "secret_access_key", "session_token"):
        assert first[name] != second[name]
    assert first["expiration"] == "2026-09-28T14:13:20Z"
    assert first["storage"] == {
        "bucket_name": "datasets",
        "endpoint_url": "https://storage.example",
        "prefixes": [f"{one['type']}/" for one in await checked.ok("GET", PATH)],
    }
    assert checked.fake.credits_billed == 0


async def test_credentials_are_the_same_for_the_same_seed_and_name_the_storage_of_the_options() -> None:
    made = []
    for seed in (1, 1, 2):
        fake = FakeTheirStack(seed=seed, storage_endpoint="http://127.0.0.1:9000", storage_bucket="mine")
        async with checking(fake) as api:
            made.append(await api.ok("POST", CREDENTIALS))
    assert made[0] == made[1] != made[2]
    assert (made[0]["storage"]["endpoint_url"], made[0]["storage"]["bucket_name"]) == ("http://127.0.0.1:9000", "mine")


async def test_the_free_plan_has_no_datasets() -> None:
    async with checking(FakeTheirStack(plan="free")) as api:
        assert not any(one["is_accessible"] for one in await api.ok("GET", PATH))
        status, answer = await api("POST", CREDENTIALS)
        assert (status, answer["error"]["title"]) == (403, "Not allowed")


@pytest.mark.parametrize("options", [{"storage_endpoint": ""}, {"storage_bucket": None}, {"storage_bucket": 5}])
def test_the_storage_is_a_text(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"storage_\w+ of a FakeTheirStack must be a text that is not empty"):
        FakeTheirStack(**options)
