"""What a comparison found, for people and for programs."""

from __future__ import annotations

import json
from typing import Any

import attrs

from theirstack_async._version import __version__
from theirstack_async.contract.compare import compare
from theirstack_async.contract.findings import Finding
from theirstack_async.contract.operations import operations
from theirstack_async.contract.schemas import DocumentError, Node
from theirstack_async.contract.supported import SUPPORTED


@attrs.frozen
class Report:
    """How a document of the API and the SDK differ."""

    source: str
    """Where the document is from."""
    title: str
    openapi: str
    operations: int
    """How many the document describes."""
    findings: tuple[Finding, ...]

    @property
    def breaks(self) -> list[Finding]:
        """What the SDK would get wrong."""
        return [each for each in self.findings if each.breaks]

    @property
    def notes(self) -> list[Finding]:
        """What is new, and nothing wrong."""
        return [each for each in self.findings if not each.breaks and not each.known]

    @property
    def known(self) -> list[Finding]:
        """What the SDK knows to be in some descriptions of the API and not in others, or leaves out on purpose."""
        return [each for each in self.findings if each.known]

    @property
    def exit_code(self) -> int:
        """1 when the SDK would get anything wrong, else 0."""
        return 1 if self.breaks else 0

    def text(self, *, everything: bool = False) -> str:
        """Return the report for people, one line a finding; with ``everything`` what is known is listed too."""
        described = f"{self.title}, OpenAPI {self.openapi}, {_count(self.operations, 'operation')}"
        lines = [f"{self.source}: {described}. theirstack-async {__version__} supports {len(SUPPORTED)}."]
        breaks, notes, known = self.breaks, self.notes, self.known
        if breaks:
            lines += ["", f"The SDK gets {_count(len(breaks), 'thing')} wrong:", *_listed(breaks)]
        if notes:
            lines += ["", f"{_count(len(notes), 'note')}, nothing of it wrong:", *_listed(notes)]
        if known and everything:
            lines += ["", f"{_count(len(known), 'known difference')}:", *_listed(known)]
        elif known:
            lines += ["", f"{_count(len(known), 'known difference')}; --all lists them."]
        if not breaks:
            lines += ["", "The SDK gets nothing of it wrong."]
        return "\n".join(map(_printable, lines)) + "\n"

    def to_json(self) -> str:
        """Return the report for programs, as one JSON object."""
        data = {
            "source": self.source,
            "title": self.title,
            "openapi": self.openapi,
            "operations": self.operations,
            "sdk": __version__,
            "exit_code": self.exit_code,
            "breaks": [_plain(each) for each in self.breaks],
            "notes": [_plain(each) for each in self.notes],
            "known": [_plain(each) for each in self.known],
        }
        return json.dumps(data, indent=2) + "\n"


def check(source: str, document: Node) -> Report:
    """Return how a document differs from what the SDK supports.

    Args:
        source: what to call the document.
        document: its contents.

    Raises:
        DocumentError: it is no OpenAPI 3 document, or one of its references cannot be followed.
    """
    info = document.get("info")
    try:
        described = operations(document)
        return Report(
            source=source,
            title=str(info.get("title").value or "untitled"),
            openapi=str(document.get("openapi").value),
            operations=len(described),
            findings=tuple(compare(described, SUPPORTED)),
        )
    except RecursionError:
        raise DocumentError("its schemas are nested too deeply.") from None


def _plain(finding: Finding) -> dict[str, Any]:
    return {
        "change": finding.change.name.lower(),
        "what": finding.change.label,
        "operation": finding.operation,
        "call": finding.call,
        "where": finding.where,
        "expected": finding.expected,
        "found": finding.found,
        "advice": finding.advice,
        "at": finding.at,
        "also": list(finding.also),
    }


def _listed(findings: list[Finding]) -> list[str]:
    return [f"  {each}" for each in findings]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _printable(line: str) -> str:
    # A document from elsewhere must not steer the terminal.
    return "".join(char if char.isprintable() else "?" for char in line)
