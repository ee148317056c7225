"""Lists that cost nothing, printed as they are read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.messages import fail, note
from theirstack_async.cli.output import Column, Output

if TYPE_CHECKING:
    from theirstack_async import DecodeError, EndReason, Estimate, Paginator

T = TypeVar("T")
PAGES_AHEAD: Final = 4
"""Pages of a free list that are read ahead."""
_ROWS_AT_ONCE: Final = 100
"""Rows that are drawn together."""


async def print_rows(paginator: Paginator[T], out: Output, columns: Iterable[Column], *, none: str) -> int:
    """Print the rows of a list that was made with ``rejects="collect"``, and return the exit code.

    ``none`` is said to people when there is no row.
    """
    columns = tuple(columns)
    group: list[T] = []
    printed = 0
    async with paginator.prefetch(PAGES_AHEAD) as rows:
        async for row in rows:
            group.append(row)
            if len(group) == _ROWS_AT_ONCE:
                out.records(group, columns, header=not printed)
                printed += len(group)
                group.clear()
    if group:
        out.records(group, columns, header=not printed)
    elif not printed:
        out.say(none)
    if out.json:
        print_rejects(paginator.rejects, out)
    return tell_of_end(paginator)


async def print_preview(paginator: Paginator[Any], out: Output, columns: Iterable[Column], noun: str) -> int:
    """Print the rows of a free preview, and return the exit code."""
    code = await print_rows(paginator, out, columns, none=f"There is no such {noun}.")
    note("Previews are free; what would identify the company is blurred.")
    return code


def print_rejects(rejects: Sequence[DecodeError], out: Output) -> None:
    """Print rows that did not decode as they came, one a line."""
    for reject in rejects:
        out.line(json.loads(reject.body))


def print_estimate(found: Estimate, out: Output, cost: str) -> int:
    """Print what a search would cost, and return the exit code. ``cost`` is that in words."""
    if out.json:
        out.line(found)
    out.say(cost if found.exact else f"{cost}, as it stands now")
    note("Estimating is free.")
    return ExitCode.OK


def tell_of_end(paginator: Paginator[Any]) -> int:
    """Return the exit code of a list that was read to its end, and say what is missing."""
    rest = f" {paginator.not_fetched:,} rows or more are left." if paginator.not_fetched else ""
    code = tell_of_early_end(paginator.end, rest)
    return _tell_of_rejects(paginator.rejects) if code is None else code


def tell_of_early_end(end: EndReason | None, rest: str = "") -> ExitCode | None:
    """Say why a list ended before its rows did, and return the exit code; None where that is what was asked for."""
    from theirstack_async import EndReason

    match end:
        case EndReason.PLAN_LIMIT:
            fail(f"The account's plan gives no more rows of this search.{rest}")
            return ExitCode.PLAN
        case EndReason.TRUNCATED_BY_CREDITS:
            fail(
                f"The account has no credits left for the rows that remain.{rest} theirstack credits shows the balance."
            )
            return ExitCode.CREDITS
        case EndReason.REPEATED_PAGE:
            fail("The API gives the same page at every offset. What was printed is good.")
            return ExitCode.NETWORK
        case _:
            return None


def print_list(found: Sequence[object], out: Output, columns: Iterable[Column], *, none: str) -> int:
    """Print rows that came in one answer, and return the exit code. ``none`` is said to people when there is no row."""
    if found or out.json:
        out.records(found, columns)
    else:
        out.say(none)
    return ExitCode.OK


def _tell_of_rejects(rejects: Sequence[DecodeError]) -> int:
    """Return the exit code for the rows that did not decode, and say how many there were."""
    if not rejects:
        return ExitCode.OK
    fail(f"Rows that did not decode: {len(rejects):,}. The first: {rejects[0]}")
    return ExitCode.NETWORK
