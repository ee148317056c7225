"""``theirstack ping``: whether the address and the key are good."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

import typer

from theirstack_async.cli.credits import told
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.options import Json
from theirstack_async.cli.output import Output
from theirstack_async.cli.session import Settings, call
from theirstack_async.models._writing import plain

if TYPE_CHECKING:
    from theirstack_async import TheirStack


def ping(ctx: typer.Context, json: Json = False) -> NoReturn:
    """Ask the API for the credits that are left, to see that its address and the key are good. Free."""
    out = Output(json=json)
    settings: Settings = ctx.obj

    async def work(client: TheirStack) -> int:
        from theirstack_async.config import load_base_url

        found = await client.ping()
        address = load_base_url(settings.base_url)
        if out.json:
            out.line({"base_url": address, "balance": {**plain(found), "remaining": found.remaining}})
        else:
            out.record(found, {"address": address, "key": "accepted", **told(found)})
        return ExitCode.OK

    call(ctx, work, whole=out.json)
