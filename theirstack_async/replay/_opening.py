"""What happens before a run: its locks, a last look at what is still to be sent, and its journal."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any

import attrs

from theirstack_async.config import check_count, check_share
from theirstack_async.errors import ReplayError
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._locks import WebhookLocks
from theirstack_async.replay._plan import ReplayPlan
from theirstack_async.replay._provider import ReplayProvider, Trace
from theirstack_async.replay._settings import Settings
from theirstack_async.replay._steps import Excluded


@attrs.frozen
class Expectation:
    """How many events a run is expected to send."""

    count: int
    tolerance: float
    """The share by which the number found may differ."""

    @classmethod
    def of(cls, expect: int | None, tolerance: float) -> Expectation | None:
        """Return what is expected; None where nothing is.

        Raises:
            ArgumentError: the number or the share is none, which names the field.
        """
        check_share("tolerance", tolerance)
        return None if expect is None else cls(check_count("expect", expect, at_least=0), tolerance)


async def open_new(
    stack: AsyncExitStack,
    provider: ReplayProvider[Any],
    plan: ReplayPlan,
    path: Path,
    settings: Settings,
    expected: Expectation | None,
) -> tuple[Journal, Settings]:
    """Lock the webhooks, look at what is still to be sent where a number is expected, and make the journal.

    Raises:
        ReplayError: the number differs, the webhooks are locked, or the journal is there already. Nothing was sent.
        TheirStackError: the API could not be asked.
    """
    await stack.enter_async_context(WebhookLocks(plan.provider, plan.where, plan.webhook_ids))
    gone = await _no_longer_wanted(provider, plan) if expected is not None else {}
    if expected is not None:
        _check_number(plan.to_send - sum(map(len, gone.values())), expected)
    journal = await stack.enter_async_context(aclosing(await Journal.create(path, plan, settings)))
    if gone:
        await journal.write(*(Excluded(positions=tuple(each), reason=reason) for reason, each in gone.items()))
    return journal, settings


async def open_again(
    stack: AsyncExitStack, provider: ReplayProvider[Any], path: Path, changes: Mapping[str, Any]
) -> tuple[Journal, Settings]:
    """Open the journal of a run that has ended, and lock its webhooks.

    Raises:
        ReplayError: it is the journal of another API, or a run has it or its webhooks.
        ArgumentError: a setting is out of its bounds.
    """
    journal = await stack.enter_async_context(aclosing(await Journal.open(path)))
    check_provider(provider, journal.plan, "journal")
    settings = attrs.evolve(journal.settings, **changes).check(max_ids=provider.capabilities.max_ids)
    await stack.enter_async_context(WebhookLocks(journal.plan.provider, journal.plan.where, journal.plan.webhook_ids))
    return journal, settings


def check_provider(provider: ReplayProvider[Any], plan: ReplayPlan, what: str) -> None:
    """Refuse a plan or a journal of another API or another environment of it.

    Raises:
        ReplayError: it is one.
    """
    name = provider.capabilities.provider
    if (plan.provider, plan.where) != (name, provider.where):
        raise ReplayError(
            f"the {what} is for {plan.provider} at {plan.where}, and this replay is for {name} at {provider.where}; "
            "use the provider that it was made with"
        )


async def _no_longer_wanted(provider: ReplayProvider[Any], plan: ReplayPlan) -> dict[str, list[int]]:
    """Return the planned events that have another status by now, by position, for each reason.

    What the API does not list stays in the plan: it may be on a page that moved.
    """
    wanted = {word.casefold() for word in plan.status}
    gone: dict[str, list[int]] = {}
    for webhook_id in plan.webhook_ids:
        here = {
            entry.id: (at, entry)
            for at, entry in enumerate(plan.entries)
            if entry.webhook_id == webhook_id and entry.excluded is None
        }
        if not here:
            continue
        traces = {each: Trace(group=entry.group) for each, (_, entry) in here.items()}
        for each, event in (await provider.status_of(webhook_id, traces, plan.made_at)).items():
            if event.word.casefold() not in wanted:
                gone.setdefault(f"{event.word} by now", []).append(here[each][0])
    return gone


def _check_number(found: int, expected: Expectation) -> None:
    if abs(found - expected.count) > expected.tolerance * expected.count:
        raise ReplayError(
            f"{found:,} events are to be sent, and {expected.count:,} were expected, give or take "
            f"{expected.tolerance:.0%}; nothing was sent. Look at a new plan, and pass expect={found} if it is right"
        )
