"""Have everything delivered again that a webhook's receiver missed: ``python retry_failed.py WEBHOOK_ID``.

The key is read from THEIRSTACK_API_KEY. Exit code 0: every event was accepted; 1: some were not; 2: the call failed;
130: stopped by Ctrl-C.
"""

import argparse
import asyncio
import sys

from theirstack_async import RetryReport, TheirStack, TheirStackError


def show(report: RetryReport) -> None:
    print(f"\r{report.settled:,} of {report.requested:,}", end="", file=sys.stderr)


async def main(webhook_id: int) -> int:
    async with TheirStack() as client:
        try:
            report = await client.webhooks.events.retry_failed(webhook_id, max_concurrency=8, on_progress=show)
        except asyncio.CancelledError as cancelled:
            print("stopped;", getattr(cancelled, "report", "nothing was sent"))
            raise
    print(report)
    return 0 if report.ok else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Have all failed events of a webhook delivered again.")
    parser.add_argument("webhook_id", type=int)
    try:
        sys.exit(asyncio.run(main(parser.parse_args().webhook_id)))
    except TheirStackError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
