"""The converter: the fast path first, and the reference for what it refuses."""

from __future__ import annotations

import json
from collections.abc import Container
from contextlib import suppress
from functools import cache, cached_property
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_args, get_origin

import attrs

from theirstack_async._convert.problems import RefusedError, join, summary
from theirstack_async._convert.rows import Reject, Rows
from theirstack_async._convert.text import parse
from theirstack_async.errors import DecodeError, Problem

if TYPE_CHECKING:
    from theirstack_async._convert.events import EventCodec
    from theirstack_async._convert.fast import Codec
    from theirstack_async._convert.pages import PageCodec
    from theirstack_async._convert.reference import Reference
    from theirstack_async._convert.sharing import TextPool
    from theirstack_async.models import EventPayload, SearchMetadata

T = TypeVar("T")


class Converter:
    """Turns JSON into models, and models into JSON.

    Cheap to make: each decoder is built at the first use of its type, and msgspec and cattrs are imported at the
    first use of either. No type is coerced: ``"1"`` is no int, ``1`` is no bool, ``null`` is no text.
    """

    def __init__(self, *, keep_unknown_fields: bool = False, share_strings: bool = False) -> None:
        """Args:
        keep_unknown_fields: keep the fields that a model does not know in its ``extra``. Decoding then takes
            about four times as long.
        share_strings: make equal short texts, and equal tuples of them, one object each; see :mod:`.sharing`.
        """
        self._keep: Final = keep_unknown_fields
        self._share: Final = share_strings
        self._codecs: Final[dict[Any, Codec[Any] | EventCodec]] = {}
        self._pages: Final[dict[Any, PageCodec[Any]]] = {}

    def decode(self, body: bytes, type_: type[T]) -> T:
        """Decode a whole answer: a model, a list of models, a plain type such as ``int`` or ``dict[str, Any]``.

        Raises:
            DecodeError: it is not what the type says. ``problems`` has paths into the answer, ``body`` the answer.
        """
        if type_ is NoneType and not body.strip():
            return cast("T", None)
        if get_origin(type_) is list:
            return cast("T", self._decode_list(body, get_args(type_)[0]))
        try:
            return self._decode_one(body, type_)
        except RefusedError as refused:
            problems = refused.problems
        # Raised outside the handler: the decoders' errors hold the whole answer, and would hang on it as its context.
        name = getattr(type_, "__name__", str(type_))
        raise _error(f"the answer is no {name}: {summary(problems)}", problems, body)

    def decode_rows(self, body: bytes, row_type: type[T]) -> Rows[T]:
        """Decode an array row by row, so that a row that does not decode costs no other.

        Raises:
            DecodeError: the answer is not an array.
        """
        with suppress(RefusedError):
            rows: list[T] = self._codec(row_type).many(body)
            self._finish(rows, body)
            return Rows(cast("list[T | Reject]", rows), 0)
        return self._decode_each(body, row_type, body)

    def decode_page(self, body: bytes, row_type: type[T], *, data_required: bool = True) -> Rows[T]:
        """Decode a page of a search, ``{"data": [...], "metadata": {...}}``, row by row as :meth:`decode_rows` does.

        Metadata that do not decode cost no row: what is wrong in them is None, and told in ``metadata_problems``.

        Args:
            body: the answer.
            row_type: the model of a row.
            data_required: without it, an answer that has metadata and no ``data`` is an empty page.

        Raises:
            DecodeError: the answer is not an object, or its ``data`` is not an array.
        """
        with suppress(RefusedError):
            rows, metadata = self._page_codec(row_type).page(body)
            self._finish(rows, body, "data")
            return Rows(cast("list[T | Reject]", rows), 0, *self._metadata(metadata))
        return self._decode_damaged_page(body, row_type, data_required=data_required)

    def unstructure(self, value: object) -> Any:
        """Turn a value into plain data for JSON, as :func:`~theirstack_async.models._writing.plain` does."""
        from theirstack_async.models._writing import plain

        return plain(value)

    def encode(self, value: object) -> bytes:
        """Turn a value into JSON.

        Raises:
            ArgumentError: something in it has no form in JSON, such as NaN or an instant without a timezone.
        """
        from theirstack_async.models._writing import compact

        return compact(value).encode()

    def _codec(self, type_: type[T]) -> Codec[T]:
        if type_ not in self._codecs:
            self._codecs[type_] = self._new_codec(type_)
        return cast("Codec[T]", self._codecs[type_])

    def _new_codec(self, type_: type[Any]) -> Codec[Any] | EventCodec:
        # The module of events brings jobs and companies with it, and so is not imported for any other type.
        if getattr(type_, "__name__", "") == "WebhookEvent":
            from theirstack_async._convert.events import EventCodec

            return EventCodec(self._payload)
        from theirstack_async._convert.fast import Codec

        return Codec(type_)

    def _page_codec(self, row_type: type[T]) -> PageCodec[T]:
        if row_type not in self._pages:
            from theirstack_async._convert.pages import PageCodec

            self._pages[row_type] = PageCodec(row_type)
        return self._pages[row_type]

    def _payload(self, raw: bytes) -> EventPayload:
        return reference().payload(raw)

    @cached_property
    def _texts(self) -> TextPool:
        from theirstack_async._convert.sharing import TextPool

        return TextPool()

    def _decode_one(self, body: bytes, type_: type[T]) -> T:
        try:
            value = self._codec(type_).one(body)
        except RefusedError:
            value = reference().decode(body, type_)
        self._finish(value, body)
        return value

    def _decode_list(self, body: bytes, row_type: type[T]) -> list[T]:
        rows = self.decode_rows(body, row_type).rows
        rejects = [row for row in rows if isinstance(row, Reject)]
        if not rejects:
            return cast("list[T]", rows)
        problems = [attrs.evolve(p, path=join(f"[{row.index}]", p.path)) for row in rejects for p in row.problems]
        first = rejects[0]
        more = f"; {len(rejects) - 1} more rows do not" if len(rejects) > 1 else ""
        raise _error(f"{first} does not decode: {summary(first.problems)}{more}", problems, body)

    def _decode_each(self, array: bytes, row_type: type[T], body: bytes, path: str = "") -> Rows[T]:
        from theirstack_async._convert.fast import split

        try:
            bodies = split(array)
        except ValueError as error:
            why = str(error)
        else:
            rows = [self._decode_row(index, row, row_type) for index, row in enumerate(bodies)]
            return Rows(rows, sum(isinstance(row, Reject) for row in rows))
        problem = Problem(path, why)
        what = "no page" if path else "not an array"
        raise _error(f"the answer is {what} that can be read: {problem}", (problem,), body)

    def _decode_damaged_page(self, body: bytes, row_type: type[T], *, data_required: bool) -> Rows[T]:
        from theirstack_async._convert.pages import members

        try:
            found = members(body)
            if "data" not in found and (data_required or "metadata" not in found):
                raise RefusedError([Problem("data", "required, and missing")])
        except ValueError as error:
            problem = error.problems[0] if isinstance(error, RefusedError) else Problem("", str(error))
        else:
            page = self._decode_each(found.get("data", b"[]"), row_type, body, "data")
            metadata, problems = self._metadata(found.get("metadata", b"null"))
            return attrs.evolve(page, metadata=metadata, metadata_problems=problems)
        raise _error(f"the answer is no page that can be read: {problem}", (problem,), body)

    def _metadata(self, body: bytes) -> tuple[SearchMetadata | None, tuple[Problem, ...]]:
        """Decode the metadata of a page: what can be read of them, and what is wrong with the rest."""
        from theirstack_async.models import SearchMetadata

        if body == b"null":
            return None, ()
        try:
            return self._decode_one(body, SearchMetadata), ()
        except RefusedError as refused:
            problems = tuple(attrs.evolve(each, path=join("metadata", each.path)) for each in refused.problems)
        good = json.dumps(_without(body, {each.path.partition(".")[2] for each in problems})).encode()
        return self._decode_one(good, SearchMetadata), problems

    def _decode_row(self, index: int, body: bytes, row_type: type[T]) -> T | Reject:
        try:
            return self._decode_one(body, row_type)
        except RefusedError as refused:
            return Reject(index, body, refused.problems, _id(body))

    def _finish(self, value: object, body: bytes, member: str | None = None) -> None:
        """Do what was asked for to a value, or to a list of rows, that was decoded from a body or a member of it."""
        if self._keep:
            self._keep_extras(value, body, member)
        if self._share:
            self._texts.share(cast("list[object]", value) if isinstance(value, list) else [value])

    def _keep_extras(self, value: object, body: bytes, member: str | None = None) -> None:
        from theirstack_async._convert.extras import keep_extras

        try:
            data: Any = self._codec(object).one(body)
        except RefusedError:
            data = parse(body)
        keep_extras(value, data if member is None else data[member])


@cache
def reference() -> Reference:
    """Return what decodes what the fast path refuses; made, and cattrs imported, when that first happens."""
    from theirstack_async._convert.reference import Reference

    return Reference()


def _id(body: bytes) -> int | None:
    """Return the id of a row that does not decode, if it can be read at all."""
    try:
        value = parse(body)["id"]
    except (ValueError, TypeError, KeyError):
        return None
    return value if type(value) is int else None


def _without(body: bytes, names: Container[str]) -> dict[str, Any]:
    """Return the members of an object but those of these names; none of what is no object."""
    try:
        return {name: value for name, value in parse(body).items() if name not in names}
    except (ValueError, AttributeError):
        return {}


def _error(message: str, problems: Any, body: bytes) -> DecodeError:
    return DecodeError(f"{message}; the whole answer is in .body", problems=problems, body=body, sent="yes")
