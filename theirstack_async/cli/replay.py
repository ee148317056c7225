"""``theirstack replay``: failed events planned, delivered again, and followed until they arrived."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

import typer

from theirstack_async import ArgumentError
from theirstack_async.cli import replay_options as by
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.interrupts import Interrupts
from theirstack_async.cli.messages import confirm, note
from theirstack_async.cli.options import Json, Yes, examples
from theirstack_async.cli.output import Output
from theirstack_async.cli.replay_provider import Wish, choose, plan_in
from theirstack_async.cli.replay_run import STOPPING, Ending, carry_out, look_again
from theirstack_async.cli.replay_shown import print_nothing, print_report, print_status, rows_to
from theirstack_async.cli.session import guarding
from theirstack_async.cli.session import run as run_in
from theirstack_async.cli.text import counted

if TYPE_CHECKING:
    from theirstack_async.cli.replay_provider import Api
    from theirstack_async.replay import ReplayPlan

app: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Have failed events delivered again: plan, run, and look what arrived. A journal in a file survives whatever "
    "happens. Looking costs no credits; what a resend costs is not documented.",
)


@app.command(
    epilog=examples(
        "theirstack replay plan 7",
        "theirstack replay plan 7 8 --start 2026-05-01T00:00:00Z --save plan.jsonl",
    )
)
def plan(
    ctx: typer.Context,
    webhook_ids: by.Webhooks,
    start: by.Start = None,
    end: by.End = None,
    status: by.Statuses = None,
    auto_retry: by.AutoRetry = None,
    save: Annotated[
        str | None, typer.Option(metavar="FILE", help="Keep the plan in FILE, for replay run, such as plan.jsonl.")
    ] = None,
    provider: by.Provider = None,
    bitgo_environment: by.BitGo = None,
    json: Json = False,
) -> NoReturn:
    """Show which events would be delivered again, how many calls that takes, and how long. Nothing is sent.

    The whole list of each webhook is read.
    """
    out = Output(json=json)
    with guarding(ctx):
        api = choose(Wish(ctx.obj, provider, bitgo_environment))
        made = _planned(api, api.webhook_ids(webhook_ids), by.selection(start, end, status, auto_retry))
        if save is not None:
            made.save(save)
        _show(made, out)
        if save is not None:
            note(f"The plan is in {save}: {api.command(f'run {shlex.quote(save)} --journal replay.db')} sends it.")
        raise typer.Exit(ExitCode.OK)


@app.command(
    epilog=examples(
        "theirstack replay run 7 --journal replay.db",
        "theirstack replay run plan.jsonl --journal replay.db --rate 20 --stop-when 50% --yes",
    )
)
def run(
    ctx: typer.Context,
    targets: by.Targets,
    journal: by.NewJournal,
    start: by.Start = None,
    end: by.End = None,
    status: by.Statuses = None,
    auto_retry: by.AutoRetry = None,
    expect: by.Expect = None,
    tolerance: by.Tolerance = "10%",
    rate: by.Rate = None,
    max_concurrency: by.Concurrency = None,
    batch_size: by.BatchSize = None,
    canary: by.Canary = None,
    stop_when: by.StopAt = None,
    on_unknown: by.Unknown = None,
    grace: by.Grace = None,
    verify: by.Verify = True,
    deadline: by.Deadline = 300.0,
    provider: by.Provider = None,
    bitgo_environment: by.BitGo = None,
    admin: by.Admin = False,
    yes: Yes = False,
    json: Json = False,
) -> NoReturn:
    """Have the events of a plan delivered again, and look whether they arrived.

    For webhooks a plan is made first, shown, and asked about. Of a saved plan, or one that is older than five minutes,
    what was delivered since is left out; a saved one is refused when its number is off by more than --tolerance.
    Ctrl-C lets the requests under way end; replay resume goes on from the journal, whatever ended the run. It ends
    with 0 when everything was delivered, 9 when some of it may yet be, and 7 when nobody knows of some events whether
    the API took them.
    """
    out = Output(json=json)
    with guarding(ctx):
        options = by.pace(rate=rate, max_concurrency=max_concurrency, canary=canary, stop_when=stop_when,
                          on_unknown=on_unknown, grace=grace)  # fmt: skip
        options |= by.given(batch_size=batch_size, tolerance=by.read_share("--tolerance", tolerance))
        _refuse_used(journal)
        wish = Wish(ctx.obj, provider, bitgo_environment, admin)
        api, made, from_file = _plan_of(wish, targets, by.selection(start, end, status, auto_retry))
        out.say(str(made))
        expect = made.to_send if from_file and expect is None else expect
        _agree(made, out, expect, yes=yes)

    async def work() -> int:
        async with api.open() as replay:
            sending = replay.run(made, journal=journal, expect=expect, drain=0.0, **options)
            return await carry_out(replay, sending, Ending(api, journal, out, verify, deadline))

    run_in(ctx, work, on_interrupt=STOPPING)


@app.command(epilog=examples("theirstack replay resume replay.db"))
def resume(
    ctx: typer.Context,
    journal: by.JournalFile,
    rate: by.Rate = None,
    max_concurrency: by.Concurrency = None,
    canary: by.Canary = None,
    stop_when: by.StopAt = None,
    on_unknown: by.Unknown = None,
    grace: by.Grace = None,
    verify: by.Verify = True,
    deadline: by.Deadline = 300.0,
    provider: by.Provider = None,
    bitgo_environment: by.BitGo = None,
    admin: by.Admin = False,
    json: Json = False,
) -> NoReturn:
    """Go on with a replay that was interrupted, stopped, or whose process died. It does not ask.

    What was sent is not sent again, and what was delivered meanwhile, by the API itself or by others, is left out.
    Events that were on their way are looked for first. The options are those that run was given, unless they are given
    here.
    """
    out = Output(json=json)
    with guarding(ctx):
        options = by.pace(rate=rate, max_concurrency=max_concurrency, canary=canary, stop_when=stop_when,
                          on_unknown=on_unknown, grace=grace)  # fmt: skip
    wish = Wish(ctx.obj, provider, bitgo_environment, admin)

    async def work() -> int:
        api = choose(wish, await plan_in(journal))
        async with api.open() as replay:
            sending = replay.resume(journal, drain=0.0, **options)
            return await carry_out(replay, sending, Ending(api, journal, out, verify, deadline))

    run_in(ctx, work, on_interrupt=STOPPING)


@app.command(epilog=examples("theirstack replay status replay.db"))
def status(ctx: typer.Context, journal: by.JournalFile, json: Json = False) -> NoReturn:
    """Show how far a replay is, also while it is under way. It reads the journal only, and needs no key."""
    out = Output(json=json)

    async def work() -> int:
        await print_status(journal, out)
        return ExitCode.OK

    run_in(ctx, work)


@app.command(epilog=examples("theirstack replay verify replay.db --deadline 60"))
def verify(
    ctx: typer.Context,
    journal: by.JournalFile,
    deadline: by.Deadline = 300.0,
    provider: by.Provider = None,
    bitgo_environment: by.BitGo = None,
    json: Json = False,
) -> NoReturn:
    """Look what has arrived of what was sent. Nothing is sent; the exit codes are those of run."""
    out = Output(json=json)
    wish = Wish(ctx.obj, provider, bitgo_environment)

    async def work() -> int:
        api = choose(wish, await plan_in(journal))
        async with api.open() as replay:
            return await look_again(replay, Ending(api, journal, out, verify=True, deadline=deadline))

    run_in(ctx, work)


@app.command(
    epilog=examples(
        "theirstack replay report replay.db",
        "theirstack replay report replay.db --state failed_again,missing --format csv --out failed.csv",
    )
)
def report(
    ctx: typer.Context,
    journal: by.JournalFile,
    format: by.Format = None,  # noqa: A002  # the option's name
    out: by.OutFile = None,
    state: by.States = None,
    json: Json = False,
) -> NoReturn:
    """Show what became of each event, as the journal has it. It needs no key; verify looks anew."""
    output = Output(json=json)
    with guarding(ctx):
        wanted = by.read_states(state)
        written = rows_to(output, format, out, json=json, only_some=wanted is not None)

    async def work() -> int:
        await print_report(journal, output, written, wanted)
        return ExitCode.OK

    run_in(ctx, work)


def _planned(api: Api, ids: list[int] | list[str], asked: dict[str, Any]) -> ReplayPlan:
    """Return a plan, made in an event loop of its own: an interrupt is met there, and a question asked outside of it.

    Raises:
        TheirStackError: the list of a webhook could not be read, or an option was refused.
        typer.Exit: it was interrupted.
    """
    made: list[ReplayPlan] = []

    async def work() -> int:
        async with api.open() as replay:
            made.append(await replay.plan(ids, **asked))
        return ExitCode.OK

    if code := Interrupts().run(work):
        raise typer.Exit(code)
    return made[0]


def _plan_of(wish: Wish, targets: list[str], asked: dict[str, Any]) -> tuple[Api, ReplayPlan, bool]:
    """Return the API, the plan, and whether it came from a file."""
    file = by.plan_file(targets)
    if file is None:
        api = choose(wish)
        return api, _planned(api, api.webhook_ids(targets, "the file of a plan or "), asked), False
    if asked:
        option = "--" + next(iter(asked)).replace("_", "-")
        raise ArgumentError(f"{option}: is for a new plan, and {file} is one that was made", field=option)
    from theirstack_async.replay import ReplayPlan

    loaded = ReplayPlan.load(file)
    return choose(wish, loaded), loaded, True


def _refuse_used(journal: str) -> None:
    if by.is_used(journal):
        raise ArgumentError(
            f"--journal: {journal} holds a replay already; "
            f"theirstack replay resume {shlex.quote(journal)} goes on with it",
            field="journal",
        )


def _show(made: ReplayPlan, out: Output) -> None:
    if out.json:
        out.line({"provider": made.provider, "where": made.where, **made.summary().to_dict()})
    out.say(str(made))


def _agree(made: ReplayPlan, out: Output, expect: int | None, *, yes: bool) -> None:
    """Return when there is something to send, and the user means it; or when a run is to refuse that there is nothing.

    Raises:
        typer.Exit: it is not so.
    """
    if not made.to_send:
        if expect:
            return
        print_nothing(made, out)
        raise typer.Exit(ExitCode.OK)
    webhooks = len({entry.webhook_id for entry in made.entries if entry.excluded is None})
    events = f"{counted(made.to_send, 'event')} of {counted(webhooks, 'webhook')}"
    confirm(f"{events} at {made.where} will be delivered again. Go on?", yes=yes)
