"""A Litestar application that shows the latest jobs at ``/latest``: ``uvicorn receiver_litestar:app``.

Nothing in it outlives the process, and the store of its events need not either: with one in memory a delivery is
answered once it is handled, so the API sends again what was lost with the process. WEBHOOK_SECRET is in the
environment.
"""

import os
from collections import deque
from typing import Any

from litestar import Litestar, asgi, get

from theirstack_async import Job
from theirstack_async.receiver import ASGIReceiver, JobNew, MemoryDeliveries, Receiver

# Searches that overlap send a job once each; it is shown once.
receiver = Receiver(os.environ["WEBHOOK_SECRET"], MemoryDeliveries(), dedupe="record")
latest: deque[Job] = deque(maxlen=100)


@receiver.on(JobNew)
async def job_found(delivery: JobNew) -> None:
    latest.appendleft(delivery.payload)


@get("/latest")
async def show() -> list[dict[str, Any]]:
    return [{"id": job.id, "title": job.job_title, "company": job.company} for job in latest]


app = Litestar([asgi("/theirstack", copy_scope=True)(ASGIReceiver(receiver)), show], lifespan=[receiver])
