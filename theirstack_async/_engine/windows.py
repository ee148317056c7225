"""Sliding rate windows, as pure functions over a plain document that a quota store keeps.

A window lets ``quota`` requests in within any ``length`` seconds. The server counts a request when it arrives, which
nobody here sees; it is some instant between sending and the reply. So a slot is taken from the grant on, and free again
``length`` seconds after the reply was RECEIVED: jitter of the network then never makes a 429. What the server counted
beyond that is others' use (https://theirstack.com/en/docs/api-reference/rate-limit.md: the windows are per user).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any, Final

import attrs

from theirstack_async._engine.window_document import (
    BLOCKED,
    MANY,
    free_at,
    keep_short,
    new_window,
    note,
    open_document,
    own_use,
    set_free,
    tidy,
)
from theirstack_async._values import RateLimit, RateWindow

__all__ = ["BLOCKED", "LONGEST", "Wait", "forecast", "release", "reserve", "settle", "state"]

LONGEST: Final = 31 * 86_400.0
"""Seconds: a longer window, reset or Retry-After is not believed, and cut to this."""

_SHORTEST: Final = 0.001  # a shorter sleep may not move a clock at all
_SETTLE_POLL: Final = 1.0
_PROBE_POLL: Final = 0.1
_EMPTY_AT_LEAST: Final = 0.05  # an empty window that resets "in 0 s" has had its seconds rounded down
_MOST_WINDOWS: Final = 32


@attrs.frozen
class Wait:
    """Why a request may not be sent yet."""

    seconds: float
    """How long until it is worth asking again: above 0, finite, and never more than the window's length.

    When the window is held by requests in flight, or by a probe, nobody knows how long. Then it is how often to look
    for what other processes did; who waits in this process is better woken by the next :func:`settle` here.
    """
    window: str
    """The name of the window that holds longest."""
    reset: float
    """Seconds until that window has room again, as far as is known."""
    probing: bool = False
    """Whether it waits for the answer to somebody's probe."""


def reserve(
    doc: dict[str, Any], now: float, ticket: str, *, lease: float, assumed: Iterable[tuple[str, int, float]] = ()
) -> Wait | None:
    """Take a slot in every window, noted in flight under ``ticket``, and return None; or return how long to wait.

    A ticket that has its slot already keeps it. After ``lease`` seconds without :func:`settle` or :func:`release` it
    counts as answered then. ``assumed`` are windows (name, quota, seconds) to go by until an answer tells better.

    A window that only own use fills has room when its oldest slot is free again. Where it is slots in flight that must
    be answered first, the wait is a poll of ``min(length, 1 s)``: a slot answered meanwhile is free ``length`` seconds
    later, so that nothing is missed. A window that others' use fills stays shut until the reset that the server told;
    then one request is let in as a probe, and the rest wait until its answer has corrected the numbers.
    """
    open_document(doc, now, assumed)
    flying: dict[str, list[float]] = doc["flying"]
    if ticket in flying:
        return None
    sums: list[int] = doc["sums"]
    if (sums[-1] if sums else 0) + len(flying) >= doc["free"]:
        tidy(doc, now)
        wait, probes = _look(doc, now)
        if wait is not None:
            return wait
        for window in probes:
            window["probe"] = ticket
    flying[ticket] = [now, now + lease]
    return None


def forecast(doc: dict[str, Any], now: float, ahead: int) -> Wait | None:
    """Return the least that one who has ``ahead`` others before him will wait, or None when it may be nothing.

    A lower bound, as if each reply came at once: all ``quota`` slots of a window are free again once every ``length``.
    """
    if not doc:
        return None
    open_document(doc, now)
    tidy(doc, now)
    worst: Wait | None = None
    for name, window in doc["windows"].items():
        rounds, rest = divmod(ahead, window["quota"] or MANY)
        instant = free_at(doc, window, now, rest) + rounds * window["length"]
        if instant > now and (worst is None or instant - now > worst.seconds):
            worst = Wait(instant - now, name, free_at(doc, window, now, 0) - now)
    return worst


def settle(
    doc: dict[str, Any],
    now: float,
    ticket: str,
    told: RateLimit | None,
    *,
    counted: bool = True,
    retry_after: float | None = None,
) -> None:
    """Note that a request is over: its slot is free again the window's length from now.

    ``told`` is what its answer's headers said: ``RateLimit(())`` when an answer came without any, which drops the
    assumed windows, and None when no answer came. ``counted=False`` stands for a 429, which the server does not count:
    the slot is free at once, and ``retry_after`` (seconds) holds everything back when no window was told to be empty.
    An unknown ticket takes no slot, so that settling twice does no harm; what was told is learned all the same.
    """
    if not doc and told is None and retry_after is None:
        return
    open_document(doc, now)
    granted, _ = doc["flying"].pop(ticket, None) or (None, None)
    if granted is not None and counted:
        note(doc, now)
    # Of the own requests the server may have counted those answered within the length before this one was SENT. A
    # refusal is judged by the present: better a probe too many than another refusal.
    since: float = granted if counted and granted is not None else now
    empty = told is not None and _learn(doc, now, told, since)
    windows: dict[str, dict[str, Any]] = doc["windows"]
    blocked, seconds = windows.get(BLOCKED), _number(retry_after, LONGEST)
    if seconds and not counted and not empty:
        windows[BLOCKED] = {**new_window(0, seconds), "others": 1, "seen": now, "reset": seconds, "gone": 2 * seconds}
    elif counted and told is not None and blocked is not None and since >= blocked["seen"] + blocked["reset"]:
        del windows[BLOCKED]
    keep_short(doc, now)
    set_free(doc)


