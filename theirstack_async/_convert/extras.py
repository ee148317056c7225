"""Keeps the fields that models do not know."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from theirstack_async.models import Model
from theirstack_async.models._base import field_names, keep_extra


def keep_extras(value: object, data: Any) -> None:
    """Give a value that was just decoded, and all models in it, the fields of its plain data that they do not know."""
    if isinstance(value, Model):
        names = field_names(type(value))
        unknown = {name: item for name, item in data.items() if name not in names}
        if unknown:
            keep_extra(value, unknown)
        for name in data.keys() & names:
            keep_extras(getattr(value, name), data[name])
    elif isinstance(value, (tuple, list)):
        for part, item in zip(cast("Iterable[object]", value), data, strict=True):
            keep_extras(part, item)
