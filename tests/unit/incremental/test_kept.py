"""Pages in the landing folder are kept when they come, read again by the next run, and deleted at last."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.incremental._searching import reply
from theirstack_async import StateError
from theirstack_async.incremental._kept import KeptPages
from theirstack_async.incremental._landing import Landing
from theirstack_async.incremental._plan import Ask

ASK = Ask(10, (1, 2), 3.0, 4.0, ordered=True)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("key/*"))


def folders(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*")]


async def keep(kept: KeptPages, body: bytes = b"x") -> str:
    name = await kept.keep(ASK, reply(body))
    assert name is not None
    return name


async def test_without_a_folder_nothing_is_kept() -> None:
    kept = KeptPages(None, "key", ["a"])
    assert await kept.next() is None
    assert await kept.keep(ASK, reply(b"x")) is None
    await kept.discard(["a"])


async def test_a_page_is_read_by_the_next_run_and_not_by_its_own(tmp_path: Path) -> None:
    kept = KeptPages(Landing(tmp_path), "key", [])
    assert await kept.next() is None
    names = [await keep(kept, b"one"), await keep(kept, b"two")]
    assert await kept.next() is None
    again = KeptPages(Landing(tmp_path), "key", [])
    first, second = await again.next(), await again.next()
    assert first is not None
    assert second is not None
    assert [first.body, second.body] == [b"one", b"two"]
    assert [first.head["name"], second.head["name"]] == names
    assert await again.next() is None
    assert len(files(tmp_path)) == 2


async def test_what_is_noted_with_it(tmp_path: Path) -> None:
    kept = KeptPages(Landing(tmp_path), "key", [])
    await keep(kept)
    await kept.keep(ASK, reply(b"x", status=402, credits=7, asked=5, date=datetime.fromtimestamp(12, UTC)))
    again = KeptPages(Landing(tmp_path), "key", [])
    first, second = await again.next(), await again.next()
    assert first is not None
    assert second is not None
    noted = {**ASK.to_head(), "out_of_credits": False, "credits": 0, "now": None}
    assert {name: value for name, value in first.head.items() if name != "name"} == noted
    noted = {**noted, "limit": 5, "out_of_credits": True, "credits": 7, "now": 12.0}
    assert {name: value for name, value in second.head.items() if name != "name"} == noted


async def test_what_was_acknowledged_is_deleted_unread(tmp_path: Path) -> None:
    kept = KeptPages(Landing(tmp_path), "key", [])
    names = [await keep(kept, bytes([number])) for number in range(3)]
    again = KeptPages(Landing(tmp_path), "key", names[:2])
    page = await again.next()
    assert page is not None
    assert (page.body, len(files(tmp_path))) == (b"\x02", 1)


async def test_pages_are_deleted_by_their_names(tmp_path: Path) -> None:
    kept = KeptPages(Landing(tmp_path), "key", [])
    first, second = await keep(kept), await keep(kept)
    await kept.discard([second, "of somebody else"])
    left = KeptPages(Landing(tmp_path), "key", [])
    page = await left.next()
    assert page is not None
    assert page.head["name"] == first
    await left.discard([first])
    assert files(tmp_path) == []
    await left.discard([first])


async def test_one_that_cannot_be_deleted_may_be_tried_again(tmp_path: Path) -> None:
    kept = KeptPages(Landing(tmp_path), "key", [])
    name = await keep(kept)
    path = tmp_path / "key" / files(tmp_path)[0]
    path.rename(tmp_path / "aside")
    path.mkdir()
    with pytest.raises(StateError, match="cannot be deleted"):
        await kept.discard([name])
    path.rmdir()
    (tmp_path / "aside").rename(path)
    await kept.discard([name])
    assert files(tmp_path) == []


async def test_the_folder_is_made_before_anything_is_asked_for(tmp_path: Path) -> None:
    kept = KeptPages(Landing(tmp_path / "new"), "key", [])
    assert await kept.next() is None
    assert folders(tmp_path) == ["new", "key"]


async def test_one_that_was_acknowledged_and_cannot_be_deleted_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(self: Landing, key: str, numbers: object) -> None:
        raise StateError("no access")

    kept = KeptPages(Landing(tmp_path), "key", [])
    name, other = await keep(kept), await keep(kept)
    monkeypatch.setattr(Landing, "discard", fails)
    again = KeptPages(Landing(tmp_path), "key", [name])
    page = await again.next()
    assert page is not None
    assert page.head["name"] == other
    assert caplog.messages == ["no access; it is acknowledged, and is not read again"]


async def test_a_page_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    await keep(KeptPages(Landing(tmp_path), "key", []))
    path = tmp_path / "key" / files(tmp_path)[0]
    whole = path.read_bytes()
    path.write_bytes(b"?")
    kept = KeptPages(Landing(tmp_path), "key", [])
    for _ in range(2):
        with pytest.raises(StateError, match="cannot be read"):
            await kept.next()
    path.write_bytes(whole)
    assert await kept.next() is not None


async def test_profiles_share_a_folder(tmp_path: Path) -> None:
    await keep(KeptPages(Landing(tmp_path), "key", []))
    assert await KeptPages(Landing(tmp_path), "other", []).next() is None
