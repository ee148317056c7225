"""The program as a process of its own: in a pipe, and on a real pseudo-terminal."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import serving
from theirstack_async.testing import FakeTheirStack, Latency

PROGRAM = [sys.executable, "-W", "error", "-m", "theirstack_async"]
URL = "https://example.invalid/hook"
PATIENCE = 60.0


class Terminal:
    """A process on a pseudo-terminal, and what it has written there."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process = process
        self._master = master
        # A read may end in the middle of a character.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.screen = ""

    def wait_for(self, pattern: str) -> None:
        """Read until the screen shows ``pattern``."""
        until = time.monotonic() + PATIENCE
        while not re.search(pattern, self.screen):
            assert time.monotonic() < until, self.screen
            assert self._read(), self.screen

    def end(self, keys: bytes = b"") -> int:
        """Type ``keys``, read to the end, and return the exit code.

        After each second of silence they are typed again, as a person would: Python's own line editing does not see
        an interrupt that comes just as it begins to wait for a key.
        """
        until = silent = time.monotonic()
        until += PATIENCE
        if keys:
            self.type(keys)
        while self._read():
            assert time.monotonic() < until, self.screen
            if keys and time.monotonic() > silent + 1:
                self.type(keys)
                silent = time.monotonic()
        return self.process.wait(PATIENCE)

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def _read(self) -> bool:
        """Read what is there, or wait a little for it; return whether more may come."""
        running = self.process.poll() is None
        ready, _, _ = select.select([self._master], [], [], 0.05)
        if ready:
            self.screen += self._decoder.decode(os.read(self._master, 65536))
        return bool(ready) or running


@contextmanager
def terminal(*arguments: object, columns: int = 80) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": str(columns), "LINES": "24"}
    # A new session's leader that opens a terminal gets it as its own, so that Ctrl-C typed there reaches it.
    opened = ["sh", "-c", 'exec "$@" <>"$0" >&0 2>&0', os.ttyname(slave), *PROGRAM, *map(str, arguments)]
    process = subprocess.Popen(opened, env=environment, start_new_session=True)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)


def piped(*arguments: object, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [*PROGRAM, *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=PATIENCE)


def test_a_listing_flows_into_a_retry_as_the_shell_pipes_it(fake: FakeTheirStack) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 1203)
    with subprocess.Popen(
        [*PROGRAM, "events", "list", str(webhook), "--status", "FAILED", "--ids"], stdout=subprocess.PIPE
    ) as listing:
        retry = [*PROGRAM, "events", "retry", "-"]
        ended = subprocess.run(retry, stdin=listing.stdout, capture_output=True, check=False, timeout=PATIENCE)
    assert (ended.returncode, json.loads(ended.stdout)["accepted"], ended.stderr) == (0, 1203, b"")


def test_a_pipe_gets_neither_colours_nor_tables(fake: FakeTheirStack) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 3)
    for command in (("webhooks", "list"), ("webhooks", "get", webhook), ("events", "list", webhook)):
        ended = piped(*command)
        assert (ended.returncode, ended.stderr) == (0, "")
        assert all(isinstance(json.loads(line), dict) for line in ended.stdout.splitlines())
    refused = piped("webhooks", "get", 999)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "\x1b" not in refused.stderr


def test_head_ends_a_listing_quietly(fake: FakeTheirStack) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 2000)
    with subprocess.Popen(
        [*PROGRAM, "events", "list", str(webhook)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_terminal_gets_a_table_and_a_bar(fake: FakeTheirStack) -> None:
    webhook = fake.seed_webhook(URL)
    fake.seed_events(webhook, 30)
    with terminal("events", "list", webhook, "--limit", 3) as screen:
        assert screen.end() == 0
        assert "triggered (UTC)" in screen.screen
        assert "FAILED" in screen.screen
    with terminal("events", "retry-failed", webhook) as screen:
        assert screen.end() == 0
        assert "30/30" in screen.screen
        assert "30 of 30 accepted" in screen.screen


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 1), (b"y\n", 0), (b"\x03", 130)])
def test_archive_asks_on_a_terminal(fake: FakeTheirStack, answer: bytes, code: int) -> None:
    webhook = fake.seed_webhook(URL)
    with terminal("webhooks", "archive", webhook) as screen:
        screen.wait_for(r"Go on\? \[y/N\]")
        assert screen.end(answer) == code
    assert any(record.method == "PATCH" for record in fake.requests) is (code == 0)


