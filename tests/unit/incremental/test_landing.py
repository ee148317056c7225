"""Pages that were paid for are on disk until they are acknowledged, whatever happens in between."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import pickle
import sys
import threading
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async.errors import ConfigurationError, StateError
from theirstack_async.incremental._landing import Landed, Landing

KEY = "0123abcd"
HEAD: dict[str, Any] = {
    "name": "Müller\n\ud800",
    "credits": 2,
    "out_of_credits": False,
    "now": None,
    "limit": 2,
    "start": 1.5,
    "end": None,
    "ordered": True,
    "known": 0,
}
BODY = b'{"data": [\n1,\xff\n2]}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "landing"


@pytest.fixture
def landing(folder: Path) -> Landing:
    return Landing(folder)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


async def test_a_page_comes_back_as_it_was(landing: Landing, folder: Path) -> None:
    assert await landing.keep(KEY, HEAD, BODY) == 1
    assert files(folder) == [f"{KEY}/0000000001.json.zst"]
    path = folder / KEY / "0000000001.json.zst"
    assert await landing.read(KEY, 1) == Landed(1, path, HEAD, BODY)
    assert repr(await landing.read(KEY, 1)).endswith(f"body=<{len(BODY)} bytes>)")
    assert repr(landing) == f"Landing({str(folder)!r})"


async def test_nothing_is_touched_before_a_page_is_kept(landing: Landing, tmp_path: Path, folder: Path) -> None:
    assert await landing.pages(KEY) == []
    await landing.discard(KEY, [1, 2])
    assert files(tmp_path) == []
    assert not folder.parent.exists()


@given(bodies=st.lists(st.binary(max_size=300), max_size=4))
async def test_pages_come_back_in_order_in_the_next_run(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("landing")
    before = Landing(folder)
    for number, body in enumerate(bodies, 1):
        assert await before.keep(KEY, HEAD, body) == number
    after = Landing(folder)
    assert await after.pages(KEY) == list(range(1, len(bodies) + 1))
    assert [(await after.read(KEY, number)).body for number in await after.pages(KEY)] == bodies


async def test_profiles_are_apart(landing: Landing) -> None:
    await landing.keep("a", HEAD, b"1")
    await landing.keep("b", HEAD, b"2")
    await landing.discard("a", [1])
    assert (await landing.pages("a"), await landing.pages("b")) == ([], [1])


async def test_a_number_is_never_given_again_in_a_run(landing: Landing, folder: Path) -> None:
    for _ in range(3):
        await landing.keep(KEY, HEAD, b"")
    await landing.discard(KEY, [3, 2])
    assert await landing.keep(KEY, HEAD, b"") == 4
    await landing.discard(KEY, [1, 4, 4])
    assert await landing.keep(KEY, HEAD, b"") == 5
    later = Landing(folder)
    await later.discard(KEY, [5])
    assert await later.keep(KEY, HEAD, b"") == 6


async def test_a_page_is_not_overwritten_after_others_were_discarded(landing: Landing, folder: Path) -> None:
    for body in (b"1", b"2"):
        await landing.keep(KEY, HEAD, body)
    later = Landing(folder)
    await later.discard(KEY, [1])
    await later.keep(KEY, HEAD, b"3")
    assert [(await later.read(KEY, number)).body for number in await later.pages(KEY)] == [b"2", b"3"]


async def test_two_that_share_a_folder_overwrite_nothing(landing: Landing, folder: Path) -> None:
    """As two runs of one profile do that have two states."""
    other = Landing(folder)
    await other.discard(KEY, [])
    (folder / KEY).mkdir(parents=True)
    assert await landing.keep(KEY, HEAD, b"1") == 1
    assert await other.keep(KEY, HEAD, b"2") == 2
    (folder / KEY / "0000000003.json.zst.tmp").write_bytes(b"being written")
    assert await landing.keep(KEY, HEAD, b"4") == 4
    assert [(await landing.read(KEY, number)).body for number in (1, 2, 4)] == [b"1", b"2", b"4"]
    assert (folder / KEY / "0000000003.json.zst.tmp").read_bytes() == b"being written"


async def test_what_was_left_unfinished_is_deleted_and_nothing_else(landing: Landing, folder: Path) -> None:
    await landing.keep(KEY, HEAD, b"")
    mine = folder / KEY
    (mine / "0000000002.json.zst.tmp").write_bytes(b"half a page")
    (mine / "notes.txt").write_text("of somebody else")
    (mine / "00.json.zst.tmp").write_text("of somebody else too")
    assert await landing.pages(KEY) == [1]
    assert [path.name for path in sorted(mine.iterdir())] == ["00.json.zst.tmp", "0000000001.json.zst", "notes.txt"]


async def test_what_cannot_be_deleted_is_left_for_the_next_run(landing: Landing, folder: Path) -> None:
    await landing.keep(KEY, HEAD, b"")
    (folder / KEY / "0000000002.json.zst.tmp").mkdir()
    assert await landing.pages(KEY) == [1]


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "foreign", "missing", "no head", "no object"])
async def test_a_damaged_page_is_named_and_stays(landing: Landing, folder: Path, damage: str) -> None:
    await landing.keep(KEY, HEAD, bytes(range(256)) * 4)
    path = folder / KEY / "0000000001.json.zst"
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        flipped = bytearray(whole)
        flipped[len(whole) // 2] ^= 1
        compress = landing._zstd.compress
        path.write_bytes(
            {
                "cut": whole[:-5],
                "flipped": bytes(flipped),
                "empty": b"",
                "foreign": b"something else",
                "no head": compress(b"{}"),
                "no object": compress(b"[1]\n{}"),
            }[damage]
        )
    content = None if damage == "missing" else path.read_bytes()
    with pytest.raises(
        StateError, match=r"0000000001\.json\.zst cannot be read: .+ It was paid for .*Put the file back"
    ):
        await landing.read(KEY, 1)
    assert (path.read_bytes() if path.exists() else None) == content


@pytest.mark.parametrize(
    "odd", [{"name": None}, {"start": "2026"}, {"credits": None}, {"credits": True}, {"known": 1.5}, {"format": 2}, {}]
)
async def test_a_head_that_no_release_writes_is_refused(landing: Landing, folder: Path, odd: dict[str, Any]) -> None:
    await landing.keep(KEY, HEAD, BODY)
    path = folder / KEY / "0000000001.json.zst"
    head = (
        {**HEAD, "format": 1, **odd} if odd else {name: HEAD[name] for name in HEAD if name != "start"} | {"format": 1}
    )
    line = json.dumps(head).encode()
    path.write_bytes(landing._zstd.compress(line + b"\n" + BODY))
    with pytest.raises(
        StateError, match=r"0000000001\.json\.zst cannot be read: .*(no release writes|another release)"
    ):
        await landing.read(KEY, 1)


async def test_every_flipped_bit_is_found(landing: Landing, folder: Path) -> None:
    await landing.keep(KEY, HEAD, b"{}")
    path = folder / KEY / "0000000001.json.zst"
    whole = path.read_bytes()
    for bit in range(len(whole) * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            page = await landing.read(KEY, 1)
        except StateError:
            continue
        # A bit of the frame's header that means nothing for this frame.
        assert (page.head, page.body) == (HEAD, b"{}")


async def test_a_full_disk_gives_the_bytes_back(landing: Landing, folder: Path) -> None:
    await landing.keep(KEY, HEAD, b"")
    full = OSError(errno.ENOSPC, "No space left on device")
    with (
        mock.patch("os.fsync", side_effect=full),
        pytest.raises(
            StateError, match=r"paid for cannot be kept in .*No space left .*in the attribute body"
        ) as caught,
    ):
        await landing.keep(KEY, HEAD, BODY)
    assert vars(caught.value)["body"] == BODY
    assert vars(pickle.loads(pickle.dumps(caught.value)))["body"] == BODY
    assert (caught.value.__cause__, caught.value.sent) == (full, "yes")
    assert files(folder) == [f"{KEY}/0000000001.json.zst"]
    assert await landing.keep(KEY, HEAD, BODY) == 3


async def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    landing = Landing(tmp_path / "file")
    with pytest.raises(StateError, match=r"landing folder .* cannot be read: .*so nothing is bought"):
        await landing.pages(KEY)
    with pytest.raises(StateError, match=r"paid for cannot be kept") as caught:
        await landing.keep(KEY, HEAD, BODY)
    assert vars(caught.value)["body"] == BODY
    with pytest.raises(StateError, match="cannot be read"):
        await landing.discard(KEY, [1])


async def test_a_page_that_cannot_be_deleted_is_said(landing: Landing, folder: Path) -> None:
    await landing.keep(KEY, HEAD, b"")
    (folder / KEY / "0000000002.json.zst").mkdir()
    with pytest.raises(StateError, match=r"0000000002\.json\.zst cannot be deleted: .*its rows are stored"):
        await landing.discard(KEY, [1, 2])


async def test_a_cancellation_waits_for_the_page(landing: Landing) -> None:
    begun, go = asyncio.Event(), threading.Event()
    loop, fsync = asyncio.get_running_loop(), os.fsync

    def slowly(descriptor: int) -> None:
        loop.call_soon_threadsafe(begun.set)
        go.wait()
        fsync(descriptor)

    with mock.patch("os.fsync", slowly):
        keeping = asyncio.create_task(landing.keep(KEY, HEAD, BODY))
        await begun.wait()
        keeping.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not keeping.done()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await keeping
    assert await landing.pages(KEY) == [1]


async def test_pages_kept_at_once_get_numbers_of_their_own(landing: Landing) -> None:
    bodies = [b"%d" % number for number in range(20)]
    numbers = await asyncio.gather(*(landing.keep(KEY, HEAD, body) for body in bodies))
    assert sorted(numbers) == await landing.pages(KEY) == list(range(1, 21))
    assert [(await landing.read(KEY, number)).body for number in numbers] == bodies


def test_the_newer_module_is_taken_first(tmp_path: Path) -> None:
    newer = mock.Mock()
    with mock.patch.dict(sys.modules, {"compression": mock.Mock(), "compression.zstd": newer}):
        assert Landing(tmp_path)._zstd is newer


def test_without_zstd_the_extra_is_named(tmp_path: Path) -> None:
    nothing: dict[str, Any] = {"compression.zstd": None, "backports.zstd": None}
    with (
        mock.patch.dict(sys.modules, nothing),
        pytest.raises(ConfigurationError, match=r"pip install 'theirstack-async\[zstd\]'"),
    ):
        Landing(tmp_path)
