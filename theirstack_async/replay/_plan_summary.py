"""A plan in numbers, and as a report for people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import attrs

from theirstack_async.replay._plan_file import utc_text
from theirstack_async.replay._provider import ReplayWindow, WebhookId

if TYPE_CHECKING:
    from theirstack_async.replay._plan import ReplayPlan

VETOED: Final = "vetoed"
DELIVERED: Final = "delivered as"
ANOTHER: Final = "another attempt of"
AUTOMATIC: Final = "the API tries it again at"
"""Reasons for which an entry is not to be sent; all but the first go on with an id or an instant."""

_KINDS: Final = {
    VETOED: "vetoed",
    DELIVERED: "delivered",
    ANOTHER: "another attempt",
    AUTOMATIC: "left to the API",
}
_AGES: Final = (
    (timedelta(hours=1), "under 1 h"),
    (timedelta(days=1), "1 h to 24 h"),
    (timedelta(days=7), "1 to 7 days"),
    (timedelta(days=30), "7 to 30 days"),
)
_OLDER: Final = "30 days and more"

_WHY: Final = {
    _KINDS[VETOED]: "the predicate said no",
    _KINDS[DELIVERED]: "another attempt of the same event arrived",
    _KINDS[ANOTHER]: "a newer attempt of the same event stands for it",
    _KINDS[AUTOMATIC]: "the API tries it again by itself",
}
_ROWS: Final = 12
"""Lines that a table has at the most, but for the one about the rest."""
_BAR: Final = 24
"""Characters of the longest bar."""


@attrs.frozen(kw_only=True)
class PlanSummary:
    """A plan in numbers. The tables count the events that are to be sent, so each of them adds up to ``to_send``."""

    to_send: int
    excluded: Mapping[str, int]
    """Events that are not to be sent, by reason: ``vetoed``, ``delivered``, ``another attempt``, ``left to the API``,
    or what else an entry says."""
    automatic: int
    """Events, sent or left out, that the API may still deliver by itself."""
    by_webhook: Mapping[WebhookId, int]
    """All webhooks of the plan, in its order."""
    by_type: Mapping[str, int]
    """The most frequent first."""
    by_day: Mapping[str, int]
    """By the UTC date of their creation, such as ``2026-11-21``, the earliest first."""
    by_age: Mapping[str, int]
    """By how old they were when the plan was made, the youngest first, such as ``1 h to 24 h``."""
    oldest: datetime | None
    """When the oldest one was created; None where none is to be sent."""
    newest: datetime | None
    calls: int
    """How many calls it takes at least, with full batches for each webhook."""
    least_seconds: float
    """How long it takes at least, in seconds, as the API's rate bounds go; 0.0 where none is known beforehand."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON data. Webhooks are named by text, as JSON has it."""
        return {
            **attrs.asdict(self),
            "by_webhook": {str(webhook_id): count for webhook_id, count in self.by_webhook.items()},
            "oldest": None if self.oldest is None else utc_text(self.oldest),
            "newest": None if self.newest is None else utc_text(self.newest),
        }


