"""The reference: cattrs turns plain data into models, strictly, and says where it fails.

The only file that imports cattrs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from types import NoneType
from typing import Any, Final, TypeVar, cast, get_args, get_origin

import attrs
import msgspec
from cattrs import Converter
from cattrs.errors import ClassValidationError

from theirstack_async._convert.kinds import kind_of
from theirstack_async._convert.problems import MismatchError, RefusedError, join
from theirstack_async._convert.text import member, parse
from theirstack_async.errors import Problem
from theirstack_async.models import EventPayload, OpenEnum, UnknownPayload, WebhookEvent
from theirstack_async.models._base import as_utc

T = TypeVar("T")
Hook = Callable[[Any, Any], Any]


class Reference:
    """Turns JSON into models; slow, and exact."""

    def __init__(self) -> None:
        self._converter: Final = Converter()
        _read_strictly(self._converter)
        self._converter.register_structure_hook(EventPayload, lambda raw, _: self.payload(raw))

    def decode(self, body: bytes, type_: type[T]) -> T:
        """Decode a document.

        Raises:
            RefusedError: it is not JSON, or not what the type says; with all problems and their paths.
        """
        data = parse(body)
        if type_ is WebhookEvent and isinstance(data, dict) and "payload" in data:
            cast("dict[str, Any]", data)["payload"] = member(body, "payload")
        return self.structure(cast("Any", data), type_)

    def structure(self, data: object, type_: type[T]) -> T:
        """Turn plain data into a value of the type; raises :class:`RefusedError`."""
        try:
            return self._converter.structure(data, type_)
        except Exception as error:  # noqa: BLE001 - whatever a hook raised, it is told as a problem with its path
            raise RefusedError(_problems(error, "")) from None

    def payload(self, raw: bytes) -> EventPayload:
        """Turn the text of an event's payload into a record, and what is none into an :class:`UnknownPayload`."""
        try:
            data = parse(raw)
            if data is None:
                return None
            record: dict[str, Any] = _of(dict, "object", data)
            kind = kind_of(isinstance(record.get("id"), str), record)
            if kind is None:
                raise RefusedError([Problem("", "neither a job, nor a company, nor a closed job")])
            return self.structure(record, kind)
        except ValueError as error:
            return UnknownPayload(raw, tuple(_problems(error, "payload")))


def _problems(error: Exception, path: str) -> Iterator[Problem]:
    # cattrs collects errors in a frame that their tracebacks refer to: a cycle, which would keep the whole page alive.
    error.__traceback__ = None
    if isinstance(error, ClassValidationError):
        names = {id(inner): note.name for inner, note in error.group_exceptions()[0]}
        for inner in error.exceptions:
            yield from _problems(inner, join(path, names.get(id(inner), "")))
    elif isinstance(error, RefusedError):
        yield from (Problem(join(path, problem.path), problem.message) for problem in error.problems)
    elif isinstance(error, KeyError):
        yield Problem(path, "required, and missing")
    else:
        yield Problem(path, str(error))


def _read_strictly(converter: Converter) -> None:
    """Replace the hooks that coerce by hooks that refuse."""

    def model(type_: Any) -> Hook:
        structure = converter.gen_structure_attrs_fromdict(type_)
        return lambda value, type_: structure(_of(dict, "object", value), type_)

    def sequence(type_: Any) -> Hook:
        item, *_ = (*get_args(type_), Any)
        make: Any = get_origin(type_) or type_
        structure = converter.get_structure_hook(item)
        return lambda value, _: make(
            _each(structure, item, ((f"[{i}]", x) for i, x in enumerate(_of(list, "array", value))))
        )

    def mapping(type_: Any) -> Hook:
        _, item, *_ = (*get_args(type_), Any, Any)
        structure = converter.get_structure_hook(item)
        return lambda value, _: dict(
            zip(_of(dict, "object", value), _each(structure, item, value.items()), strict=True)
        )

    converter.register_structure_hook_func(lambda type_: type_ is object, lambda value, _: value)
    converter.register_structure_hook_factory(attrs.has, model)
    converter.register_structure_hook_factory(_generic(list, tuple), sequence)
    converter.register_structure_hook_factory(_generic(dict), mapping)
    # By class and not by predicate: the hook for str, of which these are subclasses, would go first.
    converter.register_structure_hook(OpenEnum, lambda value, type_: type_(_of(str, "str", value)))
    for type_, hook in _SCALARS.items():
        converter.register_structure_hook(type_, hook)


def _generic(*origins: type[Any]) -> Callable[[Any], bool]:
    return lambda type_: type_ in origins or get_origin(type_) in origins


def _each(structure: Hook, type_: Any, items: Iterable[tuple[str, Any]]) -> list[Any]:
    values: list[Any] = []
    problems: list[Problem] = []
    for path, item in items:
        try:
            values.append(structure(item, type_))
        except Exception as error:  # noqa: BLE001 - whatever a hook raised, it is told as a problem with its path
            problems.extend(_problems(error, path))
    if problems:
        raise RefusedError(problems)
    return values


def _of(type_: type[Any], name: str, value: object) -> Any:
    """Return the value, which must be of exactly this type: a bool is no int here."""
    if type(value) is not type_:
        raise MismatchError(name, value)
    return value


def _float(value: Any, _: object) -> float:
    try:
        number = float(value) if type(value) is int else _of(float, "float", value)
    except OverflowError:
        raise MismatchError("float", value) from None
    if not math.isfinite(number):
        raise MismatchError("finite float", value)
    return number


def _time(type_: type[T], name: str, finish: Callable[[T], T]) -> Hook:
    """Return a hook for a text of the grammar that msgspec reads, so that there is one grammar."""

    def hook(value: Any, _: object) -> T:
        try:
            return finish(msgspec.convert(_of(str, name, value), type_))
        except (msgspec.MsgspecError, ValueError):
            raise MismatchError(name, value) from None

    return hook


_SCALARS: Final[dict[Any, Hook]] = {
    str: lambda value, _: _of(str, "str", value),
    int: lambda value, _: _of(int, "int", value),
    bool: lambda value, _: _of(bool, "bool", value),
    NoneType: lambda value, _: _of(NoneType, "null", value),
    float: _float,
    datetime: _time(datetime, "instant (RFC 3339)", as_utc),
    date: _time(date, "date (YYYY-MM-DD)", lambda day: day),
}
