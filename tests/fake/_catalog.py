"""Asking the fake for its catalog."""

from __future__ import annotations

from typing import Any

from tests.fake._documents import CheckedApi
from theirstack_async.testing.search.dataset import DataSet

JOBS = 120
COMPANIES = 60
ALL = "limit=100000"
Row = dict[str, Any]


def data(api: CheckedApi) -> DataSet:
    return api.fake._backend.data


async def rows(api: CheckedApi, path: str, query: str = ALL) -> list[Row]:
    """Return the rows of a list whose total is right."""
    answer = await api.ok("GET", f"{path}?{query}")
    found: list[Row] = answer["data"]
    if ALL in query:
        assert answer["metadata"]["total_results"] == len(found)
    return found
