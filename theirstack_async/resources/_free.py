"""What is asked for free must come for free: an answer that was billed all the same is accounted for, and told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.pipeline import Pipeline, Reply
from theirstack_async.config import RequestOptions
from theirstack_async.errors import DecodeError, Problem


class FreeOfCharge:
    """Watches over the calls of one free listing or count, and lets none follow one that was billed."""

    def __init__(self, pipeline: Pipeline, operation: Operation, options: RequestOptions | None) -> None:
        self._pipeline = pipeline
        self._operation = operation
        self._options = options
        self._billed: DecodeError | None = None

    async def call(self, body: Mapping[str, Any], rows: int) -> Reply:
        """Ask for so many blurred rows, and return the answer when no row of it says that it is not blurred.

        Raises:
            DecodeError: rows came unblurred, so they were billed; they are in ``body``, and in the budget and in
                ``client.usage``. It is raised again, and nothing sent, if another page is asked for after that.
        """
        from theirstack_async._convert.blur import unblurred

        if self._billed is not None:
            raise self._billed
        reply = await self._pipeline.call(self._operation, json=body, options=self._options, kind="read", rows=rows)
        if billed := unblurred(reply.body):
            cost = await self._pipeline.charge(self._operation, billed, self._options)
            self._billed = self._error(billed, cost, reply.body)
            raise self._billed
        return reply

    def _error(self, rows: int, cost: int, body: bytes) -> DecodeError:
        label = f"{self._operation.method} {self._operation.path}"
        which = "a row" if rows == 1 else f"{rows} rows"
        return DecodeError(
            f"{label}: blurred rows were asked for, which are free, and {which} came unblurred, which the API bills. "
            f"What it cost is accounted for ({cost} credit{'s' if cost > 1 else ''}), and what came is in .body; do "
            "not repeat the call, and look for a filter that names companies",
            problems=[Problem("data[].has_blurred_data", "expected true, got false")],
            body=body,
        )
