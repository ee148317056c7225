"""Rows that cost credits: what they will cost, what they have cost, and how to go on without paying twice."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import aclosing
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import attrs
import typer

from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.listing import print_rejects, tell_of_end
from theirstack_async.cli.messages import ask_number, can_ask, confirm, fail, note
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.text import clean, counted
from theirstack_async.cli.till import Till
from theirstack_async.cli.whole_file import WholeFile

if TYPE_CHECKING:
    from theirstack_async import Checkpoint, EndReason, Page, Paginator
    from theirstack_async._engine.usage import Usage

Limit: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="So many rows at the most. This or --budget is required, since each costs credits; a terminal asks.",
    ),
]
Budget: TypeAlias = Annotated[
    int | None, typer.Option(min=0, metavar="CREDITS", help="Spend so many credits at the most in this run.")
]
PageSize: TypeAlias = Annotated[int, typer.Option(min=1, max=500, metavar="N", help="Rows a request.")]
CheckpointName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Write to FILE how far it got. If it is there, go on from it, so that no row is bought again; --limit and "
        "--budget are for each run. After the last row it is removed.",
    ),
]
_ASK_FROM: Final = 100
"""Credits from which on a terminal asks."""
_YES_FROM: Final = 1_000
"""Credits from which on ``--yes`` is wanted where nobody can be asked."""


@attrs.frozen
class Goods:
    """What is bought."""

    noun: str
    """One of them."""
    price: int
    """Credits for one."""

    def cost(self, number: int) -> str:
        """Return what so many cost, in words."""
        each = counted(self.price, "credit")
        return f"{counted(number * self.price, 'credit')}: {counted(number, self.noun)} at {each} each"


@attrs.frozen
class Order:
    """How much is bought."""

    goods: Goods
    number: int | None
    """Rows at the most; None where only the credits say when to end."""
    credits: int
    """What may be spent. Rows that come again or do not decode are paid for as well, out of this."""
    budget: int | None = None
    """``credits``, where ``--budget`` has set them; None where the number of rows has."""

    def ended_by(self, end: EndReason | None, rows: int) -> ExitCode | None:
        """Say if it ended before all was bought because the credits did. Return the exit code, where it is one."""
        from theirstack_async import EndReason

        if end is EndReason.BUDGET and self.budget is not None:
            return out_of_budget(self.goods, self.budget)
        if end in (EndReason.BUDGET, EndReason.MAX_ITEMS) and self.number is not None and rows < self.number:
            note("These are fewer than you asked for: more of them would cost more than you agreed to.")
        return None


def out_of_budget(goods: Goods, budget: int) -> ExitCode:
    """Say that the credits of ``--budget`` have ended, and return the exit code."""
    fail(f"The {counted(budget, 'credit')} of --budget leave no room for another {goods.noun}, at {goods.price} each.")
    return ExitCode.CREDITS


def agree(limit: int | None, goods: Goods, *, budget: int | None, yes: bool, option: str = "--limit") -> Order:
    """Return how much to buy at the most, once the user was told of the price, and agreed to a high one.

    ``option`` is what the command calls the limit.

    Raises:
        typer.BadParameter: there is neither a limit nor a budget, and nobody to ask.
        typer.Exit: the user does not agree.
    """
    if limit is None and budget is None:
        each = f"{goods.noun} costs {counted(goods.price, 'credit')}"
        why = f"{option}: each {each}; say how many you want at the most, or give --budget (counting is free)"
        limit = ask_number(f"Each {each}. How many do you want at the most?", or_else=why)
    affordable = None if budget is None else budget // goods.price
    rows = min(number for number in (limit, affordable) if number is not None)
    note(f"At most {goods.cost(rows)}.")
    credits_ = rows * goods.price
    if credits_ >= (_ASK_FROM if can_ask() else _YES_FROM):
        confirm(f"This may cost {counted(credits_, 'credit')}. Go on?", yes=yes)
    if limit is None or (budget is not None and budget <= limit * goods.price):
        return Order(goods, limit, budget or 0, budget)
    return Order(goods, limit, credits_)


def read_checkpoint(name: str | None) -> Checkpoint | None:
    """Return the checkpoint in a file; None where there is no such file yet.

    Raises:
        ArgumentError: the file holds no checkpoint.
        typer.BadParameter: it cannot be read.
    """
    from theirstack_async import Checkpoint

    try:
        return None if name is None else Checkpoint.from_json(Path(name).read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise typer.BadParameter(f"--checkpoint: cannot read {name}: {error.strerror}") from None


@attrs.frozen
class Search:
    """A search that is bought."""

    rows: Paginator[Any]
    """Made with the number of the order, ``partial=True`` and ``rejects="collect"``."""
    order: Order
    usage: Usage
    """What the client has spent."""
    checkpoint: str | None
    """The file that is told how far it got."""

    def advice(self) -> str:
        """Return how to go on after an error."""
        if self.checkpoint is None:
            return "The same command starts over, and pays again. With --checkpoint FILE it would go on."
        return f"The same command goes on from there, as {self.checkpoint} says."


async def buy(search: Search, out: Output, columns: Iterable[Column]) -> int:
    """Print rows as they are bought, and return the exit code. However it ends, what was spent is told.

    Raises:
        asyncio.CancelledError: it was interrupted; the page that was under way has been printed.
    """
    columns, rows, order = tuple(columns), search.rows, search.order
    with (
        WholeFile(search.checkpoint, "--checkpoint") as file,
        Till(search.usage, order.goods.noun, search.advice) as till,
    ):
        async with (
            aclosing(rows.pages()) as pages,
            aclosing(till.requests(repeat(partial(anext, pages, None)))) as coming,
        ):
            async for page in coming:
                header = not till.rows
                _take(till, page)
                if page.items:
                    out.records(page.items, columns, header=header)
                _show_rejects(page, out)
                # The checkpoint covers what was handed over, and nothing else.
                out.flush()
                file.write(rows.checkpoint().to_json())
    code = order.ended_by(rows.end, till.rows)
    _forget(search.checkpoint, rows)
    return tell_of_end(rows) if code is None else code


def _take(till: Till, page: Page[Any]) -> None:
    till.rows += len(page.items)
    till.repeated += page.repeated
    till.rejected += len(page.rejects)


def _forget(checkpoint: str | None, paginator: Paginator[Any]) -> None:
    """Remove the checkpoint of a search that has ended: to go on from there would buy old rows that moved there."""
    from theirstack_async import EndReason

    if checkpoint is not None and paginator.end is EndReason.EXHAUSTED:
        Path(checkpoint).unlink(missing_ok=True)
        note(f"That was the last row, so {checkpoint} is removed; the same command starts over.")


def _show_rejects(page: Page[Any], out: Output) -> None:
    """Print the rows of a page that did not decode: they are paid for, so a terminal shows them too."""
    if out.json:
        print_rejects(page.rejects, out)
    else:
        for reject in page.rejects:
            note(clean(reject.body.decode("utf-8", "replace")))
