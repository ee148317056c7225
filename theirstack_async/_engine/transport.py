"""The seam: everything above it is testable without a network, and below it one file knows aiohttp."""

from __future__ import annotations

from typing import Protocol

from theirstack_async._wire.message import Request, Response


class Transport(Protocol):
    """Sends one request and returns one complete answer."""

    def check(self) -> None:
        """Raise what :meth:`send` would raise before sending, so that nobody waits in line for it.

        Raises:
            ClientClosedError: the transport was closed.
            ConfigurationError: it is in use on another event loop.
        """
        ...

    async def send(self, request: Request) -> Response:
        """Send the request, whatever its status may be.

        Raises:
            TransportError: no complete answer came back; its ``sent`` tells whether the API can have acted.
            DecodeError: the answer is larger than allowed.
            ClientClosedError: the transport was closed, perhaps meanwhile.
        """
        ...

    async def aclose(self) -> None:
        """Release what the transport holds. A second call does nothing."""
        ...
