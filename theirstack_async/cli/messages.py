"""What goes to stderr: errors, warnings, notes and the log. Results go to stdout, see :mod:`.output`."""

from __future__ import annotations

import logging
import shutil
import sys
import textwrap
import warnings
from collections.abc import Generator
from contextlib import contextmanager

import typer

from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.text import clean, sentence


def fail(said: str) -> None:
    """Say what went wrong."""
    _say("error:", "red", said)


def note(said: str) -> None:
    """Say something that helps people and is no result."""
    # Not typer.echo: a progress bar that is drawn on stderr moves on for what is printed there.
    print(_wrapped(said), file=sys.stderr)


def can_ask() -> bool:
    """Return whether there is somebody to ask."""
    return sys.stdin.isatty()


def confirm(question: str, *, yes: bool) -> None:
    """Return when the user means it. Where nobody can be asked, only ``yes`` counts.

    Raises:
        typer.Exit: the user does not.
    """
    if yes:
        return
    if not can_ask():
        fail(f"{question} There is no terminal to ask on: say --yes to mean it.")
        raise typer.Exit(ExitCode.USAGE)
    try:
        meant = typer.confirm(question, err=True)
    except typer.Abort:
        typer.echo(err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    if not meant:
        note("Nothing was done.")
        raise typer.Exit(ExitCode.FAILED)


def ask_number(question: str, *, or_else: str) -> int:
    """Return a whole number from 1 that the user types; where nobody can be asked, it is a mistake.

    Raises:
        typer.BadParameter: there is no terminal; ``or_else`` says what to do.
        typer.Exit: the user ends it.
    """
    if not can_ask():
        raise typer.BadParameter(or_else)
    try:
        number: int = typer.prompt(question, value_proc=_number, prompt_suffix=" ", err=True)
    except typer.Abort:
        typer.echo(err=True)
        raise typer.Exit(ExitCode.INTERRUPTED) from None
    return number


def _number(text: str) -> int:
    if text.strip().isdecimal() and int(text) > 0:
        return int(text)
    raise typer.BadParameter("expected a whole number from 1")


@contextmanager
def reporting(*, verbose: bool, debug: bool) -> Generator[None, None, None]:
    """Show warnings as one line each; with ``verbose`` also the SDK's log, with ``debug`` everybody's."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        # Only what this program's user did: the deprecations of other libraries are no business of theirs.
        warnings.filterwarnings("always", ".*deprecated by the API", DeprecationWarning)
        warnings.showwarning = _show_warning
        handler = _LogHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logger = logging.getLogger() if debug else logging.getLogger("theirstack_async")
        level, before = logging.DEBUG if verbose or debug else logging.WARNING, logger.level
        logger.addHandler(handler)
        logger.setLevel(level)
        try:
            yield
        finally:
            logger.setLevel(before)
            logger.removeHandler(handler)


class _LogHandler(logging.Handler):
    """Writes to what is stderr at the time: while a display is shown, lines go above it and not into it."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=sys.stderr)
        except Exception:  # noqa: BLE001 - a log must not end a program; logging says how to tell
            self.handleError(record)


def _show_warning(message: Warning | str, *_: object, **__: object) -> None:
    _say("warning:", "yellow", sentence(str(message)))


def _say(label: str, colour: str, said: str) -> None:
    """Write one sentence to stderr: on a terminal wrapped between words, else on one line."""
    text = _wrapped(f"{label} {clean(said)}")
    typer.echo(text.replace(label, typer.style(label, fg=colour, bold=True), 1), err=True)


def _wrapped(text: str) -> str:
    if not sys.stderr.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
