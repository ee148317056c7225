"""What the global options say, and how one command is run with them."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import attrs
import typer

from theirstack_async import TheirStackError
from theirstack_async.cli.exits import ExitCode, explain
from theirstack_async.cli.messages import fail, note, reporting

if TYPE_CHECKING:
    from theirstack_async import TheirStack


@attrs.frozen
class Settings:
    """The global options."""

    api_key: str | None = attrs.field(default=None, repr=False)
    base_url: str | None = None
    timeout: float | None = None
    verbose: bool = False
    debug: bool = False

    def client(self, *, keep_unknown_fields: bool) -> TheirStack:
        """Return a client with these settings.

        Raises:
            TheirStackError: a setting cannot be used.
        """
        from theirstack_async import TheirStack, Timeouts

        timeouts = Timeouts() if self.timeout is None else Timeouts(deadline=self.timeout)
        return TheirStack(
            self.api_key, base_url=self.base_url, timeouts=timeouts, keep_unknown_fields=keep_unknown_fields
        )


def call(
    ctx: typer.Context,
    work: Callable[[TheirStack], Awaitable[int]],
    *,
    whole: bool = False,
    on_interrupt: str | None = None,
) -> NoReturn:
    """Run ``work`` on a client of its own, and exit with the code that it returns; an error becomes a code as well.

    ``whole`` keeps fields of answers that the models do not know; ``on_interrupt`` is said at the first Ctrl-C.

    Raises:
        typer.Exit: always.
    """
    settings: Settings = ctx.obj

    async def with_client() -> int:
        async with settings.client(keep_unknown_fields=whole) as client:
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
