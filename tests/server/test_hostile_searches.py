"""Billed searches of a server that answers in every wrong way, over a real socket: nothing paid for is lost, or bought
again unasked, and the end that is told is the true one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final

import attrs
import pytest

from tests.server._loopback import http, opened, request_from
from theirstack_async import (
    ALL,
    Company,
    DecodeError,
    EndReason,
    InsufficientCreditsError,
    OutcomeUnknownError,
    PaginationError,
    Paginator,
    TheirStackError,
)

PRICE: Final = 3
Asked = dict[str, Any]
Answer = tuple[int, dict[str, Any] | bytes]


@attrs.define
class Scripted:
    """A server of 200 companies, that answers as it is told where it is told anything."""

    script: Callable[[Asked], Answer | None] = lambda _: None
    wait: Callable[[Asked], Awaitable[object]] | None = None
    """What to wait for before an answer."""
    rows: list[dict[str, Any]] = attrs.Factory(lambda: company_rows(200))
    asked: list[Asked] = attrs.Factory(list)
    billed: int = 0
    """Credits for the rows that it gave; those of an answer that nobody can read are not counted."""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            _, content = await request_from(reader)
            asked = json.loads(content)
            self.asked.append(asked)
            if self.wait is not None:
                await self.wait(asked)
            status, body = self.script(asked) or (200, page(self.slice(asked)))
            if isinstance(body, dict):
                self.billed += PRICE * len(body.get("data") or [])
                body = json.dumps(body).encode()
            writer.write(http(body, "Content-Type: application/json", status=f"{status} Such"))
            await writer.drain()

    def slice(self, asked: Asked) -> list[dict[str, Any]]:
        """Return the rows that are asked for."""
        offset = asked.get("offset", 0)
        return self.rows[offset : offset + asked.get("limit", 25)]


def company_rows(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Return so many rows, with a number each for a name."""
    return [{"id": f"c{number}", "name": str(number)} for number in range(start, start + count)]


def page(rows: object, **metadata: object) -> dict[str, Any]:
    """Return the body of a page."""
    return {"data": rows, "metadata": metadata}


def at(offset: int, status: int, body: dict[str, Any] | bytes) -> Callable[[Asked], Answer | None]:
    """Return the script that answers so at one offset."""
    return lambda asked: (status, body) if asked["offset"] == offset else None


def numbers(rows: list[Company]) -> list[int]:
    """Return the numbers of rows."""
    return [int(row.name or "") for row in rows]


@asynccontextmanager
async def searching(server: Scripted, **how: Any) -> AsyncIterator[Paginator[Company]]:
    """Yield a search of the server."""
    how.setdefault("max_items", ALL)
    async with opened(server) as client:
        yield client.companies.search(**how)


async def read(search: Paginator[Company], width: int = 1) -> tuple[list[int], list[TheirStackError]]:
    """Read a search with a user's patience: on after every error, until it ends or three errors have come in a row."""
    rows: list[int] = []
    errors: list[TheirStackError] = []
    for _ in range(3):
        try:
            async with search.prefetch(width) as items:
                async for row in items:
                    rows += numbers([row])
            break
        except TheirStackError as error:
            errors.append(error)
    return rows, errors


def out_of_credits(body: dict[str, Any]) -> Callable[[Asked], Answer | None]:
    """Return the script of an account that runs dry at row 25."""
    return lambda asked: (402, body if asked["offset"] == 25 else page([])) if asked["offset"] >= 25 else None


