"""Answers of the API, made from the models' own fields: one of each, and random ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st

from theirstack_async import models
from theirstack_async.models import Company, EventPayload, Job, JobClosed, Model, OpenEnum

MODELS: Final[list[type[Any]]] = [
    model
    for name in models.__all__
    if isinstance(model := getattr(models, name), type) and issubclass(model, Model) and model is not Model
]
ENUMS: Final[list[type[OpenEnum]]] = [
    model
    for name in models.__all__
    if isinstance(model := getattr(models, name), type) and issubclass(model, OpenEnum) and model is not OpenEnum
]

INSTANT: Final = "2026-01-02T03:04:05Z"
DAY: Final = "2026-01-02"


def fields(model: type[Any]) -> Iterator[tuple[str, Any, bool]]:
    """Yield the name of each field of a model, its type, and whether it is required."""
    hints = get_type_hints(model)
    for field in attrs.fields(model):
        yield field.name, hints[field.name], field.default is attrs.NOTHING


def full(model: type[Any]) -> dict[str, Any]:
    """Return a row of a model with each of its fields set."""
    return {name: sample(type_) for name, type_, _ in fields(model)}


def minimal(model: type[Any]) -> dict[str, Any]:
    """Return a row of a model with nothing but what it requires."""
    return {name: sample(type_) for name, type_, required in fields(model) if required}


def sample(type_: Any) -> Any:
    """Return a value of a field's type, as it stands on the wire; for an event's payload, a job."""
    if type_ == EventPayload:
        return full(Job)
    if NoneType in get_args(type_):
        return sample(get_args(type_)[0])
    if get_origin(type_) is tuple:
        return [sample(get_args(type_)[0])]
    if get_origin(type_) is dict:
        return {"a": [1, {"b": None}]}
    if issubclass(type_, OpenEnum):
        return next(iter(type_)).value
    if issubclass(type_, Model):
        return full(type_)
    return {int: 7, float: 1.5, str: "text", bool: True, datetime: INSTANT, date: DAY}[type_]


def accepts(type_: Any, value: Any) -> bool:
    """Tell whether a field of this type takes this value from the wire: what strict decoding is measured by."""
    if type_ == EventPayload:
        return True
    if NoneType in get_args(type_):
        return value is None or accepts(get_args(type_)[0], value)
    if get_origin(type_) is tuple:
        return isinstance(value, list) and all(accepts(get_args(type_)[0], item) for item in value)
    if get_origin(type_) is dict:
        return isinstance(value, dict)
    if issubclass(type_, OpenEnum):
        return isinstance(value, str)
    if issubclass(type_, Model):
        return isinstance(value, dict) and all(name in value or not required for name, _, required in fields(type_))
    if type_ in (datetime, date):
        return value == (INSTANT if type_ is datetime else DAY)
    return type(value) in ((int, float) if type_ is float else (type_,))


@attrs.frozen
class Token:
    """A piece of JSON text that no value stands for, such as a lone surrogate."""

    text: str


@attrs.frozen
class Members:
    """The members of an object, in which a name may stand twice."""

    pairs: tuple[tuple[str, Any], ...]


def write(value: Any) -> str:
    """Return the JSON text of a value that may hold tokens and members."""
    if isinstance(value, Token):
        return value.text
    if isinstance(value, dict):
        return write(Members(tuple(value.items())))
    if isinstance(value, Members):
        return "{" + ", ".join(f"{json.dumps(name)} : {write(item)}" for name, item in value.pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return json.dumps(value)


_texts: Final = st.text(st.characters(codec="utf-8"), max_size=8)
_instants: Final = st.sampled_from(
    [INSTANT, "2026-01-02T03:04:05", "2026-01-02T03:04:05.1234567+05:30", "2026-01-02 03:04:05z", "0001-01-01T00:00:00"]
)


def values(type_: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for values of a field's type, as they stand on the wire."""
    if type_ == EventPayload:
        return payloads()
    if NoneType in get_args(type_):
        return st.none() | values(get_args(type_)[0])
    if get_origin(type_) is tuple:
        return st.lists(values(get_args(type_)[0]), max_size=2)
    if get_origin(type_) is dict:
        return st.dictionaries(_texts, _junk, max_size=2)
    if issubclass(type_, OpenEnum):
        return st.sampled_from([member.value for member in type_]) | _texts
    if issubclass(type_, Model):
        return rows(type_)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        int: st.integers(),
        float: st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
        str: _texts,
        bool: st.booleans(),
        datetime: _instants,
        date: st.dates().map(date.isoformat),
    }
    return simple[type_]


