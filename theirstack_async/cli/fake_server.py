"""``theirstack fake-server``: the fake TheirStack as a program, to point any client at."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.messages import fail
from theirstack_async.cli.options import Json
from theirstack_async.cli.output import Output
from theirstack_async.cli.session import run

if TYPE_CHECKING:
    from theirstack_async.testing import FakeTheirStack

_SECRET: Final = "fake-theirstack-secret"  # noqa: S105  # for receivers under test
_NOWHERE: Final = "http://127.0.0.1:9/hook"
_NAMED: Final = 3
"""Webhooks that are named one by one."""


def fake_server(
    ctx: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0 takes a free one.")] = 0,
    webhooks: Annotated[int, typer.Option(min=0, max=10_000, help="Webhooks to begin with.")] = 1,
    events: Annotated[int, typer.Option(min=0, max=10_000_000, help="FAILED events of each.")] = 1000,
    credits: Annotated[  # noqa: A002  # the option's name
        int | None, typer.Option(min=0, help="Credits of the account; without end, unless given.")
    ] = None,
    free_plan: Annotated[
        bool, typer.Option("--free-plan", help="Hand out 25 rows a page and 5 pages of a search, and no datasets.")
    ] = False,
    deliver_to: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Where retried events are really delivered, signed; a receiver on this machine. "
            "Unless given, each delivery counts as answered 200.",
        ),
    ] = None,
    json: Json = False,
) -> NoReturn:
    """Serve a fake TheirStack on this machine until Ctrl-C: no key, no network, no credits.

    It has the whole API, with state, validation and rate headers, over 10,000 made-up jobs at 1,000 companies.
    """
    out = Output(json=json)

    async def work() -> int:
        from theirstack_async.testing import FakeTheirStack, VirtualClock

        # The clock starts now, so that `events counts` finds the events, and then stands still.
        fake = FakeTheirStack(
            port=port, clock=VirtualClock(time.time()), keep_requests=False, deliver=deliver_to is not None,
            credits=credits, plan="free" if free_plan else "paid",
        )  # fmt: skip
        return await _serve(fake, out, [deliver_to or _NOWHERE] * webhooks, events)

    run(ctx, work)


async def _serve(fake: FakeTheirStack, out: Output, urls: list[str], events: int) -> int:
    try:
        async with fake:
            ids = [fake.seed_webhook(url, secret=_SECRET) for url in urls]
            for webhook in ids:
                fake.seed_events(webhook, events)
            _announce(out, fake, ids, events)
            await fake.serve_forever()
    except asyncio.CancelledError:
        out.say("\nStopped.")
    except (OSError, ValueError) as error:
        fail(f"Cannot serve: {error}.")
        return ExitCode.USAGE
    return ExitCode.OK


def _announce(out: Output, fake: FakeTheirStack, webhooks: list[int], events: int) -> None:
    if out.json:
        out.line({"base_url": fake.base_url, "api_key": fake.api_key, "secret": _SECRET, "webhook_ids": webhooks})
        out.flush()
        return
    out.say(f"A fake TheirStack serves on {fake.base_url} until Ctrl-C.")
    for webhook in webhooks[:_NAMED]:
        out.say(f"Webhook {webhook} has {events:,} FAILED events; deliveries are signed with {_SECRET}.")
    if len(webhooks) > _NAMED:
        out.say(f"{len(webhooks) - _NAMED:,} more webhooks have as many.")
    out.say("\nIn another shell:\n")
    lines = [f"export THEIRSTACK_BASE_URL={fake.base_url}", f"export THEIRSTACK_API_KEY={fake.api_key}"]
    lines.append("theirstack jobs search --title engineer --posted-days 30 --limit 5")
    lines.append("theirstack webhooks list")
    for webhook in webhooks[:1]:
        lines.append(f"theirstack events list {webhook} --status FAILED --limit 5")
        lines.append(f"theirstack events retry-failed {webhook}")
    for line in lines:
        out.say(f"  {line}", whole=True)
