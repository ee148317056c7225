"""Several searches that buy jobs one after the other, as one purchase: what was bought is never lost on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import attrs

from theirstack_async._tasks import attach
from theirstack_async.config import RequestOptions
from theirstack_async.errors import ArgumentError, DecodeError, InsufficientCreditsError, PermissionDeniedError
from theirstack_async.pagination import EndReason, Paginator

if TYPE_CHECKING:
    from theirstack_async.budget import CreditBudget
    from theirstack_async.models import Job


@attrs.define
class Purchase:
    """What a row of searches has bought so far."""

    jobs: list[Job] = attrs.field(factory=list[Any])
    """All rows that came, in the order of the searches."""
    credits: int = 0
    searches: int = 0
    """How many searches were answered."""

    async def buy(self, search: Paginator[Job]) -> tuple[list[Job], EndReason]:
        """Read a search to its end, and return its rows, and why it ended.

        The search is one that ends quietly (``partial=True``) and collects the rows that do not decode. Where the
        credits or the plan refuse it after others were answered, it has no rows, and that is its end.

        Raises:
            DecodeError: rows do not decode; ``body`` has them as a JSON array.
            TheirStackError: what else went wrong. Either has all that was bought in ``items_so_far``.
        """
        start = len(self.jobs)
        try:
            async for job in search:
                self.jobs.append(job)
            if search.rejects:
                raise _undecoded(search.rejects)
        except (InsufficientCreditsError, PermissionDeniedError) as error:
            if not self.searches:
                raise
            plan = isinstance(error, PermissionDeniedError)
            return [], EndReason.PLAN_LIMIT if plan else EndReason.TRUNCATED_BY_CREDITS
        except BaseException as error:
            attach(error, items_so_far=[*self.jobs])
            raise
        self.credits += search.credits
        self.searches += 1
        return self.jobs[start:], search.end or EndReason.EXHAUSTED


def _undecoded(rejects: Sequence[DecodeError]) -> DecodeError:
    which = "a row that was bought does" if len(rejects) == 1 else f"{len(rejects)} rows that were bought do"
    return DecodeError(
        f"{which} not decode; .body has what came as a JSON array, and all other rows are in .items_so_far: "
        f"{rejects[0]}",
        problems=rejects[0].problems,
        body=b"[" + b",".join(each.body for each in rejects) + b"]",
    )


def each_of(field: str, values: object) -> list[object]:
    """Return what a list, or anything else to iterate over, holds.

    Raises:
        ArgumentError: it is a single text, a mapping, or nothing to iterate over.
    """
    kind = type(values).__name__
    if isinstance(values, (str, bytes, Mapping)) or not isinstance(values, Iterable):
        raise ArgumentError(f"{field}: expected a list, got {kind}", field=field)
    return [*cast("Iterable[object]", values)]


def paid_from(options: RequestOptions | None, budget: CreditBudget | None) -> RequestOptions | None:
    """Return the options of calls that a budget pays for, where there is one."""
    return options if budget is None else attrs.evolve(options or RequestOptions(), budget=budget)
