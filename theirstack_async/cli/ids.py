"""Ids from arguments and from stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar

import typer

from theirstack_async.cli.messages import can_ask, note

T = TypeVar("T")
Read = Callable[[object, str], T]
"""From an id's text or JSON value, and where it stands, to the id."""


def read_ids(arguments: list[str], noun: str) -> list[int]:
    """Return the ids that are given, ``noun`` is what an error calls one; the argument ``-`` stands for those on stdin.

    Raises:
        typer.BadParameter: something is no id; it says where.
    """
    return _read(arguments, partial(_number, noun))


def read_names(arguments: list[str]) -> list[str]:
    """Return the ids of companies that are given, which are texts; the argument ``-`` stands for those on stdin.

    Raises:
        typer.BadParameter: something is no id; it says where.
    """
    return _read(arguments, partial(_text, "the id of a company"))


def read_domains(arguments: list[str]) -> list[str]:
    """Return the domains that are given; the argument ``-`` stands for those on stdin.

    Raises:
        typer.BadParameter: something is no text; it says where.
    """
    return _read(arguments, partial(_text, "a domain"), field="domain")


def _read(arguments: list[str], read: Read[T], field: str = "id") -> list[T]:
    """Return all ids. On stdin JSON objects have them in ``field``.

    Stdin is read to its end before anything is sent. What writes there is often a listing, and a list from which rows
    vanish while they are retried is no list to page through. It is also read before there is an event loop, which
    would be held up by it.
    """
    ids: list[T] = []
    for argument in arguments:
        if argument == "-":
            if can_ask():
                note(f"Reading {field}s from the terminal; Ctrl-D ends them.")
            ids += _read_lines(sys.stdin, read, field)
        else:
            ids.append(read(argument, f"{field}s"))
    return ids


def _read_lines(lines: Iterable[str], read: Read[T], field: str) -> list[T]:
    """Read ids apart by white space or commas, or JSON objects that have them in ``field``, one a line."""
    ids: list[T] = []
    for number, line in enumerate(lines, 1):
        where = f"stdin, line {number}"
        if line.lstrip().startswith("{"):
            ids.append(read(_value(line, field, where), where))
        else:
            ids += [read(word, where) for word in line.replace(",", " ").split()]
    return ids


def _value(line: str, field: str, where: str) -> Any:
    try:
        return json.loads(line)[field]
    except ValueError:
        raise typer.BadParameter(f"{where}: expected a JSON object on one line") from None
    except KeyError:
        raise typer.BadParameter(f'{where}: the JSON object has no "{field}"') from None


def _number(noun: str, value: object, where: str) -> int:
    text = str(value)
    if text.isascii() and text.isdecimal():
        return int(text)
    raise typer.BadParameter(f"{where}: expected {noun}, a whole number, got {text[:40]!r}")


def _text(what: str, value: object, where: str) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise typer.BadParameter(f"{where}: expected {what}, a text, got {str(value)[:40]!r}")
