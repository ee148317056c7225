"""The tests that every quota store has to pass, one of your own making included.

A test module inherits them and says in a fixture how its store is opened. They run under pytest-asyncio; unless its
``asyncio_mode`` is ``"auto"``, the class needs the mark::

    @pytest.mark.asyncio
    class TestMyStore(QuotaSuite):
        @pytest.fixture
        def open_store(self) -> Callable[[], QuotaStore]:
            return lambda: MyStore("localhost")

Each call of ``open_store()`` opens the same storage once more, as another process would (a store that lives in one
process returns the same object). The storage is empty when a test begins. What a test opened it also closes.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from theirstack_async.quota import QuotaStore

_AT_ONCE: Final = 50
_KEYS: Final = ("a", "A", "a:b", "a b", "a'b\"c", "ä€😀", "a/../b", "%", "*", "")
_VALUES: Final[dict[str, Any]] = {
    "nothing": None,
    "truth": [True, False],
    "whole": [0, -1, 2**53 + 1, 10**30],
    "broken": [0.1, -1e-9, 1e300, 1795250180.270319],
    "text": ["", "ä€😀", "\u2028\x00\n'\"\\", "\ud800"],
    "lists": [[], [[1.5, 2], [3.5, 4]]],
    "nested": {"": {}, "a": {"b": {"c": [{}]}}},
}


class QuotaSuite:
    """What a :class:`~theirstack_async.quota.QuotaStore` promises, one promise a test."""

    async def test_a_document_is_empty_at_first(self, open_store: Callable[[], QuotaStore]) -> None:
        """A key that was never changed has an empty document."""
        store = open_store()
        _same(await store.update("key", _look), {}, "the first document of a key")
        await store.aclose()

    async def test_what_was_written_stays(self, open_store: Callable[[], QuotaStore]) -> None:
        """A change is seen by the next one, also after closing and by whoever opens the storage later."""
        store = open_store()
        _same(await store.update("key", _count), 1, "the result of the first change")
        _same(await store.update("key", _count), 2, "the result of the second change")
        await store.aclose()
        _same(await store.update("key", _count), 3, "the result of a change after aclose()")
        await store.aclose()
        other = open_store()
        _same(await other.update("key", _look), {"n": 3}, "the document in a store that was opened later")
        await other.aclose()

    async def test_what_was_removed_is_gone(self, open_store: Callable[[], QuotaStore]) -> None:
        """A change may take things out of a document too."""
        store = open_store()
        await store.update("key", partial(_set, {"a": 1, "b": [1, 2]}))
        await store.update("key", lambda document, _: document.pop("a"))
        await store.update("key", lambda document, _: document["b"].clear())
        _same(await store.update("key", _look), {"b": []}, "the document")
        await store.aclose()

    async def test_json_survives(self, open_store: Callable[[], QuotaStore]) -> None:
        """Whatever JSON can hold comes back as it was, numbers to the last digit."""
        store = open_store()
        await store.update("key", partial(_set, _VALUES))
        _same(await store.update("key", _look), _VALUES, "the document")
        await store.aclose()

    async def test_keys_are_apart(self, open_store: Callable[[], QuotaStore]) -> None:
        """Each key has a document of its own, whatever characters are in it."""
        store = open_store()
        for key in _KEYS:
            await store.update(key, partial(_set, {"key": key}))
        for key in _KEYS:
            _same(await store.update(key, _look), {"key": key}, f"the document of {key!r}")
        await store.aclose()

    async def test_no_change_is_lost(self, open_store: Callable[[], QuotaStore]) -> None:
        """Of fifty changes at once, from three places, each sees all that went before it.

        A store may call a change again when another was faster; what the earlier calls did must leave no trace.
        """
        stores = [open_store() for _ in range(3)]
        results = await asyncio.gather(*(stores[n % 3].update("key", _count) for n in range(_AT_ONCE)))
        _same(sorted(results), [*range(1, _AT_ONCE + 1)], "what fifty changes at once returned")
        _same(await stores[0].update("key", _look), {"n": _AT_ONCE}, "the document after them")
        for store in stores:
            await store.aclose()

    async def test_time_never_goes_back(self, open_store: Callable[[], QuotaStore]) -> None:
        """The store's time is a finite number, the same for all who share it, and no change sees less than the last."""
        stores = [open_store() for _ in range(3)]
        await asyncio.gather(*(stores[n % 3].update("key", _note_time) for n in range(_AT_ONCE)))
        times: list[float] = await stores[0].update("key", lambda document, now: [*document["times"], now])
        _same(times, sorted(times), "the times that changes were given, in their order")
        _same([each for each in times if not math.isfinite(each)], [], "the times that are no finite numbers")
        for store in stores:
            await store.aclose()

    async def test_a_change_that_raises_changes_nothing(self, open_store: Callable[[], QuotaStore]) -> None:
        """The error of a change goes to the caller as it is, and the store goes on."""
        store = open_store()
        await store.update("key", _count)
        try:
            await store.update("key", _refuse)
        except _RefusedError:
            _same(await store.update("key", _look), {"n": 1}, "the document after a change that raised")
        else:
            raise AssertionError("the error of a change did not reach the caller")
        await store.aclose()

    async def test_a_cancelled_change_is_whole_or_not_at_all(self, open_store: Callable[[], QuotaStore]) -> None:
        """Changes that are cancelled at any point leave a whole document and a store that works."""
        store = open_store()
        done = 0
        for turns, victim in product(range(20), range(3)):
            tasks = [asyncio.create_task(store.update("key", _count_twice)) for _ in range(3)]
            for _ in range(turns):
                await asyncio.sleep(0)
            tasks[victim].cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            lost = [end for end in ends if isinstance(end, BaseException)]
            _same(
                [*map(type, lost)],
                [asyncio.CancelledError] * len(lost),
                "the errors of changes of which one is cancelled",
            )
            done += len(ends) - len(lost)
            document = await store.update("key", _look)
            _same(document.get("first"), document.get("second"), "the two halves of a document")
            if document.get("first", 0) < done:
                raise AssertionError(f"{done} changes were done, and the document holds {document}")
        await store.aclose()


class _RefusedError(Exception):
    """What a change raises here."""


def _look(document: dict[str, Any], _now: float) -> dict[str, Any]:
    return deepcopy(document)


def _set(values: dict[str, Any], document: dict[str, Any], _now: float) -> None:
    document.update(deepcopy(values))


def _count(document: dict[str, Any], _now: float) -> int:
    document["n"] = document.get("n", 0) + 1
    return int(document["n"])


def _count_twice(document: dict[str, Any], _now: float) -> None:
    document["first"] = document.get("first", 0) + 1
    document["second"] = document.get("second", 0) + 1


def _note_time(document: dict[str, Any], now: float) -> None:
    document.setdefault("times", []).append(now)


def _refuse(_document: dict[str, Any], _now: float) -> None:
    raise _RefusedError


def _same(found: object, expected: object, what: str) -> None:
    # This file is no test module, so pytest does not explain an assert in it.
    if found != expected:
        raise AssertionError(f"{what}: expected {expected!r}, found {found!r}")
