"""Receive the events of a webhook, none lost and none twice: ``WEBHOOK_ID=1 uvicorn webhook_endpoint:app``.

A delivery only wakes the application up. Nothing in it is believed, so it needs no signature: the events are read from
the API's own list, which is free, and has those too that were sent while nobody answered. Each comes once, and is a
line of events.jsonl. To look without a delivery, such as once a day: ``curl -X POST localhost:8000/theirstack``.
"""

import asyncio
import os

from fastapi import BackgroundTasks, FastAPI

from theirstack_async import JSONLinesSink, SQLiteState, TheirStack

app, turn, news = FastAPI(), asyncio.Lock(), asyncio.Event()


@app.post("/theirstack", status_code=202)
async def wake_up(background: BackgroundTasks) -> None:
    news.set()
    background.add_task(sync, int(os.environ["WEBHOOK_ID"]))  # it runs once the answer is sent


async def sync(webhook_id: int) -> None:
    async with turn, TheirStack() as client, SQLiteState("events.db") as state:
        while news.is_set():  # not if another sync has read the list since
            news.clear()
            async with client.webhooks.events.incremental(webhook_id, state=state, wait=60) as run:
                await run.into(JSONLinesSink("events.jsonl"))
