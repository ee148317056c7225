"""A plan as a file, or as rows elsewhere: JSON that a person can read, and that shows when it was cut off or edited."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from theirstack_async.errors import ArgumentError, ReplayError
from theirstack_async.replay._provider import ReplayWindow
from theirstack_async.replay._whole_file import write_whole

if TYPE_CHECKING:
    from theirstack_async.replay._plan import PlanEntry, ReplayPlan

T = TypeVar("T")

KIND: Final = "theirstack-async replay plan"
FORMAT: Final = 1
"""Of the file. A release reads its own format and the earlier ones."""


def utc_text(value: datetime) -> str:
    """Return an instant as text for programs, in UTC and to the microsecond."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def head_to_json(plan: ReplayPlan) -> dict[str, Any]:
    """Return all of a plan but its entries, as plain JSON data."""
    return {
        "provider": plan.provider,
        "where": plan.where,
        "made_at": utc_text(plan.made_at),
        "start": None if plan.start is None else utc_text(plan.start),
        "end": None if plan.end is None else utc_text(plan.end),
        "status": list(plan.status),
        "auto_retry": plan.auto_retry,
        "batch_size": plan.batch_size,
        "windows": [[each.limit, each.seconds, each.counts, each.per] for each in plan.windows],
        "webhook_ids": list(plan.webhook_ids),
    }


def entry_to_json(entry: PlanEntry[Any]) -> dict[str, Any]:
    """Return an entry as plain JSON data. What is None is left out."""
    data: dict[str, Any] = {
        "id": entry.id,
        "webhook_id": entry.webhook_id,
        "type": entry.type,
        "created_at": utc_text(entry.created_at),
        "updated_at": utc_text(entry.updated_at),
    }
    if entry.next_attempt is not None:
        data["next_attempt"] = utc_text(entry.next_attempt)
    if entry.group is not None:
        data["group"] = entry.group
    if entry.excluded is not None:
        data["excluded"] = entry.excluded
    return data


def head_from_json(data: Any) -> dict[str, Any]:
    """Return the fields of a plan, but for its entries.

    Raises:
        ValueError: they are none.
    """
    head = _object(data)
    return {
        "provider": _text(head, "provider"),
        "where": _text(head, "where"),
        "made_at": _time(head, "made_at"),
        "start": _maybe(_time, head, "start"),
        "end": _maybe(_time, head, "end"),
        "status": tuple(_check(str, word, "status") for word in _list(head, "status")),
        "auto_retry": _one_of(("include", "skip"), head.get("auto_retry"), "auto_retry"),
        "batch_size": _count(head.get("batch_size"), "batch_size"),
        "windows": tuple(map(_window, _list(head, "windows"))),
        "webhook_ids": tuple(_id(each, "webhook_ids") for each in _list(head, "webhook_ids")),
    }


def entry_fields(data: Any) -> dict[str, Any]:
    """Return the fields of an entry. Texts that many entries share are one object.

    Raises:
        ValueError: they are none.
    """
    row = _object(data)
    created_at = _time(row, "created_at")
    updated_at = _time(row, "updated_at")
    webhook_id = _id(row.get("webhook_id"), "webhook_id")
    excluded = _maybe(_text, row, "excluded")
    return {
        "id": _id(row.get("id"), "id"),
        "webhook_id": sys.intern(webhook_id) if isinstance(webhook_id, str) else webhook_id,
        "type": sys.intern(_text(row, "type")),
        "created_at": created_at,
        "updated_at": created_at if updated_at == created_at else updated_at,
        "next_attempt": _maybe(_time, row, "next_attempt"),
        "group": _maybe(_text, row, "group"),
        "excluded": None if excluded is None else sys.intern(excluded),
    }


