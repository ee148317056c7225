"""Event ids from arguments and from stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import typer

from theirstack_async.cli.messages import note


def read_ids(arguments: list[str]) -> list[int]:
    """Return the ids that are given; the argument ``-`` stands for those on stdin.

    Stdin is read to its end before anything is sent. What writes there is often a listing, and a list from which rows
    vanish while they are retried is no list to page through. It is also read before there is an event loop, which
    would be held up by it.

    Raises:
        typer.BadParameter: something is no id; it says where.
    """
    ids: list[int] = []
    for argument in arguments:
        if argument == "-":
            if sys.stdin.isatty():
                note("Reading ids from the terminal; Ctrl-D ends them.")
            ids += _read_lines(sys.stdin)
        else:
            ids.append(_id(argument, "ids"))
    return ids


def _read_lines(lines: Iterable[str]) -> list[int]:
    """Read ids apart by white space or commas, or JSON objects that have an ``id``, one a line."""
    ids: list[int] = []
    for number, line in enumerate(lines, 1):
        where = f"stdin, line {number}"
        if line.lstrip().startswith("{"):
            ids.append(_id(_field(line, where), where))
        else:
            ids += [_id(word, where) for word in line.replace(",", " ").split()]
    return ids


def _field(line: str, where: str) -> Any:
    try:
        return json.loads(line)["id"]
    except ValueError:
        raise typer.BadParameter(f"{where}: expected a JSON object on one line") from None
    except KeyError:
        raise typer.BadParameter(f'{where}: the JSON object has no "id"') from None


def _id(value: object, where: str) -> int:
    text = str(value)
    if text.isascii() and text.isdecimal():
        return int(text)
    raise typer.BadParameter(f"{where}: expected an event id, a whole number, got {text[:40]!r}")
