"""The tests that every state of incremental extractions has to pass, one of your own making included.

A test module inherits them and says in a fixture how its state is opened. They run under pytest-asyncio; unless its
``asyncio_mode`` is ``"auto"``, the class needs the mark::

    @pytest.mark.asyncio
    class TestMyState(StateSuite):
        @pytest.fixture
        def open_state(self) -> Callable[[], IncrementalState]:
            return lambda: MyState("localhost")

Each call of ``open_state()`` opens the same storage once more, as another process would. The storage is empty when a
test begins. What a test opened it also closes. That a process which was killed holds no profile is for you to test:
start one that calls ``acquire``, kill it, and acquire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from theirstack_async.errors import ArgumentError, StateError, StateLockedError
from theirstack_async.incremental.state._state import StateChange

if TYPE_CHECKING:
    from theirstack_async.incremental.state._state import Id, IncrementalState, SavedState

KEY: Final = "0123456789abcdef" * 4
OTHER: Final = "fedcba9876543210" * 4
_DOCUMENT: Final[dict[str, Any]] = {
    "format": 1,
    "label": "jobs of Zürich 😀 \x00\ud800'\"\\ %s ? :x",
    "mark": "2026-11-21T11:28:00.123456Z",
    "whole": [0, -1, 2**53 + 1, 10**30],
    "broken": [0.1, -1e-9, 1795250180.270319],
    "nested": {"": {}, "sink": {"bytes": 1}, "nothing": None, "truth": [True, False]},
}
_SEEN: Final[dict[Id, float]] = {
    12: 1795250180.270319,
    "12": 0.0,
    -1: 0.0,
    2**63: 5.0,
    "": 1.0,
    "ä€😀'\"\\ %s ?": 2.0,
    "\x00": 3.0,
    "\ud800": 4.0,
}
_MANY: Final = 10_000
_PATIENCE = 60.0
"""Seconds to wait for what comes at once, unless the machine is very busy."""


class StateSuite:
    """What an :class:`~theirstack_async.incremental.IncrementalState` promises, one promise a test."""

    async def test_nothing_is_saved_at_first(self, open_state: Callable[[], IncrementalState]) -> None:
        """A profile that was never saved has revision 0, an empty document and no ids, and looking saves nothing."""
        state = open_state()
        _is(await state.load(KEY), 0, {}, {}, "the first look at a profile")
        _same(dict(await state.profiles()), {}, "the profiles")
        await state.aclose()

    async def test_what_was_saved_stays(self, open_state: Callable[[], IncrementalState]) -> None:
        """It comes back as it was, numbers to the last digit, also after closing and in whoever opens it later."""
        state = open_state()
        await state.save(KEY, StateChange(0, _DOCUMENT, _SEEN))
        _is(await state.load(KEY), 1, _DOCUMENT, _SEEN, "what was saved")
        await state.aclose()
        _is(await state.load(KEY), 1, _DOCUMENT, _SEEN, "what was saved, after aclose()")
        await state.aclose()
        other = open_state()
        _is(await other.load(KEY), 1, _DOCUMENT, _SEEN, "what was saved, in a state that was opened later")
        await other.aclose()

    async def test_a_document_replaces_the_last_and_ids_are_added(
        self, open_state: Callable[[], IncrementalState]
    ) -> None:
        """An id that comes again has its new instant, and each save is one revision more."""
        state = open_state()
        await state.save(KEY, StateChange(0, {"a": 1}, {1: 1.0, 2: 2.0}))
        await state.save(KEY, StateChange(1, {"b": 2}, {2: 3.0, "2": 4.0}))
        await state.save(KEY, StateChange(2, {"c": 3}))
        _is(await state.load(KEY), 3, {"c": 3}, {1: 1.0, 2: 3.0, "2": 4.0}, "what three changes left")
        await state.aclose()

    async def test_old_ids_are_forgotten(self, open_state: Callable[[], IncrementalState]) -> None:
        """Those before the instant are, the one of that very instant is not, and without an instant none is."""
        state = open_state()
        await state.save(KEY, StateChange(0, {}, {1: 1.0, 2: 2.0, 3: 3.0}))
        await state.save(OTHER, StateChange(0, {}, {1: 1.0}))
        await state.save(KEY, StateChange(1, {}, {4: 1.5}, forget_before=2.0))
        _is(await state.load(KEY), 2, {}, {2: 2.0, 3: 3.0}, "what is left of four ids")
        _is(await state.load(OTHER), 1, {}, {1: 1.0}, "another profile")
        await state.aclose()

    async def test_many_ids(self, open_state: Callable[[], IncrementalState]) -> None:
        """Ten thousand ids are kept in one change."""
        state = open_state()
        seen: dict[Id, float] = {number: float(number) for number in range(_MANY)}
        await state.save(KEY, StateChange(0, {}, seen))
        await state.save(KEY, StateChange(1, {}, forget_before=_MANY - 2.0))
        _is(await state.load(KEY), 2, {}, {_MANY - 2: _MANY - 2.0, _MANY - 1: _MANY - 1.0}, "the last ids")
        await state.aclose()

    async def test_profiles_are_apart(self, open_state: Callable[[], IncrementalState]) -> None:
        """Each has what was saved for it, all of them can be listed, and one that is forgotten begins anew."""
        state = open_state()
        await state.save(KEY, StateChange(0, {"a": 1}, {1: 1.0}))
        await state.save(OTHER, StateChange(0, {"b": 2}, {2: 2.0}))
        found = {key: dict(document) for key, document in (await state.profiles()).items()}
        _same(found, {KEY: {"a": 1}, OTHER: {"b": 2}}, "the profiles")
        await state.forget(KEY)
        await state.forget(KEY)
        _is(await state.load(KEY), 0, {}, {}, "a profile that was forgotten")
        _is(await state.load(OTHER), 1, {"b": 2}, {2: 2.0}, "the other profile")
        await state.save(KEY, StateChange(0, {"c": 3}))
        _is(await state.load(KEY), 1, {"c": 3}, {}, "a profile that began anew")
        await state.aclose()

    async def test_another_revision_is_refused(self, open_state: Callable[[], IncrementalState]) -> None:
        """A change that was made on an older revision, or on one that is gone, is a StateError and changes nothing."""
        state, other = open_state(), open_state()
        await _refused(state.save(KEY, StateChange(1, {"z": 0})), StateError, "a change of what was never saved")
        await state.save(KEY, StateChange(0, {"a": 1}, {1: 1.0}))
        await _refused(other.save(KEY, StateChange(0, {"z": 0}, {2: 2.0})), StateError, "a change of an older revision")
        await _refused(
            other.save(KEY, StateChange(2, {"z": 0}, forget_before=9.0)), StateError, "a change of a later revision"
        )
        _is(await state.load(KEY), 1, {"a": 1}, {1: 1.0}, "what was saved before the changes that were refused")
        await state.aclose()
        await other.aclose()

    async def test_of_changes_at_once_one_is_saved(self, open_state: Callable[[], IncrementalState]) -> None:
        """Of changes of one revision from three places exactly one succeeds; those of other profiles all do."""
        states = [open_state() for _ in range(3)]
        saves = (state.save(KEY, StateChange(0, {"n": n})) for n, state in enumerate(states))
        ends = await asyncio.gather(*saves, return_exceptions=True)
        _same(sorted(type(end).__name__ for end in ends), ["NoneType", "StateError", "StateError"], "how they ended")
        _is(await states[0].load(KEY), 1, {"n": ends.index(None)}, {}, "what is saved then")
        keys = [f"{n:064x}" for n in range(6)]
        await asyncio.gather(*(states[n % 3].save(key, StateChange(0, {"n": n})) for n, key in enumerate(keys)))
        found = await states[0].profiles()
        _same([found[key]["n"] for key in keys], [*range(6)], "profiles that were saved at once")
        for state in states:
            await state.aclose()

    async def test_within_is_part_of_the_change(self, open_state: Callable[[], IncrementalState]) -> None:
        """What it raises reaches the caller as it is and undoes the change; a state that has none says so."""
        state = open_state()
        calls: list[Any] = []
        try:
            await state.save(KEY, StateChange(0, {"a": 1}, {1: 1.0}), within=calls.append)
        except ArgumentError as error:
            _same(error.field, "within", "the argument that was refused")
            _is(await state.load(KEY), 0, {}, {}, "what a change that was refused left")
        else:
            _same(len(calls), 1, "the calls of within")
            await _refused(
                state.save(KEY, StateChange(1, {"z": 0}, {2: 2.0}), within=_refuse),
                _RefusedError,
                "a within that raises",
            )
            await _refused(
                state.save(KEY, StateChange(7, {}), within=calls.append), StateError, "a change of another revision"
            )
            _is(await state.load(KEY), 1, {"a": 1}, {1: 1.0}, "what a within that raised left")
        await state.aclose()

    async def test_a_profile_has_one_run(self, open_state: Callable[[], IncrementalState]) -> None:
        """A second one is refused at once or after its wait, also by the same object; another profile is free."""
        state, other = open_state(), open_state()
        await state.acquire(KEY)
        await _refused(other.acquire(KEY), StateLockedError, "a profile that another run has")
        await _refused(other.acquire(KEY, wait=0.05), StateLockedError, "a profile that another run has")
        await _refused(state.acquire(KEY), StateLockedError, "a profile that a run of the same object has")
        await other.release(KEY)
        await _refused(other.acquire(KEY), StateLockedError, "a profile after somebody else's release")
        await other.acquire(OTHER)
        await state.release(KEY)
        await state.release(KEY)
        await other.acquire(KEY)
        await other.release(KEY)
        await other.release(OTHER)
        await state.aclose()
        await other.aclose()

    async def test_a_run_waits_for_another(self, open_state: Callable[[], IncrementalState]) -> None:
        """A wait ends when the profile is free; a state is not closed under a run that has one."""
        state, other = open_state(), open_state()
        await state.acquire(KEY)
        await _refused(state.aclose(), StateError, "a state that is closed under a run")
        waiting = asyncio.create_task(other.acquire(KEY, wait=_PATIENCE))
        await asyncio.sleep(0.02)
        _same(waiting.done(), False, "whether a wait was over before the profile was free")
        await state.release(KEY)
        await waiting
        await other.release(KEY)
        await other.aclose()
        await state.acquire(KEY)
        await state.release(KEY)
        await state.aclose()

    async def test_a_cancelled_wait_holds_nothing(self, open_state: Callable[[], IncrementalState]) -> None:
        """A run that is cancelled while it takes a profile, at whatever point, leaves it to others."""
        state, other = open_state(), open_state()
        await state.load(KEY)
        await other.load(KEY)
        for turns in range(20):
            taking = asyncio.create_task(state.acquire(KEY))
            for _ in range(turns):
                await asyncio.sleep(0)
            taking.cancel()
            [end] = await asyncio.gather(taking, return_exceptions=True)
            if end is None:
                await state.release(KEY)
            await other.acquire(KEY, wait=0.0)
            await other.release(KEY)
        await state.aclose()
        await other.aclose()

    async def test_a_cancelled_change_is_whole_or_not_at_all(self, open_state: Callable[[], IncrementalState]) -> None:
        """Changes that are cancelled at any point leave a whole one and a state that works."""
        state = open_state()
        for turns, _ in product(range(20), range(2)):
            before = await state.load(KEY)
            number = before.revision + 1
            saving = asyncio.create_task(
                state.save(KEY, StateChange(before.revision, {"n": number}, {number: float(number)}))
            )
            for _ in range(turns):
                await asyncio.sleep(0)
            saving.cancel()
            [end] = await asyncio.gather(saving, return_exceptions=True)
            after = await state.load(KEY)
            if end is not None:
                _same(type(end), asyncio.CancelledError, "the error of a change that is cancelled")
            if end is None or after.revision != before.revision:
                seen: Mapping[Id, float] = {**before.seen, number: float(number)}
                _is(after, number, {"n": number}, seen, "what a cancelled change left")
            else:
                _is(after, before.revision, before.document, before.seen, "what a change that was not made left")
        await state.aclose()


class _RefusedError(Exception):
    """What a ``within`` raises here."""


def _refuse(_connection: Any) -> None:
    raise _RefusedError


async def _refused(call: Any, error: type[Exception], what: str) -> None:
    try:
        await call
    except error:
        return
    raise AssertionError(f"{what}: expected {error.__name__}, and it passed")


def _is(found: SavedState, revision: int, document: Mapping[str, Any], seen: Mapping[Id, float], what: str) -> None:
    _same((found.revision, dict(found.document)), (revision, dict(document)), what)
    # Written out, for True and 1.0 equal 1, and a thousand ids are no text to read.
    differing = {*map(_exact, found.seen.items())} ^ {*map(_exact, seen.items())}
    _same(sorted(differing)[:5], [], f"{what}: the ids that differ")


def _exact(item: tuple[Id, float]) -> str:
    return f"{item[0]!r}: {float(item[1])!r}"


def _same(found: object, expected: object, what: str) -> None:
    # This file is no test module, so pytest does not explain an assert in it.
    if found != expected:
        raise AssertionError(f"{what}: expected {expected!r}, found {found!r}")
