"""Steps as the journal's table holds them: some columns to look for, and the rest as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import (
    Answered,
    Doubtful,
    Excluded,
    Intended,
    PutBack,
    Reconciled,
    Resumed,
    Seen,
    Sight,
    Step,
    Stopped,
)

T = TypeVar("T")


class Row(NamedTuple):
    """One step in the journal's table."""

    at: float | None
    """Unix time, in seconds, of a step that has one."""
    kind: str
    batch: int | None
    """Of a step that is about one call."""
    body: str
    """All else, a JSON array."""


def to_row(step: Step) -> Row:
    """Return a step as a row."""
    match step:
        case Excluded():
            return _row(step, [step.positions, step.reason])
        case Intended():
            return _row(step, [step.positions], at=step.at, batch=step.batch)
        case Answered():
            return _row(step, [list(step.accepted.items()), list(step.rejected.items())], batch=step.batch)
        case PutBack() | Doubtful():
            return _row(step, [step.reason], batch=step.batch)
        case Reconciled():
            return _row(step, [step.positions, step.to])
        case Seen():
            sights = [
                [position, sight.state, sight.word, sight.response_status, sight.response]
                for position, sight in step.sights.items()
            ]
            return _row(step, [sights], at=step.at)
        case Stopped():
            return _row(step, [step.webhook_id, step.reason])
        case _:  # Resumed
            return _row(step, [], at=step.at)


def from_row(row: Row) -> Step:
    """Return the step of a row.

    Raises:
        ValueError: it is none that this release writes.
    """
    body: Any = json.loads(row.body)
    match row.kind, row.batch, row.at, body:
        case "excluded", None, None, [positions, str(reason)]:
            return Excluded(positions=_positions(positions), reason=reason)
        case "intended", int(batch), float(at), [positions]:
            return Intended(batch=batch, positions=_positions(positions), at=at)
        case "answered", int(batch), None, [accepted, rejected]:
            return Answered(batch=batch, accepted=_map(accepted, _handle), rejected=_map(rejected, _text))
        case "putback", int(batch), None, [str(reason)]:
            return PutBack(batch=batch, reason=reason)
        case "doubtful", int(batch), None, [str(reason)]:
            return Doubtful(batch=batch, reason=reason)
        case "reconciled", None, None, [positions, str(to)]:
            # Whether it can end so is for the ledger to say.
            return Reconciled(positions=_positions(positions), to=cast("Any", ReplayState(to)))
        case "seen", None, float(at), [sights]:
            return Seen(sights=_map(sights, _sight), at=at)
        case "stopped", None, None, [int() | str() | None as webhook_id, str(reason)]:
            return Stopped(webhook_id=webhook_id, reason=reason)
        case "resumed", None, float(at), []:
            return Resumed(at=at)
        case _:
            raise _unknown("step", (row.kind, row.batch, row.at, body))


def _row(step: Step, body: list[Any], *, at: float | None = None, batch: int | None = None) -> Row:
    return Row(at, type(step).__name__.lower(), batch, json.dumps(body, separators=(",", ":"), allow_nan=False))


def _positions(value: Any) -> tuple[int, ...]:
    positions = _list(value)
    if not all(type(each) is int for each in positions):
        raise _unknown("list of positions", value)
    return tuple(positions)


def _map(value: Any, of: Callable[[list[Any]], T]) -> dict[int, T]:
    """Return what is said of each position, from a list of ``[position, ...]``."""
    found: dict[int, T] = {}
    for row in _list(value):
        match row:
            case [int(position), *rest] if position not in found:
                found[position] = of(rest)
            case _:
                raise _unknown("position", row)
    return found


def _list(value: Any) -> list[Any]:
    match value:
        case [*items]:
            return items
        case _:
            raise _unknown("list", value)


def _handle(rest: list[Any]) -> str | None:
    match rest:
        case [str() | None as handle]:
            return handle
        case _:
            raise _unknown("handle", rest)


def _text(rest: list[Any]) -> str:
    match rest:
        case [str(text)]:
            return text
        case _:
            raise _unknown("reason", rest)


def _sight(rest: list[Any]) -> Sight:
    match rest:
        case [str(state), str(word), int() | None as status, str() | None as response]:
            return Sight(state=ReplayState(state), word=word, response_status=status, response=response)
        case _:
            raise _unknown("sight", rest)


def _unknown(what: str, value: object) -> ValueError:
    return ValueError(f"no {what} that this release writes: {str(value)[:100]}")