def summarize(plan: ReplayPlan) -> PlanSummary:
    """Return a plan in numbers."""
    sent = [entry for entry in plan.entries if entry.excluded is None]
    by_webhook = Counter(entry.webhook_id for entry in sent)
    counts = {webhook_id: by_webhook[webhook_id] for webhook_id in plan.webhook_ids}
    days = Counter(entry.created_at.astimezone(UTC).date().isoformat() for entry in sent)
    ages = Counter(age_of(plan.made_at - entry.created_at) for entry in sent)
    calls = {webhook_id: -(-count // plan.batch_size) for webhook_id, count in counts.items()}
    created = [entry.created_at for entry in sent]
    return PlanSummary(
        to_send=len(sent),
        excluded=dict(Counter(kind_of(entry.excluded) for entry in plan.entries if entry.excluded).most_common()),
        automatic=sum(entry.next_attempt is not None for entry in plan.entries),
        by_webhook=counts,
        by_type=dict(Counter(entry.type for entry in sent).most_common()),
        by_day=dict(sorted(days.items())),
        by_age={age: ages[age] for age in (*(name for _, name in _AGES), _OLDER) if ages[age]},
        oldest=min(created, default=None),
        newest=max(created, default=None),
        calls=sum(calls.values()),
        least_seconds=max((_least(window, counts, calls) for window in plan.windows), default=0.0),
    )


def kind_of(reason: str) -> str:
    """Return the kind of a reason for which an entry is excluded: the reason itself where it is none of ours."""
    return next((kind for start, kind in _KINDS.items() if reason.startswith(start)), reason)


def age_of(age: timedelta) -> str:
    """Return an age in round words."""
    return next((name for bound, name in _AGES if age < bound), _OLDER)


def _least(window: ReplayWindow, ids: Mapping[WebhookId, int], calls: Mapping[WebhookId, int]) -> float:
    """Return the seconds from the first call to the last: the first stretch is full at once, the next one later."""
    amounts = (ids if window.counts == "ids" else calls).values()
    amount = max(amounts, default=0) if window.per == "webhook" else sum(amounts)
    return max(0, -(-amount // window.limit) - 1) * window.seconds


def report(plan: ReplayPlan) -> str:
    """Return a plan for people, some 75 characters wide as long as ids are short."""
    numbers = summarize(plan)
    parts = [_head(plan)]
    if numbers.to_send:
        named = (
            ("By webhook", {str(webhook_id): count for webhook_id, count in numbers.by_webhook.items()}),
            ("By type", {word or "(not told)": count for word, count in numbers.by_type.items()}),
            ("By day, UTC", numbers.by_day),
            ("By age", numbers.by_age),
        )
        parts += [_table(title, counts, _bars(counts)) for title, counts in named]
    if numbers.excluded:
        left_out = len(plan.entries) - numbers.to_send
        parts.append(_table(f"Left out: {left_out:,}", numbers.excluded, _WHY))
    parts.append("\n".join(_outlook(plan, numbers)))
    return "\n\n".join(parts)


def instant(value: datetime) -> str:
    """Return an instant for people, to the second."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def span(seconds: float) -> str:
    """Return a time for people, in its two largest units and rounded up: ``3 h 42 min``."""
    left = math.ceil(seconds)
    if left < 60:
        return f"{left} s"
    if left < 3600:
        return _two(left, 60, "min", "s")
    if left < 86_400:
        return _two(-(-left // 60), 60, "h", "min")
    return _two(-(-left // 3600), 24, "d", "h")


def _two(amount: int, ratio: int, large: str, small: str) -> str:
    whole, rest = divmod(amount, ratio)
    return f"{whole:,} {large} {rest} {small}" if rest else f"{whole:,} {large}"


def _head(plan: ReplayPlan) -> str:
    bounds = [
        *([] if plan.start is None else [f"from {instant(plan.start)}"]),
        *([] if plan.end is None else [f"before {instant(plan.end)}"]),
    ]
    facts = {
        "webhooks": _some(map(str, plan.webhook_ids), len(plan.webhook_ids)),
        "created": ", ".join(bounds) or "at any time, as far back as the API lists",
        "status": ", ".join(plan.status),
        "API": f"{plan.provider}, {plan.where}",
        "made": f"{instant(plan.made_at)}",
    }
    webhooks = _number(len(plan.webhook_ids), "webhook")
    title = f"To be sent again: {plan.to_send:,} of {_number(len(plan.entries), 'event')} of {webhooks}"
    return "\n".join([title, *(f"  {name:<8}  {_printable(value)}" for name, value in facts.items())])


def _outlook(plan: ReplayPlan, numbers: PlanSummary) -> Iterator[str]:
    attempts = [(entry.next_attempt, entry.excluded) for entry in plan.entries if entry.next_attempt is not None]
    if attempts:
        first = min(next_attempt for next_attempt, _ in attempts)
        sent = sum(excluded is None for _, excluded in attempts)
        shares = ((sent, "sent all the same"), (len(attempts) - sent, "left out"))
        when = "any moment" if first <= plan.made_at else instant(first)
        yield f"The API may still deliver {_number(len(attempts), 'event')} by itself, the first at"
        yield f"{when}: {', '.join(f'{count:,} {what}' for count, what in shares if count)}."
    if numbers.to_send:
        yield f"{_number(numbers.calls, 'call')} of at most {_number(plan.batch_size, 'id')}, {_pace(plan, numbers)}."
    yield "This is a plan: nothing was sent."


def _pace(plan: ReplayPlan, numbers: PlanSummary) -> str:
    if numbers.least_seconds:
        return f"which take at least {span(numbers.least_seconds)} at the allowed rate"
    return "which the allowed rate lets go at once" if plan.windows else "as fast as the API takes them"


def _table(title: str, counts: Mapping[str, int], notes: Mapping[str, str]) -> str:
    """Return a title, and a line for each count, with a note behind it. The last line stands for those cut off."""
    rows = [(_printable(name), f"{count:,}", notes.get(name, "")) for name, count in islice(counts.items(), _ROWS)]
    if len(counts) > _ROWS:
        rows.append((f"{len(counts) - _ROWS:,} more", f"{sum(islice(counts.values(), _ROWS, None)):,}", ""))
    name_width, count_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    lines = (f"  {name:<{name_width}}  {count:>{count_width}}  {note}".rstrip() for name, count, note in rows)
    return "\n".join([title, *lines])


def _bars(counts: Mapping[str, int]) -> dict[str, str]:
    """Return a bar for each count, the longest for the highest."""
    highest = max(counts.values())
    return {name: "#" * math.ceil(_BAR * count / highest) for name, count in counts.items()}


def _some(names: Iterable[str], count: int) -> str:
    shown = ", ".join(islice(names, _ROWS))
    return shown if count <= _ROWS else f"{shown} and {count - _ROWS:,} more"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _printable(text: str) -> str:
    """Return a text of the API's without what a terminal would obey."""
    return "".join(each if each.isprintable() else "?" for each in text)
