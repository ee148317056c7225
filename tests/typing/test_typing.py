"""mypy and pyright, both strict, accept the ``ok_*`` files and report each marked line of the ``bad_*`` ones.

A mark is ``# E: mypy's codes, pyright's rules``: the line is reported with one of the names, ``-`` for not reported.
"""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests._imports import ROOT

HERE: Final = Path(__file__).parent
FILES: Final = sorted(HERE.glob("ok_*.py")) + sorted(HERE.glob("bad_*.py"))
MARK: Final = re.compile(r"# E: (?P<mypy>[^,]*), (?P<pyright>.*)$")

Reports = dict[tuple[str, int], set[str]]
"""What a checker said: file name and line, to the names of the errors there."""


def marked(checker: str) -> Reports:
    """Return what a checker is expected to say about all files."""
    wanted: Reports = {}
    for path in FILES:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if (found := MARK.search(line)) and found[checker] != "-":
                wanted[path.name, number] = set(found[checker].split())
    return wanted


def run(*command: str) -> str:
    """Return what a checker prints about all files, run where pyproject.toml has its settings."""
    files = [str(path) for path in FILES]
    done = subprocess.run([sys.executable, "-m", *command, *files], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return done.stdout.decode()


def mypy() -> Reports:
    """Return what ``mypy --strict`` says."""
    found: Reports = {}
    for line in run("mypy", "--strict", "--output", "json").splitlines():
        said = json.loads(line) if line.startswith("{") else {"severity": "note", "file": ""}
        if said["severity"] == "error" and ROOT / said["file"] in FILES:
            found.setdefault((Path(said["file"]).name, said["line"]), set()).add(said["code"])
    return found


def pyright() -> Reports:
    """Return what pyright says in the strict mode of pyproject.toml."""
    found: Reports = {}
    said: dict[str, Any]
    for said in json.loads(run("pyright", "--pythonpath", sys.executable, "--outputjson"))["generalDiagnostics"]:
        line = said["range"]["start"]["line"] + 1
        found.setdefault((Path(said["file"]).name, line), set()).add(said.get("rule", "error"))
    return found


@pytest.mark.parametrize("checker", [mypy, pyright])
def test_each_marked_line_is_reported_and_no_other(checker: Callable[[], Reports]) -> None:
    name = checker.__name__
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed; `nox -s typing` brings it")
    found, wanted = checker(), marked(name)
    assert {place: names for place, names in found.items() if place not in wanted} == {}, "reported, and not marked"
    assert {place: names for place, names in wanted.items() if not names & found.get(place, set())} == {}, (
        f"marked, and not so reported; reported were {found}"
    )
