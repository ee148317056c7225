"""Credentials for the bucket of the datasets: ready for the tools that read them, and masked where they are printed."""

from __future__ import annotations

import attrs
import pytest

from tests.strategies import INSTANT, full
from theirstack_async._convert import Converter
from theirstack_async.errors import ArgumentError
from theirstack_async.models import DatasetCredentials, DatasetStorage

R2 = "https://account.r2.cloudflarestorage.com"
CREDENTIALS = attrs.evolve(
    Converter().decode(Converter().encode(full(DatasetCredentials)), DatasetCredentials),
    access_key_id="the-id",
    secret_access_key="the-secret-key",
    session_token="the-token",
    storage=DatasetStorage(bucket_name="datasets", endpoint_url=f"{R2}/", prefixes=("jobs/daily",)),
)


def at(endpoint_url: str) -> DatasetCredentials:
    return attrs.evolve(CREDENTIALS, storage=attrs.evolve(CREDENTIALS.storage, endpoint_url=endpoint_url))


def test_secrets_are_masked_where_they_are_printed() -> None:
    for shown in (repr(CREDENTIALS), str(CREDENTIALS), f"{CREDENTIALS}", repr([CREDENTIALS])):
        assert "the-secret-key" not in shown
        assert "the-token" not in shown
        assert "secret_access_key=***, session_token=***" in shown
        assert "the-id" in shown


def test_what_is_handed_on_holds_them() -> None:
    data = CREDENTIALS.to_dict()
    assert (data["secret_access_key"], data["session_token"]) == ("the-secret-key", "the-token")
    assert data["expiration"] == INSTANT
    assert Converter().decode(CREDENTIALS.to_json().encode(), DatasetCredentials) == CREDENTIALS


@pytest.mark.parametrize("options", [CREDENTIALS.storage_options(), CREDENTIALS.storage_options("pandas")])
def test_options_of_fsspec_and_pandas(options: object) -> None:
    assert options == {
        "key": "the-id",
        "secret": "the-secret-key",
        "token": "the-token",
        "client_kwargs": {"endpoint_url": R2, "region_name": "auto"},
        "config_kwargs": {"s3": {"addressing_style": "path"}},
    }


def test_options_of_polars() -> None:
    assert CREDENTIALS.storage_options("polars") == {
        "aws_access_key_id": "the-id",
        "aws_secret_access_key": "the-secret-key",
        "aws_session_token": "the-token",
        "aws_endpoint_url": R2,
        "aws_region": "auto",
        "aws_virtual_hosted_style_request": "false",
    }
    assert at("http://127.0.0.1:9000").storage_options("polars")["aws_allow_http"] == "true"


def test_another_tool_is_refused() -> None:
    with pytest.raises(ArgumentError, match="expected 'fsspec', 'pandas' or 'polars', got 'dask'") as caught:
        CREDENTIALS.storage_options("dask")  # type: ignore[arg-type]
    assert caught.value.field == "for_"


def test_the_statement_for_duckdb() -> None:
    assert CREDENTIALS.duckdb_secret() == (
        "CREATE OR REPLACE TEMPORARY SECRET \"theirstack\" (TYPE s3, KEY_ID 'the-id', SECRET 'the-secret-key', "
        "SESSION_TOKEN 'the-token', ENDPOINT 'account.r2.cloudflarestorage.com', URL_STYLE 'path', USE_SSL true, "
        "REGION 'auto', SCOPE 's3://datasets/');"
    )
    assert "ENDPOINT '127.0.0.1:9000', URL_STYLE 'path', USE_SSL false" in at("http://127.0.0.1:9000/").duckdb_secret()
    assert "ENDPOINT 'host.example/base', URL_STYLE 'path', USE_SSL true" in at("host.example/base/").duckdb_secret()


def test_no_value_breaks_out_of_the_statement() -> None:
    nasty = "a'); DROP TABLE jobs; --\""
    storage = DatasetStorage(bucket_name=nasty, endpoint_url=f"https://{nasty}", prefixes=())
    said = attrs.evolve(
        CREDENTIALS, access_key_id=nasty, secret_access_key=nasty, session_token=nasty, storage=storage
    ).duckdb_secret(nasty, region=nasty)
    in_text = nasty.replace("'", "''")
    assert said.startswith('CREATE OR REPLACE TEMPORARY SECRET "a\'); DROP TABLE jobs; --""" (TYPE s3, KEY_ID \'')
    assert said.count(f"'{in_text}'") == 5
    assert f"SCOPE 's3://{in_text}/'" in said


def test_a_secret_of_duckdb_needs_a_name() -> None:
    with pytest.raises(ArgumentError, match="expected the name of a secret") as caught:
        CREDENTIALS.duckdb_secret("")
    assert caught.value.field == "name"


@pytest.mark.parametrize(
    ("endpoint_url", "region"),
    [
        (R2, "auto"),
        ("http://127.0.0.1:9000", "auto"),
        ("https://notamazonaws.com", "auto"),
        ("", "auto"),
        ("https://s3.amazonaws.com", "us-east-1"),
        ("https://s3.eu-west-1.amazonaws.com/", "eu-west-1"),
        ("s3-us-west-2.amazonaws.com", "us-west-2"),
        ("https://s3.dualstack.eu-west-1.amazonaws.com:443", "eu-west-1"),
        ("https://bucket.s3.us-east-2.amazonaws.com", "us-east-2"),
        ("https://s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
    ],
)
def test_the_region(endpoint_url: str, region: str) -> None:
    credentials = at(endpoint_url)
    assert credentials.storage.region == region
    assert credentials.storage_options()["client_kwargs"]["region_name"] == region
    assert credentials.storage_options("polars")["aws_region"] == region
    assert f"REGION '{region}'" in credentials.duckdb_secret()


def test_the_region_can_be_given() -> None:
    assert CREDENTIALS.storage_options(region="here")["client_kwargs"]["region_name"] == "here"
    assert CREDENTIALS.storage_options("polars", region="here")["aws_region"] == "here"
    assert "REGION 'here'" in CREDENTIALS.duckdb_secret(region="here")
