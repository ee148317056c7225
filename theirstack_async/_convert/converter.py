"""The converter: the fast path first, and the reference for what it refuses."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cached_property
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_args, get_origin

import attrs

from theirstack_async._convert.problems import RefusedError, join, summary
from theirstack_async._convert.rows import Reject, Rows
from theirstack_async._convert.text import parse
from theirstack_async.errors import ArgumentError, DecodeError, Problem
from theirstack_async.models import EventPayload, WebhookEvent

if TYPE_CHECKING:
    from theirstack_async._convert.events import EventCodec
    from theirstack_async._convert.fast import Codec
    from theirstack_async._convert.reference import Reference

T = TypeVar("T")


class Converter:
    """Turns JSON into models, and models into JSON.

    Cheap to make: each decoder is built at the first use of its type, and msgspec and cattrs are imported at the
    first use of either. No type is coerced: ``"1"`` is no int, ``1`` is no bool, ``null`` is no text.
    """

    def __init__(self, *, keep_unknown_fields: bool = False) -> None:
        """Args:
        keep_unknown_fields: keep the fields that a model does not know in its ``extra``. Decoding then takes
            about four times as long.
        """
        self._keep: Final = keep_unknown_fields
        self._codecs: Final[dict[Any, Codec[Any] | EventCodec]] = {}

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
            if self._keep:
                self._keep_extras(rows, body)
            return Rows(cast("list[T | Reject]", rows), 0)
        return self._decode_each(body, row_type)

    def unstructure(self, value: object) -> Any:
        """Turn a value into plain data for JSON: enumerations become text, instants RFC 3339 texts in UTC with ``Z``,
        dates ISO 8601 texts, tuples lists; kept unknown fields and unknown payloads become what they were.

        Raises:
            ArgumentError: an instant has no timezone, or the ``raw`` of an unknown payload is not JSON.
        """
        return self._reference.unstructure(value)

    def encode(self, value: object) -> bytes:
        """Turn a value into JSON. Lone surrogates and whole numbers of any size pass, which is why json writes it.

        Raises:
            ArgumentError: as for :meth:`unstructure`, or something in it has no form in JSON, such as NaN.
        """
        try:
            return json.dumps(self.unstructure(value), separators=(",", ":"), allow_nan=False).encode()
        except (TypeError, ValueError) as error:
            if isinstance(error, ArgumentError):
                raise
            raise ArgumentError(f"cannot be written as JSON: {error}") from None

    def warm_up(self, *types: type[Any]) -> None:
        """Build what decoding these types needs now, so that no request waits for it."""
        for type_ in types:
            self._codec(get_args(type_)[0] if get_origin(type_) is list else type_)

    def _codec(self, type_: type[T]) -> Codec[T]:
        if type_ not in self._codecs:
            from theirstack_async._convert.events import EventCodec
            from theirstack_async._convert.fast import Codec

            self._codecs[type_] = EventCodec(self._payload) if type_ is WebhookEvent else Codec(type_)
        return cast("Codec[T]", self._codecs[type_])

    def _payload(self, raw: bytes) -> EventPayload:
        return self._reference.payload(raw)

    @cached_property
    def _reference(self) -> Reference:
        from theirstack_async._convert.reference import Reference

        return Reference()

    def _decode_one(self, body: bytes, type_: type[T]) -> T:
        try:
            value = self._codec(type_).one(body)
        except RefusedError:
            value = self._reference.decode(body, type_)
        if self._keep:
            self._keep_extras(value, body)
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

    def _decode_each(self, body: bytes, row_type: type[T]) -> Rows[T]:
        from theirstack_async._convert.fast import split

        try:
            bodies = split(body)
        except ValueError as error:
            why = str(error)
        else:
            rows = [self._decode_row(index, row, row_type) for index, row in enumerate(bodies)]
            return Rows(rows, sum(isinstance(row, Reject) for row in rows))
        raise _error(f"the answer is not an array that can be read: {why}", (Problem("", why),), body)

    def _decode_row(self, index: int, body: bytes, row_type: type[T]) -> T | Reject:
        try:
            return self._decode_one(body, row_type)
        except RefusedError as refused:
            return Reject(index, body, refused.problems, _id(body))

    def _keep_extras(self, value: object, body: bytes) -> None:
        from theirstack_async._convert.extras import keep_extras

        try:
            data = self._codec(object).one(body)
        except RefusedError:
            data = parse(body)
        keep_extras(value, data)


def _id(body: bytes) -> int | None:
    """Return the id of a row that does not decode, if it can be read at all."""
    try:
        value = parse(body)["id"]
    except (ValueError, TypeError, KeyError):
        return None
    return value if type(value) is int else None


def _error(message: str, problems: Any, body: bytes) -> DecodeError:
    return DecodeError(f"{message}; the whole answer is in .body", problems=problems, body=body, sent="yes")
