"""``theirstack credits``: what is left, and what was spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.listing import print_list
from theirstack_async.cli.messages import note
from theirstack_async.cli.options import Json, examples, read_instant
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import call
from theirstack_async.models._writing import plain

if TYPE_CHECKING:
    from theirstack_async import CreditBalance, RateLimit, RateWindow, TheirStack

app: Final = typer.Typer(rich_markup_mode=None)
_DOUBT: Final = (
    "Left is all there are less those used. By the API's document the used ones may be taken off already; then more is "
    "left."
)
_DAYS: Final = (
    Column("from (UTC)", lambda day: day.period_start, width=19),
    Column("API credits", lambda day: f"{day.api_credits_consumed:,}", width=12, right=True),
    Column("company credits", lambda day: f"{day.ui_credits_consumed:,}", width=15, right=True),
)


@app.callback(invoke_without_command=True, epilog=examples("theirstack credits", "theirstack credits consumption"))
def balance(ctx: typer.Context, json: Json = False) -> None:
    """Show how many credits are left, and what was spent. Free.

    Without a command: the balance. API credits are what searches and webhooks spend, company credits what the app does.
    """
    if ctx.invoked_subcommand is not None:
        return
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        found = await client.billing.credit_balance()
        windows = client.rate_limits
        if out.json:
            limits = {group: plain(limit.windows) for group, limit in windows.items()}
            out.line({**plain(found), "remaining": found.remaining, "rate_limits": limits})
        else:
            out.record(found, {**told(found), **_windows(windows)})
            note(_DOUBT)
        return ExitCode.OK

    call(ctx, work, whole=out.json)


@app.command(epilog=examples("theirstack credits consumption --start 2026-05-01T00:00:00Z"))
def consumption(
    ctx: typer.Context,
    start: Annotated[
        str | None, typer.Option(metavar="INSTANT", help="Such as 2026-05-01T00:00:00Z; 30 days before the end.")
    ] = None,
    end: Annotated[str | None, typer.Option(metavar="INSTANT", help="Now, unless given.")] = None,
    timezone: Annotated[str, typer.Option(help="In which days begin, such as Europe/Madrid.")] = "UTC",
    json: Json = False,
) -> NoReturn:
    """Show what was spent, day by day."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        found = await client.team.credits_consumption(
            start=None if start is None else read_instant("--start", start),
            end=None if end is None else read_instant("--end", end),
            timezone=timezone,
        )
        return print_list(found, out, _DAYS, none="Nothing was spent.")

    call(ctx, work, whole=out.json)


def told(found: CreditBalance) -> dict[str, object]:
    """Return a balance in words."""
    return {
        "API credits left": f"{found.remaining:,} of {found.api_credits:,}",
        "company credits left": f"{found.remaining_ui:,} of {found.ui_credits:,}",
        "first expire (UTC)": found.earliest_expiration,
    }


def _room(window: RateWindow) -> str:
    left, quota = ("?" if number is None else f"{number:,}" for number in (window.remaining, window.quota))
    again = f", again in {window.reset:.0f} s" if window.remaining == 0 and window.reset is not None else ""
    return f"{left} of {quota} requests left{again}"


def _windows(limits: Mapping[str, RateLimit]) -> dict[str, object]:
    """Return in words what the answer told of the rate windows: those of the searches are told by searches."""
    return {f"rate window {window.name}": _room(window) for limit in limits.values() for window in limit.windows}
