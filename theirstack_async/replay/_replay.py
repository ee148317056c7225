"""Replay: the way into this room."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Generic, Self

from theirstack_async._clock import Clock, SystemClock
from theirstack_async._values import UNSET, Unset
from theirstack_async.config import check_seconds
from theirstack_async.errors import ArgumentError
from theirstack_async.replay._plan import ReplayPlan
from theirstack_async.replay._provider import (
    AutoRetry,
    I,
    OnUnknown,
    ReplayCapabilities,
    ReplayEvent,
    ReplayProvider,
    StopWhen,
    WebhookId,
)

if TYPE_CHECKING:
    from theirstack_async.replay._report import ReplayReport
    from theirstack_async.replay._run import ReplayRun

Predicate = Callable[[ReplayEvent[Any]], bool | Awaitable[bool]]
"""Tells of an event whether it is still worth sending."""


class Replay(Generic[I]):
    """Has failed events delivered again: planned first, then sent under a journal, then followed until they arrived.

    Everything here is free, but for what the API may bill for a delivery, which TheirStack does not document.

    Args:
        provider: the API, such as ``TheirStackEvents(client)``.
        clock: for tests.
        uniform: for tests; returns a number from 0 to 1.

    Raises:
        ArgumentError: ``provider`` is none.
    """

    def __init__(
        self,
        provider: ReplayProvider[I],
        *,
        clock: Clock | None = None,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        if not isinstance(getattr(provider, "capabilities", None), ReplayCapabilities):
            raise ArgumentError(
                f"provider: expected one such as TheirStackEvents(client), got {type(provider).__name__}",
                field="provider",
            )
        self.provider: Final = provider
        """The API."""
        self._clock: Final[Clock] = clock or SystemClock()
        self._uniform: Final = uniform

    async def plan(
        self,
        webhook_ids: WebhookId | Iterable[WebhookId],
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        status: str | Iterable[str] | None = None,
        predicate: Predicate | None = None,
        auto_retry: AutoRetry | None = None,
    ) -> ReplayPlan:
        """Read what failed, and return the frozen list of what would be sent. Nothing is sent, and nothing costs.

        Args:
            webhook_ids: whose events; a single id stands for itself.
            start: aware datetime; events that were created before it are left out.
            end: aware datetime; events that were created at it or later are left out.
            status: the API's own words for the statuses wanted; what failed by default.
            predicate: called with each such event, possibly async; one that it returns False for is excluded.
            auto_retry: whether events that the API may still deliver by itself are planned (``"include"``) or left to
                it (``"skip"``). By default as the API's provider thinks best.

        Raises:
            ArgumentError: an argument was refused.
            TheirStackError: a list could not be read to its end.
        """
        from theirstack_async.replay._planning import make_plan

        return await make_plan(
            self.provider,
            webhook_ids,
            start=start,
            end=end,
            status=status,
            predicate=predicate,
            auto_retry=auto_retry,
            clock=self._clock,
        )

    def run(
        self,
        plan: ReplayPlan,
        *,
        journal: str | Path,
        expect: int | None = None,
        tolerance: float = 0.1,
        rate: float | None = None,
        batch_size: int | None = None,
        max_concurrency: int = 4,
        canary: int = 1,
        stop_when: StopWhen | Unset | None = UNSET,
        on_unknown: OnUnknown = "report",
        grace: float = 60.0,
        drain: float = 5.0,
    ) -> ReplayRun[I]:
        """Return a run that sends what a plan holds. Enter it with ``async with``; nothing happens before.

        Where the plan is older than five minutes, or a number is expected, it looks first at what was delivered since,
        and leaves that out.

        Args:
            plan: what to send. Nothing else is sent, whatever has failed since.
            journal: a file that does not exist yet. What is about to be sent is noted there before, and what came of
                it after, so that a run that dies can be resumed.
            expect: how many events are expected to be sent; the run refuses to begin when the number differs.
            tolerance: the share by which it may differ, from 0 to 1.
            rate: ids a second that each webhook gets at the most; None for what the API allows.
            batch_size: ids a call; by default as the plan says.
            max_concurrency: calls under way at once.
            canary: so many events of each webhook are sent and followed before the rest; if all of them fail again,
                its rest is not sent. One that the API does not take is none, and the next stands in. 0 for none.
            stop_when: when a webhook whose deliveries keep failing is not sent to any longer; None for never. By
                default as the API's provider thinks best.
            on_unknown: what becomes of events of unknown outcome once they were looked for: they are reported, or sent
                again (``"resend"``), at most three times, so that an event may be delivered twice.
            grace: seconds after its call in which an event of unknown outcome may still show up.
            drain: seconds that calls under way get to end when the block is left early.

        Raises:
            ArgumentError: an argument was refused.
            ReplayError: the plan is for another API.
        """
        from theirstack_async.replay._opening import Expectation, check_provider, open_new
        from theirstack_async.replay._settings import Settings

        check_provider(self.provider, plan, "plan")
        expected = Expectation.of(expect, tolerance)
        settings = Settings(
            batch_size=plan.batch_size if batch_size is None else batch_size,
            rate=rate,
            max_concurrency=max_concurrency,
            canary=canary,
            stop_when=self.provider.capabilities.stop_when if isinstance(stop_when, Unset) else stop_when,
            on_unknown=on_unknown,
            grace=grace,
        ).check(max_ids=self.provider.capabilities.max_ids)
        opening = partial(
            open_new,
            provider=self.provider,
            plan=plan,
            path=Path(journal),
            settings=settings,
            expected=expected,
            clock=self._clock,
        )
        return self._begin(opening, drain)

    def resume(
        self,
        journal: str | Path,
        *,
        rate: float | Unset | None = UNSET,
        max_concurrency: int | Unset = UNSET,
        canary: int | Unset = UNSET,
        stop_when: StopWhen | Unset | None = UNSET,
        on_unknown: OnUnknown | Unset = UNSET,
        grace: float | Unset = UNSET,
        drain: float = 5.0,
    ) -> ReplayRun[I]:
        """Return a run that goes on where another one ended, however it ended.

        What is settled is left alone, and what was delivered since, by the API itself or by others, is left out.
        Events that were about to be sent, or whose answer is not known, are looked for, and never sent again without
        that, and only with ``on_unknown="resend"``. Webhooks that had been stopped are tried again, with a canary
        first. Settings are those of the journal but for the ones given here.

        Raises:
            ArgumentError: an argument was refused. Those that are checked against the journal are when it is entered.
        """
        from theirstack_async.replay._opening import open_again

        given = {
            "rate": rate, "max_concurrency": max_concurrency, "canary": canary, "stop_when": stop_when,
            "on_unknown": on_unknown, "grace": grace,
        }  # fmt: skip
        changes = {name: value for name, value in given.items() if value is not UNSET}
        return self._begin(partial(open_again, provider=self.provider, path=Path(journal), changes=changes), drain)

    async def verify(self, journal: str | Path, *, deadline: float = 300.0) -> ReplayReport:
        """Look at what was sent until each event was delivered or failed again, or the deadline is over. Sends nothing.

        Events of unknown outcome are looked for once.

        Args:
            journal: that of a run that has ended.
            deadline: seconds; 0 for a single look.

        Returns:
            The report, with what was seen.

        Raises:
            ReplayError: a run has the journal, or it is that of another API.
            TheirStackError: the API could not be asked.
        """
        from theirstack_async.replay._journal import Journal
        from theirstack_async.replay._opening import check_provider
        from theirstack_async.replay._reconcile import find
        from theirstack_async.replay._report import ReplayReport
        from theirstack_async.replay._verify import Verifier

        check_seconds("deadline", deadline)
        opened = await Journal.open(Path(journal))
        try:
            check_provider(self.provider, opened.plan, "journal")
            verifier = Verifier(self.provider, opened, self._clock)
            lost = await find(opened, verifier)
            if not await verifier.until(verifier.candidates(), deadline=deadline) and lost is not None:
                raise lost
        finally:
            await opened.aclose()
        return await ReplayReport.read(journal)

    async def report(self, journal: str | Path) -> ReplayReport:
        """Return the report of a journal as it stands, also while a run has it. Asks the API nothing.

        Raises:
            JournalError: it cannot be read.
        """
        from theirstack_async.replay._report import ReplayReport

        return await ReplayReport.read(journal)

    async def aclose(self) -> None:
        """Let go of what the provider opened itself."""
        await self.provider.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def _begin(self, opening: Callable[..., Any], drain: float) -> ReplayRun[I]:
        from theirstack_async.replay._run import ReplayRun

        check_seconds("drain", drain)
        return ReplayRun(self.provider, opening, clock=self._clock, uniform=self._uniform, drain=drain)

    def __repr__(self) -> str:
        return f"<Replay {self.provider.capabilities.provider} {self.provider.where}>"
