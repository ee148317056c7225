"""Where the time of whole extractions goes: ``python -m benchmarks.profile_runs``, on Linux, with py-spy installed.

Each client runs in a process of its own. First its processor time is measured, undisturbed, in turn with the others;
then it runs again and again while py-spy (https://github.com/benfred/py-spy) looks at its stack from outside, 200 times
a second, whenever it uses the processor or waits for a core: let nothing else run. A look counts for the innermost
place that the stack names: that of C code is where it was called, and the garbage collector's where it began. Writes
``profile.json`` and ``profile.md``, which the documentation includes.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import linecache
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import attrs

from benchmarks.payloads import Kind
from benchmarks.server import serving
from benchmarks.table import machine
from benchmarks.worker import Round, compare, median

FOLDER: Final = Path(__file__).parent
RESULTS: Final = FOLDER / "profile.json"
PAGE: Final = FOLDER / "profile.md"
RATE: Final = 200
"""Looks a second. More of them would take the processor away from those who are looked at."""
SECONDS: Final = 20.0
"""That each client is looked at."""
ROWS: Final[Mapping[Kind, int]] = {"light": 20_000, "heavy": 5_000}
FLOOR: Final = "the floor"
DEAREST: Final = 6
"""Functions that are named."""
_LOADS: Final = "loads("
"""Is on the line by which a client that decodes itself makes rows, and lets go of those of the page before."""
_RELEASE: Final = "Arrived.release ("
"""The function of ours that lets go of them."""
_WITHIN: Final = "_finished (benchmarks/worker.py"
"""Is on the stack of a run, and of nothing else that the process does."""
_STARTING: Final = "<frozen importlib"


@attrs.frozen
class Way:
    """A client and what it reads."""

    module: str
    kind: Kind
    latency: float = 0.0
    prefetch: int = 0

    @property
    def arguments(self) -> dict[str, Any]:
        """What its runs get besides the server's place."""
        return {"prefetch": self.prefetch} if self.prefetch else {}


WAYS: Final = {
    f"light: {FLOOR}": Way("peers.floor", "light"),
    "light: this package": Way("peers.sdk", "light"),
    "light: prefetch(8), 5 ms latency": Way("peers.sdk", "light", 0.005, 8),
    f"heavy: {FLOOR}": Way("peers.floor", "heavy"),
    "heavy: this package": Way("peers.sdk", "heavy"),
}
ROWS_MADE: Final = "rows made and freed"
PLACES: Final = {
    ROWS_MADE: ("theirstack_async/_convert/", "theirstack_async/models/", "msgspec/", "attr/", "<attrs generated"),
    "aiohttp and its libraries": ("aiohttp/", "yarl/", "multidict/", "propcache/", "aiosignal/", "frozenlist/"),
    "event loop and kernel": ("asyncio/", "selectors.py", "socket.py", "uvloop/"),
    "paginator": ("theirstack_async/pagination/", "theirstack_async/_walk.py", "theirstack_async/_prefetch.py",
                  "theirstack_async/_ids.py", "theirstack_async/_checkpoint.py"),
    "engine": ("theirstack_async/",),
    "the program's own loop": ("benchmarks/peers/",),
}  # fmt: skip
"""By the beginnings of files' names, the first that fits."""


def place(stack: str) -> str | None:
    """Return where a look at a stack found the program; None if not in a run.

    Args:
        stack: ``function (file:line)``, the outermost first, separated by semicolons.
    """
    if _WITHIN not in stack or _STARTING in stack:
        return None
    frames = stack.split(";")
    if frames[-1].startswith(_RELEASE) or _loads(*_position(frames[-1])):
        return ROWS_MADE
    for frame in reversed(frames):
        file, _ = _position(frame)
        for name, beginnings in PLACES.items():
            if file.startswith(beginnings):
                return name
    return None


def _loads(file: str, line: int) -> bool:
    return file.startswith("benchmarks/peers/") and _LOADS in linecache.getline(str(FOLDER.parent / file), line)


def _position(frame: str) -> tuple[str, int]:
    found = re.fullmatch(r".*\((.+):(\d+)\)", frame)
    return (found[1], int(found[2])) if found else ("", 0)


def looks(raw: str) -> Iterator[tuple[str, int]]:
    """Yield the stacks that py-spy wrote, each with how often it was seen."""
    for line in raw.splitlines():
        stack, _, times = line.rpartition(" ")
        yield stack, int(times)


def shares(seen: Iterable[tuple[str, int]]) -> tuple[int, dict[str, float], dict[str, float]]:
    """Return how many looks count, the share of each place, and that of the dearest functions."""
    places: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    for stack, times in seen:
        where = place(stack)
        if where is not None:
            places[where] += times
            functions[re.sub(r":\d+\)$", ")", stack.rpartition(";")[2])] += times
    count = places.total()
    return (
        count,
        {name: places[name] / count for name in PLACES},
        {name: times / count for name, times in functions.most_common(DEAREST)},
    )


