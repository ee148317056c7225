"""Ctrl-C: the batches under way get some seconds to end, and a second one cuts them at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

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
        for said in ("ready\n", "again\n")[:presses]:
            assert process.stdout.readline() == said
            process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")
    assert json.loads(out.splitlines()[-1]) == [20, 0, 10, 20]
