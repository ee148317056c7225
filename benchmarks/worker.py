"""Clients in processes of their own that stay alive, so that rounds of several can be run in turn.

A busy machine then slows all of them alike, and ratios of their medians can be compared from run to run.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import inspect
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, Self, TypeVar

import attrs

from benchmarks.peak import peak

T = TypeVar("T")


@attrs.frozen
class Round:
    """One run of a client."""

    events: int
    wall: float
    """Seconds."""
    cpu: float
    """Seconds of the process's own processor time."""
    peak_mb: float
    """The most memory that the process ever had, resident, in MB."""
    growth_mb: float
    """Resident memory after the run less that before it, in MB."""
    more: dict[str, Any] = attrs.field(factory=dict)
    """What else the client told."""


class Worker:
    """A client in a process of its own. A context manager; leaving it ends the process."""

    def __init__(self, module: str) -> None:
        """``module`` is one of this package, such as ``peers.floor``, with a function ``run``, async or plain."""
        command = [sys.executable, "-m", "benchmarks.worker", module]
        self._process = Popen(command, stdin=PIPE, stdout=PIPE, text=True)
        self._module = module

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.__exit__(None, None, None)

    def run(self, **arguments: Any) -> Round:
        """Let it run once. ``loop="uvloop"`` is not handed on: it says on which event loop."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"benchmarks.{self._module} ended; what it printed stands above")
        return Round(**json.loads(line))


def compare(ways: Mapping[str, tuple[str, Mapping[str, Any]]], rounds: int) -> dict[str, list[Round]]:
    """Run each way once a round, taking turns who begins, after a round that does not count.

    Args:
        ways: by name, the module of a worker and the arguments of its runs.
        rounds: how many count.
    """
    found: dict[str, list[Round]] = {name: [] for name in ways}
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(module)) for name, (module, _) in ways.items()}
        for name, counts in in_turn(list(ways), rounds):
            run = workers[name].run(**ways[name][1])
            if counts:
                found[name].append(run)
    return found


def in_turn(each: Sequence[T], rounds: int) -> Iterator[tuple[T, bool]]:
    """Yield what has its turn, and whether that counts: the first round does not, and another begins each round."""
    for number in range(-1, rounds):
        for place in range(len(each)):
            yield each[(number + place) % len(each)], number >= 0


def median(rounds: Sequence[Round], of: Callable[[Round], float]) -> float:
    """Return the median of a figure of some rounds."""
    return statistics.median(map(of, rounds))


def ratio(ours: Sequence[Round], base: Sequence[Round], of: Callable[[Round], float]) -> float:
    """Return the median of the ratios, round by round: both of a round met the same machine."""
    return statistics.median(of(one) / of(other) for one, other in zip(ours, base, strict=True))


def resident() -> float:
    """Return the resident memory of this process, in MB."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def run_once(run: Callable[..., Any], arguments: dict[str, Any]) -> dict[str, Any]:
    """Run a client, and return what a :class:`Round` is made of."""
    loop = arguments.pop("loop", None)
    gc.collect()
    before, wall, cpu = resident(), time.perf_counter(), time.process_time()
    outcome = _finished(run, arguments, loop)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    told = outcome if isinstance(outcome, dict) else {"events": outcome}
    return {
        "events": told.pop("events"),
        "wall": wall,
        "cpu": cpu,
        "peak_mb": peak(),
        "growth_mb": resident() - before,
        "more": told,
    }


def _finished(run: Callable[..., Any], arguments: dict[str, Any], loop: str | None) -> Any:
    if not inspect.iscoroutinefunction(run):
        return run(**arguments)
    factory = importlib.import_module(loop).new_event_loop if loop else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(run(**arguments))


def main() -> None:
    """Read the arguments of one run after the other, and print what it came to."""
    run = importlib.import_module(f"benchmarks.{sys.argv[1]}").run
    for line in sys.stdin:
        print(json.dumps(run_once(run, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
