"""A server in memory that incremental runs read: what it holds moves, its credits end, and it has manners of its own.

It is written from the API's pages alone, and shares no code with the fake server of ``theirstack_async.testing``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit

import attrs

from tests._engine import answer
from theirstack_async._wire.message import Request, Response

BEGAN: Final = 1_760_000_000
"""Unix seconds at which the world begins."""
Sorting = Literal["obeyed", "newest", "by id", "shuffled", "400", "422"]
"""``order_by`` is obeyed; or ignored, in favour of three other orders; or refused with a status."""
Dry = Literal["truncate", "402", "402-data"]
"""What is answered when the credits do not suffice: fewer rows, an error, or fewer rows with status 402."""
_KNOWN: Final = {
    "jobs": {"posted_at_gte", "discovered_at_gte", "discovered_at_lte", "job_id_not"},
    "companies": {"company_id_not"},
}
_SWITCHES: Final = {"order_by", "limit", "offset", "include_total_results", "blur_company_data"}


@attrs.define
class Manners:
    """How the server behaves."""

    sorting: Sorting = "obeyed"
    cap: int | None = None
    """Rows of a page at the most; more are cut off, without a word."""
    dry: Dry = "truncate"
    inclusive: bool = True
    """Whether ``discovered_at_gte`` finds the instant itself, which is undocumented."""
    newest_of_equals: bool = False
    """Which of rows with the same instant comes first: the highest id, or the lowest."""


class World:
    """Jobs or companies by id, each with the instant at which it was discovered, and an account."""

    def __init__(self, kind: Literal["jobs", "companies"] = "jobs") -> None:
        self.kind = kind
        self.price = 1 if kind == "jobs" else 3
        self.manners = Manners()
        self.rows: dict[int, float] = {}
        self.ever: set[int] = set()
        self.moved: list[int] = []
        """Rows that were found anew under their old ids."""
        self.now = float(BEGAN)
        self.credits: int | None = None
        """What is left; None for no end."""
        self.sold: list[int] = []
        """Rows that were billed."""
        self.requests = 0
        self.before: Callable[[], None] = lambda: None
        """Called before each request is answered; may change what there is."""

    @property
    def billed(self) -> int:
        """How many rows were billed."""
        return len(self.sold)

    def arrive(self, count: int, *, late: float = 0.0) -> None:
        """Let rows come in at one instant, so many seconds late."""
        for _ in range(count):
            new = len(self.ever) + 1
            self.rows[new] = self.now - late
            self.ever.add(new)

    def remove(self, place: int) -> None:
        """Let a row go."""
        if self.rows:
            del self.rows[self._at(place)]

    def move(self, place: int) -> None:
        """Let a row be found anew under its old id."""
        if self.rows:
            row = self._at(place)
            self.rows[row] = self.now
            self.moved.append(row)

    def _at(self, place: int) -> int:
        ids = sorted(self.rows)
        return ids[place % len(ids)]

    async def send(self, request: Request) -> Response:
        """Answer a search."""
        self.requests += 1
        self.before()
        assert (request.method, urlsplit(request.url).path) == ("POST", f"/v1/{self.kind}/search")
        asked = json.loads(request.body or b"")
        unknown = set(asked) - _KNOWN[self.kind] - _SWITCHES
        assert not unknown, f"no filter of this server: {unknown}"
        assert self.kind == "companies" or "posted_at_gte" in asked, "the API demands a filter by date"
        if "order_by" in asked and self.manners.sorting in ("400", "422"):
            return answer(int(self.manners.sorting), {"error": {"title": "order_by is not supported"}})
        found = self._ordered(self._found(asked), asked.get("order_by"))
        total = len(found) if asked.get("include_total_results") else None
        offset, limit = asked.get("offset", 0), asked.get("limit", 25)
        page = found[offset : offset + min(limit, self.manners.cap or limit)]
        if asked.get("blur_company_data"):
            return self._page(page, total)
        return self._sold(page, total)

    def _found(self, asked: Mapping[str, Any]) -> list[int]:
        known = set(asked.get("job_id_not", ())) | {int(text[1:]) for text in asked.get("company_id_not", ())}
        least, most = _instant(asked.get("discovered_at_gte")), _instant(asked.get("discovered_at_lte"))

        def passes(row: int) -> bool:
            at = self.rows[row]
            after = least is None or at > least or (at == least and self.manners.inclusive)
            return row not in known and after and (most is None or at <= most)

        return [row for row in self.rows if passes(row)]

    def _ordered(self, found: list[int], wanted: list[dict[str, Any]] | None) -> list[int]:
        found.sort(reverse=self.manners.newest_of_equals)
        sorting = self.manners.sorting
        if wanted and sorting == "obeyed":
            assert wanted == [{"field": "discovered_at", "desc": False}]
            return sorted(found, key=self.rows.__getitem__)
        if sorting == "shuffled":
            return sorted(found, key=lambda row: row * 0x9E3779B1 % 2**32)
        return found if sorting == "by id" else sorted(found, key=self.rows.__getitem__, reverse=True)

    def _sold(self, page: list[int], total: int | None) -> Response:
        paid = page if self.credits is None else page[: self.credits // self.price]
        dry = self.manners.dry
        if len(paid) < len(page) and dry == "402":
            return answer(402, {"error": {"title": "Not enough credits"}})
        self.sold += paid
        if self.credits is not None:
            self.credits -= len(paid) * self.price
        status = 402 if len(paid) < len(page) and dry == "402-data" else 200
        return self._page(paid, total, status, len(page) - len(paid))

    def _page(self, rows: list[int], total: int | None, status: int = 200, held_back: int = 0) -> Response:
        shown = [self._job(row) if self.kind == "jobs" else company(row) for row in rows]
        return answer(status, {"data": shown, "metadata": {"total_results": total, "truncated_results": held_back}})

    def _job(self, row: int) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.rows[row], UTC)
        return {
            "id": row,
            "job_title": "Baker",
            "url": "",
            "source_url": "",
            "date_posted": at.date().isoformat(),
            "discovered_at": at.replace(tzinfo=None).isoformat(),
            "company_object": company(row),
        }


class EventWorld:
    """The events of a webhook, newest first, read by offset."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.ever: set[int] = set()
        self.requests = 0
        self.newest_first = True
        self.billed = 0
        """Nothing: events are free to read."""
        self.before: Callable[[], None] = lambda: None

    def arrive(self, count: int) -> None:
        """Let events happen."""
        for _ in range(count):
            self.rows.append(len(self.ever) + 1)
            self.ever.add(self.rows[-1])

    def remove(self, place: int) -> None:
        """Let the history forget one."""
        if self.rows:
            del self.rows[place % len(self.rows)]

    async def send(self, request: Request) -> Response:
        """Answer the list."""
        self.requests += 1
        self.before()
        url = urlsplit(request.url)
        assert (request.method, url.path) == ("GET", "/v0/webhooks/7/events")
        asked = {name: int(values[0]) for name, values in parse_qs(url.query).items()}
        assert set(asked) <= {"offset", "limit"}
        rows = self.rows[::-1] if self.newest_first else self.rows
        return answer(200, [event(row) for row in rows[asked["offset"] : asked["offset"] + asked["limit"]]])


def company(row: int) -> dict[str, Any]:
    """Return a company."""
    return {"id": f"c{row}", "name": f"Company {row}"}


def event(row: int) -> dict[str, Any]:
    """Return an event."""
    at = datetime.fromtimestamp(BEGAN + row, UTC).isoformat()
    instants = dict.fromkeys(("triggered_at", "created_at", "updated_at"), at)
    return {"id": row, "webhook_id": 7, "status": "SUCCESS", "payload": None, **instants}


def _instant(text: str | None) -> float | None:
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
