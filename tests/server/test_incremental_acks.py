"""What acknowledgements mean to incremental runs, over a real socket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.cancellation._points import cancel_at
from tests.incremental._process import MemoryState
from tests.server._incremental import EXHAUSTED, Program, always, programs
from tests.server._searches import AT_ONCE, JOBS, Edited
from theirstack_async import ArgumentError, DecodeError, StateError, StateLockedError, TheirStack
from theirstack_async.incremental import SQLiteState


async def batches(program: Program, **how: Any) -> list[Any]:
    """Return the batches of a run, none of them acknowledged."""
    async with program.run(**how) as run:
        return [batch async for batch in run]


class TestOrder:
    async def test_without_one_everything_comes_again(self) -> None:
        async with programs(30) as program:
            for _ in range(2):
                assert sum(len(batch.rows) for batch in await batches(program, page_size=10)) == 30
            assert program.fake.credits_billed == 60
            assert program.state.saved == {}

    async def test_without_one_a_landing_folder_brings_everything_for_free(self, tmp_path: Any) -> None:
        async with programs(30) as program:
            await batches(program, page_size=10, landing=tmp_path)
            again = await batches(program, page_size=10, landing=tmp_path)
            assert [(batch.replayed, batch.credits, len(batch.rows)) for batch in again] == [(True, 0, 10)] * 3
            summary = await program.sync(page_size=10, landing=tmp_path)
            assert (summary.end, summary.replayed, summary.credits) == (EXHAUSTED, 30, 0)
            assert program.complete

    async def test_out_of_order_the_mark_waits_for_the_first(self) -> None:
        async with programs(60) as program, program.run(page_size=20) as run:
            first, second, third = [batch async for batch in run]
            await third.ack()
            await second.ack()
            assert program.mark is None
            await first.ack()
            assert program.mark == run.mark == third.window.end

    async def test_and_what_was_acknowledged_is_not_bought_again(self) -> None:
        async with programs(60) as program:
            async with program.run(page_size=20) as run:
                _, second, third = [batch async for batch in run]
                await run.ack([third, second])
            program.store += [job.id for batch in (second, third) for job in batch.rows]
            assert (await program.sync()).rows == 20
            assert sorted(program.store) == program.fake.job_ids
            assert program.fake.credits_billed == 80

    async def test_a_second_time_does_nothing(self) -> None:
        async with programs(20) as program, program.run(page_size=10) as run:
            async for batch in run:
                await batch.ack()
                (saved,) = program.state.saved.values()
                await batch.ack()
                await run.ack([batch, batch])
                assert program.state.saved[run.key] is saved
            assert run.summary.acknowledged == 20

    async def test_after_the_last_batch(self) -> None:
        async with programs(30) as program:
            async with program.run(page_size=10) as run:
                found = [batch async for batch in run]
                for batch in found:
                    await batch.ack()
                assert program.mark == found[-1].window.end
            assert (await program.sync()).rows == 0

    async def test_one_that_cannot_be_saved_can_be_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def fail(*_: Any, **__: Any) -> None:
            raise StateError("no room")

        async with programs(10) as program, program.run() as run:
            async for batch in run:
                with monkeypatch.context() as patched:
                    patched.setattr(program.state, "save", fail)
                    with pytest.raises(StateError):
                        await batch.ack()
                assert not batch.acknowledged
                await batch.ack()
                assert batch.acknowledged


class TestProfiles:
    async def test_another_run_is_refused_while_one_is_under_way(self) -> None:
        async with programs(10) as program, program.run():
            with pytest.raises(StateLockedError):
                await program.sync()
            assert (await program.sync(remote=True)).end is EXHAUSTED  # another profile

    async def test_the_state_of_another_server_is_refused(self) -> None:
        async with programs(10) as one, programs(10) as two:
            await one.sync()
            two.state = one.state
            with pytest.raises(StateError, match="made with") as caught:
                await two.sync()
            assert one.fake.base_url in str(caught.value)
            assert two.fake.requests.total == 0
            assert two.state.held == set()

    async def test_a_newer_format_is_refused(self) -> None:
        async with programs(10) as program:
            await program.sync()
            (profile,) = program.state.saved.values()
            profile.document = profile.document.replace('"format": 1', '"format": 2')
            with pytest.raises(StateError, match="format 2"):
                await program.sync()
            assert program.state.held == set()

    async def test_a_run_is_entered_once(self) -> None:
        async with programs(10) as program:
            async with program.run() as run:
                with pytest.raises(ArgumentError):
                    await run.__aenter__()
            assert program.state.held == set()

    async def test_and_used_within(self) -> None:
        async with programs(10) as program:
            with pytest.raises(ArgumentError, match="async with"):
                async for _ in program.run():
                    continue


def damage(body: dict[str, Any]) -> None:
    """Spoil each seventh row."""
    for row in body["data"][::7]:
        row["job_title"] = None


class TestRejects:
    async def test_collected_ones_are_acknowledged_with_their_batch(self) -> None:
        async with programs(20) as program:
            always(program, Edited(damage))
            rejects = []
            async with program.run(page_size=10, rejects="collect") as run:
                async for batch in run:
                    rejects += batch.rejects
                    program.store += [job.id for job in batch.rows]
                    await batch.ack()
            assert (run.summary.rows, run.summary.rejected, run.end) == (16, 4, EXHAUSTED)
            assert all(b'"job_title": null' in error.body or b'"job_title":null' in error.body for error in rejects)
            assert (await program.sync()).rows == 0
            assert program.fake.credits_billed == 20

    @pytest.mark.parametrize("landing", [True, False])
    async def test_raised_ones_hold_the_mark(self, landing: bool, tmp_path: Any) -> None:
        folder = tmp_path if landing else None
        async with programs(20) as program:
            program.fake.faults.add(JOBS, Edited(damage))
            with pytest.raises(DecodeError) as caught:
                await program.sync(page_size=10, landing=folder)
            assert b"job_title" in caught.value.body
            assert (len(program.store), program.mark) == (8, None)
            if landing:
                with pytest.raises(DecodeError):
                    await program.sync(page_size=10, landing=folder)
                await program.sync(page_size=10, landing=folder, rejects="collect")
                assert program.fake.credits_billed == 20
            else:
                await program.sync(page_size=10)
                assert sorted(program.store) == program.fake.job_ids
            assert len(set(program.store)) == len(program.store)
            assert program.mark is not None


class TestCancellation:
    @pytest.mark.parametrize("database", [True, False])
    async def test_at_every_point_nothing_is_lost_and_with_landing_nothing_bought_twice(
        self, database: bool, tmp_path: Any
    ) -> None:
        async with programs(9) as program:
            point = 0
            while await self._cancelled(program, point, tmp_path, database):
                point += 1
            assert point > 10
            assert program.fake.credits_billed == len(program.fake.job_ids)

    async def _cancelled(self, program: Program, point: int, folder: Any, database: bool) -> bool:
        """Cancel one run at a point, and bring it to its end. Return whether it was cancelled."""
        await program.fake.clock.advance(60)
        program.fake.seed_jobs(4)
        program.state = SQLiteState(folder / "state.db") if database else program.state
        async with TheirStack(program.fake.api_key, base_url=program.fake.base_url, retries=AT_ONCE) as client:
            program.client = client
            cancelled = await self._run(program, point, folder)
            await self._run(program, None, folder)
        assert set(program.store) == set(program.fake.job_ids)
        if isinstance(program.state, SQLiteState):
            await program.state.aclose()
        else:
            assert isinstance(program.state, MemoryState) and program.state.held == set()
        return cancelled

    async def _run(self, program: Program, point: int | None, folder: Any) -> bool:
        async def work() -> bool:
            try:
                await cancel_at(program.sync(page_size=2, landing=folder / "landing"), -1 if point is None else point)
            except asyncio.CancelledError:
                return True
            return False

        return await asyncio.create_task(work())
