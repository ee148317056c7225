"""Values as text for people."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from itertools import islice
from typing import Any, Final, cast

_SHOWN: Final = 20
"""Values that a line for people names."""


def clean(text: str) -> str:
    """Return text without control characters: what a server sends must not steer the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def sentence(text: str) -> str:
    """Return text with a full stop, unless it ends as a sentence does or is empty."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) or not text else f"{text}."


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 job`` or ``1,200 companies``."""
    return f"{number:,} {noun if number == 1 else several(noun)}"


def several(noun: str) -> str:
    """Return the plural of a noun."""
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def some(values: Collection[object]) -> str:
    """Return the first of some values, and how many more there are."""
    first = ", ".join(clean(str(value)) for value in islice(values, _SHOWN))
    return f"{first} and {len(values) - _SHOWN:,} more" if len(values) > _SHOWN else first


def shown(value: Any) -> str:
    """Return a value as a person reads it."""
    if value is None or value in ((), []):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, dict):
        return clean(json.dumps(value, ensure_ascii=False))
    if isinstance(value, tuple | list):
        return ", ".join(shown(each) for each in cast("tuple[Any, ...]", value))
    return clean(str(value))
