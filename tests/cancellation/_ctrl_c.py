"""A program that retries ids which the server never answers for, to be interrupted: it prints its report as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial

from theirstack_async import RetryReport, TheirStack
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.faults import Hang


async def main(drain: float, reports: list[RetryReport]) -> None:
    async with FakeTheirStack(deliver=False) as fake, TheirStack(fake.api_key, base_url=fake.base_url) as client:
        ids = fake.seed_events(fake.seed_webhook("http://localhost:9/hook"), 50)
        fake.faults.add(lambda record: f"{ids[20]}".encode() in record.body, Hang(), times=None)

        def note(report: RetryReport) -> None:
            if len(report.accepted) == 20 and report.batches == 2 and report.settled == 20:
                # By now the third batch hangs.
                asyncio.get_running_loop().call_later(0.05, partial(print, "ready", flush=True))
            reports[:] = [report]

        await client.webhooks.events.retry(ids, batch_size=10, max_concurrency=1, drain=drain, on_progress=note)


if __name__ == "__main__":
    reports: list[RetryReport] = []
    try:
        asyncio.run(main(float(sys.argv[1]), reports))
    except KeyboardInterrupt:
        four = reports[0].accepted, reports[0].rejected, reports[0].unknown, reports[0].skipped
        sys.stdout.write(json.dumps([len(part) for part in four]))
        sys.exit(130)
