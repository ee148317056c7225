"""One run at a time for each webhook."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from tests._imports import ROOT
from theirstack_async._database.thread import FileLocks
from theirstack_async.errors import ReplayError, ReplayLockedError
from theirstack_async.replay import _locks
from theirstack_async.replay._locks import WebhookLocks

WHERE = "http://127.0.0.1:1"

unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no owners and modes of this kind")


def locks(folder: Path, *webhook_ids: int | str, provider: str = "memory", where: str = WHERE) -> WebhookLocks:
    return WebhookLocks(provider, where, webhook_ids, folder)


async def is_free(folder: Path, webhook_id: int | str) -> bool:
    try:
        async with locks(folder, webhook_id):
            return True
    except ReplayLockedError:
        return False


async def test_a_webhook_is_held_within_the_block(tmp_path: Path) -> None:
    async with locks(tmp_path, 1, 2):
        with pytest.raises(
            ReplayLockedError, match="replays webhook 2; nothing was sent; wait until it ends"
        ) as caught:
            async with locks(tmp_path, 3, 2):
                raise AssertionError
        assert str(tmp_path) in str(caught.value)
        # The others were let go of.
        assert await is_free(tmp_path, 3)
        assert not await is_free(tmp_path, 1)
    assert await is_free(tmp_path, 1)
    assert await is_free(tmp_path, 2)


async def test_an_error_in_the_block_lets_go_too(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        async with locks(tmp_path, 1):
            raise KeyError
    assert await is_free(tmp_path, 1)


async def test_locks_can_be_taken_once_more(tmp_path: Path) -> None:
    both = locks(tmp_path, 1, 2)
    async with both:
        pass
    async with both:
        assert not await is_free(tmp_path, 1)
        with pytest.raises(ReplayLockedError):
            await both.__aenter__()
        assert not await is_free(tmp_path, 1)
    assert await is_free(tmp_path, 1)


async def test_webhooks_of_another_kind_or_place_are_others(tmp_path: Path) -> None:
    async with (
        locks(tmp_path, 1),
        locks(tmp_path, "1"),
        locks(tmp_path, 1, provider="other"),
        locks(tmp_path, 1, where="http://127.0.0.1:2"),
    ):
        assert not await is_free(tmp_path, 1)


async def test_a_webhook_named_twice_is_locked_once(tmp_path: Path) -> None:
    async with locks(tmp_path, 1, 1):
        assert not await is_free(tmp_path, 1)


async def test_all_runs_take_locks_in_one_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise two runs of the same webhooks could each take one, and refuse each other."""
    taken: list[str] = []
    take = FileLocks.take

    def spy(self: FileLocks, key: str) -> bool:
        taken.append(key)
        return take(self, key)

    monkeypatch.setattr(FileLocks, "take", spy)
    async with locks(tmp_path, *range(9)):
        first = taken[:]
    taken.clear()
    async with locks(tmp_path, *reversed(range(9))):
        assert taken == first == sorted(first)


async def test_the_locks_of_a_dead_process_are_free(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from theirstack_async.replay._locks import WebhookLocks\n"
        "async def main():\n"
        f"    async with WebhookLocks('memory', {WHERE!r}, [1], sys.argv[1]):\n"
        "        print('held', flush=True)\n"
        "        await asyncio.sleep(600)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"held\n"
    assert not await is_free(tmp_path, 1)
    process.kill()
    await process.communicate()
    assert await is_free(tmp_path, 1)


@pytest.mark.parametrize("webhook_ids", [(1,), (1, 2)])
async def test_a_cancellation_while_locks_are_taken_lets_go_of_them(
    webhook_ids: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether all of them were to be had or not: another run has the second one."""
    begun, go_on = threading.Event(), threading.Event()
    take = FileLocks.take

    def slow(self: FileLocks, key: str) -> bool:
        begun.set()
        go_on.wait(60)
        return take(self, key)

    async with locks(tmp_path, 2):
        with monkeypatch.context() as patch:
            patch.setattr(FileLocks, "take", slow)
            # It is kept, for what nobody keeps lets go of its locks too.
            own = locks(tmp_path, *webhook_ids)
            task = asyncio.create_task(own.__aenter__())
            await asyncio.to_thread(begun.wait, 60)
            task.cancel()
            for _ in range(5):
                await asyncio.sleep(0)
            assert not task.done()
            go_on.set()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await is_free(tmp_path, 1)
        assert not await is_free(tmp_path, 2)


async def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"webhook 1 cannot be locked: the folder .*gone is missing"):
        async with locks(tmp_path / "gone", 1):
            raise AssertionError
    assert not (tmp_path / "gone").exists()


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder for temporary files, which is this test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@unix
async def test_lock_files_are_in_a_folder_of_the_users_own(temporary: Path) -> None:
    folder = temporary / f"theirstack-replay-{os.getuid()}"
    async with WebhookLocks("memory", WHERE, [1]):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert len(list(folder.iterdir())) == 1
        with pytest.raises(ReplayLockedError):
            await WebhookLocks("memory", WHERE, [1]).__aenter__()
        # Another place is another folder's affair.
        assert await is_free(temporary, 1)


@unix
async def test_a_folder_that_others_can_write_to_is_closed_to_them(temporary: Path) -> None:
    folder = temporary / f"theirstack-replay-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    async with WebhookLocks("memory", WHERE, [1]):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@unix
@pytest.mark.parametrize("what", ["link", "file", "foreign"])
async def test_a_folder_that_is_not_the_users_own_is_refused(
    what: str, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary / f"theirstack-replay-{os.getuid()}"
    other = temporary / "other"
    other.mkdir(mode=0o755)
    if what == "link":
        folder.symlink_to(other)
    elif what == "file":
        folder.touch()
    else:
        monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
        folder = temporary / "theirstack-replay-4000000"
    with pytest.raises(ReplayError, match=f"{folder}.*set TMPDIR") as caught:
        await WebhookLocks("memory", WHERE, [1]).__aenter__()
    assert not isinstance(caught.value, ReplayLockedError)
    assert list(other.iterdir()) == []
    assert stat.S_IMODE(other.stat().st_mode) == 0o755


async def test_where_users_have_no_numbers_the_folder_is_theirs_already(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "getuid", raising=False)
    async with WebhookLocks("memory", WHERE, [1]):
        assert len(list((temporary / "theirstack-replay").iterdir())) == 1


async def test_a_folder_that_cannot_be_made_is_said(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "gone"))
    with pytest.raises(ReplayError, match="for locks cannot be made"):
        await WebhookLocks("memory", WHERE, [1]).__aenter__()


def test_to_import_locks_loads_no_lock_library() -> None:
    program = "import sys, theirstack_async.replay._locks; print('filelock' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False\n"
    assert _locks.FileLocks is FileLocks
