"""What happens before a run: its locks, a last look at what is still to be sent, and its journal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from typing import Any, Final

import attrs

from theirstack_async._clock import Clock
from theirstack_async.config import check_count, check_share
from theirstack_async.errors import ReplayError
from theirstack_async.hooks import logger
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._locks import WebhookLocks
from theirstack_async.replay._plan import ReplayPlan
from theirstack_async.replay._provider import ReplayProvider, Trace, WebhookId
from theirstack_async.replay._settings import Settings
from theirstack_async.replay._states import ReplayState
from theirstack_async.replay._steps import Excluded
from theirstack_async.replay._verify import HOPELESS

_FRESH: Final = 300.0
"""Seconds for which a plan is as good as a look at the API."""


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
    clock: Clock,
) -> tuple[Journal, Settings]:
    """Lock the webhooks, look at what was delivered since an older plan was made, and make the journal.

    Raises:
        ReplayError: the number is not the expected one, the webhooks are locked, or the journal is there already.
            Nothing was sent.
        TheirStackError: the API could not be asked.
    """
    await stack.enter_async_context(WebhookLocks(plan.provider, plan.where, plan.webhook_ids))
    planned = [at for at, entry in enumerate(plan.entries) if entry.excluded is None]
    old = clock.now() - plan.made_at.timestamp() > _FRESH
    gone = await _delivered(provider, plan, planned) if old or expected is not None else []
    if expected is not None:
        _check_number(len(planned) - len(gone), expected)
    journal = await stack.enter_async_context(aclosing(await Journal.create(path, plan, settings)))
    await _leave_out(journal, gone)
    return journal, settings


async def open_again(
    stack: AsyncExitStack, provider: ReplayProvider[Any], path: Path, changes: Mapping[str, Any]
) -> tuple[Journal, Settings]:
    """Open the journal of a run that has ended, lock its webhooks, and look at what was delivered since.

    Raises:
        ReplayError: it is the journal of another API, or a run has it or its webhooks.
        ArgumentError: a setting is out of its bounds.
        TheirStackError: the API could not be asked.
    """
    journal = await stack.enter_async_context(aclosing(await Journal.open(path)))
    check_provider(provider, journal.plan, "journal")
    settings = attrs.evolve(journal.settings, **changes).check(max_ids=provider.capabilities.max_ids)
    await stack.enter_async_context(WebhookLocks(journal.plan.provider, journal.plan.where, journal.plan.webhook_ids))
    planned = [*journal.ledger.positions(None, ReplayState.PLANNED)]
    await _leave_out(journal, await _delivered(provider, journal.plan, planned))
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


async def _delivered(provider: ReplayProvider[Any], plan: ReplayPlan, planned: Sequence[int]) -> list[int]:
    """Return those of the planned events that were delivered since, by position: by the API itself, or by others.

    What is under way just now, or not listed, stays in the plan: it may fail again, or be on a page that moved.
    """
    wanted = {word.casefold() for word in plan.status}
    by_webhook: dict[WebhookId, dict[Any, int]] = {}
    for at in planned:
        by_webhook.setdefault(plan.entries[at].webhook_id, {})[plan.entries[at].id] = at
    gone: list[int] = []
    for webhook_id, here in by_webhook.items():
        traces = {each: Trace(group=plan.entries[at].group) for each, at in here.items()}
        try:
            events = await provider.status_of(webhook_id, traces, plan.made_at)
        except HOPELESS as error:
            # It may be gone, which its calls will tell. The other webhooks need not wait for that.
            logger.warning("replay: webhook %s could not be looked at: %s", webhook_id, error)
            continue
        gone += [
            here[each]
            for each, event in events.items()
            if event.status == "delivered" and event.word.casefold() not in wanted
        ]
    return gone


async def _leave_out(journal: Journal, gone: Sequence[int]) -> None:
    if gone:
        await journal.write(Excluded(positions=tuple(gone), reason="delivered by now"))


def _check_number(found: int, expected: Expectation) -> None:
    if abs(found - expected.count) > expected.tolerance * expected.count:
        raise ReplayError(
            f"{found:,} events are to be sent, and {expected.count:,} were expected, give or take "
            f"{expected.tolerance:.0%}; nothing was sent. Look at a new plan, and pass expect={found} if it is right"
        )