class TestRunDry:
    """Answers of a server that the account has no credits left for."""

    @pytest.mark.parametrize("width", [1, 3])
    @pytest.mark.parametrize("rows", [0, 5, 25])
    @pytest.mark.parametrize("metadata", [{}, {"metadata": None}, {"metadata": {}}])
    async def test_a_402_that_tells_no_number_is_no_end_of_the_list(
        self, metadata: dict[str, Any], rows: int, width: int
    ) -> None:
        server = Scripted(out_of_credits({"data": company_rows(rows, 25), **metadata}))
        async with searching(server) as search:
            got, (error,) = await read(search, width)
            assert got == list(range(25 + rows))
            assert isinstance(error, PaginationError)
            assert (error.reason, search.end) == ("truncated_by_credits", EndReason.TRUNCATED_BY_CREDITS)
            assert search.credits == server.billed

    @pytest.mark.parametrize("body", [{"data": []}, {"data": [], "metadata": None}])
    async def test_so_it_is_for_a_company_that_is_looked_up(self, body: dict[str, Any]) -> None:
        async with opened(Scripted(lambda _: (402, body))) as client:
            with pytest.raises(InsufficientCreditsError, match="some rows were held back"):
                await client.companies.technologies(domain="a.example")

    async def test_numbers_below_zero_count_nothing(self) -> None:
        negative = {"total_results": -9, "truncated_results": -7}
        server = Scripted(lambda asked: (200, page(server.slice(asked), **negative)))
        async with searching(server, total=True) as search:
            assert len(await search.collect()) == 200
            assert (search.end, search.total, search.not_fetched) == (EndReason.EXHAUSTED, None, None)

    @pytest.mark.parametrize("odd", [b"\xff\xfe", b"a\x01\nb", b"\\ud800"])
    async def test_rows_that_are_not_quite_json_are_rows(self, odd: bytes) -> None:
        body = json.dumps(page(company_rows(5, 25), truncated_results=20)).encode()
        body = body.replace(b'"name": "27"', b'"name": "27", "city": "%s"' % odd)
        async with searching(Scripted(at(25, 402, body)), partial=True) as search:
            assert len(await search.collect()) == search.credits / PRICE == 30

    @pytest.mark.parametrize("opening", [b"", b"\xef\xbb\xbf", b"\n "])
    async def test_rows_that_cannot_be_read_are_in_the_error(self, opening: bytes) -> None:
        body = opening + b'{"data": [{"id": "c25", "name": ' + b"[" * 200_000 + b"]" * 200_000 + b"}]}"
        async with searching(Scripted(at(25, 402, body))) as search:
            got, errors = await read(search)
            assert got == list(range(25))
            assert isinstance(errors[0], DecodeError)
            assert errors[0].body == body

    @pytest.mark.parametrize("body", [b"", b"<html>", b'{"error": {"title": "\\"data\\": ["}, ', b'["data"]'])
    async def test_what_holds_none_is_an_error(self, body: bytes) -> None:
        async with searching(Scripted(at(25, 402, body))) as search:
            with pytest.raises(InsufficientCreditsError):
                await search.collect()

    @pytest.mark.parametrize("status", [402, 403])
    async def test_pages_bought_behind_a_refused_one_come_before_the_end_is_told(self, status: int) -> None:
        server = Scripted(at(25, status, {"error": {"title": "No"}}))
        async with searching(server, partial=status == 402, max_items=75) as search:
            got, errors = await read(search, 3)
            assert got == [*range(25), *range(50, 75)]
            assert [type(error) for error in errors] == [PaginationError] * (status == 403)
            assert (search.end is EndReason.PLAN_LIMIT) is (status == 403)
            assert (search.checkpoint().offset, search.credits) == (25, server.billed)
            rest = search.checkpoint()
        async with searching(Scripted(), resume=rest) as search:
            assert numbers(await search.collect()) == [*range(25, 50), *range(75, 200)]

    async def test_a_refusal_behind_the_end_takes_nothing_back(self) -> None:
        def script(asked: Asked) -> Answer | None:
            short = 200, page(company_rows(10, 25), truncated_results=15)
            return {0: None, 25: short}.get(asked["offset"], (402, {"error": {"title": "No"}}))

        async with searching(Scripted(script), partial=True) as search:
            assert (await read(search, 4))[0] == list(range(35))
            assert (search.end, search.not_fetched) == (EndReason.TRUNCATED_BY_CREDITS, 15)


class TestUnreadable:
    """A page that cannot be read may have been paid for all the same."""

    @pytest.mark.parametrize("width", [1, 3])
    @pytest.mark.parametrize("body", [b"<html>", b"", b'{"data": null}', b'{"error": {}}', b'{"data": []}x'])
    async def test_it_is_not_bought_again_unasked(self, body: bytes, width: int) -> None:
        server = Scripted(at(25, 200, body))
        async with searching(server) as search:
            got, (told, ended) = await read(search, width)
            assert isinstance(told, DecodeError)
            assert told.body == body
            assert isinstance(ended, PaginationError)
            assert (ended.reason, search.end) == ("unreadable_page", EndReason.UNREADABLE_PAGE)
            assert [asked["offset"] for asked in server.asked].count(25) == 1
            assert got == [*range(25), *range(50, 25 + 25 * width if width > 1 else 50)]
            assert (search.credits, search.checkpoint().offset) == (server.billed, 25)
            assert await search.collect() == []

    async def test_of_a_free_list_it_is_asked_for_again(self) -> None:
        bad = [(200, b"<html>")]
        server = Scripted(lambda asked: bad.pop() if bad and asked["offset"] else None)
        async with opened(server) as client:
            got, (told,) = await read(client.companies.preview(page_size=100))  # type: ignore[arg-type]
            assert isinstance(told, DecodeError)
            assert (got, len(server.asked)) == (list(range(200)), 4)

    async def test_one_that_was_read_ahead_hides_no_other(self) -> None:
        server = Scripted(at(50, 200, b"<html>"))
        async with searching(server) as search:
            async with search.prefetch(4) as rows, aclosing(rows):
                while (await anext(rows)).name != "26":
                    continue
            assert numbers(list(search.unread)) == [*range(27, 50), *range(75, 125)]
            assert search.credits == server.billed == PRICE * 100


