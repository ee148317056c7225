"""Which fault plays for which request."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from theirstack_async.testing.faults import Fault
from theirstack_async.testing.records import RequestRecord

Match = str | Callable[[RequestRecord], bool]
"""``"POST /v0/webhooks/events/retry"``, with ``*`` for anything; or a function of the request."""

_MATCH: Final = re.compile(r"(\*|[A-Z]+) ?[/*].*|\*", re.DOTALL)


@dataclass(slots=True, eq=False)
class _Cue:
    matches: Callable[[RequestRecord], bool]
    fault: Fault
    left: int | None


class Faults:
    """The faults that wait for their requests. The first one added that matches plays."""

    def __init__(self) -> None:
        self._cues: list[_Cue] = []

    def __len__(self) -> int:
        return len(self._cues)

    def add(self, match: Match, fault: Fault, *, times: int | None = 1) -> None:
        """Let ``fault`` play for the next ``times`` requests that match; None for all of them.

        ``match`` is a text such as ``"GET /v0/webhooks/*/events"`` (method and path, ``*`` for anything) or a function
        of the :class:`~theirstack_async.testing.RequestRecord`.

        Raises:
            ValueError: ``times`` is below 1, or the text could match no request, so that the fault would never play.
            TypeError: ``fault`` is no fault, such as its class.
        """
        if not isinstance(cast("object", fault), Fault):
            raise TypeError(f"fault: expected a fault such as Status(503), got {fault!r}")
        if isinstance(match, str) and not _MATCH.fullmatch(match):
            raise ValueError(f'match: expected a text such as "GET /v0/webhooks", or "*" for anything, got {match!r}')
        if times is not None and times < 1:
            raise ValueError(f"times must be at least 1, or None for ever; it is {times}")
        self._cues.append(_Cue(_pattern(match) if isinstance(match, str) else match, fault, times))

    def clear(self) -> None:
        """Forget all faults that have not played."""
        self._cues.clear()

    def take(self, record: RequestRecord, *, reads_request: bool) -> Fault | None:
        """Return the fault that plays now, and count it; None when none does."""
        for cue in self._cues:
            if cue.fault.reads_request == reads_request and cue.matches(record):
                if cue.left is not None:
                    cue.left -= 1
                    if cue.left == 0:
                        self._cues.remove(cue)
                return cue.fault
        return None


def _pattern(text: str) -> Callable[[RequestRecord], bool]:
    pattern = re.compile(".*".join(map(re.escape, text.split("*"))), re.DOTALL)
    return lambda record: pattern.fullmatch(f"{record.method} {record.path}") is not None
