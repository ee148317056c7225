"""Buying chosen jobs by their ids, in requests of a bounded size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import attrs

from theirstack_async._check import check_id
from theirstack_async.errors import DecodeError, Problem
from theirstack_async.pagination import EndReason, Paginator
from theirstack_async.resources._buying import Purchase, each_of

if TYPE_CHECKING:
    from theirstack_async.models import Job


@attrs.frozen(kw_only=True)
class Revealed:
    """What became of the jobs that :meth:`Jobs.reveal` was asked for.

    Each id is in exactly one of ``jobs``, ``missing``, ``blurred`` and ``not_asked``, in the order of the asking.
    """

    jobs: tuple[Job, ...] = ()
    """The jobs that were bought."""
    missing: tuple[int, ...] = ()
    """The ids that did not come back; they cost nothing."""
    blurred: tuple[Job, ...] = ()
    """The rows that came blurred although they were paid for, by ``credits``: something to tell the vendor of."""
    not_asked: tuple[int, ...] = ()
    """The ids for which nothing was bought, because of what ``end`` says; they can be asked for again."""
    credits: int = 0
    """What it cost, all requests together."""
    end: EndReason | None = None
    """Why it ended before the last id: the budget, the credits or the plan; None when every id was asked for."""


async def reveal(ids: Sequence[int], page_size: int, search: Callable[[Sequence[int]], Paginator[Job]]) -> Revealed:
    """Buy jobs in chunks. ``search`` makes the search for some ids, as :meth:`Purchase.buy` takes it.

    Raises:
        DecodeError: a job came that was not asked for; the search is not obeyed, so nothing more is bought.
        TheirStackError: what else went wrong. All that was bought is in ``items_so_far``.
    """
    purchase, missing, left, end = Purchase(), list[int](), list[int](), None
    for start in range(0, len(ids), page_size):
        chunk = ids[start : start + page_size]
        rows, why = await purchase.buy(search(chunk))
        came = {job.id for job in rows}
        if foreign := came.difference(chunk):
            raise _not_obeyed(sorted(foreign), purchase)
        absent = [id_ for id_ in chunk if id_ not in came]
        if why not in (EndReason.EXHAUSTED, EndReason.MAX_ITEMS):
            left, end = [*absent, *ids[start + page_size :]], why
            break
        missing += absent
    bought = {job.id: job for job in purchase.jobs}
    rows = [bought[id_] for id_ in ids if id_ in bought]
    return Revealed(
        jobs=tuple(job for job in rows if not job.has_blurred_data),
        missing=tuple(missing),
        blurred=tuple(job for job in rows if job.has_blurred_data),
        not_asked=tuple(left),
        credits=purchase.credits,
        end=end,
    )


def ids_of(values: object) -> list[int]:
    """Return the ids that ints and rows of jobs stand for, each once.

    Raises:
        ArgumentError: something is neither.
    """
    from theirstack_async.models import Job, JobPreview

    given = each_of("ids", values)
    ids = (value.id if isinstance(value, (Job, JobPreview)) else value for value in given)
    return list(dict.fromkeys(check_id("ids", value) for value in ids))


def _not_obeyed(foreign: Sequence[int], purchase: Purchase) -> DecodeError:
    message = (
        f"job {foreign[0]} came and was not asked for, {len(foreign)} of them in one answer: the API did not obey "
        "job_id_or, so nothing more was bought; all that was bought is in .items_so_far"
    )
    error = DecodeError(message, problems=[Problem("data[].id", f"not asked for: {foreign[0]}")])
    error.items_so_far = [*purchase.jobs]
    return error
