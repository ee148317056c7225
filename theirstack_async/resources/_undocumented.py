"""Calls whose answers no page describes, or only in part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from theirstack_async._engine.dialect import Operation
from theirstack_async._engine.pipeline import CallState, Reply
from theirstack_async._values import UNSET
from theirstack_async._wire.encode import fill_path
from theirstack_async.config import RequestOptions
from theirstack_async.errors import DecodeError
from theirstack_async.resources._resource import Resource, refuse_envelope

T = TypeVar("T")
ONE_CLICK: Final = {"list_unsubscribe": "One-Click"}
"""The form that says that somebody clicked (RFC 8058, 3.2; the API writes the field in its own way)."""


class UndocumentedAnswers(Resource):
    """A noun of the API, some of whose answers are not documented."""

    async def _act(
        self,
        operation: Operation,
        *,
        parts: Mapping[str, object] = {},
        query: Mapping[str, object] = {},
        json: Any = UNSET,
        form: Mapping[str, str] | None = None,
        options: RequestOptions | None = None,
        state: CallState | None = None,
    ) -> None:
        """Make a call of which only the success counts: any JSON but an error will do, and so will an empty answer."""
        reply = await self._pipeline.call(
            operation, parts=parts, query=query, json=json, form=form, options=options, state=state
        )
        if reply.body.strip():
            self._plain(reply, object, operation, parts)

    def _plain(self, reply: Reply, type_: type[T], operation: Operation, parts: Mapping[str, object]) -> T:
        """Return an answer as plain data of a kind.

        Raises:
            DecodeError: it is not of that kind, or it is the API's error envelope.
        """
        try:
            data = self._converter.decode(reply.body, type_)
            refuse_envelope(data, reply.body)
        except DecodeError as error:
            failure = error
        else:
            return data
        label = f"{operation.method} {fill_path(operation.path, parts)}"
        raise DecodeError(f"{label}: {failure}", problems=failure.problems, body=failure.body)
