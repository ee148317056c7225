"""What providers hand to the engine."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from theirstack_async import ArgumentError
from theirstack_async.replay import Resent
from theirstack_async.replay._provider import Verdict


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_each_verdict_is_taken(verdict: Verdict) -> None:
    assert Resent[int](verdict=verdict).verdict == verdict


@pytest.mark.parametrize("verdict", ["accepted", "Answered", "", None])
def test_a_verdict_that_is_none_is_refused(verdict: Any) -> None:
    """Else a provider that says ``accepted`` would have the event sent again."""
    with pytest.raises(ArgumentError, match=r"verdict: expected one of answered, refused, .*, over, got") as caught:
        Resent[int](verdict=verdict)
    assert caught.value.field == "verdict"
