"""Datasets: what there is, where it lies, and temporary credentials to read it."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from theirstack_async.testing.answers import Answer, RefusedError, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call, Route
from theirstack_async.testing.registry import instant_text

WEEK: Final = 7 * 86_400
"""Seconds that credentials are good for (https://theirstack.com/en/docs/api-reference/datasets)."""

_DATASETS: Final = {
    "jobs": ("parquet daily file", "csv daily file", "parquet hourly folder"),
    "companies": ("parquet daily file", "csv weekly file"),
    "technologies": ("parquet monthly file", "csv monthly file"),
    "technographics": ("parquet daily folder", "csv weekly file"),
    "buying_intents": ("parquet weekly folder",),
    "buying_intent_topics": ("csv monthly file",),
}
"""The variants of each kind: format, frequency, and whether it is one file or a folder of files."""


def list_datasets(backend: Backend, _call: Call) -> Answer:
    """GET /v1/datasets: all kinds with their variants; the free plan may read none of them (presumed)."""
    return json_answer(
        [
            {
                "type": kind,
                "name": kind.replace("_", " ").capitalize(),
                "description": f"All {kind.replace('_', ' ')} that the fake would know of.",
                "is_accessible": backend.options.plan == "paid",
                "options": [_option(backend, kind, *variant.split()) for variant in variants],
            }
            for kind, variants in _DATASETS.items()
        ]
    )


def make_credentials(backend: Backend, _call: Call) -> Answer:
    """POST /v1/datasets/credentials: new ones at each call, good for seven days; the free plan is refused with 403."""
    if backend.options.plan != "paid":
        raise RefusedError(403, "The plan of this team has no datasets")
    backend.account.credentials_made += 1
    secret = hashlib.sha256(b"%d:%d" % (backend.options.seed, backend.account.credentials_made)).hexdigest()
    return json_answer(
        {
            "access_key_id": secret[:20],
            "secret_access_key": secret[::-1],
            "session_token": f"token-{secret}",
            "expiration": instant_text(backend.clock.now() + WEEK),
            "storage": {
                "bucket_name": backend.options.storage_bucket,
                "endpoint_url": backend.options.storage_endpoint,
                "prefixes": [f"{kind}/" for kind in _DATASETS],
            },
        }
    )


def _option(backend: Backend, kind: str, file_format: str, frequency: str, item_type: str) -> dict[str, Any]:
    """Return a variant: a file has a URL, a folder a prefix instead."""
    bucket = f"{backend.options.storage_endpoint}/{backend.options.storage_bucket}"
    stem = f"{kind}/{frequency}/{file_format}"
    midnight = backend.clock.now() // 86_400 * 86_400
    return {
        "id": f"{kind}-{frequency}-{file_format}",
        "description": f"{item_type.capitalize()} of {file_format}, {frequency}.",
        "item_type": item_type,
        "format": file_format,
        "frequency": frequency,
        "version": "1.0",
        "is_deprecated": False,
        "dataset_prefix": f"{stem}/" if item_type == "folder" else None,
        "dataset_url": f"{bucket}/{stem}/{kind}.{file_format}" if item_type == "file" else None,
        "dictionary_url": None,
        "sample_dataset_url": f"{bucket}/samples/{kind}.{file_format}",
        "last_updated": instant_text(midnight),
        "size": 1024 * (1 + len(stem)),
    }


ROUTES: Final = (
    Route("GET", "/v1/datasets", list_datasets),
    Route("POST", "/v1/datasets/credentials", make_credentials),
)
