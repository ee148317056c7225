"""A worker that looks at every webhook once an hour, and has what failed delivered again.

It stops at SIGTERM and SIGINT: the batches in flight get five seconds to end, and what is not known is logged.
"""

import asyncio
import logging
import signal

from theirstack_async import AuthenticationError, ConfigurationError, RetryReport, TheirStack, TheirStackError

log = logging.getLogger("worker")


async def one_round(client: TheirStack) -> list[RetryReport]:
    """Retry the failed events of every webhook. What one webhook runs into does not hold up the others."""
    reports: list[RetryReport] = []
    for webhook in await client.webhooks.list():
        try:
            report = await client.webhooks.events.retry_failed(webhook.id)
        except (AuthenticationError, ConfigurationError):
            raise
        except TheirStackError as error:
            log.warning("webhook %d: %s", webhook.id, error)
        else:
            log.info("webhook %d: %s", webhook.id, report)
            reports.append(report)
    return reports


async def work(client: TheirStack, every: float = 3600) -> None:
    while True:
        try:
            await one_round(client)
        except (AuthenticationError, ConfigurationError):
            raise
        except TheirStackError as error:
            log.warning("this round failed: %s", error)
        await asyncio.sleep(every)


async def main() -> None:
    async with TheirStack() as client:
        task = asyncio.create_task(work(client))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        try:
            await task
        except asyncio.CancelledError as cancelled:
            log.info("stopped; %s", getattr(cancelled, "report", "nothing was in flight"))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(main())
