"""Values as text for people, and as plain JSON data for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import attrs

from theirstack_async import Model, UnknownPayload


def clean(text: str) -> str:
    """Return text without control characters: what a server sends must not steer the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def shown(value: Any) -> str:
    """Return a value as a person reads it."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case tuple() | list():
            return ", ".join(shown(each) for each in value) or "-"
        case _:
            return clean(str(value))


def plain(value: Any) -> Any:
    """Return a model as plain JSON data under the names of the wire, unknown fields included. Instants end in Z."""
    match value:
        case Model():
            return {**{name: plain(getattr(value, name)) for name in attrs.fields_dict(type(value))}, **value.extra}
        case UnknownPayload():
            return json.loads(value.raw)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Mapping():
            return {str(name): plain(each) for name, each in value.items()}
        case tuple() | list():
            return [plain(each) for each in value]
        case _:
            return value
