"""What is to be sent, frozen: the ids, how they were chosen, and what was left out and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Generic, Self

import attrs

from theirstack_async.errors import ArgumentError
from theirstack_async.replay import _plan_file, _plan_summary
from theirstack_async.replay._plan_summary import PlanSummary
from theirstack_async.replay._provider import AutoRetry, I, ReplayWindow, WebhookId

_SHOWN: Final = 20
"""Ids a webhook that ``str(diff)`` names."""


@attrs.frozen(kw_only=True, weakref_slot=False)
class PlanEntry(Generic[I]):
    """One event of a plan."""

    id: I
    webhook_id: WebhookId
    type: str
    """Such as ``job.new``; empty where the API does not tell."""
    created_at: datetime
    updated_at: datetime
    """When its delivery was tried last, as far as the API tells."""
    next_attempt: datetime | None = None
    """When the API will try it again by itself, as far as was known when the plan was made; None when it will not."""
    group: str | None = None
    """What all rows about one event have in common, where the API adds a row for each attempt."""
    excluded: str | None = None
    """Why it is not to be sent; None when it is."""


def _webhooks_of(plan: ReplayPlan) -> tuple[WebhookId, ...]:
    return tuple(dict.fromkeys(entry.webhook_id for entry in plan.entries))


def _entries_shown(entries: Sequence[object]) -> str:
    return f"<{len(entries):,}>"


@attrs.frozen(kw_only=True)
class ReplayPlan:
    """What is to be sent. Nothing was sent yet.

    ``str(plan)`` is a report for people. :meth:`save` and :meth:`load` keep a plan in a file, so that it can be looked
    at before it is run, by somebody else or in another process.
    """

    provider: str
    """The API's short name, such as ``theirstack``."""
    where: str
    """Its base URL."""
    made_at: datetime
    start: datetime | None
    """Only events that were created at it or later were asked for; None for no such bound."""
    end: datetime | None
    """Only events that were created before it were asked for; None for no such bound."""
    status: tuple[str, ...]
    """The API's own words for the statuses that were asked for."""
    auto_retry: AutoRetry
    """What becomes of events that the API may still deliver by itself."""
    batch_size: int
    """Ids a call, as the summary reckons."""
    windows: tuple[ReplayWindow, ...]
    """The API's bounds, as the summary reckons."""
    entries: tuple[PlanEntry[Any], ...] = attrs.field(repr=_entries_shown)
    """Webhooks in the order in which they were given, the oldest event first within one."""
    webhook_ids: tuple[WebhookId, ...] = attrs.field(default=attrs.Factory(_webhooks_of, takes_self=True))
    """The webhooks that were asked for, in order, also those without an entry. Unless given, those of the entries."""

    @property
    def to_send(self) -> int:
        """How many events are to be sent: the entries that are not excluded."""
        return sum(entry.excluded is None for entry in self.entries)

    @property
    def digest(self) -> str:
        """A SHA-256 in hex over all that the plan says. Equal plans have equal ones."""
        return _plan_file.digest(_plan_file.head_to_json(self), map(_plan_file.entry_to_json, self.entries))

    def summary(self) -> PlanSummary:
        """Return the plan in numbers."""
        return _plan_summary.summarize(self)

    def diff(self, other: ReplayPlan) -> PlanDiff:
        """Return how another plan, such as a later one, differs from this one.

        Raises:
            ArgumentError: the other plan is for another API.
        """
        if (self.provider, self.where) != (other.provider, other.where):
            raise ArgumentError(
                f"other: a plan for {other.provider} at {other.where}, and this one is for {self.provider} at "
                f"{self.where}; only plans for the same API can be compared",
                field="other",
            )
        old = {(entry.webhook_id, entry.id): entry for entry in self.entries}
        new = {(entry.webhook_id, entry.id): entry for entry in other.entries}
        return PlanDiff(
            added=_by_webhook(key for key in new if key not in old),
            removed=_by_webhook(key for key in old if key not in new),
            changed=_by_webhook(key for key in old if key in new and old[key] != new[key]),
        )

    def save(self, path: str | Path) -> None:
        """Write the plan to a file of JSON lines: one about the plan, and one an entry. It is there whole or not.

        Raises:
            ReplayError: it cannot be written. A file that was there stays as it was.
        """
        rows = map(_plan_file.entry_to_json, self.entries)
        _plan_file.write(Path(path), _plan_file.head_to_json(self), rows)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what :meth:`save` wrote.

        Raises:
            ArgumentError: the file cannot be read.
            ReplayError: it is no plan, it is cut off or was edited, or a later release wrote it.
        """
        head, entries = _plan_file.read(Path(path), _plan_file.head_from_json, entry_from_json)
        return cls(**head, entries=tuple(entries))

    def __str__(self) -> str:
        return _plan_summary.report(self)


@attrs.frozen(kw_only=True)
class PlanDiff:
    """How a plan differs from an earlier one: ids by webhook."""

    added: Mapping[WebhookId, tuple[int | str, ...]]
    """Entries of the later plan only."""
    removed: Mapping[WebhookId, tuple[int | str, ...]]
    """Entries of the earlier plan only."""
    changed: Mapping[WebhookId, tuple[int | str, ...]]
    """Entries of both that are not the same: tried meanwhile, or excluded in one of them, or for another reason."""

    def __str__(self) -> str:
        parts = (("added", self.added), ("removed", self.removed), ("changed", self.changed))
        lines = [line for what, ids in parts for line in _diff_lines(what, ids)]
        return "\n".join(lines) or "The plans have the same entries."


def entry_from_json(data: Any) -> PlanEntry[Any]:
    """Return an entry that :func:`_plan_file.entry_to_json` has taken apart.

    Raises:
        ValueError: it is none.
    """
    return PlanEntry(**_plan_file.entry_fields(data))


def plan_from_json(head: Any, entries: Iterable[PlanEntry[Any]]) -> ReplayPlan:
    """Return a plan of a head that :func:`_plan_file.head_to_json` has taken apart, and of its entries.

    Raises:
        ValueError: it is none.
    """
    return ReplayPlan(**_plan_file.head_from_json(head), entries=tuple(entries))


def _by_webhook(keys: Iterable[tuple[WebhookId, int | str]]) -> dict[WebhookId, tuple[int | str, ...]]:
    found: dict[WebhookId, list[int | str]] = {}
    for webhook_id, id_ in keys:
        found.setdefault(webhook_id, []).append(id_)
    return {webhook_id: tuple(ids) for webhook_id, ids in found.items()}


def _diff_lines(what: str, by_webhook: Mapping[WebhookId, tuple[int | str, ...]]) -> list[str]:
    lines: list[str] = []
    for webhook_id, ids in by_webhook.items():
        more = ", ..." if len(ids) > _SHOWN else ""
        lines.append(f"webhook {webhook_id}: {len(ids):,} {what} ({', '.join(map(str, ids[:_SHOWN]))}{more})")
    return lines
