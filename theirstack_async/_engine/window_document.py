"""The document of the rate windows: what it holds, and how it is counted. :mod:`windows` decides by it.

All of it is JSON, and all times are seconds of the store's clock::

    now       when it was last touched
    windows   {name: window}, see new_window()
    assumed   whether the windows are a guess, no answer having told any
    flying    {ticket: [granted, end of its lease]}: what is under way
    times     when replies were received, sorted
    sums      beside each time, how many replies there are up to it, itself included
    free      below this many in flight and in ``times`` together, every window has room, without counting
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Any, Final

BLOCKED: Final = "Retry-After"
"""The name of the window that stands for a bare Retry-After, which holds everything back."""
MANY: Final = 10**15
"""More requests than anybody makes."""

_MOST_TIMES: Final = 512
_KEPT_TIMES: Final = 448  # less, so that tidying up is rare; and above the 400 of the free tier's day
_MERGED: Final = 128  # at a time
_TINY: Final = 1e-9


def new_window(quota: int, length: float) -> dict[str, Any]:
    """Return a window of whose use nothing is known."""
    return {
        "quota": quota,  # requests; 0: not known, and the window holds back only while it is told to be empty
        "length": length,  # seconds, above 0
        "fixed": False,  # whether a policy told the length; else it is the longest reset seen
        "others": 0,  # requests that the server counted, beyond our own
        "seen": 0.0,  # when others were last told
        "reset": 0.0,  # seconds after seen: what others fill is shut until then, and probed from then on
        "gone": 0.0,  # seconds after seen: others are forgotten
        "probe": None,  # the ticket of the last probe, which is out as long as it is in flight
    }


def open_document(doc: dict[str, Any], now: float, assumed: Iterable[tuple[str, int, float]] = ()) -> None:
    """Make an empty document a full one, and cope with a clock that was set back: nothing lies in the future."""
    if not doc:
        windows = {name: new_window(quota, length) for name, quota, length in assumed}
        doc.update(windows=windows, assumed=bool(windows), flying={}, times=[], sums=[])
        set_free(doc)
    elif now < doc["now"]:
        doc["times"][:] = [min(time, now) for time in doc["times"]]
        for flight in doc["flying"].values():
            ahead = max(0.0, flight[0] - now)
            flight[:] = [flight[0] - ahead, flight[1] - ahead]
        for window in doc["windows"].values():
            window["seen"] = min(window["seen"], now)
    doc["now"] = now


def note(doc: dict[str, Any], time: float) -> None:
    """Note a reply as received at ``time``."""
    times: list[float] = doc["times"]
    sums: list[int] = doc["sums"]
    at = bisect_right(times, time)
    times.insert(at, time)
    sums.insert(at, sums[at - 1] if at else 0)
    for later in range(at, len(sums)):
        sums[later] += 1


def tidy(doc: dict[str, Any], now: float) -> None:
    """Drop what is past: leases, others' use, and replies that no window counts any more."""
    flying: dict[str, list[float]] = doc["flying"]
    for ticket, (_, end) in list(flying.items()):
        if end <= now:
            del flying[ticket]
            note(doc, end)
    windows: dict[str, dict[str, Any]] = doc["windows"]
    for name, window in list(windows.items()):
        if now >= window["seen"] + window["gone"]:
            window["others"] = 0
            if name == BLOCKED:
                del windows[name]
    # The answer to what is in flight is compared with what was own use when it was sent.
    since = min([now, *(granted for granted, _ in flying.values())])
    past = bisect_right(doc["times"], since - max((window["length"] for window in windows.values()), default=0.0))
    if past:
        before: int = doc["sums"][past - 1]
        del doc["times"][:past]
        doc["sums"][:] = [total - before for total in doc["sums"][past:]]


def keep_short(doc: dict[str, Any], now: float) -> None:
    """Bound the list: where replies came close together for their age, one counts as received when the next one was.

    That is on the safe side, and some hundredths of a window's length off when it holds thousands of them.
    """
    times: list[float] = doc["times"]
    if len(times) <= _MOST_TIMES:
        return
    tidy(doc, now)
    if len(times) > _KEPT_TIMES:
        gaps = [(times[n + 1] - times[n]) / max(now - times[n], _TINY) for n in range(len(times) - 1)]
        merged = set(sorted(range(0, len(gaps), 2), key=gaps.__getitem__)[:_MERGED])
        for name in ("times", "sums"):
            doc[name][:] = [value for n, value in enumerate(doc[name]) if n not in merged]


def set_free(doc: dict[str, Any]) -> None:
    """Work out anew how much is granted without counting; needed when the windows or others' use have changed."""
    rooms = [w["quota"] - w["others"] if w["quota"] else MANY * (not w["others"]) for w in doc["windows"].values()]
    doc["free"] = min(rooms, default=MANY)


def own_use(doc: dict[str, Any], window: dict[str, Any], since: float) -> int:
    """Count what is in flight, and the replies from ``since`` less the window's length on."""
    sums: list[int] = doc["sums"]
    past = bisect_right(doc["times"], since - window["length"])
    flying: dict[str, list[float]] = doc["flying"]
    return len(flying) + (sums[-1] if sums else 0) - (sums[past - 1] if past else 0)


def free_at(doc: dict[str, Any], window: dict[str, Any], now: float, ahead: int) -> float:
    """Return the least instant at which the window has room for one more than ``ahead`` (below its quota) requests."""
    length: float = window["length"]
    others: int = window["others"]
    told: float = max(now, window["seen"] + window["reset"])  # others' use leaves then at the earliest
    if not window["quota"]:
        return told if others else now
    times: list[float] = doc["times"]
    sums: list[int] = doc["sums"]
    past = bisect_right(times, now - length)

    def leaves(n: int) -> float:
        at = bisect_left(sums, n + 1 + (sums[past - 1] if past else 0))
        # What is in flight is answered now at the earliest.
        return now if n < 0 else (times[at] if at < len(times) else now) + length

    nth = own_use(doc, window, now) + others + ahead - window["quota"]  # of all that leave, own use and others'
    return min(leaves(nth), max(told, leaves(nth - others)))
