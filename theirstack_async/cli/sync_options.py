"""The options of ``theirstack sync``, and the stores that they name."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, TypeAlias

import attrs
import typer

from theirstack_async import ArgumentError, ConfigurationError
from theirstack_async.cli.messages import note
from theirstack_async.cli.options import read_instant

if TYPE_CHECKING:
    from theirstack_async.incremental import IncrementalState, Sink

To: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="URL",
        help="Where the rows go: jobs.jsonl, a folder/ for Parquet, jobs.db for SQLite, jobs.duckdb, or postgresql://...",
    ),
]
State: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="PATH",
        help="Where it is kept how far the sync is: state.db, state.json or postgresql://... A database keeps it "
        "beside the rows, unless given.",
    ),
]
LandingFolder: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--landing",
        metavar="DIR",
        help="Keep each page that is paid for in DIR until its rows are stored; beside the state, unless given.",
    ),
]
NoLanding: TypeAlias = Annotated[
    bool, typer.Option("--no-landing", help="Keep no pages: a crash may have the last one bought again.")
]
MaxItems: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="So many rows at the most. This, --budget or --yes is required, since each costs credits.",
    ),
]
MaxEvents: TypeAlias = Annotated[
    int | None, typer.Option("--max-items", min=1, metavar="N", help="So many events at the most.")
]
Since: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="WHEN", help="Where the first run begins: found at 2026-05-01 (UTC) or 2026-05-01T09:00:00Z or later."
    ),
]
Overlap: TypeAlias = Annotated[
    int,
    typer.Option(
        min=0, max=366 * 86_400, metavar="SECONDS", help="How far to look back for jobs that turn up late, at no cost."
    ),
]
Wait: TypeAlias = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="Wait so long for another run of the same sync to end.")
]
DryRun: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Say what there is to come and what it would cost. Free.")
]


@attrs.frozen
class Stores:
    """Where the rows of a sync go, and where it is kept how far it is."""

    sink: Sink
    state: IncrementalState
    to: str
    """The sink in words."""
    kept: str
    """The state in words."""
    landing: str | None = None
    """A folder for pages that were bought and are not stored yet."""

    async def aclose(self) -> None:
        """Let go of files and connections."""
        try:
            await self.sink.aclose()
        finally:
            await self.state.aclose()


def open_stores(to: str, state: str | None) -> Stores:
    """Return the stores that are named. Nothing is opened yet.

    Raises:
        ArgumentError: one of them is none, or there is no state.
        ConfigurationError: a package that is needed is not installed.
    """
    from theirstack_async.incremental import open_sink

    sink = open_sink(to)
    if state is None or state == to:
        if sink.state is None:
            raise ArgumentError(
                f"--state: {to} cannot keep how far the sync is; say where to keep it, such as --state state.db",
                field="state",
            )
        kept = sink.state
    else:
        kept = open_kept(state)
        if sink.state is not None and _database(sink.state) == _database(kept):
            # Over one connection the rows and their acknowledgement are one transaction.
            kept = sink.state
    return Stores(sink, kept, _in_words(sink.state, to), _in_words(kept, state or to))


def open_kept(text: str) -> IncrementalState:
    """Return the state at an address, also one in a DuckDB file, where only a sync into that file makes one.

    Raises:
        ArgumentError: it is no address of a state.
        ConfigurationError: a package that is needed is not installed.
    """
    from theirstack_async.incremental import open_sink, open_state
    from theirstack_async.incremental._address import read_address

    inside = open_sink(text).state if read_address(text).kind == "duckdb" else None
    return open_state(text) if inside is None else inside


def with_landing(stores: Stores, state: str | None, folder: str | None, *, without: bool) -> Stores:
    """Return the stores with the folder for pages: the one that is given, or else one beside a state that is a file.

    Raises:
        ConfigurationError: a folder was given, and zstd is not there.
        typer.BadParameter: one was given, and refused as well.
    """
    from theirstack_async.incremental._landing import Landing

    if without and folder is not None:
        raise typer.BadParameter("--landing, --no-landing: give one of the two")
    wanted = folder or beside(stores.state, state)
    if without or wanted is None:
        return stores
    try:
        Landing(wanted)
    except ConfigurationError as error:
        if folder is not None:
            raise ConfigurationError(str(error).replace("landing=", "--landing")) from None
        note(
            "No page is kept on disk, because zstd is missing: a crash may have one bought again. Install "
            "theirstack-async[zstd], or say --no-landing."
        )
        return stores
    return attrs.evolve(stores, landing=wanted)


def without_making(ctx: typer.Context, stores: Stores, state: str | None) -> Stores:
    """Return the stores of a dry run: a state that is not there is not made. An empty one stands in for it."""
    from theirstack_async.incremental import JSONState

    file = file_kept(stores.state, state)
    if file is None or file.exists():
        return stores
    folder = ctx.with_resource(TemporaryDirectory())
    return attrs.evolve(stores, state=JSONState(Path(folder, "state.json")))


def beside(state: IncrementalState, text: str | None) -> str | None:
    """Return the name of a folder beside a state; None where that is on a server. ``text`` is its address, if given."""
    file = file_kept(state, text)
    return None if file is None else f"{file}.landing"


def file_kept(state: IncrementalState, text: str | None) -> Path | None:
    """Return the file of a state; None where that is on a server. ``text`` is its address, if given."""
    path: str | None = getattr(getattr(state, "database", None), "path", None)
    if path is not None:
        return Path(path)
    return None if text is None else file_of(text)


def file_of(text: str) -> Path | None:
    """Return the file that the address of a state names; None where it names a server."""
    from theirstack_async.incremental._address import read_address

    path = read_address(text).path
    return None if path is None else Path(path)


def read_since(text: str | None) -> datetime | date | None:
    """Return what ``--since`` says.

    Raises:
        ArgumentError: it is neither a day nor an instant.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return read_instant("--since", text, or_else="a day such as 2026-05-01, or ")


def _database(state: IncrementalState | None) -> str | None:
    """Return which database a state is in, without its password; None where it is in none."""
    from theirstack_async.incremental.state._sql import SQLState

    return state.database.where if isinstance(state, SQLState) else None


def _in_words(state: IncrementalState | None, text: str) -> str:
    """Return how to call what an address names: an address of a server may hold a password."""
    return _database(state) or text if file_of(text) is None else text
