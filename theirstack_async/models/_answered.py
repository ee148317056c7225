"""What models share that are made of the answer to one call."""

from __future__ import annotations

from typing import Any, TypeVar

from theirstack_async._wire.message import ResponseMeta
from theirstack_async.models._base import Model

A = TypeVar("A", bound="Answered")


class Answered(Model):
    """A model that one call brought, which also knows what the answer told beside its contents.

    That lives in a plain slot, as unknown fields do: it is no part of the data, so it is not compared, shown, hashed or
    written, and no field of the wire can be taken for it. A pickle or a copy has it.
    """

    __slots__ = ("_meta",)

    _meta: ResponseMeta

    @property
    def meta(self) -> ResponseMeta | None:
        """Status, request id, attempts, seconds, rows, credits, rate windows; None where no call of this client made
        it.
        """
        try:
            return self._meta
        except AttributeError:
            return None

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        return state if self.meta is None else {**state, "_meta": self.meta}


def with_meta(model: A, meta: ResponseMeta) -> A:
    """Return a model that was just made, with what its answer told beside its contents."""
    object.__setattr__(model, "_meta", meta)
    return model
