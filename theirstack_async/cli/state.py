"""``theirstack state``: how far each sync is, as its state keeps it."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeAlias

import typer

from theirstack_async import ArgumentError, StateLockedError
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.messages import confirm, note
from theirstack_async.cli.options import Json, Yes, examples
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import guarding, run
from theirstack_async.cli.sync_options import file_kept, open_kept
from theirstack_async.cli.text import counted

if TYPE_CHECKING:
    from theirstack_async.incremental import IncrementalState

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Show, reset and export how far each sync is. Nothing is sent, and no key is needed.",
)

StatePath: TypeAlias = Annotated[
    str,
    typer.Option(
        "--state",
        metavar="PATH",
        help="As sync was given it: state.db, state.json, postgresql://..., or the database that the rows are in.",
    ),
]
Key: TypeAlias = Annotated[
    str | None, typer.Argument(metavar="[KEY]", help="Of one profile, or its first characters; all, unless given.")
]
OneKey: TypeAlias = Annotated[str, typer.Argument(metavar="KEY", help="Of a profile, or its first characters.")]
Document: TypeAlias = Mapping[str, Any]
_SHORT: Final = 12
"""Characters of a key that a table shows."""


def _mark(document: Document) -> datetime | None:
    return None if document.get("mark") is None else datetime.fromisoformat(document["mark"])


def _number(document: Document, name: str) -> str:
    return f"{document.get(name) or 0:,}"


def _shown(document: Document) -> Document:
    """Return what is of use of a profile: not the names of pages that are stored."""
    return {name: value for name, value in document.items() if name != "landed"}


def _asked(document: Document) -> str:
    """Return the filters of a profile in words."""
    return " ".join(
        f"{name}={value if isinstance(value, str) else jsonlib.dumps(value, ensure_ascii=False)}"
        for name, value in dict(document.get("filters") or {}).items()
        if value is not None
    )


_COLUMNS: Final = (
    Column("key", lambda found: found[0][:_SHORT], width=_SHORT),
    Column("kind", lambda found: found[1].get("kind"), width=9),
    Column("mark (UTC)", lambda found: _mark(found[1]), width=19),
    Column("rows", lambda found: _number(found[1], "rows"), width=9, right=True),
    Column("credits", lambda found: _number(found[1], "credits"), width=9, right=True),
    Column("filters", lambda found: _asked(found[1]) or None, least=12),
)


@app.command(epilog=examples("theirstack state show --state state.db"))
def show(ctx: typer.Context, state: StatePath, key: Key = None, json: Json = False) -> NoReturn:
    """Show the profiles of a state: what each asks, up to where its rows are stored, and what they cost.

    A profile is what one sync asks; its key is a digest of that. With a KEY, all of that.
    """
    out = Output(json=json)

    async def work(kept: IncrementalState) -> int:
        found = await kept.profiles()
        if key is not None:
            whole = _named(found, key)
            out.record({"key": whole, **_shown(found[whole])})
        elif out.json:
            for whole, document in found.items():
                out.line({"key": whole, **_shown(document)})
        elif found:
            out.records(found.items(), _COLUMNS)
        else:
            out.say("There is no profile yet.")
        return ExitCode.OK

    _with_state(ctx, state, work)


@app.command(epilog=examples("theirstack state reset --state state.db 3f9c01"))
def reset(ctx: typer.Context, state: StatePath, key: OneKey, yes: Yes = False) -> NoReturn:
    """Forget how far a profile is, so that its next sync begins anew, and buys everything again. Asks first.

    The rows that are stored stay where they are. A JSON lines file has to be moved away before the next sync.
    """

    async def work(kept: IncrementalState) -> int:
        found = await kept.profiles()
        whole = _named(found, key)
        confirm(f"{_loss(whole, found[whole])} Go on?", yes=yes)
        # Not under a run that goes on.
        try:
            await kept.acquire(whole)
        except StateLockedError:
            raise StateLockedError(f"a run of the profile {whole} is under way; reset it when that has ended") from None
        try:
            await kept.forget(whole)
        finally:
            await kept.release(whole)
        note(f"The profile {whole} is reset.")
        return ExitCode.OK

    _with_state(ctx, state, work)


@app.command(epilog=examples("theirstack state export --state state.db > state.jsonl"))
def export(ctx: typer.Context, state: StatePath, key: Key = None) -> NoReturn:
    """Print all that is kept, one JSON object a profile: its document, and the ids of the rows that it remembers.

    ``seen`` has a pair for each id: the id, and the instant of its row in Unix seconds, 0 where rows have none.
    """
    out = Output(json=True)

    async def work(kept: IncrementalState) -> int:
        found = await kept.profiles()
        for whole in found if key is None else [_named(found, key)]:
            saved = await kept.load(whole)
            out.line(
                {"key": whole, "revision": saved.revision, "document": saved.document, "seen": [*saved.seen.items()]}
            )
        return ExitCode.OK

    _with_state(ctx, state, work)


def _with_state(ctx: typer.Context, text: str, work: Callable[[IncrementalState], Awaitable[int]]) -> NoReturn:
    """Do something with a state that is there, and exit with its code."""

    async def with_it(kept: IncrementalState) -> int:
        try:
            return await work(kept)
        finally:
            await kept.aclose()

    with guarding(ctx):
        kept = open_kept(text)
        file = file_kept(kept, text)
        if file is not None and not file.exists():
            raise ArgumentError(f"--state: there is no file {file}", field="state")
    run(ctx, partial(with_it, kept))


def _named(found: Mapping[str, Document], key: str) -> str:
    """Return the whole key of a profile.

    Raises:
        ArgumentError: no profile has it, or several begin with it.
    """
    fitting = [each for each in found if each.startswith(key)]
    if len(fitting) == 1 or key in fitting:
        return key if key in fitting else fitting[0]
    which = f"{len(fitting)} profiles begin with" if fitting else "no profile has"
    raise ArgumentError(f"KEY: {which} {key!r}; theirstack state show --json shows the whole keys", field="key")


def _loss(key: str, document: Document) -> str:
    """Return what is lost with a profile."""
    noun = {"companies": "company", "events": "event"}.get(str(document.get("kind")), "job")
    rows, paid = counted(int(document.get("rows") or 0), noun), int(document.get("credits") or 0)
    again = "come again" if noun == "event" else f"would be bought again; they have cost {counted(paid, 'credit')}"
    asked = f" ({_asked(document)})" if document.get("filters") else ""
    return f"The profile {key[:_SHORT]}{asked} is forgotten: its {rows} {again}."
