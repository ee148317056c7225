"""``theirstack deliveries``: what the store of a receiver holds, and what is to be handled again."""

from __future__ import annotations

import json as jsonlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, TypeAlias

import attrs
import typer

from theirstack_async import ArgumentError
from theirstack_async._clock import SystemClock
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.ids import read_ids
from theirstack_async.cli.messages import fail, note
from theirstack_async.cli.options import Json, RowLimit, examples
from theirstack_async.cli.output import Column, Output
from theirstack_async.cli.session import guarding, run
from theirstack_async.cli.text import counted, some

if TYPE_CHECKING:
    from theirstack_async.receiver import DeliveryState, DeliveryStore, StoredDelivery

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Show what a receiver has stored, and have it handled again. Nothing is sent, and no key is needed.",
)


class Standing(StrEnum):
    """Where an event stands in a store."""

    PENDING = "pending"
    DONE = "done"
    UNHANDLED = "unhandled"
    DEAD = "dead"


StorePath: TypeAlias = Annotated[
    str, typer.Option("--store", metavar="FILE", help="As the receiver was given it, such as events.jsonl.store.db.")
]
_PAGE: Final = 100
"""Events that are read from the store at once."""
_LEFT: Final = {
    "pending": "to be handled already",
    "done": "done, and their bodies no longer kept",
    None: "not in the store",
}
"""What is said of events that cannot be handled again, by their state."""


@attrs.frozen
class _Row:
    """An event as it is shown."""

    id: int
    state: str
    type: str | None
    """None where the body is no longer kept."""
    attempts: int
    """How often it failed."""
    received_at: datetime
    age: int
    """Seconds since it came."""
    due: datetime | None
    """From when on it may be handled; None unless it is pending."""
    error: str | None
    """How it failed last."""


def _shown_age(seconds: int) -> str:
    """Return an age in few characters, so that errors have room on a narrow terminal."""
    age = timedelta(seconds=seconds)
    return f"{age.days:,} d" if age.days else str(age)


_COLUMNS: Final = (
    Column("id", lambda row: row.id, width=12, right=True),
    Column("state", lambda row: row.state, width=9),
    Column("type", lambda row: row.type, width=11),
    Column("failed", lambda row: row.attempts, width=6, right=True),
    Column("age", lambda row: _shown_age(row.age), width=8, right=True),
    Column("error", lambda row: row.error, least=12),
)


@app.command(
    "list",
    epilog=examples(
        "theirstack deliveries list --store events.jsonl.store.db",
        "theirstack deliveries list --store events.jsonl.store.db --state dead",
    ),
)
def list_(
    ctx: typer.Context,
    store: StorePath,
    state: Annotated[
        Standing | None, typer.Option(help="Events of this state only; all that are not done, unless given.")
    ] = None,
    limit: RowLimit = None,
    json: Json = False,
) -> NoReturn:
    """List what a receiver has stored, also while it runs: each event with its age, and how it failed last.

    pending: being handled, or to be handled. dead: given up, since it failed too often. unhandled: of a type that
    nothing handles. done: handled; its body is no longer kept.
    """
    out = Output(json=json)

    async def work(kept: DeliveryStore) -> int:
        counts = await kept.counts()
        note(f"{', '.join(f'{count:,} {each.value}' for each, count in counts.items())}.")
        left, header, now = limit, True, SystemClock().now()
        for each in counts:
            if each.value != (state or each.value) or (state is None and each.value == Standing.DONE):
                continue
            async with aclosing(_pages(kept, each, left)) as pages:
                async for page in pages:
                    out.records([_row(stored, now) for stored in page], _COLUMNS, header=header)
                    left, header = left if left is None else left - len(page), False
        return ExitCode.OK

    _with_store(ctx, store, work)


@app.command(
    epilog=examples(
        "theirstack deliveries retry --store events.jsonl.store.db --all",
        "theirstack deliveries list --store deliveries.db --state dead --json |",
        "    theirstack deliveries retry --store deliveries.db -",
    )
)
def retry(
    ctx: typer.Context,
    store: StorePath,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Of events, as list shows them; - reads stdin.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that are dead or unhandled.")] = False,
    json: Json = False,
) -> NoReturn:
    """Have dead and unhandled events handled again, as if they had just come.

    A receiver that runs takes them up within ten seconds, another one when it is started.
    """
    out = Output(json=json)
    with guarding(ctx):
        if every == bool(ids):
            raise ArgumentError("ID: name events, or give --all; one of the two", field="ids")
    wanted = [*dict.fromkeys(read_ids(ids or [], "the id of an event"))]

    async def work(kept: DeliveryStore) -> int:
        now = SystemClock().now()
        if every:
            return _tell(out, await _revive_all(kept, now), {})
        states = await kept.known(wanted)
        revived = await kept.revive(wanted, now=now)
        return _tell(out, revived, {each: _LEFT[found] for each in wanted if (found := states.get(each)) in _LEFT})

    _with_store(ctx, store, work)


def _with_store(ctx: typer.Context, path: str, work: Callable[[DeliveryStore], Awaitable[int]]) -> NoReturn:
    """Do something with a store that is there, and exit with its code."""

    async def with_it() -> int:
        from theirstack_async.receiver import SQLiteDeliveries

        kept = SQLiteDeliveries(path)
        try:
            return await work(kept)
        finally:
            await kept.aclose()

    with guarding(ctx):
        if not Path(path).is_file():
            raise ArgumentError(f"--store: there is no file {path}", field="store")
    run(ctx, with_it)


async def _pages(
    kept: DeliveryStore, state: DeliveryState, limit: int | None = None
) -> AsyncGenerator[list[StoredDelivery], None]:
    """Yield the events of a state, up to so many."""
    after: int | None = None
    while size := min(_PAGE, _PAGE if limit is None else limit):
        page = [*await kept.list(state, limit=size, after=after)]
        if not page:
            return
        yield page
        after, limit = page[-1].id, limit if limit is None else limit - len(page)


async def _revive_all(kept: DeliveryStore, now: float) -> int:
    from theirstack_async.receiver import DeliveryState

    revived = 0
    for state in (DeliveryState.DEAD, DeliveryState.UNHANDLED):
        async with aclosing(_pages(kept, state)) as pages:
            async for page in pages:
                revived += await kept.revive([stored.id for stored in page], now=now)
    return revived


def _tell(out: Output, revived: int, left: Mapping[int, str]) -> int:
    """Print what became of events, and return the exit code."""
    if out.json:
        out.line({"revived": revived, "left": left})
    out.say(f"{counted(revived, 'event')} to be handled again.")
    if not left:
        return ExitCode.OK
    whys = {why: [each for each, its in left.items() if its == why] for why in left.values()}
    fail(f"Left as they are: {'; '.join(f'{why}: {some(ids)}' for why, ids in whys.items())}.")
    return ExitCode.FAILED


def _row(stored: StoredDelivery, now: float) -> _Row:
    pending = stored.state.value == Standing.PENDING
    return _Row(
        id=stored.id,
        state=stored.state.value,
        type=_type(stored.body),
        attempts=stored.attempts,
        received_at=datetime.fromtimestamp(stored.received_at, UTC),
        age=round(now - stored.received_at),
        due=datetime.fromtimestamp(stored.due, UTC) if pending else None,
        error=stored.error,
    )


def _type(body: bytes) -> str | None:
    try:
        found: Any = jsonlib.loads(body)["type"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return str(found)
