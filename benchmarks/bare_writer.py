"""The bare writer beside which ``incremental.py`` measures: the SDK's requests, and nothing but the rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pyarrow as pa
import pyarrow.parquet as pq

PAGE = 500
OVERLAP = timedelta(minutes=10)
ASKED: dict[str, Any] = {
    "posted_at_gte": "2000-01-01",  # the API requires a filter by date, and this is the one that the SDK adds
    "order_by": [{"field": "discovered_at", "desc": False}],
}
PARTS = ("company_object",)
"""Objects of a row whose fields are columns of their own."""
Row = dict[str, Any]
Cell = Callable[[Any], Any]


async def pages(url: str, key: str) -> AsyncIterator[list[Row]]:
    """Yield the pages that the SDK asks for, as plain data."""
    seen: dict[int, datetime] = {}
    body: dict[str, Any] = {**ASKED, "limit": PAGE}
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session:
        while True:
            async with session.post(f"{url}/v1/jobs/search", json={**body, "job_id_not": list(seen)}) as answer:
                rows = json.loads(await answer.read())["data"]
            if not rows:
                return
            yield rows
            seen |= {row["id"]: datetime.fromisoformat(row["discovered_at"]) for row in rows}
            start = (seen[rows[-1]["id"]] - OVERLAP).replace(microsecond=0)
            seen = {one: at for one, at in seen.items() if at >= start}
            body["discovered_at_gte"] = f"{start.isoformat()}Z"


def cells(row: Row, columns: list[tuple[str | None, str]]) -> Iterator[Any]:
    """Yield what a row has in some columns."""
    for part, name in columns:
        yield (row[part] if part else row).get(name)


def split(column: str) -> tuple[str | None, str]:
    """Return which object of a row a column stands for, if any, and its field."""
    part = next((one for one in PARTS if column.startswith(f"{one}_")), None)
    return part, column[len(part) + 1 :] if part else column


def text(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value


async def to_sqlite(url: str, key: str, folder: Path, stored: Callable[[int], None]) -> None:
    """Store all rows in ``bare.db``, in a table like that of ``sample.db``."""
    with sqlite3.connect(folder / "sample.db") as sample:
        (create,) = sample.execute("SELECT sql FROM sqlite_master WHERE name = 'jobs'").fetchone()
        columns = [split(info[1]) for info in sample.execute("PRAGMA table_info(jobs)")]
    connection = sqlite3.connect(folder / "bare.db")
    connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; {create}")
    insert = f"INSERT OR REPLACE INTO jobs VALUES ({', '.join('?' * len(columns))})"
    async for rows in pages(url, key):
        with connection:
            connection.executemany(insert, ([text(value) for value in cells(row, columns)] for row in rows))
        stored(len(rows))
    connection.close()


def cell_of(kind: pa.DataType) -> Cell:
    """Return what makes a cell of a Parquet column from JSON."""
    if pa.types.is_timestamp(kind):
        return lambda value: value and datetime.fromisoformat(value).replace(tzinfo=UTC)
    if pa.types.is_date(kind):
        return lambda value: value and date.fromisoformat(value)
    return text if pa.types.is_string(kind) else lambda value: value


async def to_parquet(url: str, key: str, folder: Path, rows_per_file: int, stored: Callable[[int], None]) -> None:
    """Store all rows in files in ``bare``, with the columns of those in ``sample``."""
    schema = pq.read_schema(next((folder / "sample").rglob("*.parquet")))
    columns = [split(name) for name in schema.names]
    makers = [cell_of(kind) for kind in schema.types]
    (folder / "bare").mkdir()
    batches: list[pa.RecordBatch] = []
    parts = 0

    def close() -> None:
        nonlocal parts
        parts += 1
        path = folder / "bare" / f"{parts:06}.parquet"
        pq.write_table(pa.Table.from_batches(batches, schema), path, compression="zstd")
        batches.clear()

    async for rows in pages(url, key):
        values = zip(*(cells(row, columns) for row in rows), strict=True)
        arrays = [
            pa.array(map(make, column), kind) for make, column, kind in zip(makers, values, schema.types, strict=True)
        ]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
        if sum(batch.num_rows for batch in batches) >= rows_per_file:
            close()
        stored(len(rows))
    if batches:
        close()
