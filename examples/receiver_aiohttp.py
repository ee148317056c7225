"""An aiohttp.web application that receives deliveries: ``python receiver_aiohttp.py PORT WEBHOOK_ID...``.

It is one process, so what has to be done once a day is a task of its own: when it starts, and daily from then on, it
handles what never arrived. Each event becomes a line of events.jsonl. WEBHOOK_SECRET is in the environment.
"""

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from theirstack_async import TheirStack, TheirStackError
from theirstack_async.receiver import AiohttpReceiver, CompanyNew, JobNew, Receiver, SQLiteDeliveries

DAY = timedelta(days=1)

log = logging.getLogger("receiver")
receiver = Receiver(os.environ["WEBHOOK_SECRET"], SQLiteDeliveries("deliveries.db"))


@receiver.on(JobNew)
async def job_found(delivery: JobNew) -> None:
    await keep(delivery)


@receiver.on(CompanyNew)
async def company_found(delivery: CompanyNew) -> None:
    await keep(delivery)


async def keep(delivery: JobNew | CompanyNew) -> None:
    record = {"id": delivery.id, "type": delivery.type, "payload": delivery.payload.to_dict()}
    await asyncio.to_thread(append, json.dumps(record) + "\n")


def append(line: str) -> None:
    with Path("events.jsonl").open("a", encoding="utf-8") as file:
        file.write(line)


async def recover(client: TheirStack, webhook_ids: list[int]) -> None:
    while True:
        try:
            log.info("%s", await receiver.reconcile(client, webhook_ids, since=datetime.now(UTC) - 3 * DAY))
        except TheirStackError as error:
            log.warning("not reconciled today: %s", error)
        await asyncio.sleep(DAY.total_seconds())


def application(webhook_ids: list[int]) -> web.Application:
    async def recovering(app: web.Application) -> AsyncIterator[None]:
        async with TheirStack() as client:
            task = asyncio.create_task(recover(client, webhook_ids))
            yield
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    app = web.Application()
    deliveries = AiohttpReceiver(receiver)
    app.router.add_post("/theirstack", deliveries.handle)
    app.cleanup_ctx.extend([deliveries.lifespan, recovering])  # they end the other way round
    return app


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    port, *ids = map(int, sys.argv[1:])
    web.run_app(application(ids), host="127.0.0.1", port=port)
