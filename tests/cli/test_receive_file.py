"""The file that deliveries are added to, and how it bears cut writes, full disks and being moved away."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from theirstack_async import ArgumentError, SinkError
from theirstack_async.cli import receive_file
from theirstack_async.cli.receive_file import DeliveryFile, line_of
from theirstack_async.receiver import MemoryDeliveries


@pytest.fixture
async def store() -> AsyncIterator[MemoryDeliveries]:
    """A store of which the events 1 to 250 are pending."""
    kept = MemoryDeliveries()
    for event_id in range(1, 251):
        await kept.claim(event_id, line(event_id)[:-1], record=None, owner="me", now=1.0, until=2.0)
    yield kept
    await kept.aclose()


@pytest.fixture
async def file(tmp_path: Path, store: MemoryDeliveries) -> AsyncIterator[DeliveryFile]:
    made = DeliveryFile(str(tmp_path / "events.jsonl"))
    await made.open(store)
    yield made
    await made.aclose()


def line(event_id: int) -> bytes:
    return b'{"id":%d,"type":"x","payload":{}}\n' % event_id


def failing(monkeypatch: pytest.MonkeyPatch, name: str, *answers: Callable[[Any], Any]) -> None:
    """Let a function of the operating system do something else for its first calls."""
    real, left = getattr(os, name), [*answers]

    def instead(*arguments: Any) -> Any:
        return left.pop(0)(arguments) if left else real(*arguments)

    monkeypatch.setattr(os, name, instead)


def full(_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_lines_that_come_together_are_written_together(
    file: DeliveryFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    real = DeliveryFile._append

    def append(self: DeliveryFile, lines: bytes) -> None:
        sizes.append(lines.count(b"\n"))
        real(self, lines)

    monkeypatch.setattr(DeliveryFile, "_append", append)
    await asyncio.gather(*(file.add(each, line(each)) for each in range(300, 320)))
    await file.add(400, line(400))
    assert (sizes, file.lines) == ([20, 1], 21)
    assert (tmp_path / "events.jsonl").read_bytes() == b"".join(map(line, [*range(300, 320), 400]))


async def test_an_event_stands_in_it_once(file: DeliveryFile, tmp_path: Path) -> None:
    await asyncio.gather(*(file.add(7, line(7)) for _ in range(3)))
    await file.add(7, line(7))
    assert (tmp_path / "events.jsonl").read_bytes() == line(7)


async def test_a_line_whose_handler_was_cancelled_is_written_once(file: DeliveryFile, tmp_path: Path) -> None:
    adding = asyncio.ensure_future(file.add(7, line(7)))
    await asyncio.sleep(0)
    adding.cancel()
    await asyncio.gather(adding, return_exceptions=True)
    await file.add(7, line(7))
    assert (tmp_path / "events.jsonl").read_bytes() == line(7)


async def test_leaving_it_writes_what_waits(
    tmp_path: Path, store: MemoryDeliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, may_write, real = DeliveryFile(str(tmp_path / "events.jsonl")), threading.Event(), os.write
    await file.open(store)

    def late(given: Any) -> int:
        assert may_write.wait(60)
        return real(*given)

    failing(monkeypatch, "write", late)
    adding = asyncio.ensure_future(file.add(7, line(7)))
    await asyncio.sleep(0)
    leaving = asyncio.ensure_future(file.aclose())
    await asyncio.wait([leaving], timeout=0.05)
    assert not leaving.done()
    may_write.set()
    await leaving
    assert (tmp_path / "events.jsonl").read_bytes() == line(7)
    await adding


async def test_nothing_is_left_of_a_line_that_did_not_fit(
    file: DeliveryFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await file.add(1, line(1))
    real = os.write
    failing(monkeypatch, "write", lambda given: real(given[0], bytes(given[1])[:9]), full)
    with pytest.raises(SinkError, match=r"cannot write to .*events.jsonl: No space left on device; see that its disk"):
        await file.add(2, line(2))
    assert (tmp_path / "events.jsonl").read_bytes() == line(1)
    await file.add(2, line(2))
    assert (tmp_path / "events.jsonl").read_bytes() == line(1) + line(2)
    assert file.lines == 2


async def test_what_could_not_be_cut_off_is_cut_off_before_the_next_line(
    file: DeliveryFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    failing(monkeypatch, "write", lambda given: real(given[0], bytes(given[1])[:9]), full)
    failing(monkeypatch, "ftruncate", full)
    with pytest.raises(SinkError):
        await file.add(2, line(2))
    assert (tmp_path / "events.jsonl").read_bytes() == line(2)[:9]
    await file.add(2, line(2))
    assert (tmp_path / "events.jsonl").read_bytes() == line(2)


async def test_a_line_is_not_written_before_it_is_on_the_disk(
    file: DeliveryFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, "fsync", full)
    with pytest.raises(SinkError):
        await file.add(2, line(2))
    assert (tmp_path / "events.jsonl").read_bytes() == b""


async def test_nobody_is_needed_to_hear_of_a_failure(file: DeliveryFile, monkeypatch: pytest.MonkeyPatch) -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    failing(monkeypatch, "write", full)
    adding = asyncio.ensure_future(file.add(7, line(7)))
    await asyncio.sleep(0)
    adding.cancel()
    await asyncio.gather(adding, return_exceptions=True)
    # Its traceback holds what it waited for.
    del adding
    await file.aclose()
    gc.collect()
    assert (complaints, file.lines) == ([], 0)


@pytest.mark.parametrize("how", ["moved", "deleted"])
async def test_a_file_that_is_gone_is_begun_anew(file: DeliveryFile, tmp_path: Path, how: str) -> None:
    path = tmp_path / "events.jsonl"
    await file.add(1, line(1))
    if how == "moved":
        path.rename(tmp_path / "events.1.jsonl")
    else:
        path.unlink()
    await file.add(2, line(2))
    assert path.read_bytes() == line(2)


async def test_nothing_is_cut_off_a_file_that_took_the_place_of_one(
    file: DeliveryFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await file.add(1, line(1))
    failing(monkeypatch, "write", full)
    failing(monkeypatch, "ftruncate", full)
    with pytest.raises(SinkError):
        await file.add(2, line(2))
    path = tmp_path / "events.jsonl"
    path.rename(tmp_path / "events.1.jsonl")
    await file.add(2, line(2))
    assert path.read_bytes() == line(2)


async def test_a_folder_that_is_gone_is_told_and_may_come_back(file: DeliveryFile, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.unlink()
    path.mkdir()
    for _ in range(2):
        with pytest.raises(SinkError, match="Is a directory"):
            await file.add(1, line(1))
    path.rmdir()
    await file.add(1, line(1))
    assert path.read_bytes() == line(1)


async def opened(path: Path, store: MemoryDeliveries) -> list[int]:
    """Return which events stand in a file by what it finds when it is opened."""
    file = DeliveryFile(str(path))
    await file.open(store)
    await file.aclose()
    return [*file._written]


@pytest.mark.parametrize("chunk", [1, 7, 64, 1024 * 1024])
async def test_lines_are_found_from_the_end(
    tmp_path: Path, store: MemoryDeliveries, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """Wherever a chunk begins; those of events that are not pending do not matter."""
    monkeypatch.setattr(receive_file, "_CHUNK", chunk)
    path = tmp_path / "events.jsonl"
    others = b'{"type":"x","id":  3,"payload":{"id":4}}\n{ "id" : 5 }\n{"id":true}\n{"id":"6"}\n\n{"id":7\n'
    path.write_bytes(line(1) + line(900) + others + line(200))
    assert await opened(path, store) == [1, 3, 5, 200]


async def test_it_looks_back_so_far_and_no_further(
    tmp_path: Path, store: MemoryDeliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(line(1) + line(2) + line(3))
    monkeypatch.setattr(receive_file, "_LOOK_BACK", len(line(2) + line(3)) + 3)
    assert await opened(path, store) == [2, 3]
    monkeypatch.setattr(receive_file, "_CHUNK", 50)
    monkeypatch.setattr(receive_file, "_LONGEST", 10)
    assert await opened(path, store) == [3], "the second one begins in a chunk that would be read next"


async def test_half_a_line_is_none(tmp_path: Path, store: MemoryDeliveries, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a record within it looks like an event."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"id":900,"type":"x","payload":{"id":5}}\n' + line(3))
    monkeypatch.setattr(receive_file, "_LOOK_BACK", len(b'{"id":5}}\n' + line(3)))
    assert await opened(path, store) == [3]


async def test_it_looks_no_further_than_it_must(
    tmp_path: Path, store: MemoryDeliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(map(line, range(400))))
    looked: list[bytes] = []
    real = receive_file._id_of

    def id_of(found: bytes) -> int | None:
        looked.append(found)
        return real(found)

    monkeypatch.setattr(receive_file, "_id_of", id_of)
    assert await opened(path, store) == [*range(1, 251)]
    assert len(looked) == 1 + 399


async def test_a_disk_that_fails_at_the_beginning_is_told(
    tmp_path: Path, store: MemoryDeliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"notes")
    failing(monkeypatch, "write", full)
    with pytest.raises(ArgumentError, match=r"--out: cannot write .*events.jsonl: No space left on device"):
        await DeliveryFile(str(path)).open(store)
    assert await opened(path, store) == []
    assert path.read_bytes() == b"notes\n"


async def test_what_a_killed_program_wrote_is_on_the_disk_before_it_is_taken_for_written(
    tmp_path: Path, store: MemoryDeliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(line(1))
    real = os.fsync
    failing(monkeypatch, "fsync", lambda given: real(given[0]), full)
    with pytest.raises(ArgumentError, match="No space left on device"):
        await DeliveryFile(str(path)).open(store)
    assert await opened(path, store) == [1]


def test_a_line_is_one_line() -> None:
    assert line_of(1, b'{"id":1,\r\n"a":"\\n"}') == b'{"id":1,  "a":"\\n"}\n'
    assert line_of(1, b'{"id":1,"a":"\n"}') == b'{"id": 1, "body": "{\\"id\\":1,\\"a\\":\\"\\n\\"}"}\n'
    deep = b'{"id":1,"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    assert line_of(1, deep).startswith((b'{"id": 1, "body": ', b'{"id":1,"a":[['))
