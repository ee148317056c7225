"""How a plan comes about: every list is read to its end, and each event in it is sent, or left out for a reason."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast, get_args

import attrs

from theirstack_async._check import nearest
from theirstack_async._clock import Clock
from theirstack_async.errors import ArgumentError
from theirstack_async.replay._plan import PlanEntry, ReplayPlan
from theirstack_async.replay._plan_summary import ANOTHER, AUTOMATIC, DELIVERED, VETOED, instant
from theirstack_async.replay._provider import AutoRetry, I, ReplayEvent, ReplayProvider, WebhookId

_POLICIES: Final[tuple[AutoRetry, ...]] = get_args(AutoRetry)


@attrs.frozen(kw_only=True)
class _Wanted:
    """Which events are asked for, and what becomes of them."""

    start: datetime | None
    end: datetime | None
    status: tuple[str, ...]
    auto_retry: AutoRetry
    predicate: Callable[[ReplayEvent[Any]], bool | Awaitable[bool]] | None
    _words: frozenset[str] = attrs.field(
        default=attrs.Factory(lambda self: frozenset(word.casefold() for word in self.status), takes_self=True)
    )

    def in_time(self, event: ReplayEvent[Any]) -> bool:
        return (self.start is None or self.start <= event.created_at) and (
            self.end is None or event.created_at < self.end
        )

    def has_status(self, event: ReplayEvent[Any]) -> bool:
        return event.word.casefold() in self._words

    async def is_vetoed(self, event: ReplayEvent[Any]) -> bool:
        if self.predicate is None:
            return False
        answer = self.predicate(event)
        return not (await answer if inspect.isawaitable(answer) else answer)


async def make_plan(
    provider: ReplayProvider[I],
    webhook_ids: WebhookId | Iterable[WebhookId],
    *,
    start: datetime | None,
    end: datetime | None,
    status: str | Iterable[str] | None,
    predicate: Callable[[ReplayEvent[Any]], bool | Awaitable[bool]] | None,
    auto_retry: AutoRetry | None,
    clock: Clock,
) -> ReplayPlan:
    """Read the lists of the webhooks to their ends, and return what is to be sent. Nothing is sent.

    Args:
        provider: the API.
        webhook_ids: whose events; one that comes twice counts once.
        start: aware; events that were created before it are not asked for. None for no bound.
        end: aware; events that were created at it or later are not asked for. None for no bound.
        status: the API's own words, in any case; None for its word for what failed.
        predicate: called once for each event that would be sent, in the plan's order; may be async. What it says False
            to is left out, and what it raises comes out as it is.
        auto_retry: what becomes of events that the API may still deliver by itself; None for the provider's default.
        clock: tells when the plan was made.

    Raises:
        ArgumentError: an argument was refused, before anything was asked for.
        TheirStackError: a list could not be read to its end.
    """
    capabilities = provider.capabilities
    webhooks = _check_webhooks(provider, webhook_ids)
    wanted = _Wanted(
        start=_check_instant("start", start),
        end=_check_instant("end", end),
        status=_check_status(capabilities.statuses, status),
        auto_retry=_check_policy(capabilities.auto_retry if auto_retry is None else auto_retry),
        predicate=_check_predicate(predicate),
    )
    if wanted.start is not None and wanted.end is not None and wanted.start >= wanted.end:
        raise ArgumentError(
            f"start: {instant(wanted.start)} is not before the end, {instant(wanted.end)}, so no event can match",
            field="start",
        )
    made_at = datetime.fromtimestamp(clock.now(), UTC)
    entries = [entry for webhook_id in webhooks for entry in await _entries(provider, webhook_id, wanted)]
    return ReplayPlan(
        provider=capabilities.provider,
        where=provider.where,
        made_at=made_at,
        start=wanted.start,
        end=wanted.end,
        status=wanted.status,
        auto_retry=wanted.auto_retry,
        batch_size=capabilities.batch_size,
        windows=capabilities.windows,
        entries=tuple(entries),
        webhook_ids=webhooks,
    )


async def _entries(provider: ReplayProvider[I], webhook_id: WebhookId, wanted: _Wanted) -> list[PlanEntry[I]]:
    """Return the entries of one webhook, the oldest first."""
    listed = await _listed(provider, webhook_id, wanted)
    rows = sorted(
        (event for event in listed if wanted.has_status(event) and wanted.in_time(event)),
        key=lambda event: (event.created_at, event.id),
    )
    groups = _Groups.of(
        rows, [event for event in listed if event.status == "delivered" and not wanted.has_status(event)]
    )
    entries: list[PlanEntry[I]] = []
    for event in rows:
        reason = groups.reason(event) or _automatic(groups.next_attempt(event), wanted.auto_retry)
        if reason is None and await wanted.is_vetoed(event):
            reason = VETOED
        entries.append(_entry(event, webhook_id, reason))
    return entries


async def _listed(provider: ReplayProvider[I], webhook_id: WebhookId, wanted: _Wanted) -> Collection[ReplayEvent[I]]:
    """Return what the list says of each event that matters. Rows move while it is read, so one may come twice, and
    have changed meanwhile: what was tried last counts, or else what was read last.
    """
    latest: dict[I, ReplayEvent[I]] = {}
    listing = provider.list_failed(webhook_id, start=wanted.start, end=wanted.end, status=wanted.status)
    async for event in listing:
        if event.group is None and not wanted.in_time(event):
            continue
        known = latest.get(event.id)
        if known is None or known.updated_at <= event.updated_at:
            # Answers may be long, and only a predicate looks at them.
            bare = wanted.predicate is None and event.response is not None
            latest[event.id] = attrs.evolve(event, response=None) if bare else event
    return latest.values()


@attrs.frozen
class _Groups:
    """The rows that are attempts of the same event: the newest one stands for all of them."""

    _newest: Mapping[str, ReplayEvent[Any]]
    _delivered: Mapping[str, ReplayEvent[Any]]
    _next_attempt: Mapping[str, datetime]

    @classmethod
    def of(cls, rows: Iterable[ReplayEvent[Any]], delivered: Iterable[ReplayEvent[Any]]) -> _Groups:
        """Sort rows that are wanted, the oldest first, and rows that were delivered, into groups."""
        newest: dict[str, ReplayEvent[Any]] = {}
        attempts: dict[str, datetime] = {}
        for event in rows:
            if event.group is None:
                continue
            newest[event.group] = event
            if event.next_attempt is not None:
                attempts[event.group] = min(event.next_attempt, attempts.get(event.group, event.next_attempt))
        return cls(newest, {event.group: event for event in delivered if event.group is not None}, attempts)

    def reason(self, event: ReplayEvent[Any]) -> str | None:
        """Return why this row is left out for the sake of another one."""
        if event.group is None:
            return None
        if event.group in self._delivered:
            return f"{DELIVERED} {self._delivered[event.group].id}"
        newest = self._newest[event.group]
        return None if newest is event else f"{ANOTHER} {newest.id}"

    def next_attempt(self, event: ReplayEvent[Any]) -> datetime | None:
        """Return when the API tries any of the group's rows next."""
        return event.next_attempt if event.group is None else self._next_attempt.get(event.group)


