"""A report as text for people: the totals, what needs attention, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from theirstack_async.replay._provider import WebhookId
from theirstack_async.replay._report_rows import ReplayRow
from theirstack_async.replay._states import ReplayState

if TYPE_CHECKING:
    from theirstack_async.replay._report import ReplayReport

_S = ReplayState
_SHOWN: Final = 20
"""Ids of a state that are named."""
_LONGEST: Final = 200
"""Characters of a reason that are shown."""

_NEXT: Final[Mapping[ReplayState, str]] = {
    _S.UNKNOWN: "sent or not, nobody knows. Verify again: they may show up. Resume with on_unknown='resend' to send "
    "again what does not; it may arrive twice.",
    _S.INTENDED: "on their way. If the run has ended, resume it: that looks what became of them.",
    _S.THROTTLED: "put back unsent. Resume to send them.",
    _S.REJECTED: "refused by the API for good, for the reasons above.",
    _S.FAILED_AGAIN: "not taken by the receiver. Mend it, then make a new plan.",
    _S.MISSING: "not in the API's list. Verify again; if they stay away, look for them at the receiver.",
    _S.PENDING: "not delivered yet. Verify again.",
    _S.ACCEPTED: "not looked at yet. Verify, to see whether they arrived.",
    _S.PLANNED: "not sent. Resume to send them.",
}
"""What to do about each state that is not an end to be glad of, the most pressing first."""
_USUAL: Final = frozenset({_S.ACCEPTED, _S.PLANNED})
"""What nothing is the matter with, so that no ids need be named."""
_WIDTH: Final = 96
"""Columns that ids are wrapped to."""
_ORDER: Final = (_S.DELIVERED, *_NEXT, _S.EXCLUDED)


def report(report: ReplayReport) -> str:
    """Return the whole report as lines of text."""
    parts = [[totals(report)], _table(report), _stopped(report), *_attention(report), _next(report)]
    return "\n\n".join("\n".join(part) for part in parts if part)


def totals(report: ReplayReport) -> str:
    """Return the totals in one line."""
    found = ", ".join(f"{report.counts[state]:,} {_name(state)}" for state in _ORDER if report.counts[state])
    return f"{_events(report.total)}: {found}" if found else _events(0)


def failures(report: ReplayReport) -> str:
    """Return in one line what was not delivered, with the first ids."""
    parts: list[str] = []
    for state in _NEXT:
        rows = _first(report, state)
        if rows:
            ids = ", ".join(_clean(str(row.id)) for row in rows)
            more = ", ..." if report.counts[state] > len(rows) else ""
            parts.append(f"{report.counts[state]:,} {_name(state)} ({ids}{more})")
    return f"{report.counts[_S.DELIVERED]:,} of {_events(report.total)} delivered; {'; '.join(parts)}"


def _table(report: ReplayReport) -> list[str]:
    """Return a line for each webhook, and one for all, with a column for each state that occurs."""
    if len(report.by_webhook) < 2:
        return []
    states = [state for state in _ORDER if report.counts[state]]
    lines = [["webhook", "events", *map(_name, states)]]
    for webhook_id, counts in [*report.by_webhook.items(), ("total", report.counts)]:
        numbers = [sum(counts.values()), *(counts[state] for state in states)]
        lines.append([_clean(str(webhook_id)), *(f"{number:,}" for number in numbers)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]


def _stopped(report: ReplayReport) -> list[str]:
    lines = [
        f"  {'all webhooks' if webhook_id is None else _webhook(webhook_id)}: {_clean(reason)}"
        for webhook_id, reason in report.stopped.items()
    ]
    return ["Stopped before the end:", *lines] if lines else []


def _attention(report: ReplayReport) -> Iterator[list[str]]:
    """Yield for each state that needs it the first ids, those together that have a webhook and a reason in common."""
    for state in _NEXT:
        rows = _first(report, state)
        if not rows or state in _USUAL:
            continue
        lines = [f"{_name(state).capitalize()}: {report.counts[state]:,}"]
        for (webhook_id, reason), group in groupby(rows, key=lambda row: (row.webhook_id, row.reason)):
            said = [_webhook(webhook_id)] if len(report.by_webhook) > 1 else []
            said += [_clean(reason)] if reason else []
            ids = ", ".join(_clean(str(row.id)) for row in group)
            told = f"{', '.join(said)}: {ids}" if said else ids
            lines += wrap(
                told,
                _WIDTH,
                initial_indent="  ",
                subsequent_indent="    ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        more = report.counts[state] - len(rows)
        yield [*lines, f"  and {more:,} more; the saved report names them all"] if more else lines


def _next(report: ReplayReport) -> list[str]:
    lines = [
        f"  {report.counts[state]:,} {_name(state)}: {text}" for state, text in _NEXT.items() if report.counts[state]
    ]
    if lines:
        return ["What to do next:", *lines]
    return ["All that was to be sent was delivered."] if report.counts[_S.DELIVERED] else ["Nothing was to be sent."]


def _first(report: ReplayReport, state: ReplayState) -> Sequence[ReplayRow]:
    return [*islice((row for row in report.rows if row.state is state), _SHOWN)] if report.counts[state] else []


def _events(number: int) -> str:
    return f"{number:,} {'event' if number == 1 else 'events'}"


def _name(state: ReplayState) -> str:
    return state.value.replace("_", " ")


def _webhook(webhook_id: WebhookId) -> str:
    return f"webhook {_clean(str(webhook_id))}"


def _clean(text: str) -> str:
    """Return a server's words as one line that any terminal can take."""
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."