def release(doc: dict[str, Any], ticket: str) -> None:
    """Give back the slot of a request that was never sent. Unknown tickets are ignored."""
    doc.get("flying", {}).pop(ticket, None)


def state(doc: dict[str, Any], now: float) -> RateLimit:
    """Return the windows as they are known at present; the document stays as it is.

    ``remaining`` leaves out what is in flight and what others are known to have used; ``reset`` is the least number of
    seconds until an empty window has room, or until any other is full again.
    """
    if not doc:
        return RateLimit(())
    doc = copy.deepcopy(doc)
    open_document(doc, now)
    tidy(doc, now)
    shown: list[RateWindow] = []
    for name, window in doc["windows"].items():
        quota, others = window["quota"], window["others"]
        left = max(0, quota - own_use(doc, window, now) - others) if quota else (0 if others else None)
        reset = free_at(doc, window, now, quota - 1 if left else 0) - now
        shown.append(RateWindow(name, quota or None, window["length"], left, reset))
    return RateLimit(tuple(shown))


def _look(doc: dict[str, Any], now: float) -> tuple[Wait | None, list[dict[str, Any]]]:
    """Return the longest wait, None when there is room everywhere, and the windows where it would be a probe's."""
    waits: list[Wait] = []
    probes: list[dict[str, Any]] = []
    for name, window in doc["windows"].items():
        length: float = window["length"]
        own = own_use(doc, window, now) if window["quota"] else 0
        quota = max(1, window["quota"])
        if own + window["others"] < quota:
            continue
        if own < quota and now >= window["seen"] + window["reset"]:
            if window["probe"] not in doc["flying"]:
                probes.append(window)
                continue
            poll = min(length, _PROBE_POLL)
            waits.append(Wait(poll, name, poll, probing=True))
            continue
        reset = max(_SHORTEST, min(length, free_at(doc, window, now, 0) - now))
        held = 0 < window["quota"] <= len(doc["flying"])
        waits.append(Wait(min(reset, _SETTLE_POLL) if held else reset, name, reset))
    return max(waits, key=lambda wait: wait.seconds, default=None), probes


def _learn(doc: dict[str, Any], now: float, told: RateLimit, since: float) -> bool:
    """Take over what was told, and return whether a window was told to be empty. Own use counts from ``since`` on.

    A policy replaces all windows, for a tier may change; without one the windows told are added to those known.
    """
    known: dict[str, dict[str, Any]] = doc["windows"]
    replace = doc["assumed"] or any(window.window is not None for window in told.windows)
    learned = {name: window for name, window in known.items() if not replace or name == BLOCKED}
    empty = False
    for says in told.windows:
        window = _taught(known.get(says.name), says)
        if window is not None and (says.name in learned or len(learned) < _MOST_WINDOWS):
            learned[says.name] = window
            empty = _correct(doc, window, now, says, since) or empty
    doc.update(windows=learned, assumed=False)
    return empty


def _taught(known: dict[str, Any] | None, says: RateWindow) -> dict[str, Any] | None:
    """Return a window with the quota and length that were told, or None as long as its length is unknown."""
    if known is not None and known["fixed"] and (says.quota, says.window) == (known["quota"], known["length"]):
        return known
    quota, length, reset = _number(says.quota, MANY), _number(says.window, LONGEST), _number(says.reset, LONGEST)
    window = known or new_window(0, 0.0)
    if quota is not None:
        window["quota"] = int(quota)
    if length:
        window.update(length=max(_SHORTEST, length), fixed=True)
    elif reset and not window["fixed"]:
        window["length"] = max(_SHORTEST, reset, window["length"])
    return window if window["length"] else None


def _correct(doc: dict[str, Any], window: dict[str, Any], now: float, says: RateWindow, since: float) -> bool:
    """Reckon others' use anew: what the server counted beyond our own. Return whether the window is empty."""
    remaining, reset = _number(says.remaining, MANY), _number(says.reset, window["length"])
    if remaining is None:
        return False
    quota: int = window["quota"]
    used = max(0, max(1, quota) - int(remaining))
    others = max(0, used - (own_use(doc, window, since) if quota else 0))
    shut = window["length"] if reset is None else reset
    if not remaining:
        shut = min(window["length"], max(shut, _EMPTY_AT_LEAST))
    # All that others did is past after one length. A window found empty is to be probed before it is trusted, and a
    # probe whose answer takes longer than that is not waited for.
    window.update(others=others, seen=now, reset=shut, gone=window["length"] + (0 if remaining else shut))
    return not remaining


def _number(value: float | None, most: float) -> float | None:
    """Return a number from 0 to ``most``, or None for what is no such thing (a negative one, NaN)."""
    return min(value, most) if value is not None and value >= 0 else None
