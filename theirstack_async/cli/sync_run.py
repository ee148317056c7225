"""One run of ``theirstack sync``: rows are stored as they come, its progress is drawn, and its end is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing, suppress
from functools import partial
from itertools import repeat
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

import attrs
from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from theirstack_async import ArgumentError, StateError, StateLockedError, TheirStackError
from theirstack_async.cli.buying import Goods, Order, agree, out_of_budget
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.listing import tell_of_early_end
from theirstack_async.cli.messages import note
from theirstack_async.cli.output import Output, drawn
from theirstack_async.cli.sync_options import Stores
from theirstack_async.cli.text import counted, several, shown
from theirstack_async.cli.till import Till, saved

if TYPE_CHECKING:
    from theirstack_async._engine.usage import Usage
    from theirstack_async._values import All
    from theirstack_async.incremental import IncrementalRun, Summary

EVENTS: Final = Goods("event", 0)


@attrs.frozen
class Sync:
    """What one run has to do."""

    goods: Goods
    stores: Stores
    out: Output
    order: Order | None = None
    """What was agreed to; None for every row there is."""
    dry_run: bool = False
    limit: int | None = None
    """How many rows that cost nothing are wanted at the most; None for every row there is."""

    @property
    def max_items(self) -> int | All | None:
        """As ``incremental`` takes it: the number that was agreed to, None where only the credits say when to end."""
        from theirstack_async import ALL

        return ALL if self.order is None else self.order.number

    @property
    def credits(self) -> int | None:
        """Credits that may be spent; None for any number."""
        return None if self.order is None else self.order.credits

    @property
    def most(self) -> int | None:
        """Rows that may be stored at the most; None for any number."""
        if self.order is None:
            return self.limit
        number, credits_ = self.order.number, self.order.credits
        affordable = credits_ // self.goods.price
        return affordable if number is None else min(number, affordable)


def consent(goods: Goods, *, max_items: int | None, budget: int | None, yes: bool, dry_run: bool) -> Order | None:
    """Return how much may be bought, once the user agreed to it; None for every row there is.

    Raises:
        typer.BadParameter: nothing says how much, and there is nobody to ask.
        typer.Exit: the user does not agree.
    """
    if dry_run:
        price = goods.price
        credits_ = min((each for each in (budget, max_items and max_items * price) if each is not None), default=None)
        return None if credits_ is None else Order(goods, max_items, credits_, budget)
    if yes and max_items is None and budget is None:
        note(f"Every new {goods.noun} is bought, at {counted(goods.price, 'credit')} each.")
        return None
    return agree(max_items, goods, budget=budget, yes=yes, option="--max-items")


async def carry_out(sync: Sync, run: IncrementalRun[Any], usage: Usage) -> int:
    """Store the rows of a run, or estimate it, and return the exit code.

    Raises:
        asyncio.CancelledError: it was interrupted; what had come is stored.
        StateLockedError: another run of the same profile is under way.
        TheirStackError: what else ended it.
    """
    async with AsyncExitStack() as stack:
        stack.push_async_callback(sync.stores.aclose)
        try:
            await stack.enter_async_context(run)
        except StateLockedError as error:
            _summarize(sync, run, usage, end="locked")
            said = str(error).replace("with wait=", "with --wait SECONDS")
            raise StateLockedError(f"{said}; the profile is {run.key} in theirstack state show") from None
        except StateError:
            _summarize(sync, run, usage, end="state_error")
            raise
        if sync.dry_run:
            return await _estimate(sync, run)
        try:
            with _Follower(sync, run, usage) as follower:
                await follower.look_ahead()
                await _store(follower, run, sync)
            return _verdict(sync, run.summary)
        finally:
            _summarize(sync, run, usage)


def _summarize(sync: Sync, run: IncrementalRun[Any], usage: Usage, **instead: str) -> None:
    """Print what came of a run, for programs."""
    if sync.out.json:
        stores = {"sink": sync.stores.to, "state": sync.stores.kept}
        spent = {"credits": usage.total.credits, "uncertain": usage.total.uncertain}
        sync.out.line({"profile": run.key, **run.summary.to_dict(), **instead, **spent, **stores})


async def _estimate(sync: Sync, run: IncrementalRun[Any]) -> int:
    goods, mark = sync.goods, run.summary.mark
    # What is free is counted by reading it, and not acknowledged.
    new = await run.count() if goods.price else sum([len(batch.rows) async for batch in run])
    if new is None:
        raise ArgumentError(
            "--dry-run: with a filter that names companies the API would bill for the count", field="dry_run"
        )
    rows = new if sync.most is None else min(new, sync.most)
    if sync.out.json:
        found = {"profile": run.key, "new": new, "rows": rows, "credits": rows * goods.price, "price": goods.price}
        sync.out.line({**found, "mark": mark})
    since = "" if mark is None else f" since {shown(mark)} UTC"
    if goods.price:
        sync.out.say(f"At most {counted(new, goods.noun)} to come{since}. This run would cost {goods.cost(rows)}.")
    else:
        sync.out.say(f"{counted(new, goods.noun)} to come. This run would store {rows:,}.")
    note("A dry run is free; nothing was bought or stored.")
    return ExitCode.OK


async def _store(follower: _Follower, run: IncrementalRun[Any], sync: Sync) -> None:
    """Store the rows as they come. An interrupt lets the request under way end where it is paid for."""
    async with aclosing(run.stored(sync.stores.sink)) as stored:
        if not sync.goods.price:
            async for _ in stored:
                follower.update()
            return
        paid = follower.till.requests(repeat(partial(_next, stored)))
        async with aclosing(paid):
            async for _ in paid:
                follower.update()


async def _next(stored: AsyncGenerator[Summary, None]) -> Summary | None:
    """Store the next batch and return the summary so far; None at the end."""
    return await anext(stored, None)


def _verdict(sync: Sync, summary: Summary) -> int:
    """Return the exit code of a run that was not interrupted, and say why it ended."""
    from theirstack_async import EndReason

    order = sync.order
    if summary.end is EndReason.EXHAUSTED:
        upto = "" if summary.mark is None else f" found up to {shown(summary.mark)} UTC"
        note(f"Every such {sync.goods.noun}{upto} is stored.")
        return ExitCode.OK
    note(f"What came is in {sync.stores.to}. There may be more: the same command goes on from there.")
    if summary.end is EndReason.BUDGET and order is not None and order.budget is not None:
        return out_of_budget(sync.goods, order.budget)
    early = tell_of_early_end(summary.end)
    return ExitCode.MORE if early is None else early


class _Follower:
    """Draws the progress of a run on stderr, if that is a terminal, and tells in the end what came of it."""

    def __init__(self, sync: Sync, run: IncrementalRun[Any], usage: Usage) -> None:
        self.till = Till(usage, sync.goods.noun)
        self._sync = sync
        self._run = run
        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("syncing"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[done]}"),
            Pace(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=None, done="")
        self._total: int | None = None
        self._drawing = drawn(self._progress)

    async def look_ahead(self) -> None:
        """Find out how many rows there are to come, where somebody looks on and it is free to know."""
        if self._progress.disable:
            return
        with suppress(TheirStackError):
            # The bar is not worth an error: what matters will meet it too.
            total = await self._run.count()
            self._total = total if total is None or self._sync.most is None else min(total, self._sync.most)
        self._progress.update(self._task, total=self._total)

    def update(self) -> None:
        """Show how far it is."""
        summary = self._run.summary
        of = "" if self._total is None else f"/{self._total:,}"
        done = f"{summary.rows:,}{of} {several(self._sync.goods.noun)}"
        if self._sync.goods.price:
            done += f", {counted(summary.credits, 'credit')}"
        self._progress.update(self._task, completed=summary.rows, done=done)

    def __enter__(self) -> Self:
        self._drawing.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._drawing.__exit__(kind, error, traceback)
        summary, sync = self._run.summary, self._sync
        if error is not None:
            saved(error)
        self.till.rows, self.till.repeated = summary.acknowledged, summary.repeated
        self.till.rejected = summary.rejected
        self.till.__exit__(kind, error, traceback)
        if summary.replayed:
            note(f"{counted(summary.replayed, sync.goods.noun)} of them had been bought by an earlier run.")
        if summary.rejected:
            note("What did not decode is stored as it came, among the rejects beside the rows.")
        if isinstance(error, asyncio.CancelledError) or (error is not None and summary.batches):
            note("What was stored is never asked for again: run the same command again, and it goes on from there.")


class Pace(ProgressColumn):
    """Rows a second, and how long it still takes, or has taken where nobody knows how many there are."""

    def render(self, task: Task) -> Text:
        """Draw it."""
        speed = task.finished_speed or task.speed
        pace = "" if speed is None else f"{speed:,.0f}/s"
        left = task.elapsed if task.total is None else task.time_remaining
        if left is None:
            return Text(pace)
        minutes, seconds = divmod(int(left), 60)
        clock = f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
        return Text(f"{pace} {clock if task.total is None else f'ETA {clock}'}".strip())
