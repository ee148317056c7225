"""What the tests of several pages and programs share."""

from __future__ import annotations

import os

import pytest

from tests._imports import ROOT
from theirstack_async.testing import FakeTheirStack


@pytest.fixture
def env(fake_theirstack: FakeTheirStack, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a program that finds the fake server."""
    variables = {"THEIRSTACK_BASE_URL": fake_theirstack.base_url, "THEIRSTACK_API_KEY": fake_theirstack.api_key}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {**os.environ, **variables, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}