class TestCut:
    """Reading ahead that is cancelled from outside."""

    async def test_pages_that_have_arrived_are_not_bought_again(self) -> None:
        async def wait(asked: Asked) -> None:
            if asked["offset"] in (75, 125):
                await asyncio.Event().wait()

        server = Scripted(wait=wait)
        got: list[int] = []

        async def work(search: Paginator[Company]) -> None:
            async with search.prefetch(6) as rows:
                async for row in rows:
                    got.extend(numbers([row]))

        async with searching(server, max_items=165) as search:
            task = asyncio.create_task(work(search))
            while len(search.unread) < 40 or len(got) < 75:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert search.credits == server.billed
            server.wait = None
            rest, _ = await read(search, 6)
            assert got + rest == list(range(165))
            assert sorted(asked["offset"] for asked in server.asked) == [0, 25, 50, 75, 75, 100, 125, 125, 150]
            assert search.credits == server.billed == PRICE * 165

    async def test_another_task_is_told_what_is_at_risk(self) -> None:
        held = asyncio.Event()

        async def wait(asked: Asked) -> None:
            if asked["offset"]:
                held.set()
                await asyncio.Event().wait()

        async with searching(Scripted(wait=wait), page_size=20) as search:
            async with search.prefetch(3) as rows:
                assert [(await anext(rows)).name for _ in range(20)]
                task = asyncio.ensure_future(search.first())
                await held.wait()
                await search._lookahead.leave(asyncio.CancelledError)
                with pytest.raises(OutcomeUnknownError) as caught:
                    await task
            assert caught.value.credits_at_risk in (PRICE, PRICE * 20)


class TestLies:
    """Servers that say, or give, something else than is so."""

    @pytest.mark.parametrize(("page_size", "new", "request_"), [(1, 2, 6), (5, 10, 4), (10, 35, 5), (25, 60, 4)])
    async def test_rows_that_came_in_meanwhile_are_no_end(self, page_size: int, new: int, request_: int) -> None:
        """What was handed out stands on several pages again then, each of them another."""

        def insert(_: Asked) -> None:
            if len(server.asked) == request_:
                server.rows[:0] = company_rows(new, 1000)

        server = Scripted(insert, rows=company_rows(100))
        async with searching(server, page_size=page_size) as search:
            assert (numbers(await search.collect()), search.end) == (list(range(100)), EndReason.EXHAUSTED)
            assert search.credits == server.billed == PRICE * (100 + new)

    async def test_a_list_that_goes_round_is_given_up(self) -> None:
        def around(asked: Asked) -> Answer:
            return 200, page([server.rows[(asked["offset"] + place) % 50] for place in range(asked["limit"])])

        server = Scripted(around)
        async with searching(server) as search:
            with pytest.raises(PaginationError, match="same page") as caught:
                await search.collect()
            assert len(caught.value.items_so_far or []) == 50
            assert len(server.asked) == 2 + 10

    @pytest.mark.parametrize("total", [-1, 0, 10])
    async def test_a_total_below_what_has_come_ends_nothing(self, total: int) -> None:
        few = {"limit": 30}
        server = Scripted(lambda asked: (200, page(server.slice(asked | few), total_results=total)))
        async with searching(server, page_size=100, total=True) as search:
            assert numbers(await search.collect()) == list(range(200))

    async def test_one_that_ignores_the_limit_is_not_read_ahead(self) -> None:
        server = Scripted(lambda asked: (200, page(company_rows(100, 1000 * asked["offset"]))))
        async with searching(server, page_size=10, max_items=None, max_pages=3) as search:
            assert len((await read(search, 4))[0]) == 300
            assert (len(server.asked), search.end) == (3, EndReason.MAX_PAGES)

    @pytest.mark.parametrize("rejects", ["raise", "collect"])
    async def test_what_it_gave_too_much_of_can_be_reached(self, rejects: str) -> None:
        """It is paid for, be it rows or what does not decode."""
        rows: list[Any] = [row if place % 7 else {"id": place} for place, row in enumerate(company_rows(40))]
        async with searching(Scripted(lambda _: (200, page(rows))), max_items=5, rejects=rejects) as search:
            assert len(await search.collect()) == 5
            assert (len(search.unread), len(search.rejects), search.credits) == (29, 6, PRICE * 40)
