"""A request as an operation sees it, and the row that says which requests an operation answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple, cast

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, ErrorStyle
from theirstack_async.testing.backend import Backend


@dataclass(frozen=True, slots=True)
class Call:
    """A request as an operation sees it."""

    path_id: str
    """The text that stands where the path has an id; empty in a path without one."""
    query: list[tuple[str, str]]
    body: bytes
    content_type: str
    """In lower case, without parameters."""

    def number(self, name: str) -> int:
        """Return the number that stands where the path has ``{name}``. Raises InvalidError when it is none."""
        fields = read.Fields("path", {name: self.path_id})
        number = fields.required(name, read.number_text)
        fields.check()
        return cast("int", number)

    def parameters(self) -> read.Fields:
        """Return the fields of the query; of a repeated one the last counts (see :meth:`repeated`)."""
        return read.query_fields(self.query)

    def repeated(self, name: str) -> list[str]:
        """Return all values of a query parameter that may be given several times; empty ones are left out."""
        return [value for key, value in self.query if key == name and value != ""]

    def fields(self, *, optional: bool = False) -> read.Fields:
        """Return the fields of the body, a JSON object; none of an empty body that is ``optional``.

        Raises InvalidError when the body is something else.
        """
        if optional and not self.body:
            return read.Fields("body", {})
        return read.body_fields(self.body, self.content_type)

    def form(self) -> read.Fields:
        """Return the fields of the body, a form; none of an empty body. Raises InvalidError when it is no form."""
        return read.form_fields(self.body, self.content_type)


Operation = Callable[[Backend, Call], Answer | Awaitable[Answer]]


class Route(NamedTuple):
    """One row of the table of operations. A plain tuple of the first three will do."""

    method: str
    path: str
    """With ``{id}`` where an id or a key stands; no path of the API has two."""
    operation: Operation
    needs_key: bool = True
    errors: ErrorStyle = "envelope"
    """The shape of the operation's 422 answers."""
