"""The program put together: its commands and its global options."""

from __future__ import annotations

import platform
from typing import Annotated, Final

import typer

from theirstack_async import __version__
from theirstack_async.cli import (
    catalog,
    companies,
    datasets,
    deliveries,
    events,
    jobs,
    lists,
    replay,
    searches,
    state,
    sync,
    webhooks,
)
from theirstack_async.cli import credits as balance
from theirstack_async.cli.demo import demo
from theirstack_async.cli.exits import EXIT_CODES
from theirstack_async.cli.fake_server import fake_server
from theirstack_async.cli.options import examples
from theirstack_async.cli.ping import ping
from theirstack_async.cli.receive import receive
from theirstack_async.cli.session import Settings

_EPILOG: Final = "\n".join(
    [
        "\b",
        "Examples:",
        "  theirstack demo",
        "  theirstack jobs count --title engineer --posted-days 7",
        "  theirstack jobs search --title engineer --posted-days 7 --limit 25",
        "  theirstack companies technologies --domain example.com",
        "  theirstack sync jobs --title engineer --to jobs.db --budget 500",
        "  theirstack credits",
        "  theirstack events list 7 --status FAILED --json | jq .id |",
        "      theirstack events retry -",
        "  theirstack events retry-failed 7 --report run.json",
        "  theirstack replay run 7 --journal replay.db",
        "  theirstack receive --secret-env WEBHOOK_SECRET --out events.jsonl",
        "",
        "\b",
        "Exit codes:",
        *(f"  {code.value:>3}  {meaning}" for code, meaning in EXIT_CODES),
    ]
)

app: Final = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # Plain help keeps command lines whole, so that they can be copied, and reads the same in a pipe.
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EPILOG,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"theirstack {__version__} (Python {platform.python_version()})")
        raise typer.Exit


@app.callback()
def main(
    ctx: typer.Context,
    api_key: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="Better set THEIRSTACK_API_KEY: a key on a command line can be read by everybody on the machine.",
        ),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where the API is; THEIRSTACK_BASE_URL, or else https://api.theirstack.com."),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="For one call with all its attempts and waits; 300 unless given."),
    ] = None,
    quota: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Keep the API's rate windows in FILE, shared by all runs that name it; made if missing.",
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log each decision to stderr.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Log everything, and show where an error arose.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Work with the TheirStack API from the shell: jobs, companies, lists, saved searches, webhooks and their events.

    The key is taken from THEIRSTACK_API_KEY. demo and fake-server need no key and no network. Results go to stdout, as
    tables on a terminal and as JSON lines in a pipe; all else goes to stderr. What costs credits says so first.
    """
    if timeout is not None and not timeout > 0:
        raise typer.BadParameter("expected seconds above 0", param_hint="--timeout")
    ctx.obj = Settings(api_key=api_key, base_url=base_url, timeout=timeout, quota=quota, verbose=verbose, debug=debug)


app.command()(demo)
app.command(epilog=examples("theirstack fake-server --port 8080 --deliver-to http://127.0.0.1:9000/hook"))(fake_server)
app.command(epilog=examples("theirstack ping && theirstack jobs search --posted-days 7 --limit 25"))(ping)
app.add_typer(jobs.app, name="jobs")
app.add_typer(companies.app, name="companies")
app.add_typer(sync.app, name="sync")
app.add_typer(state.app, name="state")
app.add_typer(lists.app, name="lists")
app.add_typer(searches.app, name="searches")
app.add_typer(catalog.app, name="catalog")
app.add_typer(datasets.app, name="datasets")
app.add_typer(balance.app, name="credits")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(events.app, name="events")
app.add_typer(replay.app, name="replay")
app.command(
    epilog=examples(
        "theirstack receive --port 8080 --secret-env WEBHOOK_SECRET --out events.jsonl",
        "theirstack receive --secret-env NEW_SECRET --secret-env OLD_SECRET --out events.jsonl \\",
        "    --reconcile 7 --since 2026-05-01T00:00:00Z",
    )
)(receive)
app.add_typer(deliveries.app, name="deliveries")
