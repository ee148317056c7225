"""Values as text for people, and as plain JSON data for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, cast

import attrs

from theirstack_async import Model, UnknownPayload


def clean(text: str) -> str:
    """Return text without control characters: what a server sends must not steer the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def sentence(text: str) -> str:
    """Return text with a full stop, unless it ends as a sentence does or is empty."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) or not text else f"{text}."


def shown(value: Any) -> str:
    """Return a value as a person reads it."""
    if value is None or value == ():
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, tuple | list):
        return ", ".join(shown(each) for each in cast("tuple[Any, ...]", value))
    return clean(str(value))


def plain(value: Any) -> Any:
    """Return a model as plain JSON data under the names of the wire, unknown fields included. Instants end in Z."""
    if isinstance(value, Model):
        names: Iterable[str] = attrs.fields_dict(cast("type[Any]", type(value)))
        return {**{name: plain(getattr(value, name)) for name in names}, **value.extra}
    if isinstance(value, UnknownPayload):
        return json.loads(value.raw)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in cast("Mapping[str, Any]", value).items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in cast("tuple[Any, ...]", value)]
    return value
