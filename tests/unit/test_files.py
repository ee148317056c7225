"""Files and folders that are there as a whole or not at all, and outlast a crash of the machine."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from unittest import mock

import pytest

from theirstack_async._files import make_folder, remove, sync_folder, write_file


def test_folders_are_made_and_flushed_from_above(tmp_path: Path) -> None:
    with mock.patch("theirstack_async._files.sync_folder") as synced:
        make_folder(tmp_path / "a" / "b")
    assert [call.args for call in synced.call_args_list] == [(tmp_path,), (tmp_path / "a",)]
    assert (tmp_path / "a" / "b").is_dir()


@pytest.mark.parametrize("code", [errno.EACCES, errno.EINVAL])
def test_a_folder_that_knows_no_flushing_is_passed_over(tmp_path: Path, code: int) -> None:
    with mock.patch("os.open", side_effect=OSError(code, "no")):
        sync_folder(tmp_path)


def test_a_disk_that_fails_is_told(tmp_path: Path) -> None:
    with mock.patch("os.fsync", side_effect=OSError(errno.EIO, "broken")), pytest.raises(OSError, match="broken"):
        sync_folder(tmp_path)


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_file(path, [b"old"])
    with mock.patch("os.fsync", side_effect=OSError(errno.EIO, "broken")), pytest.raises(OSError, match="broken"):
        write_file(path, [b"new"])
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_is_flushed_after_the_file(tmp_path: Path) -> None:
    """Else a crash of the machine could leave an empty file of the final name."""
    seen: list[str] = []
    fsync, replace = os.fsync, Path.replace
    with (
        mock.patch("os.fsync", lambda descriptor: (seen.append("fsync"), fsync(descriptor))),
        mock.patch.object(Path, "replace", lambda path, to: (seen.append("rename"), replace(path, to))),
    ):
        write_file(tmp_path / "file", [b"content"])
    assert seen == ["fsync", "rename", "fsync"]


def test_what_cannot_be_removed_is_left(tmp_path: Path) -> None:
    remove(tmp_path)
    remove(tmp_path / "missing")
    assert tmp_path.is_dir()
