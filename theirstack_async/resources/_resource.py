"""What all resources share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

from theirstack_async._convert import Converter, Rows
from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.pipeline import Pipeline
from theirstack_async._values import UNSET
from theirstack_async._wire.encode import fill_path
from theirstack_async.config import RequestOptions
from theirstack_async.errors import DecodeError, Problem

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
        try:
            return self._converter.decode(reply.body, type_)
        except DecodeError as error:
            failure = error
        label = f"{operation.method} {fill_path(operation.path, parts)}"
        raise DecodeError(f"{label}: {failure}", problems=failure.problems, body=failure.body)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._pipeline.clock.now(), UTC)


def good_rows(page: Rows[T], label: str, body: bytes) -> list[T]:
    """Return the rows of an answer that is not paged.

    Raises:
        DecodeError: some do not decode; ``items_so_far`` has those that do, and ``body`` the whole answer.
    """
    from theirstack_async._convert import Reject

    bad = [row for row in page.rows if isinstance(row, Reject)]
    good = [row for row in page.rows if not isinstance(row, Reject)]
    if bad:
        more = f", and {len(bad) - 1} more" if len(bad) > 1 else ""
        error = DecodeError(
            f"{label}: {bad[0]} does not decode{more}: {bad[0].problems[0]}; the others are in .items_so_far, and the "
            "whole answer is in .body",
            problems=bad[0].problems,
            body=body,
        )
        error.items_so_far = good
        raise error
    return good


def refuse_envelope(data: object, body: bytes) -> None:
    """Refuse a success that holds an error: where any JSON would do, it must not pass for a yes.

    Raises:
        DecodeError: the answer is the API's error envelope.
    """
    if isinstance(data, dict) and {"error", "detail"} & set(cast("dict[str, object]", data)):
        problem = Problem("", "an error in an answer whose status says success")
        raise DecodeError(f"the answer is {problem}; the whole answer is in .body", problems=[problem], body=body)
