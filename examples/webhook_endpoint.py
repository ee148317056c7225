"""Receive the jobs of a webhook, none lost and none twice: ``uvicorn webhook_endpoint:app``.

WEBHOOK_SECRET is in the environment, 16 characters or more. When it is deployed, make sure that there is a webhook::

    theirstack webhooks ensure --url https://example.com --search-id 7 --secret-env WEBHOOK_SECRET --start now

It answers once a delivery is stored, and handles it then. Once a day, ``python webhook_endpoint.py WEBHOOK_ID`` handles
what never arrived. Exit code 0: nothing is missing; 3: something still is.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from theirstack_async import TheirStack
from theirstack_async.receiver import ASGIReceiver, JobNew, Receiver, SQLiteDeliveries

receiver = Receiver(os.environ["WEBHOOK_SECRET"], SQLiteDeliveries("deliveries.db"))
app = ASGIReceiver(receiver)


@receiver.on(JobNew)
async def job_found(delivery: JobNew) -> None:
    print(delivery.payload.id, delivery.payload.job_title, "at", delivery.payload.company)


async def daily(webhook_id: int) -> int:
    async with TheirStack() as client, receiver:
        report = await receiver.reconcile(client, [webhook_id], since=datetime.now(UTC) - timedelta(days=3))
    print(report)
    return 0 if report.ok else 3


if __name__ == "__main__":
    sys.exit(asyncio.run(daily(int(sys.argv[1]))))
