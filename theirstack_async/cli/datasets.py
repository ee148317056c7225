"""``theirstack datasets``: whole datasets as files, and the credentials to read them."""

from __future__ import annotations

import enum
import json as jsonlib
import shlex
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from theirstack_async._values import MASK
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.listing import print_list
from theirstack_async.cli.messages import note
from theirstack_async.cli.options import Json, examples
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import call

if TYPE_CHECKING:
    from theirstack_async import Dataset, DatasetCredentials, TheirStack

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="See which datasets there are, and get the credentials to read them. Free, if the plan includes them.",
)
_SECRETS: Final = ("secret_access_key", "session_token")


class Format(enum.StrEnum):
    """How ``credentials --format`` prints them, secrets and all."""

    ENV = "env"
    JSON = "json"
    DUCKDB = "duckdb"


def _options(dataset: Dataset) -> str:
    known = (f"{option.frequency or 'once'} {option.format}" for option in dataset.options or ())
    return ", ".join(dict.fromkeys(known)) or "-"


_COLUMNS: Final = (
    Column("dataset", lambda row: row.type, width=20),
    Column("in plan", lambda row: row.is_accessible, width=7),
    Column("files", _options, least=24),
    Column("description", lambda row: row.description, least=30),
)


@app.command("list")
def list_(ctx: typer.Context, json: Json = False) -> NoReturn:
    """List all datasets, and whether the plan includes them. --json has the addresses of their files."""
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        return print_list(await client.datasets.list(), out, _COLUMNS, none="There is no dataset.")

    call(ctx, work, whole=out.json)


@app.command(
    epilog=examples(
        'eval "$(theirstack datasets credentials --format env)"',
        "theirstack datasets credentials --format duckdb | cat - query.sql | duckdb",
    )
)
def credentials(
    ctx: typer.Context,
    format: Annotated[  # noqa: A002  # the option's name
        Format | None,
        typer.Option(
            help="Print the secrets: as exports for a shell (env), as a JSON object (json), or as a CREATE SECRET "
            "statement (duckdb). Without it they are masked."
        ),
    ] = None,
    json: Json = False,
) -> NoReturn:
    """Make new temporary credentials to read the datasets. Those made before stay good until they expire.

    The secrets are masked, unless --format asks for them.
    """
    out = Output(json=json)

    async def work(client: TheirStack) -> int:
        made = await client.datasets.credentials()
        if format is None:
            out.record(made.to_dict() | dict.fromkeys(_SECRETS, MASK))
            note("The secrets are masked; --format env, json or duckdb prints them.")
        else:
            print(_written(made, format))
        return ExitCode.OK

    call(ctx, work)


def _written(made: DatasetCredentials, format_: Format) -> str:
    if format_ is Format.JSON:
        return jsonlib.dumps(made.to_dict())
    if format_ is Format.DUCKDB:
        return made.duckdb_secret()
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in _variables(made).items())


def _variables(made: DatasetCredentials) -> dict[str, str]:
    """Return the variables that the AWS command line and most S3 libraries read
    (https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-envvars.html).
    """
    return {
        "AWS_ACCESS_KEY_ID": made.access_key_id,
        "AWS_SECRET_ACCESS_KEY": made.secret_access_key,
        "AWS_SESSION_TOKEN": made.session_token,
        "AWS_ENDPOINT_URL": made.storage.endpoint_url,
        "THEIRSTACK_BUCKET": made.storage.bucket_name,
    }
