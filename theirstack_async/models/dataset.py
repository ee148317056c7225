"""The datasets that can be downloaded."""

from __future__ import annotations

from datetime import datetime

import attrs

from theirstack_async.models._base import Model, set_utc
from theirstack_async.models._open_enum import OpenEnum


class DatasetType(OpenEnum):
    """What the rows of a dataset are."""

    JOBS = "jobs"
    COMPANIES = "companies"
    TECHNOLOGIES = "technologies"
    TECHNOGRAPHICS = "technographics"
    BUYING_INTENTS = "buying_intents"
    BUYING_INTENT_TOPICS = "buying_intent_topics"


class DatasetItemType(OpenEnum):
    """Whether a dataset is one file or many."""

    FILE = "file"
    FOLDER = "folder"


class DatasetFormat(OpenEnum):
    """The format of a dataset's files."""

    CSV = "csv"
    PARQUET = "parquet"


class DatasetFrequency(OpenEnum):
    """How often a dataset is renewed."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class DatasetOption(Model):
    """One way that a dataset is offered: its format, and how often it is renewed."""

    id: str
    format: DatasetFormat
    version: str
    description: str | None = None
    item_type: DatasetItemType = DatasetItemType.FILE
    """A file has a ``dataset_url``, a folder a ``dataset_prefix``."""
    frequency: DatasetFrequency | None = DatasetFrequency.DAILY
    is_deprecated: bool | None = None
    """True when it can be downloaded no longer."""
    dataset_prefix: str | None = None
    """Where its files are in the bucket; :meth:`client.datasets.credentials` gives access."""
    dataset_url: str | None = None
    """Where the file is downloaded. For how long is not documented."""
    dictionary_url: str | None = None
    """Deprecated by the API: the address of a description of the columns."""
    sample_dataset_url: str | None = None
    """The address of a sample."""
    last_updated: datetime | None = None
    size: int | None = None
    """Bytes."""

    def __attrs_post_init__(self) -> None:
        set_utc(self, "last_updated")


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class Dataset(Model):
    """A dataset, and the ways that it is offered."""

    type: DatasetType | None = None
    name: str | None = None
    description: str | None = None
    is_accessible: bool | None = None
    """Whether the account's plan covers it."""
    options: tuple[DatasetOption, ...] | None = None