def profiled(seconds: float) -> dict[str, Any]:
    """Measure and profile all ways, and return what ``profile.json`` holds."""
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(serving(way.kind, ROWS[way.kind], latency=way.latency))
            for name, way in WAYS.items()
        }
        ways = {name: (way.module, {**servers[name].place, **way.arguments}) for name, way in WAYS.items()}
        found = compare(ways, 15)
        runs: dict[str, Any] = {}
        for name, (module, arguments) in ways.items():
            rounds = max(1, round(seconds / median(found[name], lambda each: each.wall)))
            count, places, functions = shares(looks(look(module, arguments, rounds)))
            print(f"{name}: {count} looks", flush=True)
            runs[name] = {**cost(found[name]), "looks": count, "places": places, "functions": functions}
    return {"machine": {**machine(), "py-spy": importlib.metadata.version("py-spy")}, "rate": RATE, "runs": runs}


def cost(rounds: list[Round]) -> dict[str, float]:
    """Return the processor time of a thousand events in ms, and its share of the time that passed."""
    return {
        "cpu_ms": median(rounds, lambda each: each.cpu / each.events * 1e6),
        "busy": median(rounds, lambda each: each.cpu / each.wall),
    }


def look(module: str, arguments: Mapping[str, Any], rounds: int) -> str:
    """Let a client run so often while py-spy looks on, and return what that wrote."""
    program = shutil.which("py-spy", path=sysconfig.get_path("scripts")) or "py-spy"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "raw"
        spy = [program, "record", "--format", "raw", "--rate", str(RATE), "--output", str(file)]
        command = [*spy, "--", sys.executable, "-m", "benchmarks.worker", module]
        asked = (json.dumps(arguments) + "\n") * rounds
        subprocess.run(command, input=asked.encode(), cwd=FOLDER.parent, capture_output=True, check=True)
        return file.read_text("utf-8")


def page(found: Mapping[str, Any]) -> str:
    """Return the page: a table of places by way, and one of the dearest functions."""
    runs = found["runs"]
    lines = [
        "Milliseconds of processor time that a thousand events take, by place:",
        "",
        _line(["", *runs]),
        _line(["---", *("---:" for _ in runs)]),
        *(_line([name, *(f"{run['cpu_ms'] * run['places'][name]:.2f}" for run in runs.values())]) for name in PLACES),
        _line(["**in all**", *(f"**{run['cpu_ms']:.2f}**" for run in runs.values())]),
        _line(["against the floor", *(f"{run['cpu_ms'] / floor_of(name, runs):.2f} x" for name, run in runs.items())]),
        _line(["processor busy", *(f"{run['busy']:.0%}" for run in runs.values())]),
        "",
    ]
    lines += ["The dearest functions, without what they call, by their share of that time:", "", *dearest(runs), ""]
    looked = min(run["looks"] for run in runs.values())
    on = found["machine"]
    spied = f"py-spy {on['py-spy']}, {looked:,} looks or more at each"
    lines += [f"{spied}; {on['processor']}, {on['cores']} cores, {on['python']}.", ""]
    return "\n".join(lines)


def dearest(runs: Mapping[str, Any]) -> Iterator[str]:
    """Yield a table of the functions that take the most; a cell is empty where a function is not among them."""
    names = {name: None for run in runs.values() for name, share in run["functions"].items() if share >= 0.01}
    yield _line(["function", *runs])
    yield _line(["---", *("---:" for _ in runs)])
    for name in names:
        shares = (run["functions"].get(name) for run in runs.values())
        function, _, file = name.rstrip(")").rpartition(" (")
        shown = f"`{function.rpartition('.')[2]}`, {'/'.join(file.split('/')[-2:])}"
        yield _line([shown, *("" if share is None else f"{share:.0%}" for share in shares)])


def floor_of(name: str, runs: Mapping[str, Any]) -> float:
    """Return the processor time of the floor that reads the same kind of events."""
    return float(runs[f"{name[:5]}: {FLOOR}"]["cpu_ms"])


def _line(values: Iterable[str]) -> str:
    return f"| {' | '.join(values)} |"


def main() -> None:
    """Measure, or write the page again of what was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile_runs", description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="that each client is looked at")
    parser.add_argument("--page", action="store_true", help=f"only write {PAGE.name} again, of {RESULTS.name}")
    asked = parser.parse_args()
    if not asked.page:
        RESULTS.write_text(json.dumps(profiled(asked.seconds), indent=1) + "\n", "utf-8")
    PAGE.write_text(page(json.loads(RESULTS.read_text("utf-8"))), "utf-8")


if __name__ == "__main__":
    main()
