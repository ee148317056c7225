"""A FastAPI application that receives deliveries: ``uvicorn --workers 2 receiver_fastapi:app``.

The workers share a store, so an event is handled once, whichever of them it comes to, and what a worker was at when it
was killed is taken up by another. WEBHOOK_SECRETS holds the webhook's secret; while it is being changed, the new one
first and the old one behind it, with a space between them.

What belongs to all workers together is a program beside them, and not a task of each:

* ``python receiver_fastapi.py set-up URL SEARCH_ID``, with each deployment, makes sure that there is a webhook. One
  that was switched off it switches on, and the API then delivers, and bills, what matched meanwhile.
* ``python receiver_fastapi.py reconcile WEBHOOK_ID...``, once a day, handles what never arrived. Exit code 0: nothing
  is missing; 3: something still is.
"""

import asyncio
import logging
import os
import sqlite3
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from theirstack_async import TheirStack
from theirstack_async.receiver import ASGIReceiver, JobClosed, JobNew, Receiver, SQLiteDeliveries, ensure_webhook

TABLE = "CREATE TABLE IF NOT EXISTS jobs (id INTEGER PRIMARY KEY, title TEXT, company TEXT, closed TEXT)"
# Events come in any order: a job may be closed before it is new. What is done twice changes nothing.
NEW = """INSERT INTO jobs (id, title, company) VALUES (?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, company = excluded.company"""
CLOSED = "INSERT INTO jobs (id, closed) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET closed = excluded.closed"

log = logging.getLogger("uvicorn.error")
secrets = os.environ["WEBHOOK_SECRETS"].split()
receiver = Receiver(secrets, SQLiteDeliveries("deliveries.db"))


@receiver.on(JobNew)
async def job_found(delivery: JobNew) -> None:
    job = delivery.payload
    await asyncio.to_thread(execute, NEW, job.id, job.job_title, job.company)
    log.info("event %d: %s at %s", delivery.id, job.job_title, job.company)


@receiver.on(JobClosed)
async def job_closed(delivery: JobClosed) -> None:
    job = delivery.payload
    await asyncio.to_thread(execute, CLOSED, job.id, job.closed_at and job.closed_at.isoformat())
    log.info("event %d: job %d was closed", delivery.id, job.id)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    async with receiver:  # at the end, what is in hand gets ten seconds; the rest waits in the store
        yield


app = FastAPI(lifespan=lifespan, routes=[Route("/theirstack", ASGIReceiver(receiver))])


@app.get("/jobs")
async def jobs() -> list[Any]:
    return await asyncio.to_thread(execute, "SELECT id, title, company FROM jobs WHERE closed IS NULL LIMIT 100")


def execute(statement: str, *values: object) -> list[Any]:
    with closing(sqlite3.connect("jobs.db", timeout=60)) as database, database:
        database.execute(TABLE)
        return database.execute(statement, values).fetchall()


async def set_up(url: str, search_id: int) -> int:
    async with TheirStack() as client:
        print(await ensure_webhook(client, url=url, search_id=search_id, secret=secrets[0], start="now"))
    return 0


async def reconcile(webhook_ids: Iterable[int]) -> int:
    async with TheirStack() as client, receiver:
        report = await receiver.reconcile(client, webhook_ids, since=datetime.now(UTC) - timedelta(days=3))
    print(report)
    return 0 if report.ok else 3


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["set-up", url, search_id]:
            sys.exit(asyncio.run(set_up(url, int(search_id))))
        case ["reconcile", *webhook_ids]:
            sys.exit(asyncio.run(reconcile(map(int, webhook_ids))))
        case _:
            sys.exit(__doc__)
