"""What can differ between a document and the SDK, whether the SDK gets it wrong, and what to do then."""

from __future__ import annotations

import enum

import attrs

from theirstack_async.contract.known import SOMEWHERE, UNUSED


class Change(enum.Enum):
    """A kind of difference: its name, whether the SDK would get it wrong, and what to do."""

    OPERATION_REMOVED = "operation removed", True, "its calls would fail: remove its method"
    OPERATION_ADDED = "operation added", True, "only client.request() reaches it: add a method"
    OPERATION_DEPRECATED = "operation deprecated", False, "let its method warn"
    OPERATION_UNDEPRECATED = "operation no longer deprecated", False, "its method need not warn"
    KEY_WANTED = "needs a key", True, "the SDK sends none: send it"
    KEY_UNWANTED = "needs no key", False, "the SDK sends it all the same"
    BODY_REMOVED = "request body removed", True, "the SDK sends one: send none"
    BODY_ADDED = "request body added", False, "the SDK sends none, which is allowed"
    BODY_DEMANDED = "request body required", True, "the SDK sends none: send it"
    SENT_MEDIA = "media type of the request changed", True, "the body would be refused: send what is taken"
    GOT_MEDIA = "media type of the answer changed", True, "the answer would not decode: read what is sent"
    SENT_REMOVED = "removed", True, "the SDK sends it: it would be refused, or passed over"
    SENT_ADDED = "added", False, "the SDK does not offer it: add it"
    SENT_ADDED_REQUIRED = "added, and required", True, "the SDK does not send it: calls would be refused"
    SENT_DEMANDED = "required now", True, "the SDK can leave it out: demand it"
    SENT_TYPE = "type changed", True, "what the SDK sends would be refused"
    SENT_SINGLE = "takes a single value", True, "the SDK can send several: refuse them before sending"
    SENT_NULL = "takes null no more", True, "the SDK can send null: refuse it before sending"
    SENT_MEMBER_REMOVED = "member removed", True, "the SDK offers it, and it would be refused"
    SENT_MEMBER_ADDED = "member added", False, "it passes with a warning: add it"
    SENT_ENUM = "takes some texts only", False, "the SDK lets any text pass: make it an enumeration"
    GOT_REMOVED = "removed", True, "the model demands it: answers would not decode"
    GOT_GONE = "removed", False, "it stays at its default"
    GOT_ADDED = "added", False, "only keep_unknown_fields=True shows it: add it to the model"
    GOT_OPTIONAL = "may be missing", True, "the model demands it: answers would not decode"
    GOT_TYPE = "type changed", True, "answers would not decode"
    GOT_NULL = "may be null", True, "the model does not take null: answers would not decode"
    GOT_MEMBER_REMOVED = "member removed", False, "it is no longer sent"
    GOT_MEMBER_ADDED = "member added", False, "it is kept as an unknown member: add it"
    GOT_KIND_REMOVED = "kind of record removed", False, "it is no longer sent"
    DEPRECATED = "deprecated", False, "say so where it is documented, and warn where it is sent"
    UNDEPRECATED = "no longer deprecated", False, "it need not be called so"

    def __init__(self, label: str, breaks: bool, advice: str) -> None:
        self.label = label
        self.breaks = breaks
        self.advice = advice

    @property
    def known(self) -> frozenset[str]:
        """The names of the things of which this very change is known, and nothing wrong."""
        if self is Change.SENT_ADDED:
            return UNUSED
        return SOMEWHERE if self in _ABSENCES else frozenset()

    @property
    def known_advice(self) -> str:
        """What a known change means."""
        return "left out on purpose" if self is Change.SENT_ADDED else "only some descriptions of the API have it"


_ABSENCES = {
    Change.OPERATION_REMOVED,
    Change.SENT_REMOVED,
    Change.SENT_SINGLE,
    Change.SENT_MEMBER_REMOVED,
    Change.GOT_GONE,
    Change.GOT_MEMBER_REMOVED,
    Change.GOT_KIND_REMOVED,
    Change.UNDEPRECATED,
}
"""The changes that say nothing but that a document lacks something."""


@attrs.frozen
class Finding:
    """One difference."""

    change: Change
    breaks: bool
    """Whether the SDK would get it wrong."""
    operation: str
    """The operation as the client names it, such as ``jobs.search``; empty for one that the SDK does not know."""
    call: str
    """Its method and path."""
    where: str
    """The part of it, such as ``answer field data[].job_title``; empty for the operation itself."""
    expected: str
    """What the SDK expects."""
    found: str
    """What the document says."""
    advice: str
    """What it means for the SDK, and what to do."""
    at: str
    """Where the document says so: a JSON pointer."""
    known: bool = False
    """Whether it is known that only some descriptions of the API say so; the SDK supports them all."""
    also: tuple[str, ...] = ()
    """Other operations that the same line of the document makes differ."""

    def __str__(self) -> str:
        named = f"{self.call} ({self.operation})" if self.operation else self.call
        place = f"{named}, {self.where}" if self.where else named
        sides = [f"expected {self.expected}" * bool(self.expected), f"found {self.found}" * bool(self.found)]
        told = "; ".join([", ".join(filter(None, sides)), self.advice]).removeprefix("; ")
        others = f" (and {len(self.also)} more: {', '.join(self.also)})" if self.also else ""
        return f"{place}: {self.change.label}; {told}{others}"


def merged(findings: list[Finding]) -> list[Finding]:
    """Return the findings, with those that the same line of the document causes as one: the first that breaks.

    A schema that many operations share is one change, not many.
    """
    found: dict[tuple[object, ...], list[Finding]] = {}
    for each in findings:
        key = each.at, each.change.label, each.expected, each.found, each.known
        found.setdefault(key, []).append(each)
    return [_one(same) for same in found.values()]


def _one(same: list[Finding]) -> Finding:
    first = next((each for each in same if each.breaks), same[0])
    others = dict.fromkeys(each.operation for each in same if each.operation != first.operation)
    return attrs.evolve(first, also=tuple(others))
