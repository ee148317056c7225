"""Finding the events that never arrived: taken from the event list, or sent again by the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from theirstack_async._check import check_id
from theirstack_async._tasks import attach
from theirstack_async._wire.encode import encode_instant
from theirstack_async.errors import (
    ArgumentError,
    BadRequestError,
    DecodeError,
    NotFoundError,
    PaginationError,
    PermissionDeniedError,
    TheirStackError,
    UnprocessableError,
)
from theirstack_async.receiver._reconcile_report import ReconcileReport, total
from theirstack_async.receiver._reconcile_run import Admit, How, Plan, Run
from theirstack_async.receiver._store import DeliveryStore
from theirstack_async.resources._arguments import list_of

if TYPE_CHECKING:
    from theirstack_async.client import TheirStack

__all__ = ["ReconcileReport", "reconcile"]

_ITS_OWN: Final = (
    *(BadRequestError, PermissionDeniedError, NotFoundError, UnprocessableError),
    *(DecodeError, PaginationError),
)
"""Errors of one webhook's list, after which the lists of the others are read all the same."""


async def reconcile(
    client: TheirStack,
    webhook_ids: Iterable[int],
    *,
    since: datetime,
    store: DeliveryStore,
    admit: Admit,
    how: How = "process",
    resend_not_triggered: bool = False,
) -> ReconcileReport:
    """Find the events that never arrived, take them in or have them sent again, and return what became of each.

    The lists of events are read to their ends, page by page, for the API has neither a time filter nor a documented
    order. Of the FAILED and NOT_TRIGGERED ones, those that the store knows are passed over, whatever their state.

    Reading and processing cost no credits. What it costs to have a FAILED event sent again is not documented; one
    that is NOT_TRIGGERED was never paid for, so it may be paid for then.

    Args:
        client: makes the calls, by its own settings.
        webhook_ids: whose events; archived ones have their lists still.
        since: an aware datetime; events created before it are passed over. A store that forgets what was handled must
            remember at least as long, or such events are handled again.
        store: knows what has arrived.
        admit: takes in what has not.
        how: ``"process"`` takes events in from the records in the list, and has only those sent again whose record is
            missing, blurred or not understood, or may be of two types; ``"resend"`` has all of them sent again.
        resend_not_triggered: have NOT_TRIGGERED events sent again as well, where they would be left otherwise.

    Raises:
        ArgumentError: an argument was refused, before anything was asked for.
        ConfigurationError: the receiver was stopped meanwhile.
        TheirStackError: a list could not be read, or the store failed. When that is of one webhook's own (400, 403,
            404, 422, an answer that cannot be read, a list that moves too fast), the others were reconciled first.
            What was done is done, and in ``error.report``, a :class:`ReconcileReport`, as with any exception.
    """
    ids = list_of(check_id)("webhook_ids", webhook_ids)
    encode_instant(since, "since")
    if how not in ("process", "resend"):
        raise ArgumentError(f'how: expected "process" or "resend", got {how!r}', field="how")
    from theirstack_async._convert import Converter

    plan = Plan(client, since, store, admit, how, resend_not_triggered, Converter())
    runs = {webhook_id: Run(webhook_id, plan) for webhook_id in ids}
    failure: TheirStackError | None = None
    try:
        for run in runs.values():
            try:
                await run.run()
            except _ITS_OWN as error:
                failure = failure or error
        if failure is not None:
            raise failure
    except BaseException as error:
        attach(error, report=_report(since, runs))
        raise
    return _report(since, runs)


def _report(since: datetime, runs: Mapping[int, Run]) -> ReconcileReport:
    return total(since.astimezone(UTC), {webhook_id: run.report() for webhook_id, run in runs.items()})
