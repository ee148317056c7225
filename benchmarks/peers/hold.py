"""Holds many events at once, made of pages that lie in a file, and tells what they take: one way a process."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.worker import resident

Decode = Callable[[bytes], Any]
KEPT: Final[list[Any]] = []
"""What is held; a program that ends its function would let go of it before it was measured."""


def run(way: str, file: str, **settings: bool) -> dict[str, Any]:
    """Decode each line of a file, which is a page, keep the rows, and return how many there are and their memory in MB.

    The first page is decoded once before, and dropped, so that what is imported and built for it does not count.
    """
    decode = decoder(way, settings)
    with Path(file).open("rb") as pages:
        assert decode(pages.readline())
        pages.seek(0)
        gc.collect()
        before = resident()
        for page in pages:
            KEPT.append(decode(page))
    del page
    gc.collect()
    return {"events": sum(map(len, KEPT)), "held_mb": resident() - before}


def decoder(way: str, settings: dict[str, bool]) -> Decode:
    """Return what makes rows of a page: ours, ours with lazy payloads, or a function by its module."""
    if way not in ("typed", "lazy"):
        module, _, name = way.partition(":")
        function: Decode = getattr(importlib.import_module(module), name)
        return function
    from theirstack_async._convert import Converter
    from theirstack_async._convert.lazy import read_lazily
    from theirstack_async.models import WebhookEvent

    converter = Converter(**settings)
    if way == "lazy":
        return lambda page: read_lazily(page, converter).rows
    return lambda page: converter.decode_rows(page, WebhookEvent).rows
