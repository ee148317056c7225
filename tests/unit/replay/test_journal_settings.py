"""How a run goes about its plan."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from tests.unit.replay._journals import settings_of
from theirstack_async.errors import ArgumentError
from theirstack_async.replay._provider import StopWhen
from theirstack_async.replay._settings import Settings


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"rate": None, "stop_when": None, "on_unknown": "resend", "canary": 0, "grace": 0},
        {"rate": 1, "stop_when": StopWhen(failed=1, of=1, every=0.5), "batch_size": 1, "max_concurrency": 1},
    ],
)
def test_settings_come_back_from_json(fields: dict[str, Any]) -> None:
    settings = settings_of(**fields)
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict()))) == settings
    assert settings.check() is settings


REFUSED: dict[str, tuple[str, Any]] = {
    "no ids a call": ("batch_size", 0),
    "half a batch": ("batch_size", 2.0),
    "a true batch": ("batch_size", True),
    "no rate": ("rate", 0),
    "a rate below": ("rate", -1.0),
    "an endless rate": ("rate", math.inf),
    "a rate that is none": ("rate", math.nan),
    "a true rate": ("rate", True),
    "a rate as text": ("rate", "1"),
    "no calls at once": ("max_concurrency", 0),
    "fewer canaries than none": ("canary", -1),
    "a truth for a canary": ("canary", True),
    "a word for what is unknown": ("on_unknown", "ask"),
    "a grace below": ("grace", -1),
    "an endless grace": ("grace", math.inf),
    "a share for stop_when": ("stop_when", 0.5),
    "no failures": ("stop_when.failed", StopWhen(failed=0)),
    "more failures than all": ("stop_when.failed", StopWhen(failed=1.01)),
    "of none": ("stop_when.of", StopWhen(of=0)),
    "looks without a pause": ("stop_when.every", StopWhen(every=0)),
    "looks never": ("stop_when.every", StopWhen(every=math.inf)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_used_is_refused_by_name(case: str) -> None:
    field, value = REFUSED[case]
    with pytest.raises(ArgumentError, match=f"^{field}: ") as caught:
        settings_of(**{field.partition(".")[0]: value}).check()
    assert caught.value.field == field


def test_what_is_refused_is_told_its_bounds() -> None:
    with pytest.raises(ArgumentError, match=r"expected a share of 1, above 0, at most 1, got 2$"):
        settings_of(stop_when=StopWhen(failed=2)).check()
    with pytest.raises(ArgumentError, match=r"expected ids a second, above 0, got 0$"):
        settings_of(rate=0).check()
    with pytest.raises(ArgumentError, match=r"expected a whole number from 1, got 0$"):
        settings_of(max_concurrency=0).check()


def test_a_batch_is_bounded_by_the_api() -> None:
    settings = settings_of(batch_size=25)
    assert settings.check(max_ids=25) is settings
    with pytest.raises(ArgumentError, match="batch_size: 25, the API takes 24 ids a call") as caught:
        settings.check(max_ids=24)
    assert caught.value.field == "batch_size"


def data_of(**changes: Any) -> dict[str, Any]:
    data = {**settings_of().to_dict(), **changes}
    return {name: value for name, value in data.items() if value is not ...}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (data_of(rate=...), "rate"),
        (data_of(rates=1), "rates"),
        (data_of(stop_when=[1]), "settings"),
        (data_of(stop_when={"failed": 0.5, "of": 20}), "every"),
        (data_of(stop_when={"failed": 0.5, "of": 20, "every": 1.0, "more": 1}), "more"),
        (data_of(canary=-1), "canary"),
        ([], "settings"),
    ],
)
def test_data_that_are_no_settings_are_refused(data: Any, field: str) -> None:
    with pytest.raises(ArgumentError, match=f"^{field}: ") as caught:
        Settings.from_dict(data)
    assert caught.value.field == field
