"""Holds what a document describes against what the SDK supports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from theirstack_async.contract.findings import Change, Finding, merged
from theirstack_async.contract.known import DEPRECATED_FIELDS
from theirstack_async.contract.operations import Described
from theirstack_async.contract.shapes import ANYTHING, Field, Object, Shape, describe
from theirstack_async.contract.supported import Supported

_KEPT: Final = "such a payload is kept as an UnknownPayload"


def compare(described: Mapping[str, Described], supported: Iterable[Supported]) -> list[Finding]:
    """Return all differences, in the order of the SDK's operations, those that it does not know last.

    Args:
        described: the operations of a document, by :attr:`Call.key`.
        supported: what the SDK supports.
    """
    left = dict(described)
    findings: list[Finding] = []
    for each in supported:
        findings += _Comparison(each).run(left.pop(each.call.key, None))
    return merged([*findings, *map(_added, left.values())])


def _added(left: Described) -> Finding:
    change = Change.OPERATION_ADDED
    return Finding(
        change=change, breaks=change.breaks, call=str(left.call), operation="", where="", expected="", found="",
        advice=change.advice, at=left.at,
    )  # fmt: skip


@attrs.frozen
class _Place:
    """Where in an operation a value stands."""

    side: str
    path: str = ""
    names: tuple[str, ...] = ()
    """What the field is called in :mod:`.known`: by its own class, and by the field that its class stands in."""
    lenient: bool = False
    """Whether the SDK keeps what does not fit here as an UnknownPayload, so that nothing breaks."""

    def member(self, owner: str, name: str) -> _Place:
        # A preview is the same answer as the search that it previews, so it is known by the same names.
        own = f"{owner.removesuffix('Preview')}.{name}"
        outer = tuple(f"{each}.{name}" for each in self.names[:1])
        path = f"{self.path}.{name}" if self.path else name
        return attrs.evolve(self, path=path, names=(own, *outer))

    def items(self) -> _Place:
        return attrs.evolve(self, path=f"{self.path}[]")

    def __str__(self) -> str:
        return f"{self.side} {self.path}" if self.path else self.side


class _Comparison:
    """The comparison of one operation."""

    def __init__(self, supported: Supported) -> None:
        self._supported = supported
        self._findings: list[Finding] = []

    def run(self, described: Described | None) -> list[Finding]:
        """Return the differences."""
        supported = self._supported
        if described is None:
            call = supported.call
            at = f"#/paths/{call.path.replace('/', '~1')}/{call.method.lower()}"
            self._add(Change.OPERATION_REMOVED, _Place("", names=(supported.name,)), at=at)
            return self._findings
        self._operation(described)
        if supported.has_method:
            self._parameters(described)
            self._request(described)
            self._answer(described)
        return self._findings

    def _add(self, change: Change, place: _Place, expected: str = "", found: str = "", *, at: str) -> None:
        known = any(name in change.known for name in place.names)
        self._findings.append(
            Finding(
                change=change,
                breaks=change.breaks and not known and not place.lenient,
                known=known,
                operation=self._supported.name,
                call=str(self._supported.call),
                where=str(place),
                expected=expected,
                found=found,
                advice=change.known_advice if known else _KEPT if place.lenient and change.breaks else change.advice,
                at=at,
            )
        )

    def _operation(self, described: Described) -> None:
        place = _Place("", names=(self._supported.name,))
        if described.deprecated and not self._supported.deprecated:
            self._add(Change.OPERATION_DEPRECATED, place, at=described.at)
        elif self._supported.deprecated and not described.deprecated:
            self._add(Change.OPERATION_UNDEPRECATED, place, at=described.at)
        if described.needs_key != self._supported.needs_key:
            change = Change.KEY_WANTED if described.needs_key else Change.KEY_UNWANTED
            self._add(change, place, at=described.at)

    def _parameters(self, described: Described) -> None:
        parts = dict(zip(described.call.parts, self._supported.path.values(), strict=True))
        by_place = {"path": parts, "query": self._supported.query, "header": {}, "cookie": {}}
        for kind, ours in by_place.items():
            theirs = {name: field for (where, name), field in described.parameters.items() if where == kind}
            if kind == "path":
                # FastAPI lists each part of the path, and a document that does not says nothing of its type.
                theirs = {name: theirs.get(name, Field(ANYTHING, required=True)) for name in parts}
            there = Object(self._supported.name, f"{described.at}/parameters", theirs)
            self._sent_fields(ours, there, _Place(f"{kind} parameter"), self._supported.name)

    def _request(self, described: Described) -> None:
        ours, theirs = self._supported.body, described.request
        place = _Place("request field")
        whole = _Place("", names=(f"{self._supported.name}.body",))
        at = f"{described.at}/requestBody"
        if ours is None:
            if theirs is not None:
                self._add(Change.BODY_DEMANDED if theirs.required else Change.BODY_ADDED, whole, at=at)
        elif theirs is None:
            self._add(Change.BODY_REMOVED, whole, at=at)
        elif self._supported.media not in theirs.content:
            found = ", ".join(theirs.content)
            self._add(Change.SENT_MEDIA, whole, self._supported.media, found, at=at)
        else:
            self._sent(ours, theirs.content[self._supported.media], place, at)

    def _answer(self, described: Described) -> None:
        if not self._supported.answers:
            return
        content = described.answer.content if described.answer is not None else {}
        at = f"{described.at}/responses"
        media = self._supported.accept
        if media not in content:
            found = ", ".join(content) or "none"
            self._add(Change.GOT_MEDIA, _Place(""), media, found, at=at)
            return
        for ours in self._supported.answers:
            self._got(ours, content[media], _Place("answer"), at)

    # --- what is sent ---

    def _sent(self, ours: Shape, theirs: Shape, place: _Place, at: str) -> None:
        if not _takes(theirs, ours):
            # In a query, a list of one value is written as the value alone.
            single = place.side.startswith("query") and ours.items is not None and _takes(theirs, ours.items)
            change = Change.SENT_SINGLE if single else Change.SENT_TYPE
            self._add(change, place, describe(ours), describe(theirs), at=at)
            return
        if ours.nullable and not theirs.nullable:
            self._add(Change.SENT_NULL, place, describe(ours), describe(theirs), at=at)
        self._members(ours, theirs, place, Change.SENT_MEMBER_REMOVED, Change.SENT_MEMBER_ADDED)
        if ours.items is not None and theirs.items is not None:
            self._sent(ours.items, theirs.items, place.items(), at)
        for one in ours.objects:
            if theirs.objects:
                self._sent_fields(one.fields, _nearest(one, theirs.objects), place, one.name)

    def _sent_fields(self, ours: Mapping[str, Field], theirs: Object, place: _Place, owner: str) -> None:
        for name, field in ours.items():
            inner = place.member(owner, name)
            there = theirs.fields.get(name)
            if there is None:
                self._add(Change.SENT_REMOVED, inner, describe(field.shape), at=f"{theirs.at}/properties/{name}")
                continue
            self._deprecation(field, there, inner)
            if there.required and not field.required:
                self._add(Change.SENT_DEMANDED, inner, at=there.at)
            self._sent(field.shape, there.shape, inner, there.at)
        for name, field in theirs.fields.items():
            if name not in ours:
                change = Change.SENT_ADDED_REQUIRED if field.required else Change.SENT_ADDED
                self._add(change, place.member(owner, name), found=describe(field.shape), at=field.at)

    # --- what is received ---

    def _got(self, ours: Shape, theirs: Shape, place: _Place, at: str) -> None:
        place = attrs.evolve(place, lenient=place.lenient or ours.catch_all)
        if not _takes(ours, theirs, every_format=True):
            self._add(Change.GOT_TYPE, place, describe(ours), describe(theirs), at=at)
            return
        if theirs.nullable and not ours.nullable:
            self._add(Change.GOT_NULL, place, describe(ours), describe(theirs), at=at)
        self._members(ours, theirs, place, Change.GOT_MEMBER_REMOVED, Change.GOT_MEMBER_ADDED)
        if ours.items is not None and theirs.items is not None:
            self._got(ours.items, theirs.items, place.items(), at)
        if ours.objects:
            self._records(ours.objects, theirs.objects, place, at)

    def _records(self, ours: tuple[Object, ...], theirs: tuple[Object, ...], place: _Place, at: str) -> None:
        matched = [(_nearest(one, ours), one) for one in theirs]
        for mine, one in matched:
            self._got_fields(mine, one, place)
        for mine in ours:
            if mine not in [each for each, _ in matched]:
                names = tuple(f"{each}.{mine.name}" for each in place.names)
                self._add(Change.GOT_KIND_REMOVED, attrs.evolve(place, names=names), mine.name, at=at)

    def _got_fields(self, ours: Object, theirs: Object, place: _Place) -> None:
        place = attrs.evolve(place, side="answer field")
        for name, field in ours.fields.items():
            inner = place.member(ours.name, name)
            there = theirs.fields.get(name)
            if there is None:
                change = Change.GOT_REMOVED if field.required else Change.GOT_GONE
                self._add(change, inner, describe(field.shape), at=f"{theirs.at}/properties/{name}")
                continue
            self._deprecation(field, there, inner)
            if field.required and not there.required:
                self._add(Change.GOT_OPTIONAL, inner, at=there.at)
            self._got(field.shape, there.shape, inner, there.at)
        for name, field in theirs.fields.items():
            if name not in ours.fields:
                self._add(Change.GOT_ADDED, place.member(ours.name, name), found=describe(field.shape), at=field.at)

    # --- both ---

    def _deprecation(self, ours: Field, theirs: Field, place: _Place) -> None:
        if theirs.deprecated != (ours.deprecated or place.names[0] in DEPRECATED_FIELDS):
            self._add(Change.DEPRECATED if theirs.deprecated else Change.UNDEPRECATED, place, at=theirs.at)

    def _members(self, ours: Shape, theirs: Shape, place: _Place, removed: Change, added: Change) -> None:
        if theirs.members is None:
            return
        if ours.members is None:
            if added is Change.SENT_MEMBER_ADDED:
                self._add(Change.SENT_ENUM, place, describe(ours), _listed(theirs.members), at=theirs.enum)
            return
        for member in sorted(ours.members - theirs.members):
            self._add(removed, attrs.evolve(place, names=(f"{ours.enum}.{member}",)), repr(member), at=theirs.enum)
        for member in sorted(theirs.members - ours.members):
            self._add(added, place, found=repr(member), at=theirs.enum)


def _listed(members: frozenset[str]) -> str:
    return " or ".join(map(repr, sorted(members)))


def _takes(wider: Shape, narrower: Shape, *, every_format: bool = False) -> bool:
    """Return whether every value of one shape fits the other, by its JSON type and by how its texts are written.

    Where a text can be written in several ways one of them has to fit; with ``every_format`` all have to.
    """
    if wider.kinds is None:
        return True
    taken = wider.kinds | {"integer"} if "number" in wider.kinds else wider.kinds
    if narrower.kinds is None or not narrower.kinds <= taken:
        return False
    if not narrower.formats or "" in wider.formats:
        return True
    return narrower.formats <= wider.formats if every_format else bool(narrower.formats & wider.formats)


def _nearest(one: Object, others: tuple[Object, ...]) -> Object:
    """Return the object that shares the largest part of its fields with one."""
    names = set(one.fields)
    return max(others, key=lambda each: len(names & set(each.fields)) / (len(names | set(each.fields)) or 1))
