"""A Starlette application that shows the latest jobs at ``/latest``: ``uvicorn receiver_starlette:app``.

Nothing in it outlives the process, and the store of its events need not either: with one in memory a delivery is
answered once it is handled, so the API sends again what was lost with the process. WEBHOOK_SECRET is in the
environment.
"""

import os
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from theirstack_async import Job
from theirstack_async.receiver import ASGIReceiver, JobNew, MemoryDeliveries, Receiver

# Searches that overlap send a job once each; it is shown once.
receiver = Receiver(os.environ["WEBHOOK_SECRET"], MemoryDeliveries(), dedupe="record")
latest: deque[Job] = deque(maxlen=100)


@receiver.on(JobNew)
async def job_found(delivery: JobNew) -> None:
    latest.appendleft(delivery.payload)


async def show(request: Request) -> JSONResponse:
    return JSONResponse([{"id": job.id, "title": job.job_title, "company": job.company} for job in latest])


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncGenerator[None]:
    async with receiver:
        yield


app = Starlette(routes=[Route("/theirstack", ASGIReceiver(receiver)), Route("/latest", show)], lifespan=lifespan)
