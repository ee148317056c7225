"""What all resources share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from theirstack_async._convert import Converter
from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.pipeline import Pipeline
from theirstack_async._values import UNSET
from theirstack_async.config import RequestOptions

T = TypeVar("T")


class Resource:
    """A noun of the API, on a client."""

    def __init__(self, pipeline: Pipeline, converter: Converter) -> None:
        self._pipeline = pipeline
        self._converter = converter

    async def _call(
        self,
        operation: Operation,
        type_: type[T],
        *,
        parts: Mapping[str, object] = {},
        query: Mapping[str, object] = {},
        json: Any = UNSET,
        options: RequestOptions | None = None,
    ) -> T:
        """Make a call and return its answer as a model."""
        reply = await self._pipeline.call(operation, parts=parts, query=query, json=json, options=options)
        return self._converter.decode(reply.body, type_)
