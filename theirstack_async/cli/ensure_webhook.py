"""``theirstack webhooks ensure``: a webhook as a deployment wants it, however often that is run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, TypeAlias

import typer

from theirstack_async import ArgumentError
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.messages import confirm
from theirstack_async.cli.options import ALL_HISTORY_WORD, EventTypes, Json, Yes, read_start
from theirstack_async.cli.output import Output
from theirstack_async.cli.session import call, guarding

if TYPE_CHECKING:
    from theirstack_async import TheirStack
    from theirstack_async.receiver import EnsuredWebhook

_HISTORY: Final = (
    "If there is no such webhook yet, every past match of the search will be replayed, and billed (1 credit a job, 3 a "
    "company). Go on?"
)

Start: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="WHEN",
        help="Which matches a webhook that is created delivers: those from an instant on (2026-05-01T09:00:00Z), from "
        "now on (now), or all that there ever were (all-history), each of which is billed. One that exists keeps its "
        "own.",
    ),
]
SecretEnv: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The environment variable that holds the signing secret, at least 16 characters."
    ),
]
RotateSecret: TypeAlias = Annotated[
    bool, typer.Option("--rotate-secret", help="Set the secret also where there is one. Carried out each time.")
]


def ensure(
    ctx: typer.Context,
    url: Annotated[str, typer.Option(help="Where events are delivered; http or https.")],
    search_id: Annotated[int, typer.Option(help="The saved search to follow.")],
    start: Start,
    secret_env: SecretEnv = None,
    rotate_secret: RotateSecret = False,
    event_type: EventTypes = None,
    description: Annotated[str | None, typer.Option(help="Free text.")] = None,
    once_per_company: Annotated[
        bool | None, typer.Option("--once-per-company/--every-job", help="One job_new event a company, or each.")
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> NoReturn:
    """Create a webhook on a saved search, or change and enable the one that is there; what fits already stays.

    It is known by its address and its search. Run it where you deploy, once: two runs at the same time may both create
    one, and the later one says so. Enabling delivers, and bills, what matched while the webhook was off.
    """
    if rotate_secret and secret_env is None:
        raise typer.BadParameter("--rotate-secret wants the new one from --secret-env")
    with guarding(ctx):
        since = read_start(start, option="--start")
        secret = None if secret_env is None else _secret_in(secret_env)
    if start == ALL_HISTORY_WORD:
        confirm(_HISTORY, yes=yes)
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        from theirstack_async.receiver import ensure_webhook

        ensured = await ensure_webhook(
            client,
            url=url,
            search_id=search_id,
            start=since,
            secret=secret,
            event_types=event_type or None,
            description=description,
            trigger_once_per_company=once_per_company,
            rotate_secret=rotate_secret,
        )
        _show(out, ensured)
        return ExitCode.OK

    call(ctx, work, whole=out.json)


def _show(out: Output, ensured: EnsuredWebhook) -> None:
    if out.json:
        done = {"changed": ensured.changed, "actions": ensured.actions, "notes": ensured.notes}
        out.line({"id": ensured.webhook.id, **done, "webhook": ensured.webhook})
    else:
        out.record(ensured.webhook)
        out.say(str(ensured))


def _secret_in(name: str) -> str:
    """Return the secret in an environment variable.

    Raises:
        ArgumentError: it is not set, or empty.
    """
    secret = os.environ.get(name, "")
    if not secret:
        raise ArgumentError(
            f"--secret-env: the environment variable {name} is not set, or empty; the signing secret belongs there",
            field="--secret-env",
        )
    return secret
