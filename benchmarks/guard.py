"""Whether decoding and calls have become slower than they were: instructions are counted, so that it cannot flake.

    python benchmarks/guard.py [BASE]        # or: nox -s guard

Two trees run the same work (``guard_work.py``) with the same interpreter and the same wheels: the working tree, and a
base. ``valgrind --tool=callgrind`` counts what each takes. The same tree comes to the same count within 0.1 %, whatever
else the machine does, and the interpreter's start and the imports are not counted. Fails where a piece of work takes
more than 1.05 times as many instructions.

BASE is a commit. Without it:

* on a branch, it is the commit where the branch left the default branch (``origin/HEAD``, ``origin/main``, ``main``);
* on the default branch, the newest release before HEAD (a tag such as ``v1.2.0``), and while there is none the 50th
  commit before HEAD, or the oldest that is here. Against the last commit alone, small losses that add up would never be
  seen, nor what a commit did that was pushed together with others.

A slowdown that is wanted is accepted by a line in the message of any commit after the base, with the ratio that is then
allowed, and the reason::

    Slower: decode a heavy page 1.12: instants are checked for leap seconds

Without git, a base or valgrind it says so and passes. Needs the package's dependencies installed, not the package.
"""

from __future__ import annotations

import compileall
import io
import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
PACKAGE: Final = "theirstack_async"
BOUND: Final = 1.05
BACK: Final = 50
"""How many commits to go back at the most, on the default branch, while there is no release."""
BRANCHES: Final = ("origin/HEAD", "origin/main", "main")
PAGES: Final = """
import pathlib, sys
from benchmarks.payloads import page
for kind in ("light", "heavy"):
    pathlib.Path(sys.argv[1], kind + ".json").write_bytes(page(kind))
"""
Git = Callable[..., str | None]
"""Runs git with arguments, and returns what it printed; None where it failed."""


class SkippedError(Exception):
    """There is nothing to compare, or nothing to count with."""


class BrokenError(Exception):
    """The working tree cannot do the work, or counting it failed."""


@dataclass(frozen=True)
class Count:
    """What one tree takes for a piece of work."""

    name: str
    instructions: int | None
    missing: str | None = None
    """Why it could not be run."""


@dataclass(frozen=True)
class Verdict:
    """What became of a piece of work."""

    name: str
    base: int | None
    head: int
    allowed: float = BOUND
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """HEAD's count, as a multiple of the base's."""
        return None if self.base is None else self.head / self.base

    @property
    def too_slow(self) -> bool:
        """Whether it takes more than is allowed."""
        return self.ratio is not None and self.ratio > self.allowed

    def __str__(self) -> str:
        if self.ratio is None:
            return f"{self.name:<20} {'-':>14} {self.head:>14,}       -  skipped, for the base cannot: {self.note}"
        told = f"TOO SLOW: at most {self.allowed:g}" if self.too_slow else self.note
        return f"{self.name:<20} {self.base:>14,} {self.head:>14,} {self.ratio:>7.3f}  {told}".rstrip()


def choose_base(git: Git, given: str | None = None) -> tuple[str, str]:
    """Return the commit to compare with, and why it is this one.

    Raises:
        SkippedError: there is none.
        BrokenError: the one that was given does not exist.
    """
    if given is not None:
        commit = git("rev-parse", "--verify", "--quiet", f"{given}^{{commit}}")
        if commit is None:
            raise BrokenError(f"{given} is no commit here")
        return commit, f"{given}, as asked"
    head = git("rev-parse", "--verify", "--quiet", "HEAD")
    if head is None:
        raise SkippedError("this is no clone of the repository, so there is nothing to compare with")
    for branch in BRANCHES:
        left = git("merge-base", "HEAD", branch)
        if left is not None:
            if left != head:
                return left, f"where this left {branch}"
            break
    release = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", "HEAD^")
    if release is not None:
        return git("rev-parse", f"{release}^{{commit}}") or release, f"the release {release}"
    *_, oldest = (git("rev-list", "--first-parent", f"--max-count={BACK + 1}", "HEAD") or head).split()
    if oldest == head:
        raise SkippedError("no commit before HEAD is here; in a shallow clone: git fetch --unshallow --tags")
    return oldest, "some commits before HEAD, for there is no release"


def accepted(messages: str) -> dict[str, tuple[float, str]]:
    """Return the slowdowns that commit messages explain, by the name of the work: the ratio allowed, and the reason."""
    found: dict[str, tuple[float, str]] = {}
    for name, ratio, why in re.findall(r"^Slower: *(\S.*?) +(\d+(?:\.\d+)?): *(\S.*)$", messages, re.MULTILINE):
        if float(ratio) > found.get(name, (0.0, ""))[0]:
            found[name] = (float(ratio), why.strip())
    return found


