"""Access to the bucket that the datasets are in."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final, Literal, NoReturn, Self
from urllib.parse import urlsplit

import attrs

from theirstack_async._values import MASK
from theirstack_async.errors import ArgumentError
from theirstack_async.models._base import Model, set_utc

_AWS: Final = re.compile(r"(?:^|\.)s3[.-](?:dualstack\.)?(?:(?P<region>[a-z0-9-]+)\.)?amazonaws\.com(?:\.cn)?$")
"""Hosts of Amazon's S3 (https://docs.aws.amazon.com/general/latest/gr/s3.html)."""


def _masked(_: str) -> str:
    return MASK


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class DatasetStorage(Model):
    """Where the datasets are: a bucket that speaks the protocol of S3, which need not be Amazon's."""

    bucket_name: str
    endpoint_url: str
    prefixes: tuple[str, ...]
    """The parts of the bucket that the credentials open."""

    @property
    def region(self) -> str:
        """The region that requests are signed for: Amazon's own in the address, else ``auto``, which is Cloudflare's
        (https://developers.cloudflare.com/r2/api/s3/api/).
        """
        found = _AWS.search(urlsplit(self.endpoint).hostname or "")
        return (found["region"] or "us-east-1") if found else "auto"

    @property
    def endpoint(self) -> str:
        """``endpoint_url`` with its scheme and without a slash at the end; https where it names none."""
        address = self.endpoint_url.strip().rstrip("/")
        return address if "://" in address else f"https://{address}"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class DatasetCredentials(Model):
    """Temporary credentials for reading the datasets, of seven days by default
    (https://theirstack.com/en/docs/api-reference/datasets/post_datasets_credentials_v1).

    ``repr`` and ``str`` show ``***`` for the secret key and the token, and pickling is refused. Attributes,
    ``to_dict()``, ``to_json()``, ``to_row()`` and the methods below hold the true ones, since they would be of no use
    without. Keep these out of logs.
    """

    access_key_id: str
    secret_access_key: str = attrs.field(repr=_masked)
    session_token: str = attrs.field(repr=_masked)
    expiration: datetime
    storage: DatasetStorage

    def __attrs_post_init__(self) -> None:
        set_utc(self, "expiration")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("dataset credentials cannot be pickled; hand storage_options() to another process")

    def storage_options(
        self, for_: Literal["fsspec", "pandas", "polars"] = "fsspec", *, region: str | None = None
    ) -> dict[str, Any]:
        """Return the options by which a library reads ``s3://{bucket_name}/...`` with these credentials.

        ``pandas.read_parquet(address, storage_options=credentials.storage_options())`` and
        ``polars.scan_parquet(address, storage_options=credentials.storage_options("polars"))``.

        Args:
            for_: ``fsspec`` and ``pandas`` are one, for both read with s3fs
                (https://s3fs.readthedocs.io/en/latest/api.html). The options of ``polars`` are those of its own reader
                (https://docs.rs/object_store/latest/object_store/aws/enum.AmazonS3ConfigKey.html).
            region: instead of ``storage.region``.

        Raises:
            ArgumentError: there is no such library here.
        """
        if for_ in ("fsspec", "pandas"):
            return self._fsspec(region or self.storage.region)
        if for_ == "polars":
            return self._polars(region or self.storage.region)
        raise ArgumentError(f"for_: expected 'fsspec', 'pandas' or 'polars', got {for_!r}", field="for_")

    def duckdb_secret(self, name: str = "theirstack", *, region: str | None = None) -> str:
        """Return the statement that lets DuckDB read ``s3://{bucket_name}/...`` with these credentials, until its
        connection is closed (https://duckdb.org/docs/stable/core_extensions/httpfs/s3api.html).

        Args:
            name: what DuckDB calls the secret; one of this name is replaced.
            region: instead of ``storage.region``.

        Raises:
            ArgumentError: the name is empty.
        """
        if not name:
            raise ArgumentError("name: expected the name of a secret, got an empty text", field="name")
        endpoint = urlsplit(self.storage.endpoint)
        parts = {
            "KEY_ID": _quoted(self.access_key_id),
            "SECRET": _quoted(self.secret_access_key),
            "SESSION_TOKEN": _quoted(self.session_token),
            "ENDPOINT": _quoted(f"{endpoint.netloc}{endpoint.path}"),
            "URL_STYLE": "'path'",
            "USE_SSL": "false" if endpoint.scheme == "http" else "true",
            "REGION": _quoted(region or self.storage.region),
            "SCOPE": _quoted(f"s3://{self.storage.bucket_name}/"),  # without the slash, of all buckets that begin so
        }
        given = ", ".join(f"{option} {value}" for option, value in parts.items())
        called = _quoted(name, mark='"')
        return f"CREATE OR REPLACE TEMPORARY SECRET {called} (TYPE s3, {given});"

    def _fsspec(self, region: str) -> dict[str, Any]:
        return {
            "key": self.access_key_id,
            "secret": self.secret_access_key,
            "token": self.session_token,
            "client_kwargs": {"endpoint_url": self.storage.endpoint, "region_name": region},
            "config_kwargs": {"s3": {"addressing_style": "path"}},
        }

    def _polars(self, region: str) -> dict[str, Any]:
        plain_http = self.storage.endpoint.startswith("http://")
        return {
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            "aws_session_token": self.session_token,
            "aws_endpoint_url": self.storage.endpoint,
            "aws_region": region,
            "aws_virtual_hosted_style_request": "false",
            **({"aws_allow_http": "true"} if plain_http else {}),
        }


def _quoted(text: str, mark: str = "'") -> str:
    """Return a text in quotation marks, as SQL has it: those within it stand twice."""
    return f"{mark}{text.replace(mark, mark * 2)}{mark}"
