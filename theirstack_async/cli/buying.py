"""Rows that cost credits: what they will cost, what they have cost, and how to go on without paying twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeAlias, TypeVar

import attrs
import typer

from theirstack_async.cli.listing import print_rejects, tell_of_end
from theirstack_async.cli.messages import ask_number, can_ask, confirm, note
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.text import clean, counted
from theirstack_async.cli.whole_file import WholeFile

if TYPE_CHECKING:
    from theirstack_async import Checkpoint, Page, Paginator

T = TypeVar("T")

Limit: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="So many rows at the most. Required, since each costs credits; a terminal asks for it."
    ),
]
PageSize: TypeAlias = Annotated[int, typer.Option(min=1, max=500, metavar="N", help="Rows a request.")]
CheckpointName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Write to FILE how far it got. If it is there, go on from it, so that no row is bought again; --limit is "
        "for each run. After the last row it is removed.",
    ),
]
STOPPING: Final = "Stopping. The page under way is paid for, so it is waited for; Ctrl-C again cuts it."
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
    """How much is bought, and how."""

    goods: Goods
    number: int
    """Rows at the most. Those that come again or do not decode are among them, since they cost as much."""
    page_size: int
    """Rows a request."""
    checkpoint: str | None
    """The file that is told how far it got."""


def agree(limit: int | None, goods: Goods, *, yes: bool) -> int:
    """Return how many rows to buy at the most, once the user was told of the price, and agreed to a high one.

    Raises:
        typer.BadParameter: there is no limit, and nobody to ask.
        typer.Exit: the user does not agree.
    """
    each = f"{goods.noun} costs {counted(goods.price, 'credit')}"
    if limit is None:
        why = f"--limit: each {each}; say how many you want at the most (to count them is free)"
        limit = ask_number(f"Each {each}. How many do you want at the most?", or_else=why)
    credits_ = limit * goods.price
    note(f"At most {goods.cost(limit)}.")
    if credits_ >= (_ASK_FROM if can_ask() else _YES_FROM):
        confirm(f"This may cost {counted(credits_, 'credit')}. Go on?", yes=yes)
    return limit


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


async def buy(paginator: Paginator[Any], order: Order, out: Output, columns: Iterable[Column]) -> int:
    """Print rows as they are bought, and return the exit code. However it ends, what was spent is told.

    The paginator was made with the numbers of the order, ``partial=True`` and ``rejects="collect"``.

    Raises:
        asyncio.CancelledError: it was interrupted; the page that was under way has been printed.
    """
    columns = tuple(columns)
    with WholeFile(order.checkpoint, "--checkpoint") as file, _Till(order, paginator) as till:
        async with aclosing(_pages(paginator, till)) as pages:
            async for page in pages:
                header = not till.rows
                till.take(page)
                if page.items:
                    out.records(page.items, columns, header=header)
                _show_rejects(page, out)
                # The checkpoint covers what was handed over, and nothing else.
                out.flush()
                file.write(paginator.checkpoint().to_json())
        if till.interrupted:
            raise asyncio.CancelledError
    if not till.affords_more:
        note("These are fewer than you asked for: another page might cost more than you agreed to.")
    _forget(order.checkpoint, paginator)
    return tell_of_end(paginator)


def _forget(checkpoint: str | None, paginator: Paginator[Any]) -> None:
    """Remove the checkpoint of a search that has ended: to go on from there would buy old rows that moved there."""
    from theirstack_async import EndReason

    if checkpoint is not None and paginator.end is EndReason.EXHAUSTED:
        Path(checkpoint).unlink(missing_ok=True)
        note(f"That was the last row, so {checkpoint} is removed; the same command starts over.")


class _Till:
    """Counts what was bought, and tells it in the end."""

    def __init__(self, order: Order, paginator: Paginator[Any]) -> None:
        self.rows = 0
        self.interrupted = False
        self.cut = False
        """Whether a page was cut that may have been paid for."""
        self._order = order
        self._paginator = paginator
        self._repeated = 0

    def take(self, page: Page[Any]) -> None:
        """Take a page in."""
        self.rows += len(page.items)
        self._repeated += page.repeated

    @property
    def affords_more(self) -> bool:
        """Whether the next page costs no more than was agreed to, whatever is on it.

        Where rows came again or did not decode, the paginator asks for others in their place, which cost as well.
        """
        left = self._order.number - self._paginator.credits // self._order.goods.price
        return left >= min(self._order.page_size, self._order.number - self.rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        rejected = len(self._paginator.rejects)
        note(
            f"{counted(self.rows, self._order.goods.noun)}, {counted(self._paginator.credits, 'credit')}"
            + (f", {self._repeated:,} came again" if self._repeated else "")
            + (f", {rejected:,} did not decode" if rejected else "")
            + "."
        )
        if self.cut:
            note("The page that was cut may have been paid for as well.")
        if error is not None and self._paginator.credits:
            if self._order.checkpoint is None:
                note("The same command starts over, and pays again. With --checkpoint FILE it would go on.")
            else:
                note(f"The same command goes on from there, as {self._order.checkpoint} says.")


async def _pages(paginator: Paginator[T], till: _Till) -> AsyncGenerator[Page[T], None]:
    """Yield the pages. An interrupt ends it with the page under way, a second one cuts that."""
    async with aclosing(paginator.pages()) as pages:
        while till.affords_more and not till.interrupted:
            try:
                # An interrupt that came while a page was printed is met here, before the next one is asked for.
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                till.interrupted = True
                return
            page = await _whole_page(asyncio.ensure_future(anext(pages, None)), till)
            if page is None:
                return
            yield page


async def _whole_page(coming: asyncio.Future[Page[T] | None], till: _Till) -> Page[T] | None:
    try:
        return await asyncio.shield(coming)
    except asyncio.CancelledError:
        till.interrupted = True
    try:
        return await coming
    except asyncio.CancelledError:
        till.cut = True
        raise


def _show_rejects(page: Page[Any], out: Output) -> None:
    """Print the rows of a page that did not decode: they are paid for, so a terminal shows them too."""
    if out.json:
        print_rejects(page.rejects, out)
    else:
        for reject in page.rejects:
            note(clean(reject.body.decode("utf-8", "replace")))
