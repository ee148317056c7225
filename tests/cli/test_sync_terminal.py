"""``theirstack sync`` on a real pseudo-terminal."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.cli.conftest import serving
from tests.cli.test_sync import ids
from tests.cli.test_terminal import terminal
from theirstack_async.testing import FakeTheirStack


@pytest.mark.parametrize("columns", [80, 120])
def test_progress_and_sentences_fit(fake: FakeTheirStack, tmp_path: Path, columns: int) -> None:
    to = tmp_path / "jobs.db"
    with terminal("sync", "jobs", "--to", to, "--budget", 99, "--page-size", 33, columns=columns) as screen:
        assert screen.end() == 4
    lines = [line for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.screen)) if line]
    [*_, bar] = [line for line in lines if line.startswith("syncing ")]
    assert re.fullmatch(r"syncing ━+ 99/99 jobs, 99 credits [\d,]+/s ETA 0:00:00", bar.strip())
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= columns
    assert "99 jobs, 99 credits." in lines
    assert len(ids(to)) == 99


def test_ctrl_c_stores_the_page_and_a_wait_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    to = tmp_path / "jobs.db"
    with serving(rate_windows=[(2, 50)]) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        with terminal("sync", "jobs", "--to", to, "--budget", 99, "--page-size", 10) as screen:
            # The count for the bar takes the first place in the window, the first page the second.
            screen.wait_for(r"Waiting \d\d s: the API's rate window 'per-50-seconds' is")
            screen.type(b"\x03")
            screen.wait_for("Ctrl-C again")
            time.sleep(0.1)
            screen.type(b"\x03")
            assert screen.end() == 130
        assert (fake.credits_billed, len(ids(to))) == (10, 10)
    said = re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.screen))
    assert "10 jobs, 10 credits. What was stored is never asked for again: run the same command again" in said
    assert "Traceback" not in screen.screen
