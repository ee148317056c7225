"""``theirstack demo``: a webhook's failed events, streamed and retried for real, on this machine alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import attrs
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.output import drawn
from theirstack_async.cli.session import run

if TYPE_CHECKING:
    from theirstack_async import RetryReport, TheirStack
    from theirstack_async.cli.demo_receiver import DemoReceiver
    from theirstack_async.testing import FakeTheirStack

_SECRET: Final = "the-secret-of-the-demo"  # noqa: S105  # signs what this process sends to itself
_PAGES_AHEAD: Final = 4
_TABLE_WIDTH: Final = 72
"""Columns that the report needs as a table; on a narrower terminal its cells become one text."""


def demo(
    ctx: typer.Context,
    events: Annotated[int, typer.Option(min=1, max=100_000, help="How many events fail and are retried.")] = 5000,
    batch_size: Annotated[int, typer.Option(min=1, max=10_000, help="Ids a retry request.")] = 100,
) -> NoReturn:
    """See it work, in about 5 seconds: no key, no network, no credits.

    A fake TheirStack and a receiver are started on this machine. The receiver is down, so deliveries really fail; then
    the failed events are streamed through the SDK, the receiver comes up, all of them are retried in batches, and
    every signature is verified. Exits with 1 if a check fails.
    """
    run(ctx, Demo(events, batch_size).run)


@attrs.define
class Findings:
    """What the demo has seen so far."""

    streamed: set[int] = attrs.field(factory=set[int])
    stream_requests: int = 0
    stream_seconds: float = 0.0
    deliver_seconds: float = 0.0
    still_failed: int = 0
    succeeded: int = 0


class Demo:
    """One run of the demo, which tells what happens as it happens."""

    def __init__(self, events: int, batch_size: int) -> None:
        self._events = events
        self._batch_size = batch_size
        self._found = Findings()
        self._console = Console(highlight=False)
        self._progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._bar: TaskID = self._progress.add_task("streaming ", total=events)

    async def run(self) -> int:
        """Run the demo, and return its exit code."""
        from theirstack_async import TheirStack
        from theirstack_async.cli.demo_receiver import DemoReceiver
        from theirstack_async.testing import FakeTheirStack

        began = time.perf_counter()
        async with FakeTheirStack() as fake, DemoReceiver(_SECRET, self._advance) as receiver:
            self._say(f"A fake TheirStack serves on {fake.base_url}; the traffic is real, the data made up.")
            webhook = fake.seed_webhook(receiver.url, secret=_SECRET)
            self._say(f"Webhook {webhook} delivers to {receiver.url}, which is down.")
            self._say(f"{self._events:,} new jobs match its search, and a delivery of each is tried ...")
            fake.trigger(webhook, self._events)
            await fake.settled()
            async with TheirStack(fake.api_key, base_url=fake.base_url) as client:
                with drawn(self._progress):
                    await self._stream(client, webhook, fake)
                    report = await self._retry(client, webhook, fake, receiver)
        return self._conclude(receiver, report, time.perf_counter() - began)

    async def _stream(self, client: TheirStack, webhook: int, fake: FakeTheirStack) -> None:
        total = await client.webhooks.events.count(webhook)
        newest = await client.webhooks.events.list(webhook, status="FAILED", max_items=1).collect()
        why = ", ".join(str(event.response_body) for event in newest)
        self._say(f"They failed ({why}). Streaming {total:,} events, {_PAGES_AHEAD} pages ahead ...")
        began, requests = time.perf_counter(), fake.requests.total
        async with client.webhooks.events.list(webhook, status="FAILED").prefetch(_PAGES_AHEAD) as events:
            async for event in events:
                self._found.streamed.add(event.id)
                self._advance()
        self._found.stream_seconds = time.perf_counter() - began
        self._found.stream_requests = fake.requests.total - requests

    async def _retry(
        self, client: TheirStack, webhook: int, fake: FakeTheirStack, receiver: DemoReceiver
    ) -> RetryReport:
        await receiver.start()
        self._say(f"The receiver is up. Retrying all of them, {self._batch_size} a request ...")
        self._progress.remove_task(self._bar)
        self._bar = self._progress.add_task("delivering", total=self._events)
        began = time.perf_counter()
        events = client.webhooks.events
        report = await events.retry(self._found.streamed, batch_size=self._batch_size)
        await fake.settled()
        self._found.deliver_seconds = time.perf_counter() - began
        self._say("All deliveries are over. Asking the API how they ended ...")
        self._found.still_failed = len(await events.ids(webhook, status="FAILED").collect())
        self._found.succeeded = len(await events.ids(webhook, status="SUCCESS").collect())
        return report

    def _conclude(self, receiver: DemoReceiver, report: RetryReport, seconds: float) -> int:
        found, n = self._found, self._events
        duplicates = receiver.verified - len(receiver.ids)
        rows = (
            ("streamed", f"{len(found.streamed):,} events", _rate(len(found.streamed), found.stream_seconds),
             f"{found.stream_requests} requests", len(found.streamed) == n),
            ("retried", f"{len(report.accepted):,} accepted", _rate(n, report.elapsed),
             f"{report.batches} batches", report.ok and len(report.accepted) == n),
            ("delivered", f"{len(receiver.ids):,} events", _rate(n, found.deliver_seconds),
             f"{duplicates} duplicates", receiver.ids == found.streamed and not duplicates),
            ("verified", f"{receiver.verified:,} signatures", "HMAC-SHA256",
             f"{receiver.deliveries - receiver.verified} wrong", receiver.verified == receiver.deliveries == n),
            ("API says", f"{found.succeeded:,} SUCCESS", "",
             f"{found.still_failed} FAILED", found.succeeded == n and not found.still_failed),
        )  # fmt: skip
        table = Table(box=None, show_header=False, pad_edge=False)
        narrow = self._console.width < _TABLE_WIDTH
        for *cells, good in rows:
            shown = (cells[0], ", ".join(filter(None, cells[1:]))) if narrow else cells
            table.add_row(Text("ok" if good else "WRONG", "green" if good else "bold red"), *shown)
        self._console.print()
        self._console.print(table)
        good = all(row[-1] for row in rows)
        verdict = "No event was lost, none came twice" if good else "A check failed"
        self._console.print(Text(f"\n{verdict}. It took {seconds:.1f} s.", "bold" if good else "bold red"))
        return ExitCode.OK if good else ExitCode.FAILED

    def _say(self, line: str) -> None:
        # In a pipe a line is a line; on a terminal it is wrapped between words.
        self._console.print(Text(line), soft_wrap=not self._console.is_terminal)

    def _advance(self) -> None:
        self._progress.advance(self._bar)


def _rate(events: int, seconds: float) -> str:
    return f"{seconds:.2f} s, {events / seconds:,.0f}/s"
