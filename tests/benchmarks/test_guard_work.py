"""What the guard counts can be done with the package as it is."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks import guard_work
from benchmarks.payloads import page


@pytest.fixture
def order(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return what happened, in order, where callgrind would be told of it; the collector of garbage stays as it is."""
    gc.freeze()  # or each run would look through all that the tests hold
    happened: list[str] = []
    monkeypatch.setattr(guard_work, "begin_counting", lambda scratch: happened.append("count"))
    monkeypatch.setattr(guard_work, "mark", lambda: happened.append("mark"))
    for name in ("freeze", "disable"):
        monkeypatch.setattr(gc, name, lambda: None)
    yield happened
    gc.unfreeze()


def test_all_work_gets_through(
    tmp_path: Path, order: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind in ("light", "heavy"):
        (tmp_path / f"{kind}.json").write_bytes(page("light"))
    monkeypatch.setattr("sys.argv", ["guard_work.py", str(tmp_path), str(tmp_path)])
    guard_work.main()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["missing"] for each in told] == [None] * 6, told
    assert order == ["count", *(["mark", "mark"] * 6)]


def test_what_cannot_be_done_is_told_and_left_out(
    tmp_path: Path, order: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking() -> Any:
        raise AttributeError("no such thing")

    guard_work.count({"new": lacking, "old": lambda: lambda: order.append("old")}, tmp_path)
    assert list(map(json.loads, capsys.readouterr().out.splitlines())) == [
        {"name": "new", "missing": "AttributeError: no such thing"},
        {"name": "old", "missing": None},
    ]
    assert order == ["old"] * 3 + ["count", "mark", "old", "mark"]


def test_a_request_may_come_in_pieces() -> None:
    sent: list[bytes] = []

    class Written:
        write = sent.append

    server = guard_work.Server()
    server.connection_made(Written())
    for piece in (b"POST /v0/webhooks/events/retry HTTP/1.1\r\nContent-Length: 4\r\n\r\n", b"nu", b"ll"):
        assert not sent
        server.data_received(piece)
    assert sent == [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\r\nnull"]
    assert isinstance(server, asyncio.Protocol)
