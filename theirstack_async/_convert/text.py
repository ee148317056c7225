"""JSON text taken apart by the standard library, which reads texts that the fast decoder refuses.

It reads lone surrogates, which are JSON (RFC 8259, section 8.2), and, because a row may have been paid for, also what
is not: NaN and infinities, raw control characters in strings, and bytes that are not UTF-8, which become lone
surrogates (PEP 383) and so turn back into the same bytes.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from theirstack_async._convert.problems import MismatchError, RefusedError
from theirstack_async.errors import Problem

_DECODER: Final = json.JSONDecoder(strict=False)
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def parse(body: bytes) -> Any:
    """Return the document as plain data.

    Raises:
        RefusedError: it is not JSON, or too deeply nested to be read.
    """
    text = _text(body)
    try:
        value, end = _value(text, _skip(text, 0))
        _end(text, end)
    except ValueError as error:
        raise RefusedError([Problem("", f"not valid JSON: {error}")]) from None
    return value


def split_array(body: bytes) -> list[bytes]:
    """Return the text of each item of an array, exactly as it is written.

    Raises:
        ValueError: it is not an array.
    """
    text = _text(body)
    start = _skip(text, 0)
    if not text.startswith("[", start):
        raise MismatchError("array", parse(body))
    items: list[bytes] = []
    at = _skip(text, start + 1)
    while not (text.startswith("]", at) and not items):
        _, end = _value(text, at)
        items.append(_bytes(text[at:end]))
        at = _skip(text, end)
        if not text.startswith(",", at):
            break
        at = _skip(text, at + 1)
    _end(text, _expect(text, at, "]"))
    return items


def member(body: bytes, name: str) -> bytes:
    """Return the text of a member of an object that is known to have it; of several of one name, the last."""
    text = _text(body)
    last = (0, 0)
    at = _skip(text, _skip(text, 0) + 1)
    while True:
        key, end = _value(text, at)
        at = _skip(text, _expect(text, _skip(text, end), ":"))
        _, end = _value(text, at)
        if key == name:
            last = (at, end)
        at = _skip(text, end)
        if not text.startswith(",", at):
            return _bytes(text[slice(*last)])
        at = _skip(text, at + 1)


def _text(body: bytes) -> str:
    return body.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _value(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _expect(text: str, at: int, sign: str) -> int:
    if text.startswith(sign, at):
        return at + 1
    raise ValueError(f"expected {sign!r} at character {at}")


def _end(text: str, at: int) -> None:
    at = _skip(text, at)
    if at != len(text):
        raise ValueError(f"expected the end at character {at}")
