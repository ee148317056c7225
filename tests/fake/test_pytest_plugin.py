"""The fixture ``fake_theirstack`` under each of the async plugins."""

from __future__ import annotations

import importlib.util
import runpy
import subprocess
import sys
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from theirstack_async.testing import FakeTheirStack, pytest_plugin

ROOT = Path(__file__).parents[2]
TEST = """
import aiohttp, pytest
{mark}
async def test_it(fake_theirstack):
    async with aiohttp.ClientSession(fake_theirstack.base_url) as session:
        async with session.get("/v0/webhooks") as response:
            assert response.status == 401
"""
ANYIO = "pytestmark = pytest.mark.anyio\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"


async def test_the_server_runs_between_set_up_and_tear_down() -> None:
    async with (
        asynccontextmanager(pytest_plugin.serve)() as fake,
        aiohttp.ClientSession(fake.base_url) as session,
        session.get("/v0/webhooks") as response,
    ):
        assert response.status == 401
    with pytest.raises(RuntimeError):
        _ = fake.base_url


@pytest.mark.parametrize(
    ("names", "installed", "chosen"),
    [
        ([], True, "_fake_theirstack_on_asyncio"),
        (["anyio_backend"], True, "_fake_theirstack_on_anyio"),
        ([], False, "_fake_theirstack_on_anyio"),
    ],
)
def test_the_plugin_of_the_test_is_chosen(
    monkeypatch: pytest.MonkeyPatch, names: list[str], installed: bool, chosen: str
) -> None:
    class Request:
        fixturenames = names

        def getfixturevalue(self, name: str) -> Any:
            asked.append(name)
            return fake

    asked: list[str] = []
    fake = FakeTheirStack()
    monkeypatch.setattr(pytest_plugin, "find_spec", lambda name: find_spec(name) if installed else None)
    assert pytest_plugin.choose(Request()) is fake  # type: ignore[arg-type]
    assert asked == [chosen]


def test_it_can_be_imported_without_pytest_asyncio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    names = runpy.run_path(pytest_plugin.__file__)
    assert "fake_theirstack" in names
    assert "_on_asyncio" not in names


SCOPE = ["-o", "asyncio_default_fixture_loop_scope=function"]


@pytest.mark.parametrize(
    ("mark", "options"),
    [
        ("", ["-o", "asyncio_mode=auto", *SCOPE]),
        ("pytestmark = pytest.mark.asyncio", ["-o", "asyncio_mode=strict", *SCOPE]),
        (ANYIO, ["-o", "asyncio_mode=strict", *SCOPE]),
    ],
    ids=["asyncio-auto", "asyncio-strict", "anyio"],
)
def test_it_works_in_a_run_of_its_own(tmp_path: Path, mark: str, options: list[str]) -> None:
    run_alone(tmp_path, TEST.format(mark=mark), options)


def test_it_works_without_pytest_asyncio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    run_alone(tmp_path, TEST.format(mark=ANYIO), ["-p", "anyio"], prelude="sys.modules['pytest_asyncio'] = None; ")


def run_alone(directory: Path, test: str, options: list[str], prelude: str = "") -> None:
    """``-p no:theirstack_async`` leaves out the entry point, so that the plugin is loaded once, installed or not."""
    (directory / "test_it.py").write_text(test)
    program = (
        f"import sys; {prelude}import pytest; sys.path.insert(0, {str(ROOT)!r}); sys.exit(pytest.main(sys.argv[1:]))"
    )
    plugins = ["no:theirstack_async", "theirstack_async.testing.pytest_plugin", "no:cacheprovider"]
    arguments = [*(word for name in plugins for word in ("-p", name)), "-W", "error", "-c", "/dev/null"]
    arguments += ["--rootdir", str(directory), *options, str(directory)]
    command = [sys.executable, "-c", program, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=False, cwd=directory)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed" in run.stdout
