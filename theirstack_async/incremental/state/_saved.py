"""What all states say of what is saved: that it is too new, that another run changed it, that another run has it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, cast

from theirstack_async.errors import StateError, StateLockedError

FORMAT: Final = 1
"""Of what is saved. A release reads its own format and the earlier ones."""


def _is_instant(value: Any) -> bool:
    if value is None:
        return True
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in cast("list[object]", value))


_SOUND: Final[Mapping[str, Callable[[Any], bool]]] = {
    "mark": _is_instant,
    "rows": _is_count,
    "credits": _is_count,
    "landed": _are_texts,
}


def check_document(document: Any, where: str) -> Mapping[str, Any]:
    """Return a document that can be read.

    Raises:
        StateError: it is of a later format, or no document at all.
    """
    if not isinstance(document, Mapping):
        raise StateError(f"{where} holds something else than the state of a profile; restore it from a copy")
    found = cast("Mapping[str, Any]", document)
    check_format(found.get("format", FORMAT), where)
    for name, is_sound in _SOUND.items():
        if name in found and not is_sound(found[name]):
            raise StateError(
                f"{where} holds a profile whose {name} is {found[name]!r}, which no release writes; restore it from a "
                "copy"
            )
    return found


def check_format(number: Any, where: str) -> None:
    """Refuse a format that this release does not know.

    Raises:
        StateError: it is later than ours, or none that a release writes.
    """
    if type(number) is not int or number < 1:
        raise StateError(f"{where} holds something else than the state of a profile; restore it from a copy")
    if number > FORMAT:
        raise StateError(
            f"{where} was written by a later release (format {number}, and this one knows {FORMAT}); upgrade "
            "theirstack-async"
        )


def conflict(key: str, where: str, expected: int, found: int | None) -> StateError:
    """Return the error of a change that was made on another revision than the saved one."""
    after = "meanwhile" if found is None else f"(revision {found}, not {expected})"
    return StateError(
        f"the profile {key} in {where} was changed by another run {after}, or taken away; nothing was saved. End the "
        "other run, and begin this one again: it goes on from what is saved"
    )


def locked(profile: str, where: str, wait: float) -> StateLockedError:
    """Return the error of a profile that another run has."""
    waited = f" after {wait:g} s" if wait > 0 else ""
    return StateLockedError(
        f"the profile {profile} in {where} is held by another run{waited}; let it end, or wait for it with wait="
    )