def digest(head: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return a SHA-256 in hex over a plan."""
    hashed = hashlib.sha256(_line(head))
    for row in rows:
        hashed.update(_line(row))
    return hashed.hexdigest()


def write(path: Path, head: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a file that is there as a whole or not at all.

    Raises:
        ReplayError: it cannot be written.
    """
    hashed = hashlib.sha256(_line(head))
    lines = [_line(row) for row in rows]
    for line in lines:
        hashed.update(line)
    first = {"kind": KIND, "format": FORMAT, "entries": len(lines), "digest": hashed.hexdigest(), "plan": head}
    write_whole(path, [json.dumps(first).encode() + b"\n", *lines], what="the plan")


def read(
    path: Path, make_head: Callable[[Any], dict[str, Any]], make_entry: Callable[[Any], T]
) -> tuple[dict[str, Any], list[T]]:
    """Return a plan's fields, and its entries, each made as soon as its line is read.

    Raises:
        ArgumentError: the file cannot be read.
        ReplayError: it is no plan, it is cut off or was edited, or a later release wrote it.
    """
    try:
        with path.open("rb") as file:
            return _read(file, str(path), make_head, make_entry)
    except OSError as error:
        raise ArgumentError(f"cannot read the plan {path}: {error.strerror or error}", field="path") from error


def _read(
    file: Iterable[bytes], name: str, make_head: Callable[[Any], dict[str, Any]], make_entry: Callable[[Any], T]
) -> tuple[dict[str, Any], list[T]]:
    lines = iter(file)
    first = _first(next(lines, b""), name)
    promised = first.get("entries")
    head, number, entries = first.get("plan"), 1, list[T]()
    hashed = hashlib.sha256(_line(head))
    try:
        fields = make_head(head)
        for number, line in enumerate(lines, 2):  # noqa: B007  # the error names the line
            row = _parse(line)
            entries.append(make_entry(row))
            hashed.update(_line(row))
    except ValueError as error:
        raise _broken(name, f"line {number}: {error}") from None
    if len(entries) != promised:
        raise _broken(name, f"it has {len(entries):,} entries, and {promised!r} were saved")
    if hashed.hexdigest() != first.get("digest"):
        raise _broken(name, "what it says is not what was saved")
    return fields, entries


def _first(line: bytes, name: str) -> dict[str, Any]:
    try:
        first = _object(_parse(line))
    except ValueError:
        first = {}
    if first.get("kind") != KIND:
        raise ReplayError(
            f"{name} is no saved plan; give a file that ReplayPlan.save() or theirstack replay plan --save wrote"
        )
    found = first.get("format")
    if type(found) is not int or found < 1:
        raise _broken(name, f"there is no format {found!r}")
    if found > FORMAT:
        raise ReplayError(
            f"{name} was written by a later release (format {found}, and this one knows {FORMAT}); upgrade "
            "theirstack-async"
        )
    return first


def _broken(name: str, why: str) -> ReplayError:
    return ReplayError(
        f"{name} was cut off or edited after it was saved ({why}), so nothing is taken from it; restore it from a copy "
        "or make a new plan (what it is to leave out is said when it is made)"
    )


def _line(data: Any) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode() + b"\n"


def _parse(line: bytes) -> Any:
    try:
        return json.loads(line)
    except RecursionError:
        raise ValueError("brackets within brackets") from None


def _object(data: Any) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise ValueError(f"expected an object, got {data!r:.60}")  # noqa: TRY004  # it is a value of a file
    return cast("dict[str, Any]", data)


def _text(data: Mapping[str, Any], name: str) -> str:
    return _check(str, data.get(name), name)


def _check(kind: type[T], value: Any, name: str) -> T:
    if not isinstance(value, kind):
        raise ValueError(f"{name} is {value!r:.60}")  # noqa: TRY004
    return value


def _items(value: object, name: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{name} is {value!r:.60}")  # noqa: TRY004
    return cast("Sequence[Any]", value)


def _list(data: Mapping[str, Any], name: str) -> Sequence[Any]:
    return _items(data.get(name), name)


def _time(data: Mapping[str, Any], name: str) -> datetime:
    found = datetime.fromisoformat(_text(data, name))
    if found.tzinfo is None:
        raise ValueError(f"{name} has no time zone")
    return found.astimezone(UTC)


def _maybe(read_it: Callable[[Mapping[str, Any], str], T], data: Mapping[str, Any], name: str) -> T | None:
    return None if data.get(name) is None else read_it(data, name)


def _id(value: Any, name: str) -> int | str:
    if type(value) is int or isinstance(value, str):
        return value
    raise ValueError(f"{name} is {value!r:.60}")


def _count(value: Any, name: str) -> int:
    if type(value) is int and value > 0:
        return value
    raise ValueError(f"{name} is {value!r:.60}")


def _one_of(known: tuple[str, ...], value: Any, name: str) -> str:
    if value in known:
        return cast("str", value)
    raise ValueError(f"{name} is {value!r:.60}")


def _window(value: Any) -> ReplayWindow:
    parts = _items(value, "windows")
    if len(parts) != 4:
        raise ValueError(f"windows has {value!r:.60}")
    limit, seconds, counts, per = parts
    if type(seconds) not in (int, float) or not seconds > 0:
        raise ValueError(f"windows has {value!r:.60}")
    return ReplayWindow(
        limit=_count(limit, "windows"),
        seconds=seconds,
        counts=cast("Any", _one_of(("ids", "calls"), counts, "windows")),
        per=cast("Any", _one_of(("webhook", "account"), per, "windows")),
    )
