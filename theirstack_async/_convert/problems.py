"""What is wrong with an answer, in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from theirstack_async.errors import Problem

_EXCERPT: Final = 60
"""Characters of a wrong value that are shown."""


class RefusedError(ValueError):
    """A document is not what its model says. Never leaves this package: it becomes a reject or a ``DecodeError``."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


class MismatchError(ValueError):
    """One value is not of its type."""

    def __init__(self, expected: str, value: object) -> None:
        super().__init__(f"expected {expected}, got {found(value)}")


def found(value: Any) -> str:
    """Return a short description of a JSON value."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "an array"
    text = json.dumps(value)
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def join(parent: str, child: str) -> str:
    """Return the path of a child that is a name, an index in brackets or a longer path of these."""
    return f"{parent}.{child}" if parent and child and not child.startswith("[") else f"{parent}{child}"


def summary(problems: tuple[Problem, ...]) -> str:
    """Return the first problem, and how many more there are."""
    more = len(problems) - 1
    return f"{problems[0]}" + (f" (and {more} more)" if more else "")
