"""Runs the samples of one page against a fake server, and compares what they print with what the page shows."""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
import os
import re
import shlex
import stat
import sys
import tomllib
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from tests.docs._samples import Sample, SampleError
from theirstack_async import TheirStack
from theirstack_async.testing import FakeTheirStack

_PLUGIN = "theirstack_async.testing.pytest_plugin"


class PageRun:
    """One page: its names, and what its last block printed."""

    def __init__(self, fake: FakeTheirStack, tmp: Path) -> None:
        self._names: dict[str, Any] = {"__name__": "__main__", "_fake": fake}
        self._printed = ""
        self._tmp = tmp
        self._env = {**os.environ, "THEIRSTACK_BASE_URL": fake.base_url, "THEIRSTACK_API_KEY": fake.api_key}
        self._env |= {"PATH": f"{_program(tmp)}:{os.environ['PATH']}", "COLUMNS": "100", "NO_COLOR": "1"}

    async def run(self, samples: Sequence[Sample]) -> None:
        """Run them all; the clients that they made and left open are closed."""
        try:
            for sample in samples:
                if not sample.skipped:
                    await self._one(sample)
        finally:
            for value in [*self._names.values()]:
                if isinstance(value, TheirStack):
                    await value.aclose()

    async def _one(self, sample: Sample) -> None:
        match sample.language:
            case "python" if sample.mark == "pytest":
                await self._pytest(sample)
            case "python" | "setup":
                await self._python(sample)
            case "output":
                compare(sample.where, sample.code, self._printed)
            case "console":
                for command, shown in commands(sample):
                    await self._shell(sample, command, shown)
            case "toml":
                tomllib.loads(sample.code)

    async def _python(self, sample: Sample) -> None:
        # The empty lines give a traceback the page's own line numbers.
        source = "\n" * (sample.line - 1) + sample.code
        code = compile(source, sample.page, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        printed = io.StringIO()
        raised = ""
        with redirect_stdout(printed):
            try:
                if code.co_flags & inspect.CO_COROUTINE:
                    await eval(code, self._names)
                else:
                    # In a thread of its own, where it may call asyncio.run().
                    await asyncio.to_thread(exec, code, self._names)
            except Exception as error:
                raised = type(error).__name__
                if sample.mark != f"raises {raised}":
                    raise
                printed.write(f"{raised}: {error}")
        if sample.mark.startswith("raises ") and not raised:
            raise SampleError(f"{sample.where}: it should have raised {sample.mark.removeprefix('raises ')}")
        self._printed = printed.getvalue()

    async def _pytest(self, sample: Sample) -> None:
        (self._tmp / "test_sample.py").write_text(sample.code, "utf-8")
        plugin = [] if any(each.value == _PLUGIN for each in entry_points(group="pytest11")) else ["-p", _PLUGIN]
        arguments = ["-q", "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", *plugin, "test_sample.py"]
        status, text = await self._process(shlex.join([sys.executable, "-m", "pytest", *arguments]))
        if status != 0:
            raise SampleError(f"{sample.where}: pytest ended with {status}:\n{text}")
        self._printed = text

    async def _shell(self, sample: Sample, command: str, shown: str) -> None:
        status, text = await self._process(command)
        expected = int(sample.mark.removeprefix("exits ")) if sample.mark.startswith("exits ") else 0
        if status != expected:
            raise SampleError(f"{sample.where}: `{command}` ended with {status}, not {expected}:\n{text}")
        if shown:
            compare(sample.where, shown, text)

    async def _process(self, command: str) -> tuple[int | None, str]:
        pipe = asyncio.subprocess.PIPE
        root = str(Path(__file__).parents[2])
        env = self._env | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
        process = await asyncio.create_subprocess_shell(
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=asyncio.subprocess.STDOUT,
            cwd=self._tmp,
            env=env,
        )
        printed, _ = await process.communicate()
        return process.returncode, printed.decode()


def compare(where: str, shown: str, printed: str) -> None:
    """Raise a :class:`SampleError` unless the page shows what was printed; ``...`` in it stands for anything."""
    pattern = re.escape(shown.strip()).replace(re.escape("..."), ".*?")
    if not re.fullmatch(pattern, _trimmed(printed), re.DOTALL):
        raise SampleError(f"{where}: the page shows\n{shown.strip()}\nand it prints\n{_trimmed(printed)}")


def commands(sample: Sample) -> list[tuple[str, str]]:
    """Return the commands of a console block, each with what the page shows below it.

    Raises:
        SampleError: a line that belongs to no command, or a command of another program.
    """
    found: list[tuple[str, list[str]]] = []
    for line in sample.code.replace("\\\n", " ").splitlines():
        if line.startswith("$ theirstack"):
            found.append((line.removeprefix("$ "), []))
        elif found and not line.startswith("$ "):
            found[-1][1].append(line)
        else:
            raise SampleError(f"{sample.where}: only `$ theirstack ...` is run, this is {line!r}")
    return [(command, "\n".join(shown)) for command, shown in found]


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _program(tmp: Path) -> Path:
    """Make a `theirstack` for the shell that runs this package, wherever it is, and return its folder."""
    folder = tmp / "bin"
    folder.mkdir()
    program = folder / "theirstack"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m theirstack_async "$@"\n', "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return folder
