"""Filters of searches from the command line: from options and files to what the client takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Generic, TypeAlias, TypeVar, cast

import attrs
import typer

from theirstack_async import ArgumentError

if TYPE_CHECKING:
    from theirstack_async.filters import Part
    from theirstack_async.filters._kinds import Kind

P = TypeVar("P", bound="Part")

Filter: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        metavar="NAME=VALUE",
        help="Any filter of the API by its own name; may be repeated, and a list gets all values of its name. "
        "job_filters.NAME stands for a filter within another.",
    ),
]
FilterFile: TypeAlias = Annotated[
    typer.FileText | None,
    typer.Option(
        "--filters",
        metavar="FILE",
        encoding="utf-8-sig",
        help="A JSON object of filters, such as the body of a saved search; - reads it from stdin. "
        "Other options replace what it says.",
    ),
]
ExtraFilter: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--extra-filter",
        metavar="NAME=JSON",
        help="A filter that this release does not know; sent as it is, and not checked. May be repeated.",
    ),
]
_TEXTS: Final = ("Many[str]", "str")
"""The kinds whose values are texts of any form."""


@attrs.frozen
class Asked(Generic[P]):
    """What a search asks."""

    filters: P
    extra: dict[str, Any] | None
    """As ``extra_filters`` takes them."""


def read_filters(cls: type[P], params: Mapping[str, Any], short: Mapping[str, str]) -> Asked[P]:
    """Return the filters that a command was given; those that the API deprecates warn.

    Args:
        cls: the class of the filters.
        params: all parameters of the command. ``filter``, ``filters`` and ``extra_filter`` are those above.
        short: parameters that stand for one filter each, with its name.

    Raises:
        ArgumentError: there is no such filter, or a value is not of its kind.
        typer.BadParameter: an option cannot be read.
    """
    data = _read_file(params["filters"])
    named: dict[str, Any] = {}
    for text in params["filter"] or ():
        name, value = _split("--filter", text)
        _refuse_switch(name)
        kind = _kind(cls, name)
        _add(named, name.split("."), _value(kind, value), many=kind is not None and kind.accepts.startswith("Many["))
    for parameter, name in short.items():
        if params[parameter] is not None:
            many = isinstance(params[parameter], list | tuple)
            for value in params[parameter] if many else (params[parameter],):
                _add(named, [name], value, many=many)
    try:
        filters = cls.from_dict(_merged(data, named))
    except ArgumentError as error:
        said = str(error).replace("with extra_filters=", "with --extra-filter")
        raise ArgumentError(said, field=error.field) from None
    _warn_of_deprecated(filters)
    extra = dict(_split("--extra-filter", text) for text in params["extra_filter"] or ())
    return Asked(filters, {name: _json_or_text(value) for name, value in extra.items()} or None)


def _read_file(file: typer.FileText | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        data = json.load(file)
    except (ValueError, RecursionError) as error:
        raise typer.BadParameter(f"--filters: {file.name} is no JSON: {error}") from None
    if not isinstance(data, dict):
        raise typer.BadParameter(f"--filters: {file.name} holds no JSON object of filters")
    return cast("dict[str, Any]", data)


def _split(option: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise typer.BadParameter(f"{option}: expected NAME=VALUE, got {text!r}")
    return name.strip(), value


def _refuse_switch(name: str) -> None:
    """Refuse what a file may have, and where it counts for nothing."""
    from theirstack_async.filters._base import SWITCHES

    if name in SWITCHES:
        raise typer.BadParameter(f"--filter: {name} is no filter; count, preview and --limit say what it would")


def _kind(cls: type[Part], name: str) -> Kind | None:
    """Return what is known of a filter, which may be within another one; None for a name that is not known."""
    from theirstack_async.filters._kinds import rules

    first, _, rest = name.partition(".")
    rule = rules(cls).get(first)
    if rule is None or not rest:
        return rule.kind if rule else None
    return _kind(rule.kind.part, rest) if rule.kind.part else None


def _value(kind: Kind | None, text: str) -> Any:
    """Return a value as its kind reads it: JSON where that is meant, or else the text itself."""
    if kind is not None and kind.accepts in _TEXTS and not text.startswith(("[", '"')):
        return text
    return _json_or_text(text)


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _add(named: dict[str, Any], path: list[str], value: Any, *, many: bool) -> None:
    """Put a value where its name says; a list takes it in."""
    *parents, name = path
    for parent in parents:
        inner = named.setdefault(parent, {})
        if not isinstance(inner, dict):
            raise typer.BadParameter(f"{parent}: given as a whole, and by its parts as well")
        named = cast("dict[str, Any]", inner)
    if many:
        named.setdefault(name, []).extend(cast("list[object]", value) if isinstance(value, list) else [value])
    elif name in named:
        raise typer.BadParameter(f"{'.'.join(path)}: given twice, and takes one value")
    else:
        named[name] = value


def _merged(old: Any, new: Any) -> Any:
    """Return what is new; objects are put together, field by field."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    merged = dict(cast("dict[str, Any]", old))
    for name, value in cast("dict[str, Any]", new).items():
        merged[name] = _merged(merged.get(name), value)
    return merged


def _warn_of_deprecated(part: Part) -> None:
    from theirstack_async._warn import warn_user
    from theirstack_async.filters import Part
    from theirstack_async.filters._base import given
    from theirstack_async.filters._kinds import rules

    for name, value in given(part).items():
        if advice := rules(type(part))[name].deprecated:
            warn_user(f"{name}: deprecated by the API; {advice}", DeprecationWarning)
        if isinstance(value, Part):
            _warn_of_deprecated(value)