def rows(model: type[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for valid rows of a model: its required fields, a few of the others, and unknown ones."""

    @st.composite
    def build(draw: st.DrawFn) -> dict[str, Any]:
        known = {name: (type_, required) for name, type_, required in fields(model)}
        optional = [name for name, (_, required) in known.items() if not required]
        chosen = draw(st.lists(st.sampled_from(optional), max_size=4, unique=True)) if optional else []
        row = {name: draw(values(type_)) for name, (type_, required) in known.items() if required or name in chosen}
        return {**row, **draw(st.dictionaries(st.sampled_from(["extra", "_extra", "new"]), _junk, max_size=1))}

    return build()


def payloads() -> st.SearchStrategy[Any]:
    """Return a strategy for payloads of each kind, of none, and of two at once."""
    record = st.sampled_from([Job, Company, JobClosed]).flatmap(rows)
    return st.none() | record | _junk | st.tuples(record, record).map(lambda two: {**two[0], **two[1]})


_junk: Final[st.SearchStrategy[Any]] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.just(7.9)
    | _texts
    | st.sampled_from(["", "null", "1", INSTANT]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name", "a"]), inner, max_size=2)
    ),
    max_leaves=4,
)
_tokens: Final = st.sampled_from(
    ['"\\ud800"', "NaN", "-Infinity", "1e400", "-1e-400", str(10**40), str(10**308), str(10**320), '"a\tb"', '"\udcff"']
).map(Token)


def damaged(row: st.SearchStrategy[Any], *, tokens: bool) -> st.SearchStrategy[Any]:
    """Return a strategy for rows with something changed somewhere: left out, null, of a wrong type or unknown.

    With ``tokens`` also what no Python value stands for: broken texts, numbers out of range, names that stand twice.
    """
    bad = _junk | _tokens if tokens else _junk

    @st.composite
    def build(draw: st.DrawFn) -> Any:
        value = draw(row)
        for _ in range(draw(st.integers(0, 3))):
            value = _damage(draw, value, bad, twice=tokens)
        return value

    return build()


def _damage(draw: st.DrawFn, value: Any, bad: st.SearchStrategy[Any], *, twice: bool) -> Any:
    deeper: Callable[[Any], Any] = lambda item: _damage(draw, item, bad, twice=twice)  # noqa: E731
    if isinstance(value, list) and value and draw(st.booleans()):
        at = draw(st.integers(0, len(value) - 1))
        return [deeper(item) if i == at else item for i, item in enumerate(value)]
    if not isinstance(value, dict) or not value or draw(st.integers(0, 9)) == 0:
        return draw(bad)
    name = draw(st.sampled_from(sorted(value)))
    action = draw(st.sampled_from(["deeper", "deeper", "remove", "replace", "add", "twice"]))
    if action == "remove":
        return {key: item for key, item in value.items() if key != name}
    if action == "twice" and twice:
        pair = [(name, draw(bad)), (name, value[name])]
        order = draw(st.permutations(pair))
        return Members(tuple((key, item) for key, item in value.items() if key != name) + tuple(order))
    if action == "add":
        return {**value, draw(st.sampled_from(["new", "extra", "id", "name", "job_title", "closed_at"])): draw(bad)}
    return {**value, name: draw(bad) if action == "replace" else deeper(value[name])}
