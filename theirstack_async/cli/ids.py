"""Ids from arguments and from stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import typer

from theirstack_async.cli.messages import can_ask, note

T = TypeVar("T")
Read = Callable[[object, str], T]
"""From an id's text or JSON value, and where it stands, to the id."""


def read_ids(arguments: list[str]) -> list[int]:
    """Return the ids of events that are given; the argument ``-`` stands for those on stdin.

    Raises:
        typer.BadParameter: something is no id; it says where.
    """
    return _read(arguments, _number)


def read_names(arguments: list[str]) -> list[str]:
    """Return the ids of companies that are given, which are texts; the argument ``-`` stands for those on stdin.

    Raises:
        typer.BadParameter: something is no id; it says where.
    """
    return _read(arguments, _text)


def _read(arguments: list[str], read: Read[T]) -> list[T]:
    """Return all ids.

    Stdin is read to its end before anything is sent. What writes there is often a listing, and a list from which rows
    vanish while they are retried is no list to page through. It is also read before there is an event loop, which
    would be held up by it.
    """
    ids: list[T] = []
    for argument in arguments:
        if argument == "-":
            if can_ask():
                note("Reading ids from the terminal; Ctrl-D ends them.")
            ids += _read_lines(sys.stdin, read)
        else:
            ids.append(read(argument, "ids"))
    return ids


def _read_lines(lines: Iterable[str], read: Read[T]) -> list[T]:
    """Read ids apart by white space or commas, or JSON objects that have an ``id``, one a line."""
    ids: list[T] = []
    for number, line in enumerate(lines, 1):
        where = f"stdin, line {number}"
        if line.lstrip().startswith("{"):
            ids.append(read(_field(line, where), where))
        else:
            ids += [read(word, where) for word in line.replace(",", " ").split()]
    return ids


def _field(line: str, where: str) -> Any:
    try:
        return json.loads(line)["id"]
    except ValueError:
        raise typer.BadParameter(f"{where}: expected a JSON object on one line") from None
    except KeyError:
        raise typer.BadParameter(f'{where}: the JSON object has no "id"') from None


def _number(value: object, where: str) -> int:
    text = str(value)
    if text.isascii() and text.isdecimal():
        return int(text)
    raise typer.BadParameter(f"{where}: expected an event id, a whole number, got {text[:40]!r}")


def _text(value: object, where: str) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise typer.BadParameter(f"{where}: expected the id of a company, a text, got {str(value)[:40]!r}")
