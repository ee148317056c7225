"""Pages of a search: decoded, landed before anything else, and what is told of each."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.incremental._searching import Script, StubPlan, page, reader, reply
from theirstack_async import DecodeError, EndReason, StateError, Window
from theirstack_async._engine.call import Reply
from theirstack_async.incremental._kept import KeptPages
from theirstack_async.incremental._landing import Landing
from theirstack_async.incremental._plan import Ask, Count
from theirstack_async.incremental._reader import Found
from theirstack_async.incremental._search import SearchReader
from theirstack_async.pagination._rows import body_key

Item = tuple[int, float | None]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def pulled(found: SearchReader[Item]) -> Found[Item]:
    page = await found.pull()
    assert page is not None
    return page


def kept(folder: Path) -> KeptPages:
    return KeptPages(Landing(folder), "key", [])


def files(folder: Path) -> list[Path]:
    return list(folder.glob("key/*"))


async def test_a_page_and_the_end() -> None:
    plan = StubPlan(known={2})
    search = reader(Script([page(3, 2, 1), page()]), plan)
    found = await pulled(search)
    assert [row for row, _ in found.rows] == [3, 1]
    assert found.ids == {3: 3.0, 1: 1.0}
    assert (found.mark, found.window, found.credits, found.repeated) == (9.0, Window(at(1), at(3)), 3, 1)
    assert (found.rejects, found.landed, found.replayed) == ((), None, False)
    assert found.meta is not None
    assert found.meta.credits == 3
    assert search.end is None
    empty = await pulled(search)
    assert (empty.rows, empty.ids, empty.window, empty.credits) == ([], {}, Window(), 0)
    assert await search.pull() is None
    assert search.end is EndReason.EXHAUSTED
    assert await search.pull() is None
    assert plan.log == [
        ("next", None), ("take", 100, [3, 2, 1], False, True), ("next", None), ("take", 100, [], False, True),
        ("next", None),
    ]  # fmt: skip


async def test_the_mark_and_what_it_needs_are_the_plans() -> None:
    search = reader(Script([page()]), StubPlan(mark=7.0))
    assert (search.mark, search.keeps_from(None), search.keeps_from(7.0)) == (7.0, None, 6.0)


async def test_a_window_ends_where_python_does() -> None:
    found = await pulled(reader(Script([page(3, 10**12)])))
    assert found.window == Window(at(3), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    assert found.ids == {3: 3.0, 10**12: 1e12}


async def test_a_count_is_taken_in() -> None:
    plan, script = StubPlan(steps=[Count(1.0, None)]), Script([page(1)])
    await pulled(reader(script, plan))
    assert script.counts == [Count(1.0, None)]
    assert plan.log[1] == ("counted", 7)


async def test_a_plan_hears_what_limit_a_budget_had_room_for() -> None:
    plan = StubPlan()
    await pulled(reader(Script([reply(page(1), asked=40)]), plan))
    assert plan.taken == [("take", 40, [1], False, True)]


async def test_a_plan_hears_the_servers_time_from_a_folder_as_well(tmp_path: Path) -> None:
    pages = [reply(page(1), date=at(12.0)), reply(page(2))]
    for acts in (pages, [page(3)]):
        plan = StubPlan()
        search = reader(Script([*acts]), plan, kept(tmp_path))
        for _ in range(2):
            await pulled(search)
        assert plan.times == [12.0, None]


class TestRejects:
    async def test_collected_ones_are_known_by_their_ids_or_bytes(self) -> None:
        search = reader(Script([page(5, "#8", "?", 3)]), collect=True)
        found = await pulled(search)
        assert [row for row, _ in found.rows] == [5, 3]
        assert found.ids == {5: 5.0, 8: 5.0, body_key(b"?"): 5.0, 3: 3.0}
        assert [str(error) for error in found.rejects] == [
            "POST /search: row 1 (id 8) does not decode: id: odd; its bytes are in .body",
            "POST /search: row 2 does not decode: id: odd; its bytes are in .body",
        ]
        assert (found.mark, found.window, search.mark) == (9.0, Window(at(3), at(5)), 5.0)

    async def test_on_a_page_of_nothing_else(self) -> None:
        found = await pulled(reader(Script([page("#8")]), collect=True))
        assert (found.rows, found.ids, found.window) == ([], {8: 0.0}, Window())

    async def test_known_ones_come_no_more(self) -> None:
        found = await pulled(reader(Script([page("#8", 1)]), StubPlan(known={8}), collect=True))
        assert (found.rejects, found.repeated) == ((), 1)
        found = await pulled(reader(Script([page("#8", 1)]), StubPlan(known={8})))
        assert found.mark == 9.0

    async def test_else_they_are_raised_after_the_good_ones_and_the_mark_stays(self, tmp_path: Path) -> None:
        search = reader(Script([page(5, "#8", "?"), page(6)]), kept=kept(tmp_path))
        found = await pulled(search)
        assert (found.ids, found.mark, found.rejects, found.landed) == ({5: 5.0}, None, (), None)
        assert found.credits == 3
        assert search.mark is None
        with pytest.raises(DecodeError, match=r"row 1 \(id 8\)"):
            await search.pull()
        later = await pulled(search)
        assert ([row for row, _ in later.rows], later.mark, later.landed is None) == ([6], None, False)
        assert search.mark is None

    async def test_what_the_page_says_beside_its_rows_is_no_matter(self) -> None:
        found = await pulled(reader(Script([page(5, bad="odd")])))
        assert [row for row, _ in found.rows] == [5]

    async def test_except_where_it_could_say_that_it_is_not_the_end(self) -> None:
        search = reader(Script([page(bad="odd")]))
        with pytest.raises(DecodeError) as caught:
            await search.pull()
        assert str(caught.value) == "POST /search: an empty page whose metadata cannot be read: metadata: odd"
        assert (caught.value.body, len(caught.value.problems)) == (page(bad="odd"), 1)
        assert search.end is None


class TestLanding:
    async def test_a_page_lies_there_until_it_is_discarded(self, tmp_path: Path) -> None:
        search = reader(Script([page(1)]), kept=kept(tmp_path))
        found = await pulled(search)
        assert found.landed is not None
        assert len(files(tmp_path)) == 1
        await search.discard([found.landed])
        assert len(files(tmp_path)) == 0

    async def test_the_next_run_begins_with_it(self, tmp_path: Path) -> None:
        first = reader(Script([reply(page(1, 2), credits=2, asked=30), page(3)]), kept=kept(tmp_path))
        names = [(await pulled(first)).landed, (await pulled(first)).landed]
        plan = StubPlan(known={2})
        search = reader(Script([page(4)]), plan, kept(tmp_path), max_items=1)
        found = await pulled(search)
        assert ([row for row, _ in found.rows], found.repeated, found.landed) == ([1], 1, names[0])
        assert (found.replayed, found.credits, found.cost, found.meta, found.mark) == (True, 0, 2, None, 9.0)
        assert (await pulled(search)).landed == names[1]
        bought = await pulled(search)
        assert (bought.replayed, [row for row, _ in bought.rows], bought.cost) == (False, [4], 1)
        assert plan.taken == [
            ("take", 30, [1, 2], False, False), ("take", 100, [3], False, False), ("take", 1, [4], False, True),
        ]  # fmt: skip
        assert await search.pull() is None
        assert search.end is EndReason.MAX_ITEMS

    async def test_one_that_was_cut_is_no_end_of_this_run(self, tmp_path: Path) -> None:
        first = reader(Script([reply(page(1), status=402)]), kept=kept(tmp_path))
        await pulled(first)
        assert first.end is EndReason.TRUNCATED_BY_CREDITS
        first = reader(Script([page(2, withheld=1)]), kept=kept(tmp_path))
        await pulled(first)
        await pulled(first)
        plan = StubPlan()
        search = reader(Script([page(3)]), plan, kept(tmp_path))
        for _ in range(3):
            await pulled(search)
        assert [cut for *_, cut, _bought in plan.taken] == [True, True, False]
        assert search.end is None

    async def test_one_that_does_not_decode_stops_the_run_before_more_is_bought(self, tmp_path: Path) -> None:
        with pytest.raises(DecodeError):
            await reader(Script([b"odd"]), kept=kept(tmp_path)).pull()
        script = Script([page(1)])
        with pytest.raises(DecodeError) as caught:
            await reader(script, kept=kept(tmp_path)).pull()
        (path,) = files(tmp_path)
        assert str(caught.value) == (
            f"POST /search: the page that is kept in {path} does not decode: data: missing; it was paid for, so "
            "nothing more is asked for until a release of theirstack-async can read it, or the file is moved away"
        )
        assert (caught.value.body, len(caught.value.problems), script.asks) == (b"odd", 1, [])

    async def test_its_raised_rejects_leave_it_there_and_are_raised_at_the_end(self, tmp_path: Path) -> None:
        await pulled(reader(Script([page(1, "?", "!")]), kept=kept(tmp_path)))
        for _ in range(2):
            search = reader(Script([page(2), page()]), kept=kept(tmp_path), max_pages=1)
            first = await pulled(search)
            assert (first.landed, first.mark, first.rejects) == (None, None, ())
            new = await pulled(search)
            assert ([row for row, _ in new.rows], new.mark) == ([2], None)
            assert new.landed is not None
            await search.discard([new.landed])
            with pytest.raises(DecodeError, match="row 1 does not decode"):
                await search.pull()
            assert search.end is EndReason.MAX_PAGES
            assert await search.pull() is None
        assert len(files(tmp_path)) == 1

    async def test_a_page_that_cannot_be_landed_is_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("in the way")
        search = reader(Script([page(1)]), kept=kept(tmp_path))
        with pytest.raises(StateError):
            await search.pull()


class TestCancelled:
    """A page that is on its way arrives, is landed, and is the next to be read."""

    async def cancelled(self, search: SearchReader[Item], script: Script, *, times: int = 1) -> None:
        task = asyncio.ensure_future(search.pull())
        await script.started.wait()
        for _ in range(times):
            task.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_what_arrives_is_kept(self, tmp_path: Path) -> None:
        async def later() -> Reply:
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            return reply(page(1), credits=1)

        script = Script([later, page(2)])
        plan = StubPlan()
        search = reader(script, plan, kept(tmp_path), max_pages=2)
        await self.cancelled(search, script)
        assert (plan.taken, len(files(tmp_path)), len(script.asks)) == ([], 1, 1)
        found = await pulled(search)
        assert ([row for row, _ in found.rows], found.credits, len(script.asks)) == ([1], 1, 1)
        assert found.landed is not None
        assert [row for row, _ in (await pulled(search)).rows] == [2]
        assert await search.pull() is None
        assert search.end is EndReason.MAX_PAGES

    async def test_what_does_not_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("theirstack_async.incremental._search.DRAIN", 0.0)
        given_up: list[int] = []

        async def never() -> Reply:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                given_up.append(1)
                raise
            return reply(page())

        script = Script([never, page(2)])
        search = reader(script)
        await self.cancelled(search, script)
        assert given_up == [1]
        assert [row for row, _ in (await pulled(search)).rows] == [2]

    async def test_what_was_not_even_sent_is_given_up_at_once(self) -> None:
        async def soon() -> Reply:
            for _ in range(3):
                await asyncio.sleep(0)
            return reply(page(1))

        script = Script([soon, page(2)], sent="no")
        search = reader(script)
        await self.cancelled(search, script)
        assert [row for row, _ in (await pulled(search)).rows] == [2]

    async def test_a_second_cancellation_waits_no_longer(self) -> None:
        async def never() -> Reply:
            await asyncio.Event().wait()
            return reply(page())

        script = Script([never, page(2)])
        search = reader(script)
        await self.cancelled(search, script, times=2)
        assert [row for row, _ in (await pulled(search)).rows] == [2]

    async def test_what_ends_in_an_error_is_gone(self) -> None:
        async def fails() -> Reply:
            await asyncio.sleep(0)
            raise StateError("late")

        script = Script([fails, page(2)])
        search = reader(script)
        await self.cancelled(search, script)
        assert [row for row, _ in (await pulled(search)).rows] == [2]


async def test_an_ask_of_the_plan_is_what_is_sent() -> None:
    script = Script([page()])
    await pulled(reader(script, StubPlan(steps=[Ask(9, (1,), 2.0, 3.0, ordered=True)])))
    assert script.asks == [Ask(9, (1,), 2.0, 3.0, ordered=True)]
