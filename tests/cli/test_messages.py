"""What the program says beside its answer."""

from __future__ import annotations

import io
import logging
import sys

import pytest

from theirstack_async.cli.messages import reporting

LOG = logging.getLogger("theirstack_async")


def test_a_display_that_begins_later_gets_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    """A progress bar takes stderr over while it is shown, and puts lines above it."""
    with reporting(verbose=False, debug=False):
        display = io.StringIO()
        monkeypatch.setattr(sys, "stderr", display)
        LOG.warning("event %d", 7)
    assert display.getvalue().endswith(" theirstack_async WARNING event 7\n")


def test_a_log_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    with reporting(verbose=True, debug=False):
        LOG.warning("event %d", "seven")
