"""What the global options say, and how one command is run with them."""

from __future__ import annotations

import sys
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, NoReturn

import attrs
import typer

from theirstack_async import TheirStackError
from theirstack_async.cli.exits import ExitCode, explain
from theirstack_async.cli.messages import fail, note, reporting
from theirstack_async.cli.waits import Waits

if TYPE_CHECKING:
    from theirstack_async import TheirStack


@attrs.frozen
class Settings:
    """The global options."""

    api_key: str | None = attrs.field(default=None, repr=False)
    base_url: str | None = None
    timeout: float | None = None
    quota: str | None = None
    """The file in which the rate windows are kept."""
    verbose: bool = False
    debug: bool = False

    @asynccontextmanager
    async def client(
        self,
        *,
        keep_unknown_fields: bool = False,
        credits: int | None = None,  # noqa: A002
    ) -> AsyncGenerator[TheirStack, None]:
        """Open a client with these settings, which may spend so many credits; None for any number.

        Raises:
            TheirStackError: a setting cannot be used.
        """
        from theirstack_async import CreditBudget, SQLiteQuota, TheirStack, Timeouts

        quota = None if self.quota is None else SQLiteQuota(self.quota)
        try:
            async with TheirStack(
                self.api_key,
                base_url=self.base_url,
                timeouts=Timeouts() if self.timeout is None else Timeouts(deadline=self.timeout),
                budget=None if credits is None else CreditBudget(credits),
                quota=quota,
                hooks=[Waits()] if sys.stderr.isatty() else (),
                keep_unknown_fields=keep_unknown_fields,
            ) as client:
                yield client
        finally:
            if quota is not None:
                await quota.aclose()


def call(
    ctx: typer.Context,
    work: Callable[[TheirStack], Awaitable[int]],
    *,
    whole: bool = False,
    credits: int | None = None,  # noqa: A002
    on_interrupt: str | None = None,
) -> NoReturn:
    """Run ``work`` on a client of its own, and exit with the code that it returns; an error becomes a code as well.

    ``whole`` keeps fields of answers that the models do not know; ``credits`` is the most that may be spent, None for
    any number; ``on_interrupt`` is said at the first Ctrl-C.

    Raises:
        typer.Exit: always.
    """
    settings: Settings = ctx.obj

    async def with_client() -> int:
        async with settings.client(keep_unknown_fields=whole, credits=credits) as client:
            return await work(client)

    run(ctx, with_client, on_interrupt=on_interrupt)


def run(ctx: typer.Context, work: Callable[[], Awaitable[int]], *, on_interrupt: str | None = None) -> NoReturn:
    """Run ``work`` on an event loop of its own, and exit with the code that it returns.

    Raises:
        typer.Exit: always.
    """
    from theirstack_async.cli.interrupts import Interrupts

    interrupts = Interrupts() if on_interrupt is None else Interrupts(lambda: note(on_interrupt))
    with guarding(ctx):
        raise typer.Exit(interrupts.run(work))


@contextmanager
def guarding(ctx: typer.Context) -> Generator[None, None, None]:
    """Show warnings, and end the program with one sentence and its exit code when an error gets here.

    Raises:
        typer.Exit: instead of any other error.
    """
    settings: Settings = ctx.obj
    with reporting(verbose=settings.verbose, debug=settings.debug):
        try:
            yield
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            # Whoever read our output may have gone, as `head` does; typer ends the program quietly.
            raise
        except Exception as error:  # noqa: BLE001  # people get one sentence whatever it is; --debug shows where it broke
            if settings.debug:
                traceback.print_exc()
            if isinstance(error, TheirStackError):
                code, said = explain(error)
            else:
                code, said = ExitCode.FAILED, f"{type(error).__name__}: {error} (not expected; --debug shows where)"
            fail(said)
            raise typer.Exit(code) from None
