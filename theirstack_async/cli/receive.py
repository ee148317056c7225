"""``theirstack receive``: a receiver of webhooks that adds each delivery to a file, once."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeAlias

import typer

from theirstack_async import ArgumentError
from theirstack_async.cli.messages import note
from theirstack_async.cli.options import Json, read_instant
from theirstack_async.cli.output import Output
from theirstack_async.cli.receive_run import ATTEMPTS, LEASE, STOPPING, Reception, Wanted
from theirstack_async.cli.session import Settings, guarding, run

if TYPE_CHECKING:
    from theirstack_async.receiver import Receiver

_PATH: Final = re.compile(r"/[A-Za-z0-9._~/-]*")
_SHORTEST: Final = 16
"""Characters: the API takes no webhook's secret with fewer."""


class SameBy(StrEnum):
    """What makes two deliveries the same."""

    EVENT = "event"
    RECORD = "record"


SecretEnv: TypeAlias = Annotated[
    list[str],
    typer.Option(
        metavar="NAME",
        help="The environment variable that holds the webhook's secret; may be repeated, while one secret is replaced "
        "by another.",
    ),
]
Out: TypeAlias = Annotated[
    str, typer.Option(metavar="FILE", help="Each delivery is added to it, as it came, as one line of JSON.")
]
Port: TypeAlias = Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")]
Host: TypeAlias = Annotated[str, typer.Option(help="The address to listen on; 0.0.0.0 for all of this machine's.")]
UrlPath: TypeAlias = Annotated[
    str, typer.Option("--path", help="The path of the webhook's URL; all others are answered 404.")
]
StoreFile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="FILE", help="Where deliveries are kept until they are written; <out>.store.db, unless given."
    ),
]
Queue: TypeAlias = Annotated[
    int, typer.Option(min=1, metavar="N", help="Deliveries in hand at once; beyond it, they are answered 503.")
]
Writers: TypeAlias = Annotated[
    int, typer.Option("--max-concurrency", min=1, metavar="N", help="Deliveries written at once.")
]
Within: TypeAlias = Annotated[float, typer.Option(metavar="SECONDS", help="Within which a delivery is answered.")]
Dedupe: TypeAlias = Annotated[
    SameBy, typer.Option(help="What is written once: each event, or each record that events are about.")
]
Reconcile: TypeAlias = Annotated[
    list[int] | None,
    typer.Option(
        metavar="WEBHOOK_ID",
        help="Get what never arrived from this webhook's event list, with --since; may be repeated. Needs the key.",
    ),
]
Since: TypeAlias = Annotated[
    str | None, typer.Option(metavar="WHEN", help="Of --reconcile: events of 2026-05-01T09:00:00Z or later.")
]


def receive(
    ctx: typer.Context,
    secret_env: SecretEnv,
    out: Out,
    port: Port = 8080,
    host: Host = "127.0.0.1",
    path: UrlPath = "/",
    store: StoreFile = None,
    queue: Queue = 100,
    max_concurrency: Writers = 10,
    budget: Within = 5.0,
    dedupe: Dedupe = SameBy.EVENT,
    reconcile: Reconcile = None,
    since: Since = None,
    json: Json = False,
) -> NoReturn:
    """Receive deliveries until Ctrl-C or SIGTERM, and add each to a file, once. No key is needed.

    A delivery is answered 202 when it is stored; what is not signed with the secret gets 403. Deliveries that were
    stored when the program ended, however it did, are written by the next run with the same files. Put a proxy with
    TLS before it: it speaks HTTP.
    """
    output = Output(json=json)
    with guarding(ctx):
        if not _PATH.fullmatch(path):
            raise ArgumentError(f"--path: expected a path such as /theirstack, got {path!r}", field="path")
        secrets = _secrets(secret_env)
        kept = store or f"{out}.store.db"
        if os.path.realpath(kept) == os.path.realpath(out):
            raise ArgumentError(f"--store: {kept} is the file of --out; they have to be two", field="store")
        wanted = _wanted(ctx.obj, reconcile, since)

    async def work() -> int:
        from theirstack_async.receiver import Receiver, SQLiteDeliveries

        receiver = Receiver(
            secrets, SQLiteDeliveries(kept), queue=queue, max_concurrency=max_concurrency, budget=budget,
            max_attempts=ATTEMPTS, lease=LEASE, dedupe=dedupe.value,
        )  # fmt: skip
        reception = Reception(receiver, out, kept, output)
        async with reception, _serving(receiver, host, port, path, budget, reception.astray) as url:
            await reception.serve(url, wanted)
        return reception.code

    run(ctx, work, on_interrupt=STOPPING)


def _secrets(names: list[str]) -> list[str]:
    """Return the secrets in environment variables.

    Raises:
        ArgumentError: one is not set, or blank.
    """
    for name in names:
        if not os.environ.get(name, "").strip():
            how = "is empty" if name in os.environ else "is not set"
            raise ArgumentError(
                f"--secret-env: the environment variable {name} {how}; it has to hold the webhook's secret, without "
                "which anybody could send deliveries",
                field="secret_env",
            )
        _doubt(name, os.environ[name])
    return [os.environ[name] for name in names]


def _doubt(name: str, secret: str) -> None:
    """Say what makes it likely that a secret is not the webhook's, so that every delivery would be refused."""
    if secret != secret.strip():
        note(f"{name} begins or ends with white space or a line break, which counts as a part of the secret.")
    elif len(secret) < _SHORTEST:
        note(f"{name} is shorter than {_SHORTEST} characters, and the API takes no such secret: is it the webhook's?")


def _wanted(settings: Settings, webhook_ids: list[int] | None, since: str | None) -> Wanted | None:
    """Return what is to be looked for in event lists.

    Raises:
        ArgumentError: one of the two options was given without the other, or it is no instant.
    """
    if webhook_ids and since is not None:
        return Wanted(settings, tuple(webhook_ids), read_instant("--since", since))
    if webhook_ids:
        raise ArgumentError("--reconcile: say with --since WHEN how far to look back", field="reconcile")
    if since is not None:
        raise ArgumentError("--since: is for --reconcile WEBHOOK_ID, which is missing", field="since")
    return None


@asynccontextmanager
async def _serving(
    receiver: Receiver, host: str, port: int, path: str, patience: float, astray: Callable[[], None]
) -> AsyncGenerator[str, None]:
    """Serve a receiver, and yield its URL. In the end no more connections are taken, and what is in hand is drained.

    ``astray`` is called for each request to another path.

    Raises:
        ArgumentError: the port cannot be had.
        DeliveryStoreError: the store failed.
    """
    from aiohttp import web

    from theirstack_async.receiver import AiohttpReceiver

    async def elsewhere(_: web.Request) -> web.Response:
        astray()
        # The API keeps it in the event list, where whoever gave it a wrong URL reads it.
        return web.Response(status=404, text=f"deliveries are taken at {path} only")

    adapter = AiohttpReceiver(receiver)
    app = web.Application()
    app.cleanup_ctx.append(adapter.lifespan)
    app.router.add_route("*", path, adapter.handle)
    app.router.add_route("*", "/{other:.*}", elsewhere)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=patience)
    try:
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ArgumentError(
                f"--port: cannot listen on {host}, port {port}: {_why(error)}; give another one, or another --host",
                field="port",
            ) from None
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{runner.addresses[0][1]}{path}"
    finally:
        await runner.cleanup()


def _why(error: OSError) -> str:
    """Return why an address cannot be had. What asyncio says of it names the address once more, or nothing at all."""
    if error.errno is None or isinstance(error, socket.gaierror):
        return error.strerror or str(error)
    return os.strerror(error.errno)
