"""aioresponses on aiohttp 3.14 and later.

aioresponses 0.7.9 builds its answers without the ``stream_writer`` that aiohttp 3.14 made a required argument of
``ClientResponse``, so each mocked answer ends in a ``TypeError`` (pnuckowski/aioresponses, issue 289). Remove this file
and import ``aioresponses`` itself once ``test_the_shim_is_still_needed`` fails: then a release has mended it.

Use it for the shape of requests and answers only. It replaces ``ClientSession._request``, so time limits, middlewares
and trace hooks never run under it, and nothing is ever cut off: these need a real server, see tests/server.
"""

from __future__ import annotations

import inspect
from typing import Any, Final
from unittest import mock

from aiohttp import ClientResponse
from aiohttp.abc import AbstractStreamWriter
from aioresponses import aioresponses as _aioresponses

TAKES_STREAM_WRITER: Final = "stream_writer" in inspect.signature(ClientResponse).parameters


class MockedResponse(ClientResponse):
    """An answer with a stub in place of the writer of its request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if TAKES_STREAM_WRITER:
            kwargs.setdefault("stream_writer", mock.create_autospec(AbstractStreamWriter, instance=True, output_size=0))
        super().__init__(*args, **kwargs)


class aioresponses(_aioresponses):  # noqa: N801 - stands in for the class of this name
    """``aioresponses`` whose answers are :class:`MockedResponse` unless told otherwise."""

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Add an answer, as the base class does."""
        kwargs.setdefault("response_class", MockedResponse)
        super().add(*args, **kwargs)
