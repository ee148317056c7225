"""Values of enumerations that this release does not know."""

from __future__ import annotations

import copy
import pickle

import pytest

from tests.strategies import ENUMS
from theirstack_async.models import OpenEnum, WebhookEventStatus, WebhookEventType


@pytest.mark.parametrize("enum", ENUMS)
@pytest.mark.parametrize("text", ["something new", "", "\ud800", "SUCCESS ", "__class__"])
def test_an_unknown_value_keeps_its_text(enum: type[OpenEnum], text: str) -> None:
    value = enum(text)
    assert type(value) is enum
    assert value == text
    assert hash(value) == hash(text)
    assert {value: 1}[text] == 1  # type: ignore[index]
    assert (str(value), f"{value}", value.value, value.name) == (text, text, text, text)
    assert not value.is_known
    assert value == enum(text)
    assert len(list(enum)) == len(enum.__members__)
    assert enum(text) not in list(enum)


@pytest.mark.parametrize("enum", ENUMS)
def test_values_survive_pickle_copy_and_deepcopy(enum: type[OpenEnum]) -> None:
    for value in (*enum, enum("something new")):
        clones = [pickle.loads(pickle.dumps(value, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
        for clone in (*clones, copy.copy(value), copy.deepcopy(value)):
            assert type(clone) is enum
            assert clone == value
            assert clone.is_known == value.is_known


@pytest.mark.parametrize("enum", ENUMS)
def test_a_known_value_is_one_object(enum: type[OpenEnum]) -> None:
    for member in enum:
        assert enum(member.value) is member
        assert member.is_known
        assert pickle.loads(pickle.dumps(member)) is member


def test_a_name_that_is_no_value_is_unknown() -> None:
    """The value of JOB_NEW is ``job_new``; a text that equals the name of a member is still another text."""
    assert not WebhookEventType("JOB_NEW").is_known
    assert WebhookEventType("JOB_NEW") != WebhookEventType.JOB_NEW


@pytest.mark.parametrize("value", [None, 1, True, b"FAILED", ["FAILED"]])
def test_what_is_no_text_is_no_value(value: object) -> None:
    with pytest.raises(ValueError, match="is not a valid WebhookEventStatus"):
        WebhookEventStatus(value)


def test_the_representation_tells_whether_a_value_is_known() -> None:
    assert repr(WebhookEventStatus.FAILED) == "<WebhookEventStatus.FAILED: 'FAILED'>"
    assert repr(WebhookEventStatus("LOST")) == "<WebhookEventStatus, unknown: 'LOST'>"
