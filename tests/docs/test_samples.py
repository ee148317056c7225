"""Every sample of the documentation runs, and prints what its page shows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests._imports import ROOT
from tests.docs._run import PageRun
from tests.docs._samples import samples
from theirstack_async._clock import SystemClock
from theirstack_async.testing import FakeTheirStack

PROSE = {"changelog.md"}
"""Pages without samples: this one is the list of changes."""

PAGES = [ROOT / "README.md", *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.name not in PROSE)]


@pytest.fixture
def _same_logging() -> Iterator[None]:
    """Undo what a page about logging does."""
    logger = logging.getLogger("theirstack_async")
    level, handlers = logger.level, [*logger.handlers]
    yield
    logger.setLevel(level)
    logger.handlers[:] = handlers


@pytest.fixture
def _no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client's pauses take no time: no sample is about how long they are."""

    async def sleep(clock: SystemClock, seconds: float) -> None:
        await asyncio.sleep(0)

    monkeypatch.setattr(SystemClock, "sleep", sleep)


@pytest.mark.usefixtures("_same_logging", "_no_waits")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
async def test_samples(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeTheirStack(deliver=False) as fake:
        monkeypatch.setenv("THEIRSTACK_BASE_URL", fake.base_url)
        monkeypatch.setenv("THEIRSTACK_API_KEY", fake.api_key)
        monkeypatch.chdir(tmp_path)
        await PageRun(fake, tmp_path).run(samples(page, ROOT))


def test_included_files_are_examples() -> None:
    """What a page includes is a file of ``examples/``; each of these is run by a test of its own."""
    tested = "".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*examples.py"))
    included = {sample.code for page in PAGES for sample in samples(page, ROOT) if sample.language == "include"}
    assert included == {f"../examples/{path.name}" for path in (ROOT / "examples").glob("*.py")}
    assert all(Path(name).stem in tested for name in included)
