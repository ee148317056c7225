"""What it costs to begin: to make a client, and to decode the first page of events, against ``import aiohttp``.

Each program runs in a fresh interpreter, and what an interpreter costs that does nothing is taken off. The package is
compiled first, as pip does when it installs one; a compiled copy of it is measured, wherever it lies.
"""

from __future__ import annotations

import compileall
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Final

import theirstack_async
from benchmarks.payloads import events
from benchmarks.table import Row

GROUP: Final = "To begin, in a fresh process"
EVENTS: Final = 100
CLIENT: Final = 'from theirstack_async import TheirStack; client = TheirStack(api_key="x")\n'
DECODE: Final = f"""
from theirstack_async._convert import Converter
from theirstack_async.models import WebhookEvent
rows = Converter().decode_rows(open("page.json", "rb").read(), WebhookEvent)
assert len(rows.rows) == {EVENTS} and not rows.rejected
"""
PROGRAMS: Final = {
    "nothing": "",
    "aiohttp": "import aiohttp",
    "client": CLIENT,
    "page": CLIENT + DECODE,
    "pydantic": "import httpx, benchmarks.peers.pydantic_models",
}
"""The last stands for a generated client: the same models in pydantic, which it builds at import."""
Cost = tuple[float, float]
"""Seconds of the processor, and seconds that passed."""


def measure(scale: float) -> Iterator[Row]:
    """Measure."""
    found = costs(max(5, round(31 * scale)))
    cpu, wall = (against(found, which) for which in (0, 1))
    yield Row(GROUP, "import aiohttp: processor time", 1000 * cpu("aiohttp", None), "ms", peer="aiohttp")
    yield Row(GROUP, "import aiohttp: time", 1000 * wall("aiohttp", None), "ms", peer="aiohttp")
    yield Row(GROUP, "a client: processor time, against import aiohttp", cpu("client", "nothing"), bound=1.15)
    yield Row(GROUP, "a client: time, against import aiohttp", wall("client", "nothing"))
    yield Row(GROUP, f"the first {EVENTS} heavy events on top: processor time", cpu("page", "client"))
    yield Row(GROUP, f"the first {EVENTS} heavy events on top: time", wall("page", "client"))
    if "pydantic" in found:
        name = "httpx + pydantic 2"
        yield Row(GROUP, "the models: processor time, against import aiohttp", cpu("pydantic", "nothing"), peer=name)


def costs(rounds: int) -> Mapping[str, list[Cost]]:
    """Run all programs in turn, so that a busy machine slows them alike, and return what each run of each cost."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for package in (Path(str(theirstack_async.__file__)).parent, Path(__file__).parent.parent):
            shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
            compileall.compile_dir(folder / package.name, quiet=2)
        (folder / "page.json").write_bytes(b"[" + b",".join(events("heavy", EVENTS)) + b"]")
        usable = {each: code for each, code in PROGRAMS.items() if cost(code, folder) is not None}
        found: dict[str, list[Cost]] = {each: [] for each in usable}
        for _ in range(rounds):
            for each, code in usable.items():
                run = cost(code, folder)
                assert run is not None, f"{each} failed"
                found[each].append(run)
    return found


def cost(code: str, folder: Path) -> Cost | None:
    """Return what a fresh interpreter cost that ran some code; None where it failed."""
    env = {**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": "0"}
    before, began = spent(), time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], check=False, cwd=folder, env=env, stderr=subprocess.PIPE)
    wall, cpu = time.perf_counter() - began, spent() - before
    if done.returncode and b"ModuleNotFoundError" not in done.stderr:
        raise RuntimeError(done.stderr.decode())
    return None if done.returncode else (cpu, wall)


def spent() -> float:
    """Return the processor time of all processes that were run so far and have ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def against(found: Mapping[str, list[Cost]], which: int) -> Callable[[str, str | None], float]:
    """Return what tells the cost of a program beyond another one's, in units of ``import aiohttp``.

    None for the other one tells seconds instead. The medians are of rounds, not of programs: the programs of a round
    met the same machine.
    """

    def told(program: str, beyond: str | None) -> float:
        values: list[float] = []
        for number, nothing in enumerate(found["nothing"]):
            unit = found["aiohttp"][number][which] - nothing[which]
            base = nothing[which] if beyond is None else found[beyond][number][which]
            values.append((found[program][number][which] - base) / (1 if beyond is None else unit))
        return median(values)

    return told
