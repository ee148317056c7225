"""The pages of searches: rows, and what is told beside them."""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar, cast

import msgspec

from theirstack_async._convert.fast import attempt
from theirstack_async._convert.problems import MismatchError, RefusedError
from theirstack_async._convert.text import member, parse

T = TypeVar("T")

_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NULL: Final = msgspec.Raw(b"null")


class Envelope(msgspec.Struct, Generic[T]):
    """A page of a search: its rows, and what is told beside them, which must not cost a row and is decoded apart."""

    data: list[T]
    metadata: msgspec.Raw = _NULL


class PageCodec(Generic[T]):
    """The decoder of pages of one type of row."""

    def __init__(self, row_type: type[T]) -> None:
        # Not a types.GenericAlias, on which msgspec 0.19 cannot note what it found out.
        envelope = cast("Any", Envelope)[row_type]
        self._page: msgspec.json.Decoder[Envelope[T]] = msgspec.json.Decoder(envelope)

    def page(self, body: bytes) -> tuple[list[T], bytes]:
        """Decode a page, and return its rows and the text of its metadata; raises :class:`RefusedError`."""
        page = attempt(self._page, body)
        return page.data, bytes(page.metadata)


def members(body: bytes) -> dict[str, bytes]:
    """Return the text of each member of an object, exactly as it is written.

    Raises:
        ValueError: it is not an object.
    """
    try:
        return {name: bytes(value) for name, value in attempt(_MEMBERS, body).items()}
    except RefusedError:
        found = parse(body)
        if not isinstance(found, dict):
            raise MismatchError("object", found) from None
        return {name: member(body, name) for name in cast("dict[str, Any]", found)}
