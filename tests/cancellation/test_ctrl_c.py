"""Ctrl-C: the batches under way get some seconds to end, and a second one cuts them at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests._imports import ROOT


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send to one process")
@pytest.mark.parametrize(("drain", "presses"), [("0", 1), ("0.2", 1), ("600", 2)])
def test_the_report_is_final(drain: str, presses: int) -> None:
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.cancellation._ctrl_c", drain]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for press in range(presses):
            time.sleep(0.3 * bool(press))  # two signals at once would arrive as one
            process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    assert json.loads(out) == [20, 0, 10, 20]
