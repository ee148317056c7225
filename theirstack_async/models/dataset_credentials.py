"""Access to the bucket that the datasets are in."""

from __future__ import annotations

from datetime import datetime

import attrs

from theirstack_async._values import MASK
from theirstack_async.models._base import Model, set_utc


def _masked(_: str) -> str:
    return MASK


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, getstate_setstate=False)
class DatasetStorage(Model):
    """Where the datasets are: a bucket that speaks the protocol of S3, which need not be Amazon's."""

    bucket_name: str
    endpoint_url: str
    prefixes: tuple[str, ...]
    """The parts of the bucket that the credentials open."""


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, getstate_setstate=False)
class DatasetCredentials(Model):
    """Temporary credentials for reading the datasets, of seven days by default
    (https://theirstack.com/en/docs/api-reference/datasets/post_datasets_credentials_v1).
    """

    access_key_id: str
    secret_access_key: str = attrs.field(repr=_masked)
    session_token: str = attrs.field(repr=_masked)
    expiration: datetime
    storage: DatasetStorage

    def __attrs_post_init__(self) -> None:
        set_utc(self, "expiration")
