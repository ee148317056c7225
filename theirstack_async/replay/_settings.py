"""How a run goes about its plan: what the journal keeps of it, so that the run can go on in another process."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Self, cast

import attrs

from theirstack_async._check import check_names
from theirstack_async.config import check_count, check_seconds
from theirstack_async.errors import ArgumentError
from theirstack_async.replay._provider import OnUnknown, StopWhen

_CHOICES = ("report", "resend")


@attrs.frozen(kw_only=True)
class Settings:
    """How a run goes about its plan."""

    batch_size: int
    """Ids a call, from 1."""
    rate: float | None
    """Ids a second that a webhook is sent at the most, above 0; None for what the API allows."""
    max_concurrency: int
    """Calls at once, from 1."""
    canary: int
    """Ids that a webhook is sent first and that have to arrive before the others; 0 for none."""
    stop_when: StopWhen | None
    """When a webhook is not sent to any longer; None for never."""
    on_unknown: OnUnknown
    """What becomes of events of unknown outcome."""
    grace: float
    """Seconds from 0: how old a call of unknown outcome has to be before its events are sent again."""

    def check(self, *, max_ids: int | None = None) -> Self:
        """Return them if they can be used.

        Args:
            max_ids: how many ids a call takes at the most; None for no bound.

        Raises:
            ArgumentError: one cannot, which names the field.
        """
        check_count("batch_size", self.batch_size, at_least=1)
        if max_ids is not None and self.batch_size > max_ids:
            raise ArgumentError(
                f"batch_size: {self.batch_size}, the API takes {max_ids} ids a call", field="batch_size"
            )
        if self.rate is not None:
            _check_positive("rate", self.rate, "ids a second")
        check_count("max_concurrency", self.max_concurrency, at_least=1)
        check_count("canary", self.canary, at_least=0)
        if self.stop_when is not None:
            _check_stop(self.stop_when)
        if self.on_unknown not in _CHOICES:
            raise ArgumentError(
                f"on_unknown: expected 'report' or 'resend', got {self.on_unknown!r}", field="on_unknown"
            )
        check_seconds("grace", self.grace)
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON can hold them."""
        return attrs.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return what :meth:`to_dict` gave.

        Raises:
            ArgumentError: a name is missing or not known, or a value cannot be used.
        """
        fields = _fields(cls, data)
        stop = fields["stop_when"]
        if stop is not None:
            fields["stop_when"] = StopWhen(**_fields(StopWhen, stop))
        return cls(**fields).check()


def _fields(cls: type[attrs.AttrsInstance], data: object) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise ArgumentError(f"settings: expected an object, got {data!r}", field="settings")
    given: dict[str, Any] = dict(cast("Mapping[str, Any]", data))
    names = [field.name for field in attrs.fields(cls)]
    check_names(given, names, "setting")
    for name in names:
        if name not in given:
            raise ArgumentError(f"{name}: missing", field=name)
    return given


def _check_stop(stop: object) -> None:
    if not isinstance(stop, StopWhen):
        raise ArgumentError(f"stop_when: expected a StopWhen or None, got {stop!r}", field="stop_when")
    _check_positive("stop_when.failed", stop.failed, "a share of 1", 1)
    check_count("stop_when.of", stop.of, at_least=1)
    _check_positive("stop_when.every", stop.every, "seconds")


def _check_positive(field: str, value: object, what: str, most: float = math.inf) -> None:
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most and value != math.inf
    if not fits:
        bound = "" if most == math.inf else f", at most {most:g}"
        raise ArgumentError(f"{field}: expected {what}, above 0{bound}, got {value!r}", field=field)
