"""The fast path: msgspec decodes straight into the models, without coercion, and refuses what does not fit."""

from __future__ import annotations

from types import GenericAlias
from typing import Any, Final, Generic, TypeVar

import msgspec

from theirstack_async._convert.problems import RefusedError
from theirstack_async._convert.text import split_array

T = TypeVar("T")

_FAILURES: Final = (msgspec.MsgspecError, ValueError, RecursionError)  # text that is not UTF-8 is a ValueError
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def attempt(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """Decode, or raise :class:`RefusedError` without problems: to find these is the reference's business."""
    try:
        return decoder.decode(body)
    except _FAILURES:
        raise RefusedError(()) from None


class Codec(Generic[T]):
    """The decoders of one type. Both methods raise :class:`RefusedError`."""

    def __init__(self, type_: type[T]) -> None:
        rows: Any = GenericAlias(list, (type_,))
        self._one = msgspec.json.Decoder(type_)
        self._many: msgspec.json.Decoder[list[T]] = msgspec.json.Decoder(rows)

    def one(self, body: bytes) -> T:
        """Decode a document."""
        return attempt(self._one, body)

    def many(self, body: bytes) -> list[T]:
        """Decode an array of them."""
        return attempt(self._many, body)


def split(body: bytes) -> list[bytes]:
    """Return the text of each item of an array, exactly as it is written.

    Raises:
        ValueError: it is not an array.
    """
    try:
        return [bytes(item) for item in attempt(_ITEMS, body)]
    except RefusedError:
        return split_array(body)
