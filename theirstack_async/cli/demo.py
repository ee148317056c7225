"""``theirstack demo``: a webhook's failed events planned, sent again and verified for real, on this machine alone."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
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
    from theirstack_async import TheirStack
    from theirstack_async.cli.demo_receiver import DemoReceiver
    from theirstack_async.replay import Replay, ReplayPlan, ReplayReport
    from theirstack_async.testing import FakeTheirStack

_SECRET: Final = "the-secret-of-the-demo"  # noqa: S105  # signs what this process sends to itself
_PATIENCE: Final = 30.0
"""Seconds in which all deliveries have to be found."""
_TABLE_WIDTH: Final = 72
"""Columns that the report needs as a table; on a narrower terminal its cells become one text."""


def demo(
    ctx: typer.Context,
    events: Annotated[int, typer.Option(min=1, max=100_000, help="How many events fail and are replayed.")] = 5000,
    batch_size: Annotated[int, typer.Option(min=1, max=10_000, help="Events a request.")] = 100,
) -> NoReturn:
    """See it work, in about 5 seconds: no key, no network, no credits.

    A fake TheirStack and a receiver are started on this machine. The receiver is down, so deliveries really fail; then
    the failed events are planned, the receiver comes up, the plan is run under a journal, and it is verified that each
    event was delivered once, and that every signature is right. Exits with 1 if a check fails.
    """
    run(ctx, Demo(events, batch_size).run)


@attrs.define
class Findings:
    """What the demo has seen so far."""

    plan_requests: int = 0
    plan_seconds: float = 0.0
    calls: int = 0
    send_seconds: float = 0.0
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
        self._bar: TaskID = self._progress.add_task("planning  ", total=events)

    async def run(self) -> int:
        """Run the demo, and return its exit code."""
        from theirstack_async import TheirStack
        from theirstack_async._clock import SystemClock
        from theirstack_async.cli.demo_receiver import DemoReceiver
        from theirstack_async.replay import Replay, TheirStackEvents
        from theirstack_async.testing import FakeTheirStack

        began = time.perf_counter()
        # By one clock, so that a delivery that was tried again can be told from one that was not.
        async with FakeTheirStack(clock=SystemClock()) as fake, DemoReceiver(_SECRET, self._advance) as receiver:
            self._say(f"A fake TheirStack serves on {fake.base_url}; the traffic is real, the data made up.")
            webhook = fake.seed_webhook(receiver.url, secret=_SECRET)
            self._say(f"Webhook {webhook} delivers to {receiver.url}, which is down.")
            self._say(f"{self._events:,} new jobs match its search, and a delivery of each is tried ...")
            fake.trigger(webhook, self._events)
            await fake.settled()
            async with TheirStack(fake.api_key, base_url=fake.base_url) as client:
                replay = Replay(TheirStackEvents(client))
                with drawn(self._progress):
                    await self._look(client, webhook)
                    plan = await self._plan(replay, webhook, fake)
                    report = await self._send(replay, plan, receiver, fake)
                await self._ask(client, webhook)
        return self._conclude(receiver, plan, report, time.perf_counter() - began)

    async def _look(self, client: TheirStack, webhook: int) -> None:
        newest = await client.webhooks.events.list(webhook, status="FAILED", max_items=1).collect()
        why = ", ".join(str(event.response_body) for event in newest)
        self._say(f"They failed ({why}). Planning what to send again ...")

    async def _plan(self, replay: Replay[int], webhook: int, fake: FakeTheirStack) -> ReplayPlan:
        began, requests = time.perf_counter(), fake.requests.total
        plan = await replay.plan([webhook], predicate=self._count)
        self._found.plan_seconds = time.perf_counter() - began
        self._found.plan_requests = fake.requests.total - requests
        return plan

    async def _send(
        self, replay: Replay[int], plan: ReplayPlan, receiver: DemoReceiver, fake: FakeTheirStack
    ) -> ReplayReport:
        await receiver.start()
        self._say(f"The receiver is up. Running the plan, {self._batch_size} events a request, under a journal ...")
        self._progress.remove_task(self._bar)
        self._bar = self._progress.add_task("delivering", total=self._events)
        began = time.perf_counter()
        with TemporaryDirectory() as folder:
            journal = Path(folder, "replay.db")
            async with replay.run(plan, journal=journal, batch_size=self._batch_size, drain=0.0) as run:
                await run.result()
                self._found.send_seconds, self._found.calls = run.snapshot.elapsed, run.snapshot.calls
            await fake.settled()
            self._found.deliver_seconds = time.perf_counter() - began
            self._say("All deliveries are over. Verifying how they ended ...")
            return await replay.verify(journal, deadline=_PATIENCE)

    async def _ask(self, client: TheirStack, webhook: int) -> None:
        events = client.webhooks.events
        self._found.still_failed = len(await events.ids(webhook, status="FAILED").collect())
        self._found.succeeded = len(await events.ids(webhook, status="SUCCESS").collect())

    def _conclude(self, receiver: DemoReceiver, plan: ReplayPlan, report: ReplayReport, seconds: float) -> int:
        from theirstack_async.replay import ReplayState

        found, n = self._found, self._events
        planned = {entry.id for entry in plan.entries}
        sent = sum(row.sends > 0 for row in report.rows)
        delivered = report.counts[ReplayState.DELIVERED]
        duplicates = receiver.verified - len(receiver.ids)
        rows = (
            ("planned", f"{plan.to_send:,} events", _rate(plan.to_send, found.plan_seconds),
             f"{found.plan_requests} requests", plan.to_send == n),
            ("sent", f"{sent:,} events", _rate(sent, found.send_seconds),
             f"{found.calls} requests", sent == n),
            ("delivered", f"{len(receiver.ids):,} events", _rate(n, found.deliver_seconds),
             f"{duplicates} duplicates", receiver.ids == planned and not duplicates),
            ("verified", f"{receiver.verified:,} signatures", "HMAC-SHA256",
             f"{receiver.deliveries - receiver.verified} wrong", receiver.verified == receiver.deliveries == n),
            ("API says", f"{delivered:,} SUCCESS", "",
             f"{found.still_failed} FAILED", report.ok and found.succeeded == delivered == n),
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

    def _count(self, _: object) -> bool:
        self._advance()
        return True

    def _say(self, line: str) -> None:
        # In a pipe a line is a line; on a terminal it is wrapped between words.
        self._console.print(Text(line), soft_wrap=not self._console.is_terminal)

    def _advance(self) -> None:
        self._progress.advance(self._bar)


def _rate(events: int, seconds: float) -> str:
    return f"{seconds:.2f} s, {events / seconds:,.0f}/s"
