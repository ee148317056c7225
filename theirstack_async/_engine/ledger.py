"""The book-keeping of a credit budget: pure functions on one small document, whatever store it is kept in.

The document holds ``spent``, what was paid; ``guessed``, the part of it that no answer told; ``holds`` by ticket, the
worst case of calls under way: ``[credits, lease_end, label, fingerprint]``; ``uncertain`` by ticket, calls of which
nobody knows whether they were billed: ``[credits, label, fingerprint, since]``; and ``baseline``, which the account
had used of its billing cycle when the budget began; and ``born``, the time at which the document was made, by which it
is told from another that took its place. Amounts are credits, times are the store's, in seconds.

A ticket names one request, and its maker makes it up before the document is touched. So each function can be repeated
when nobody knows whether it was applied: what is done with a ticket that the document does not hold changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import attrs

Document = dict[str, Any]


@attrs.frozen
class Doubt:
    """A request of which nobody knows whether it was billed. Its worst case stays counted until somebody settles it."""

    fingerprint: str
    """A digest of the request, as in :attr:`OutcomeUnknownError.fingerprint`."""
    label: str
    """The method and the path of the request."""
    credits: int
    """What it may have cost, at most."""
    since: float
    """The time of the budget's store when it became doubtful, in seconds; only differences of it mean anything."""


@attrs.frozen
class Standing:
    """What a ledger says at an instant."""

    spent: int = 0
    guessed: int = 0
    held: int = 0
    doubts: Mapping[str, Doubt] = attrs.field(factory=dict[str, Doubt])
    """By ticket, oldest first."""
    baseline: int | None = None
    born: float | None = None
    """The store's time when the ledger was made; None before it was seen."""
    at: float = -math.inf
    """The store's time, in seconds."""

    @property
    def uncertain(self) -> int:
        """What the doubtful requests may have cost, at most."""
        return sum(doubt.credits for doubt in self.doubts.values())

    @property
    def certain(self) -> int:
        """What no end of a call under way can make smaller: what is spent and what is uncertain."""
        return self.spent + self.uncertain

    @property
    def untouched(self) -> bool:
        """Whether nothing was spent, is held or is in doubt."""
        return not (self.spent or self.held or self.doubts)


@attrs.frozen
class Demand:
    """What a call wants to hold: so many rows at the most and at the least, at so many credits each."""

    price: int
    rows: int
    least: int
    label: str
    fingerprint: str


@attrs.frozen
class Busy:
    """There is no room now, and there may be when holds of others have ended; ask again in so many seconds."""

    seconds: float
    """Until the first lease ends; infinite when nothing is held."""


@attrs.frozen
class Full:
    """What is spent and in doubt leaves no room, whatever becomes of the holds."""

    standing: Standing


