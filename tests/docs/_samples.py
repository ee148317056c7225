"""Finds the code samples of a page: fenced blocks, hidden set-up, and the files that a page includes.

A page is Markdown. Its samples are fenced blocks in these languages:

* ``python``: executed, with ``await`` at the top level; the blocks of one page share their names, in order.
* ``output``: what the block above printed, where ``...`` stands for anything.
* ``console``: ``$ theirstack ...`` commands, each followed by what it prints; run by a shell.
* ``toml``: parsed.
* ``sh``: never run, so it must say why it is not.

HTML comments tell what a reader need not see: ``<!-- setup`` up to ``-->`` is Python that runs first;
``<!-- sample: pytest -->`` runs the next block as a test file; ``<!-- sample: raises NAME -->`` and ``<!-- sample:
exits N -->`` say how the next block ends; ``<!-- sample: not run, REASON -->`` leaves the next block out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

RUN = frozenset({"python", "console"})
CHECKED = frozenset({"output", "toml"})
DIRECTIVES = frozenset({"toctree", "eval-rst", "include"})
"""MyST directives that hold no code: what pages include of Markdown are the results of the benchmarks."""

_FENCE = re.compile(r"^(?P<indent> *)(?P<fence>`{3,}|~{3,})(?P<info>.*)$")
_DIRECTIVE = re.compile(r"^\{([\w-]+)\}.*$")
_INCLUDE = re.compile(r"^\{literalinclude\}\s+(?P<path>\S+)")
_MARK = re.compile(r"^ *<!-- sample: (?P<mark>.+?) -->$")


class SampleError(AssertionError):
    """A page holds a block that cannot be trusted to work."""


@dataclass(frozen=True)
class Sample:
    """One block of a page."""

    page: str
    line: int
    """Of the block's first line of code, counted from 1."""
    language: str
    """As in the fence; ``setup`` for a hidden one, ``include`` for a file, whose path is the code."""
    code: str
    mark: str = ""
    """What the comment before it says."""

    @property
    def where(self) -> str:
        """The place, as editors read it."""
        return f"{self.page}:{self.line}"

    @property
    def skipped(self) -> bool:
        """Whether it is exempt, with a reason."""
        return self.mark.startswith("not run, ")


def samples(page: Path, root: Path) -> list[Sample]:
    """Return the samples of a page in order.

    Raises:
        SampleError: a block in a language that nobody runs, or a page without any sample that is run.
    """
    found = list(_blocks(page.read_text("utf-8").splitlines(), page.relative_to(root).as_posix()))
    for sample in found:
        _check(sample)
    if not any(sample.language in {*RUN, "include"} and not sample.skipped for sample in found):
        raise SampleError(f"{page.relative_to(root)}: no sample on this page is run")
    return found


def _check(sample: Sample) -> None:
    if sample.skipped or sample.language in {*RUN, *CHECKED, "setup", "include"}:
        return
    if sample.language == "sh":
        raise SampleError(f"{sample.where}: a shell block needs <!-- sample: not run, REASON -->, or be `console`")
    raise SampleError(f"{sample.where}: nobody runs a block in {sample.language or 'no language'!r}")


def _blocks(lines: list[str], page: str) -> Iterator[Sample]:
    mark = ""
    numbered = iter(enumerate(lines, start=1))
    for number, line in numbered:
        if line.strip() == "<!-- setup":
            code = _until(numbered, lambda text: text.strip() == "-->", f"{page}:{number}")
            yield Sample(page, number + 1, "setup", dedent("\n".join(code)))
        elif marked := _MARK.match(line):
            mark = marked["mark"]
        elif fence := _FENCE.match(line):
            code = _until(numbered, _closes(fence["fence"]), f"{page}:{number}")
            info = fence["info"].strip()
            if include := _INCLUDE.match(info):
                yield Sample(page, number, "include", include["path"], mark)
            elif _DIRECTIVE.sub(r"\1", info) not in DIRECTIVES:
                yield Sample(page, number + 1, info, dedent("\n".join(code)), mark)
            mark = ""


def _closes(fence: str) -> Callable[[str], bool]:
    closing = re.compile(rf"^ *{fence[0]}{{{len(fence)},}} *$")
    return lambda line: closing.match(line) is not None


def _until(numbered: Iterator[tuple[int, str]], ends: Callable[[str], bool], where: str) -> list[str]:
    code: list[str] = []
    for _, line in numbered:
        if ends(line):
            return code
        code.append(line)
    raise SampleError(f"{where}: this block has no end")
