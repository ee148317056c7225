"""A program that retries ids which the server never answers for, to be interrupted: it prints its report as JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

from theirstack_async import RetryReport, TheirStack
from theirstack_async.testing import FakeTheirStack, RequestRecord
from theirstack_async.testing.faults import Hang


def ask_again(work: asyncio.Task[None]) -> None:
    """Say so as soon as the first Ctrl-C has been noticed."""
    if work.cancelling():
        print("again", flush=True)  # noqa: T201
    else:
        asyncio.get_running_loop().call_later(0.01, ask_again, work)


async def main(drain: float, reports: list[RetryReport]) -> None:
    # In debug mode asyncio tells of slow callbacks, which a busy machine has.
    logging.getLogger("asyncio").addFilter(lambda record: not str(record.msg).startswith("Executing"))
    work = asyncio.current_task()
    assert work is not None
    ask_again(work)
    async with FakeTheirStack(deliver=False) as fake, TheirStack(fake.api_key, base_url=fake.base_url) as client:
        ids = fake.seed_events(fake.seed_webhook("http://localhost:9/hook"), 50)

        def third(record: RequestRecord) -> bool:
            found = f"{ids[20]}".encode() in record.body
            if found:
                print("ready", flush=True)  # noqa: T201
            return found

        fake.faults.add(third, Hang(), times=None)

        def note(report: RetryReport) -> None:
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
