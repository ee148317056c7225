"""A real PostgreSQL server on this machine, that a test can stop, start again and kill."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

PASSWORD = "a-password-that-nobody-should-see"
USERS = ("postgres", "nobody")
"""Whom the server may run as when the tests run as root, which it refuses to."""


class PostgresServer:
    """A ``postgres`` process with a data folder of its own.

    Args:
        programs: the folder of ``initdb`` and ``postgres``.
        folder: an empty one, where the data goes.
        run_as: what to put before a command so that it does not run as root; nothing for other users.
    """

    def __init__(self, programs: Path, folder: Path, run_as: list[str]) -> None:
        self._programs = programs
        self._data = folder / "data"
        self._log = folder / "log"
        self._run_as = run_as
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._make()

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://theirstack:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Return when the server answers."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c max_connections=40"
        command = [*self._run_as, str(self._programs / "postgres"), "-D", str(self._data), *options.split()]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self._data)
        while not self._answers():
            assert self._process.poll() is None, f"postgres ended: {self._log.read_text()}"
            time.sleep(0.02)

    def stop(self) -> None:
        """End the server and all connections at once, and return when it has ended. What was committed stays.

        It ends without a checkpoint, which could take a minute; the next start reads its log.
        """
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.kill(self._main(), signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def _make(self) -> None:
        password = self._data.parent / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        options = f"-U theirstack -A scram-sha-256 --pwfile={password} -E UTF8 --locale=C --no-sync".split()
        made = subprocess.run(
            [*self._run_as, str(self._programs / "initdb"), "-D", str(self._data), *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._data.parent,
        )
        assert made.returncode == 0, made.stderr

    def _main(self) -> int:
        """Return the process id of the server, which is not that of what it was started with."""
        return int((self._data / "postmaster.pid").read_text().partition("\n")[0])

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url, connect_timeout=10).close()
            return True
        return False


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server, and end it. The test is skipped where none is installed, see :func:`find_programs`."""
    programs, run_as, owner = find_programs(), *_another_user()
    # Not below pytest's own folder, which nobody but its owner may enter.
    with tempfile.TemporaryDirectory(prefix="theirstack-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if owner is not None:
            shutil.chown(folder, owner)
        server = PostgresServer(programs, folder, run_as)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def find_programs() -> Path:
    """Return the folder of initdb and postgres; skip without, or fail with ``POSTGRES_SERVER=required``."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    missing = "no PostgreSQL server: apt-get install postgresql"
    if os.environ.get("POSTGRES_SERVER") == "required":
        pytest.fail(missing)
    pytest.skip(missing)


def _version(folder: Path) -> list[int]:
    return [*map(int, re.findall(r"\d+", folder.parent.name))]


def _another_user() -> tuple[list[str], str | None]:
    """Return how to start a command as a user without rights, and who that is; nothing for who is not root."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return [], None
    import pwd

    users = {entry.pw_name for entry in pwd.getpwall()}
    owner = next(name for name in USERS if name in users)
    return ["setpriv", f"--reuid={owner}", f"--regid={pwd.getpwnam(owner).pw_gid}", "--clear-groups"], owner
