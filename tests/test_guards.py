"""The guards work: a test cannot reach another machine, and cannot leave a task behind unseen."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests._guards import OutsideTrafficError, check_address, is_loopback, tasks_left

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", b"localhost", "", None])
def test_this_machine_is_loopback(host: object) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["192.0.2.1", "0.0.0.0", "2001:db8::1", "example.org", "localhost.example.org"])
def test_other_machines_are_not(host: str) -> None:
    assert not is_loopback(host)


def test_connections_to_other_machines_are_refused() -> None:
    with socket.socket() as sock:
        with pytest.raises(OutsideTrafficError, match=r"192\.0\.2\.1"):
            sock.connect(("192.0.2.1", 9))
        with pytest.raises(OutsideTrafficError, match=r"192\.0\.2\.1"):
            sock.connect_ex(("192.0.2.1", 9))


async def test_look_ups_are_refused_through_asyncio_too() -> None:
    with pytest.raises(OutsideTrafficError, match=r"example\.org"):
        await asyncio.open_connection("example.org", 80)


def test_an_invalid_name_fails_as_the_resolver_would() -> None:
    with pytest.raises(socket.gaierror):
        socket.create_connection(("theirstack.invalid", 80))


def test_loopback_and_unix_sockets_pass(tmp_path: Path) -> None:
    check_address(str(tmp_path / "socket"))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


async def test_a_task_left_is_seen() -> None:
    task = asyncio.create_task(asyncio.Event().wait(), name="forgotten")
    assert "forgotten" in tasks_left()[0]
    task.cancel()
    await asyncio.wait([task])
    assert tasks_left() == []


def test_a_test_that_leaves_a_task_fails(tmp_path: Path) -> None:
    """The fixture reaches async tests without being named, and a Hypothesis property as well."""
    (tmp_path / "test_leak.py").write_text(
        "import asyncio\n"
        "kept = []\n"
        "async def test_leak():\n"
        "    kept.append(asyncio.create_task(asyncio.Event().wait(), name='forgotten'))\n"
    )
    (tmp_path / "conftest.py").write_text(
        "from tests.conftest import _loopback_only, no_task_left, pytest_collection_modifyitems\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    command += [f"--rootdir={tmp_path}", str(tmp_path / "test_leak.py")]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert "asyncio tasks left behind" in done.stdout
    assert done.returncode == 1
