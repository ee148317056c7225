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
        unknown: dict[str, Any] = {}
        for name, item in data.items():
            if name not in names:
                unknown[name] = item
            elif type(item) in (dict, list):
                keep_extras(getattr(value, name), item)
        if unknown:
            keep_extra(value, unknown)
    elif isinstance(value, (tuple, list)):
        for part, item in zip(cast("Iterable[object]", value), data, strict=True):
            keep_extras(part, item)
