"""The suites that others inherit run under both modes of pytest-asyncio, as their docstrings say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests._imports import ROOT
from theirstack_async.testing import quota_suite, replay_suite, state_suite

STRICT = """
import pytest
import pytest_asyncio

from tests.server._replay_theirstack import a_world
from theirstack_async import MemoryQuota, SQLiteState
from theirstack_async.testing.quota_suite import QuotaSuite
from theirstack_async.testing.replay_suite import ReplaySuite
from theirstack_async.testing.state_suite import StateSuite


@pytest.mark.asyncio
class TestMyEvents(ReplaySuite):
    @pytest_asyncio.fixture
    async def world(self):
        async with a_world() as world:
            yield world
            await world.provider.aclose()


@pytest.mark.asyncio
class TestMyStore(QuotaSuite):
    @pytest.fixture
    def open_store(self):
        store = MemoryQuota()
        return lambda: store


@pytest.mark.asyncio
class TestMyState(StateSuite):
    @pytest.fixture
    def open_state(self, tmp_path):
        return lambda: SQLiteState(tmp_path / "state.db")
"""
CASES = {"strict": STRICT, "auto": STRICT.replace("@pytest.mark.asyncio\n", "")}
FIRST = "capabilities or empty_at_first or nothing_is_saved"
"""A test of each suite. That all of them pass is what other modules show."""


@pytest.mark.parametrize("mode", CASES)
def test_they_run_in_either_mode(tmp_path: Path, mode: str) -> None:
    (tmp_path / "test_mine.py").write_text(CASES[mode])
    options = ["-q", "-W", "error", "-k", FIRST, "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(tmp_path)]
    options += ["-o", f"asyncio_mode={mode}", "-o", "asyncio_default_fixture_loop_scope=function"]
    command = [sys.executable, "-m", "pytest", *options, str(tmp_path / "test_mine.py")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "3 passed" in run.stdout


@pytest.mark.parametrize("module", [quota_suite, replay_suite, state_suite], ids=lambda module: module.__name__)
def test_their_docstrings_show_the_mark(module: object) -> None:
    assert re.search(r"    @pytest\.mark\.asyncio\n    class TestMy\w+\(\w+Suite\):", module.__doc__ or "")
