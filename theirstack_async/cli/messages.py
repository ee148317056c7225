"""What goes to stderr: errors, warnings, notes and the log. Results go to stdout, see :mod:`.output`."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import typer

from theirstack_async.cli.text import clean


def fail(said: str) -> None:
    """Say what went wrong."""
    typer.echo(f"{typer.style('error:', fg='red', bold=True)} {clean(said)}", err=True)


def note(said: str) -> None:
    """Say something that is no result."""
    typer.echo(clean(said), err=True)


def confirmed(question: str, *, yes: bool) -> bool:
    """Return whether the user means it. Where nobody can be asked, only ``yes`` counts.

    Raises:
        typer.Exit: the question was interrupted.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        note(f"{question} Say --yes to mean it; there is no terminal to ask on.")
        return False
    try:
        answer = typer.confirm(question, err=True)
    except typer.Abort:
        typer.echo(err=True)
        raise typer.Exit(130) from None
    if not answer:
        note("Nothing was done.")
    return answer


@contextmanager
def reporting(*, verbose: bool, debug: bool) -> Iterator[None]:
    """Show warnings as one line each; with ``verbose`` also the SDK's log, with ``debug`` everybody's."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = _show_warning
        handler = logging.StreamHandler()
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


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    typer.echo(f"{typer.style('warning:', fg='yellow', bold=True)} {clean(str(message))}.", err=True)