def take(
    doc: Document, now: float, ticket: str, demand: Demand, *, room: int, lease: float, wait: bool = False
) -> int | Busy | Full:
    """Hold the worst case of as many rows as what is spent and in doubt leaves room for, and return how many that is.

    ``room`` is what the ledger may come to, in credits. The hold becomes doubtful ``lease`` seconds from now. With
    ``wait`` nothing is held, because others were there before: only :class:`Full` or :class:`Busy` is returned.
    """
    _open(doc, now)
    doc["holds"].pop(ticket, None)
    standing = read(doc, now)
    left = room - standing.certain
    if left < demand.price * demand.least:
        return Full(standing)
    rows = min(demand.rows, left // demand.price)
    # Not made smaller for the sake of holds, which end: a page of a list that is read ahead would leave a gap before
    # the next one, when others give room again in between, and its rows be bought again with what fills the gap.
    if wait or rows * demand.price > left - standing.held:
        return Busy(min((end - now for _, end, *_ in doc["holds"].values()), default=math.inf))
    doc["holds"][ticket] = [rows * demand.price, now + lease, demand.label, demand.fingerprint]
    return rows


def settle(doc: Document, now: float, ticket: str, credits: int) -> None:  # noqa: A002
    """Count what a request cost, in the place of its hold or its doubt."""
    _open(doc, now)
    if _remove(doc, ticket):
        doc["spent"] += credits


def release(doc: Document, now: float, ticket: str) -> None:
    """Drop the hold or the doubt of a request that cost nothing."""
    _open(doc, now)
    _remove(doc, ticket)


def doubt(doc: Document, now: float, ticket: str) -> None:
    """Keep the worst case of a request counted, because nobody knows whether it was billed."""
    _open(doc, now)
    if ticket in doc["holds"]:
        amount, _, label, fingerprint = doc["holds"].pop(ticket)
        doc["uncertain"][ticket] = [amount, label, fingerprint, now]


def claim(doc: Document, now: float, ticket: str, credits: int) -> None:  # noqa: A002
    """Count what was billed without a hold, as a doubt at first: ``settle`` with the same ticket comes next.

    In two steps each of which can be repeated, so that a charge is counted once also when the first one's fate is
    unknown.
    """
    _open(doc, now)
    doc["uncertain"][ticket] = [credits, "charge()", "", now]


def resolve(doc: Document, now: float, fingerprint: str, credits: int) -> bool:  # noqa: A002
    """Settle the oldest doubt of a fingerprint by hand. Return whether there was one."""
    found = next((ticket for ticket, each in read(doc, now).doubts.items() if each.fingerprint == fingerprint), None)
    if found is None:
        return False
    _guess(doc, (found,), credits)
    return True


def anchor(doc: Document, now: float, used: int) -> bool:
    """Note what the account had used when the budget began, unless it has. Return whether the document knows it."""
    standing = read(doc, now)
    if standing.baseline is None and standing.untouched:
        doc["baseline"] = used
    return doc["baseline"] is not None


def reconcile(doc: Document, now: float, tickets: Collection[str], most: int) -> tuple[tuple[Doubt, ...], int]:
    """Settle those of some doubts that are left at ``most`` credits for all. Return them, and what they now cost."""
    found = {ticket: each for ticket, each in read(doc, now).doubts.items() if ticket in tickets}
    cost = min(most, sum(each.credits for each in found.values()))
    _guess(doc, found, cost)
    return tuple(found.values()), cost


def read(doc: Document, now: float) -> Standing:
    """Return what the document says."""
    _open(doc, now)
    return Standing(
        spent=doc["spent"],
        guessed=doc["guessed"],
        held=sum(amount for amount, *_ in doc["holds"].values()),
        doubts={
            ticket: Doubt(fingerprint, label, amount, since)
            for ticket, (amount, label, fingerprint, since) in sorted(doc["uncertain"].items(), key=_since)
        },
        baseline=doc["baseline"],
        born=doc["born"],
        at=now,
    )


def has_lost(doc: Document, seen: Standing) -> bool:
    """Return whether a document is not the one that was ``seen``, or an older state of it: nothing is ever unspent."""
    return seen.born is not None and (doc.get("born") != seen.born or doc["spent"] < seen.spent)


def _since(item: tuple[str, list[Any]]) -> float:
    since: float = item[1][3]
    return since


def _open(doc: Document, now: float) -> None:
    """Fill a new document, and turn holds whose lease has ended into doubts: whoever held them may be dead."""
    if not doc:
        doc.update(spent=0, guessed=0, holds={}, uncertain={}, baseline=None, born=now)
    ended = [ticket for ticket, (_, end, *_) in doc["holds"].items() if end <= now]
    for ticket in ended:
        amount, end, label, fingerprint = doc["holds"].pop(ticket)
        doc["uncertain"][ticket] = [amount, label, fingerprint, end]


def _remove(doc: Document, ticket: str) -> bool:
    """Drop a ticket, and return whether it was there."""
    return any(doc[part].pop(ticket, None) is not None for part in ("holds", "uncertain"))


def _guess(doc: Document, tickets: Collection[str], cost: int) -> None:
    for ticket in tickets:
        del doc["uncertain"][ticket]
    doc["spent"] += cost
    doc["guessed"] += cost
