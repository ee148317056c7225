"""A real Redis server on this machine, that a test can stop, start again and hold."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest


class RedisServer:
    """A ``redis-server`` process that writes each command to its disk before it answers."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]

    @property
    def url(self) -> str:
        """The server's address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Return when the server answers."""
        options = f"--bind 127.0.0.1 --port {self.port} --appendonly yes --appendfsync always --loglevel warning"
        self._process = subprocess.Popen(
            [self._program, *options.split(), "--save", "", "--dir", str(self._folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not self._answers():
            assert self._process.poll() is None, f"{self._program} ended with {self._process.returncode}"
            time.sleep(0.01)

    def stop(self) -> None:
        """End the server, and return when it has ended. What was written stays."""
        if self._process is not None:
            self.hold(stop=False)
            self._process.terminate()
            self._process.wait()
            self._process = None

    def hold(self, *, stop: bool = True) -> None:
        """Make the server silent, its connections open; or let it go on."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP if stop else signal.SIGCONT)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False


def find_program() -> str:
    """Return where redis-server is; skip the test where it is not, or fail it with ``REDIS_SERVER=required``."""
    program = shutil.which("redis-server")
    if program is None:
        missing = "no redis-server on the path: apt-get install redis-server"
        if os.environ.get("REDIS_SERVER") == "required":
            pytest.fail(missing)
        pytest.skip(missing)
    return program
