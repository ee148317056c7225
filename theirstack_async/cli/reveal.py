"""``theirstack jobs reveal``: chosen jobs, bought by their ids."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeAlias

import typer

from theirstack_async.cli.buying import Budget, Order, agree
from theirstack_async.cli.exits import ExitCode
from theirstack_async.cli.ids import read_ids
from theirstack_async.cli.job_options import COLUMNS, JOBS
from theirstack_async.cli.listing import tell_of_early_end
from theirstack_async.cli.messages import fail, note
from theirstack_async.cli.options import Json, Yes
from theirstack_async.cli.output import Output
from theirstack_async.cli.session import call, guarding
from theirstack_async.cli.text import counted, some
from theirstack_async.cli.till import STOPPING, Till, saved

if TYPE_CHECKING:
    from theirstack_async import EndReason, Job, Revealed, TheirStack
    from theirstack_async.resources.jobs import Jobs

JobIds: TypeAlias = Annotated[
    list[str],
    typer.Argument(metavar="JOB_ID", help="Ids of jobs; - reads them from stdin, also out of JSON lines of a preview."),
]
PageSize: TypeAlias = Annotated[int, typer.Option(min=1, max=500, metavar="N", help="Ids a request.")]


def reveal(
    ctx: typer.Context,
    ids: JobIds,
    page_size: PageSize = 25,
    budget: Budget = None,
    yes: Yes = False,
    json: Json = False,
) -> NoReturn:
    """Buy chosen jobs, say of a free preview. Each costs 1 credit; one that does not come back costs nothing.

    An id that is there twice is bought once. If some do not come back, the exit code is 1.
    """
    out = Output(json=json)
    with guarding(ctx):
        wanted = [*dict.fromkeys(read_ids(ids, "a job id"))]
        order = agree(len(wanted), JOBS, budget=budget, yes=yes)

    async def work(client: TheirStack) -> int:
        choice = _Choice(wanted, out)
        with Till(client.usage, JOBS.noun, choice.advice) as choice.till:
            async with aclosing(choice.till.requests(choice.requests(client.jobs, page_size))) as coming:
                async for found in coming:
                    choice.take(found)
        return choice.code(order)

    call(ctx, work, whole=out.json, credits=order.credits, on_interrupt=STOPPING)


class _Choice:
    """The jobs that are bought, and which of them came."""

    till: Till

    def __init__(self, ids: Sequence[int], out: Output) -> None:
        self._left = dict.fromkeys(ids)
        """The ids that were neither printed nor are missing."""
        self._missing: list[int] = []
        self._blurred: list[int] = []
        self._end: EndReason | None = None
        self._out = out

    def requests(self, jobs: Jobs, size: int) -> Iterator[Callable[[], Any]]:
        """Yield what buys the ids that are left, as long as nothing has ended it early."""
        while self._left and self._end is None:
            yield partial(self._ask, jobs, [*islice(self._left, size)])

    async def _ask(self, jobs: Jobs, ids: Sequence[int]) -> Revealed:
        try:
            return await jobs.reveal(ids, page_size=len(ids))
        except BaseException as error:
            self._show(saved(error))
            raise

    def take(self, found: Revealed) -> None:
        """Print what came."""
        self._show([*found.jobs, *found.blurred])
        self._missing += found.missing
        self._blurred += [job.id for job in found.blurred]
        self._end = found.end
        for id_ in found.missing:
            del self._left[id_]

    def _show(self, rows: Sequence[Job]) -> None:
        if rows:
            self._out.records(rows, COLUMNS, header=not self.till.rows)
            self._out.flush()
            self.till.rows += len(rows)
        for job in rows:
            self._left.pop(job.id, None)

    def advice(self) -> str:
        """Return how to go on after an error."""
        return (
            f"Not bought, or not printed: {some(self._left)}. Leave the others out when you go on: they are paid for."
        )

    def code(self, order: Order) -> int:
        """Return the exit code of a run that was not interrupted, and say what did not come."""
        if self._blurred:
            note(f"{counted(len(self._blurred), 'job')} came blurred, and cost as much: {some(self._blurred)}.")
        if self._left:
            note(f"Not bought, {counted(len(self._left), 'id')}: {some(self._left)}.")
        if self._missing:
            fail(f"{counted(len(self._missing), 'id')} did not come back, and cost nothing: {some(self._missing)}.")
        code = order.ended_by(self._end, self.till.rows)
        code = tell_of_early_end(self._end) if code is None else code
        return code or (ExitCode.FAILED if self._missing else ExitCode.OK)