def test_ctrl_c_twice_cuts_a_retry_and_still_reports(fake: FakeTheirStack, tmp_path: Path) -> None:
    webhook = fake.seed_webhook(URL)
    ids = [*fake.seed_events(webhook, 20)]
    fake.faults.add("POST /v0/webhooks/events/retry", Latency(1e6), times=None)
    file = tmp_path / "run.json"
    arguments = ["events", "retry", "--batch-size", 2, "--max-concurrency", 2, "--report", file, *ids]
    with terminal(*arguments) as screen:
        screen.wait_for("0/20")
        while fake.requests.in_flight < 2:
            time.sleep(0.001)
        screen.type(b"\x03")
        screen.wait_for("Ctrl-C again cuts them")
        screen.type(b"\x03")
        assert screen.end() == 130
    assert "Traceback" not in screen.screen
    assert "20/20" not in screen.screen, "what was never sent is no progress"
    assert "0 of 20 accepted" in re.sub(r"\s+", " ", screen.screen)
    report = json.loads(file.read_text("utf-8"))
    assert sorted(report["unknown"] + report["skipped"]) == report["unknown"] + report["skipped"]
    assert len(report["unknown"]) == 4
    assert report["accepted"] == []


def test_ctrl_c_while_stdin_is_awaited_ends_at_once() -> None:
    with terminal("--base-url", "http://127.0.0.1:9", "--api-key", "key", "events", "retry", "-") as screen:
        screen.wait_for("Ctrl-D ends them")
        screen.type(b"\x03")
        assert screen.end() == 130
    assert "Traceback" not in screen.screen


def test_the_fake_server_serves_until_ctrl_c() -> None:
    with terminal("fake-server", "--events", 3) as screen:
        screen.wait_for("retry-failed")
        found = re.search(r"THEIRSTACK_BASE_URL=(\S+)\s+export THEIRSTACK_API_KEY=(\S+)", screen.screen)
        assert found is not None
        ended = piped("--base-url", found[1], "--api-key", found[2], "events", "count", 101)
        assert json.loads(ended.stdout)["number_of_events"] == 3
        screen.process.send_signal(signal.SIGINT)
        assert screen.end() == 0
        assert screen.screen.rstrip().endswith("Stopped.")


def test_the_demo_draws_its_bar_and_its_report() -> None:
    with terminal("demo", "--events", 300) as screen:
        assert screen.end() == 0
    assert "delivering" in screen.screen
    assert "300/300" in screen.screen
    assert "No event was lost, none came twice." in screen.screen


@pytest.mark.parametrize(("columns", "last"), [(80, "remote"), (120, "domain")])
def test_a_search_asks_for_what_it_needs_and_tells_what_it_cost(fake: FakeTheirStack, columns: int, last: str) -> None:
    with terminal("jobs", "search", "--posted-days", 30, columns=columns) as screen:
        screen.wait_for(r"How many do you want at the most\? ")
        screen.type(b"100\n")
        screen.wait_for(r"Go on\? \[y/N\]: ")
        screen.type(b"y\n")
        assert screen.end() == 0
    lines = re.sub(r"\x1b\[[0-9;]*m", "", screen.screen).splitlines()
    [header] = [line for line in lines if "posted" in line]
    assert header.split()[-1] == last
    assert max(map(len, lines)) <= columns
    assert lines[-1] == "100 jobs, 100 credits."
    assert fake.credits_billed == 100


def test_ctrl_c_in_a_search_prints_the_page_that_is_paid_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file, released = tmp_path / "jobs.checkpoint", threading.Event()

    async def held(_: float) -> None:
        while not released.is_set():
            await asyncio.sleep(0.001)

    with serving(sleep=held) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        fake.faults.add("POST /v1/jobs/search", Latency(1.0))
        search = ("jobs", "search", "--posted-days", 30, "--limit", 99, "--page-size", 20, "--checkpoint", file)
        with terminal(*search) as screen:
            screen.wait_for("At most 99 credits")
            while not fake.requests.in_flight:
                assert screen.process.poll() is None, screen.screen
                time.sleep(0.001)
            screen.type(b"\x03")
            screen.wait_for("Ctrl-C again")
            released.set()
            assert screen.end() == 130
        said = re.sub(r"\s+", " ", screen.screen)
        assert "20 jobs, 20 credits." in said
        assert "The same command goes on from there" in said
        assert (fake.credits_billed, json.loads(file.read_text("utf-8"))["offset"]) == (20, 20)


def test_a_search_goes_on_from_its_output_in_a_pipe(fake: FakeTheirStack) -> None:
    found = piped("companies", "search", "--limit", 3, "--json")
    made = json.loads(piped("lists", "create", "Hot").stdout)
    added = piped("lists", "add", made["id"], "-", stdin=found.stdout)
    assert json.loads(added.stdout)["companies_count"] == 3
    assert added.stderr == ""


def test_a_wait_for_a_rate_window_is_told_and_can_be_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(rate_windows=[(1, 50)]) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        with terminal("jobs", "search", "--posted-days", 30, "--limit", 2, "--page-size", 1) as screen:
            screen.wait_for(r"Waiting \d\d s: the API's rate window 'per-50-seconds' is")
            screen.type(b"\x03")
            screen.wait_for("Ctrl-C again")
            screen.type(b"\x03")
            assert screen.end() == 130
        said = re.sub(r"\s+", " ", screen.screen)
        assert "1 job, 1 credit. The same command starts over" in said
        assert fake.credits_billed == 1
