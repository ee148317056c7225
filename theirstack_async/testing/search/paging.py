"""Which rows of a result are answered, what they cost, and the answer made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, RefusedError, json_text
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.options import Options, Plan
from theirstack_async.testing.search.readers import natural, positive

Row = TypeVar("Row")
DEFAULT_LIMIT: Final = 25


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a plan allows."""

    rows: int
    """Of a page."""
    pages: int | None
    """Of a result; None for all."""


PLANS: Final[dict[Plan, Allowance]] = {"paid": Allowance(500, None), "free": Allowance(25, 5)}


@dataclass(frozen=True, slots=True)
class Window:
    """The rows that are asked for."""

    page: int
    offset: int
    limit: int | None
    """None for all."""

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return those of some rows."""
        return rows[self._start : self.stop]

    @property
    def stop(self) -> int | None:
        """How many rows of the result are needed; None for all."""
        return None if self.limit is None else self._start + self.limit

    @property
    def _start(self) -> int:
        return self.page * (self.limit or 0) or self.offset

    def allowed(self, options: Options) -> Window:
        """Return what of it the plan allows. Raises RefusedError 403 if a search for more shall be refused."""
        plan = PLANS[options.plan]
        limit = plan.rows if self.limit is None else min(self.limit, plan.rows)
        past = plan.pages is not None and (self.page >= plan.pages or self.offset >= plan.pages * plan.rows)
        if options.over_plan == "refuse" and (past or limit != self.limit):
            pages = "" if plan.pages is None else f" and {plan.pages} pages"
            raise RefusedError(403, f"The {options.plan} plan allows {plan.rows} rows a page{pages}")
        return Window(self.page, self.offset, 0 if past else limit)


@dataclass(frozen=True, slots=True)
class Sale(Generic[Row]):
    """The rows of a page that are answered, and those that are held back for want of credits."""

    rows: Sequence[Row]
    held_back: Sequence[Row]
    status: int
    credits: int


def search_window(fields: read.Fields) -> Window:
    """Return the rows that a search asks for.

    What counts when page and offset are both sent is undocumented: here the page, unless it is 0. A ``cursor`` is
    checked and not used, for how it works is undocumented.
    """
    fields.optional("cursor", read.string)
    return Window(
        page=fields.defaulted("page", natural, 0),
        offset=fields.defaulted("offset", natural, 0),
        limit=fields.defaulted("limit", positive, DEFAULT_LIMIT),
    )


def lookup_window(fields: read.Fields) -> Window:
    """Return the rows that a lookup asks for: all of them without a limit."""
    return Window(
        page=fields.optional("page", natural) or 0,
        offset=fields.optional("offset", natural) or 0,
        limit=fields.optional("limit", positive),
    )


def sell(backend: Backend, rows: Sequence[Row], price: int) -> Sale[Row]:
    """Charge rows, each at a price, as far as the credits suffice. Raises RefusedError 402 if it shall refuse."""
    paid = backend.billing.affordable(price, len(rows))
    how = backend.options.out_of_credits
    if paid < len(rows) and how == "402":
        raise RefusedError(402, f"Not enough credits: {price * len(rows)} needed, {backend.billing.left} left")
    backend.billing.pay(price, paid)
    status = 402 if paid < len(rows) and how == "402-data" else 200
    return Sale(rows[:paid], rows[paid:], status, price * paid)


def give(rows: Sequence[Row]) -> Sale[Row]:
    """Return the sale of rows that cost nothing."""
    return Sale(rows, (), 200, 0)


def answer(
    sale: Sale[Row],
    show: Callable[[Row], str],
    *,
    total: int | None,
    total_companies: int | None = None,
    company_of: Callable[[Row], object] | None = None,
) -> Answer:
    """Return the answer with some rows, of which ``show`` makes JSON.

    ``company_of`` tells of which company a row is, to count those held back.
    """
    metadata = {
        "total_results": total,
        "truncated_results": len(sale.held_back),
        "truncated_companies": _count(sale.held_back, company_of),
        "total_companies": total_companies,
    }
    body = f'{{"metadata":{json_text(metadata)},"data":[{",".join(map(show, sale.rows))}]}}'
    return Answer(sale.status, body.encode(), rows=len(sale.rows) if sale.credits else 0, credits=sale.credits)


def _count(rows: Iterable[Row], company_of: Callable[[Row], object] | None) -> int:
    return len({company_of(row) for row in rows}) if company_of else 0
