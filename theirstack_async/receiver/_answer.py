"""What a receiver answers: a status, headers, and a line for whoever reads the event list."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen
class Answer:
    """An HTTP answer, for any framework to send."""

    status: int
    text: str
    """A line in plain text, at most 200 characters. The API keeps it in ``response_body`` of the event."""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    """Headers besides ``Content-Type: text/plain; charset=utf-8`` and ``Content-Length``."""

    @property
    def ok(self) -> bool:
        """Whether the delivery is safe: the API does not send it again."""
        return 200 <= self.status < 300
