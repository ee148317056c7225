"""``theirstack receive`` on a real pseudo-terminal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli._receiving import SECRET
from tests.cli.conftest import Run, serving
from tests.cli.test_terminal import terminal


@pytest.mark.parametrize("columns", [80, 120])
def test_counts_are_drawn_and_ctrl_c_ends_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, columns: int
) -> None:
    monkeypatch.setenv("SECRET", SECRET)
    monkeypatch.chdir(tmp_path)
    with serving(deliver=True) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        options = ("--port", 0, "--secret-env", "SECRET", "--out", "events.jsonl")
        with terminal("receive", *options, columns=columns) as screen:
            screen.wait_for(r"Listening on http://127.0.0.1:\d+/ until Ctrl-C\.")
            screen.wait_for("0 written")
            [url] = re.findall(r"http://\S+/", screen.screen)
            for secret, n in ((SECRET, 12), ("0123456789abcdef-wrong", 3)):
                webhook = fake.seed_webhook(url, secret=secret)
                fake.seed_events(webhook, n)
                assert run("events", "retry-failed", webhook).exit_code == 0
            screen.wait_for("12 written, 3 refused")
            screen.type(b"\x03")
            assert screen.end() == 0
    lines = [line for line in re.split(r"[\r\n]+", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.screen)) if line]
    assert max(map(len, lines)) <= columns
    assert lines[-1] == "12 written, 3 refused."
    assert "Traceback" not in screen.screen