def judge(base: Sequence[Count], head: Sequence[Count], explained: Mapping[str, tuple[float, str]]) -> list[Verdict]:
    """Return what became of each piece of work.

    Raises:
        BrokenError: the working tree cannot do one of them.
        SkippedError: the base can do none.
    """
    before = {count.name: count for count in base}
    verdicts: list[Verdict] = []
    for count in head:
        if count.instructions is None:
            raise BrokenError(f"the working tree cannot {count.name}: {count.missing}")
        old = before.get(count.name, Count(count.name, None, "it has no such work"))
        allowed, why = explained.get(count.name, (BOUND, ""))
        note = f"up to {allowed:g} accepted: {why}" if why else ""
        verdicts.append(
            Verdict(count.name, old.instructions, count.instructions, max(BOUND, allowed), old.missing or note)
        )
    if all(verdict.base is None for verdict in verdicts):
        raise SkippedError(f"the base can do none of the work: {verdicts[0].note if verdicts else 'there is none'}")
    return verdicts


def total(profile: str) -> int:
    """Return the instructions of one part, from what callgrind wrote of it
    (https://valgrind.org/docs/manual/cl-format.html).

    Raises:
        BrokenError: it tells of none.
    """
    found = re.findall(r"^(?:summary|totals): *(\d+)", profile, re.MULTILINE)
    if not found:
        raise BrokenError("callgrind wrote a profile without a total")
    return int(found[-1])


def read_counts(told: str, profile: Callable[[int], str]) -> list[Count]:
    """Return the counts of one tree: the work that it tells of, and the profiles of its parts, by their number.

    The work stands in every second part; the others are what lies in between.
    """
    counts: list[Count] = []
    part = 0
    for work in map(json.loads, told.splitlines()):
        if work["missing"] is None:
            part += 2
            counts.append(Count(work["name"], total(profile(part))))
        else:
            counts.append(Count(work["name"], None, work["missing"]))
    return counts


def git(*arguments: str) -> str | None:
    """See :data:`Git`."""
    if shutil.which("git") is None:
        return None
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def lay_out(folder: Path, commit: str) -> tuple[Path, Path]:
    """Put both trees below a folder, compiled as pip does it, under names of one length; return the base's and HEAD's.

    Raises:
        SkippedError: the commit has no package.
    """
    base, head = folder / "base", folder / "head"
    done = subprocess.run(["git", "archive", commit, PACKAGE], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        raise SkippedError(f"no {PACKAGE} in {commit}: {done.stderr.decode(errors='replace').strip()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(base, filter="data")
    shutil.copytree(ROOT / PACKAGE, head / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
    for tree in (base, head):
        if not compileall.compile_dir(tree, quiet=1):
            raise BrokenError(f"{tree.name} does not compile")
    return base, head


def count(tree: Path, pages: Path) -> list[Count]:
    """Run the work with a tree, and count it.

    Raises:
        BrokenError: it did not get through.
    """
    scratch = tree / "scratch"
    scratch.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    fixed = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1", "LC_ALL": "C.UTF-8"}
    counting = ["--tool=callgrind", "--instr-atstart=no", "--dump-before=getsid", f"--vgdb-prefix={scratch / 'vgdb'}"]
    done = subprocess.run(
        [
            *("valgrind", *counting, f"--callgrind-out-file={scratch / 'count'}"),
            *(sys.executable, "-P", str(ROOT / "benchmarks" / "guard_work.py"), str(pages), str(scratch)),
        ],
        env=kept | fixed | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BrokenError(f"the work of {tree.name} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return read_counts(done.stdout, lambda part: (scratch / f"count.{part}").read_text("utf-8"))


def compare(commit: str) -> list[Verdict]:
    """Count the work of both trees, and judge it."""
    messages = git("log", "--format=%B", f"{commit}..HEAD") or ""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", PAGES, folder], cwd=ROOT, check=True)
        base, head = lay_out(Path(folder), commit)
        return judge(count(base, Path(folder)), count(head, Path(folder)), accepted(messages))


def report(verdicts: Sequence[Verdict]) -> int:
    """Print what became of the work and what to do about it, and return the exit code."""
    print(f"{'instructions':<20} {'base':>14} {'HEAD':>14} {'ratio':>7}")
    for verdict in verdicts:
        print(verdict)
    slow = [verdict for verdict in verdicts if verdict.too_slow]
    if not slow:
        print(f"no work takes more than {BOUND:g} x what it took, or more than was accepted")
        return 0
    print(
        "\nSomething takes more instructions than it did. Find out what (callgrind_annotate, cProfile) and mend it.\n"
        "If the slowdown is worth it, say so in the message of a commit, with a line that starts like this:\n"
    )
    for verdict in slow:
        # With room for what differs between two runs.
        print(f"    Slower: {verdict.name} {math.ceil((verdict.ratio or 0) * 100 + 0.5) / 100:.2f}: ")
    return 1


def main(arguments: Sequence[str]) -> int:
    """Compare, and return the exit code."""
    try:
        commit, why = choose_base(git, arguments[0] if arguments else None)
        for program in ("valgrind", "vgdb"):
            if shutil.which(program) is None:
                raise SkippedError(f"there is no {program}; Debian's package valgrind brings it")
        print(f"guard: the working tree against {commit[:12]} ({why}), Python {platform.python_version()}", flush=True)
        return report(compare(commit))
    except SkippedError as skipped:
        print(f"guard: SKIPPED, nothing was compared: {skipped}")
        return 0
    except BrokenError as broken:
        print(f"guard: FAILED: {broken}")
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