def _automatic(next_attempt: datetime | None, policy: AutoRetry) -> str | None:
    if next_attempt is None or policy == "include":
        return None
    return sys.intern(f"{AUTOMATIC} {instant(next_attempt)}")


def _entry(event: ReplayEvent[I], webhook_id: WebhookId, excluded: str | None) -> PlanEntry[I]:
    return PlanEntry(
        id=event.id,
        webhook_id=webhook_id,
        type=sys.intern(event.type),
        created_at=event.created_at,
        updated_at=event.updated_at,
        next_attempt=event.next_attempt,
        group=event.group,
        excluded=excluded,
    )


def _check_webhooks(provider: ReplayProvider[Any], given: object) -> tuple[WebhookId, ...]:
    if isinstance(given, (int, str)):
        given = (given,)
    if not isinstance(given, Iterable):
        raise ArgumentError(f"webhook_ids: expected ids of webhooks, got {given!r}", field="webhook_ids")
    ids = cast("Iterable[object]", given)
    checked = tuple(dict.fromkeys(provider.check_webhook_id("webhook_ids", each) for each in ids))
    if not checked:
        raise ArgumentError("webhook_ids: expected at least one webhook, got none", field="webhook_ids")
    return checked


def _check_instant(field: str, value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, datetime):
        raise ArgumentError(f"{field}: expected a datetime with a time zone, got {value!r}", field=field)
    if value.utcoffset() is None:
        raise ArgumentError(
            f"{field}: {value.isoformat()} has no time zone; pass for example datetime(2026, 1, 31, tzinfo=UTC)",
            field=field,
        )
    return value.astimezone(UTC)


def _check_status(known: tuple[str, ...], given: object) -> tuple[str, ...]:
    if given is None:
        return known[:1]
    if not isinstance(given, Iterable):
        raise ArgumentError(f"status: expected {_either(known)}, got {given!r}", field="status")
    words: list[object] = [given] if isinstance(given, str) else list(cast("Iterable[object]", given))
    by_case = {word.casefold(): word for word in known}
    found: dict[str, None] = {}
    for word in words:
        if not isinstance(word, str) or word.casefold() not in by_case:
            near = nearest(word, known) if isinstance(word, str) else None
            hint = f"; did you mean {near!r}?" if near else ""
            raise ArgumentError(f"status: expected {_either(known)}, got {word!r}{hint}", field="status")
        found[by_case[word.casefold()]] = None
    if not found:
        raise ArgumentError(f"status: expected {_either(known)}, got none", field="status")
    return tuple(found)


def _check_policy(value: object) -> AutoRetry:
    for policy in _POLICIES:
        if value == policy:
            return policy
    raise ArgumentError(f"auto_retry: expected {_either(_POLICIES)}, got {value!r}", field="auto_retry")


def _check_predicate(value: Any) -> Any:
    if value is None or callable(value):
        return value
    raise ArgumentError(f"predicate: expected a function that takes an event, got {value!r}", field="predicate")


def _either(words: Iterable[str]) -> str:
    return " or ".join(map(repr, words))
