"""Steps as rows of the journal's table, and back."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from theirstack_async.replay._states import SEEN, ReplayState
from theirstack_async.replay._step_codec import Row, from_row, to_row
from theirstack_async.replay._steps import (
    Answered,
    Doubtful,
    Excluded,
    Intended,
    PutBack,
    Reconciled,
    Resumed,
    Seen,
    Sight,
    Step,
    Stopped,
)

S = ReplayState

ROWS: dict[str, tuple[Step, Row]] = {
    "excluded": (Excluded(positions=(0, 2), reason="vetoed"), Row(None, "excluded", None, '[[0,2],"vetoed"]')),
    "intended": (Intended(batch=3, positions=(0, 2), at=12.5), Row(12.5, "intended", 3, "[[0,2]]")),
    "answered": (
        Answered(batch=3, accepted={0: "h", 1: None}, rejected={2: "gone"}),
        Row(None, "answered", 3, '[[[0,"h"],[1,null]],[[2,"gone"]]]'),
    ),
    "put back": (PutBack(batch=3, reason="slow"), Row(None, "putback", 3, '["slow"]')),
    "doubtful": (Doubtful(batch=3, reason="reset"), Row(None, "doubtful", 3, '["reset"]')),
    "reconciled": (
        Reconciled(positions=(1,), to=S.ACCEPTED),
        Row(None, "reconciled", None, '[[1],"accepted"]'),
    ),
    "seen": (
        Seen(sights={1: Sight(state=S.FAILED_AGAIN, word="FAILED", response_status=500, response="no")}, at=12.5),
        Row(12.5, "seen", None, '[[[1,"failed_again","FAILED",500,"no"]]]'),
    ),
    "seen missing": (
        Seen(sights={1: Sight(state=S.MISSING)}, at=12.5),
        Row(12.5, "seen", None, '[[[1,"missing","",null,null]]]'),
    ),
    "stopped": (Stopped(webhook_id=12, reason="gone"), Row(None, "stopped", None, '[12,"gone"]')),
    "stopped by text": (Stopped(webhook_id="12", reason="gone"), Row(None, "stopped", None, '["12","gone"]')),
    "stopped altogether": (Stopped(webhook_id=None, reason="x"), Row(None, "stopped", None, '[null,"x"]')),
    "resumed": (Resumed(at=12.5), Row(12.5, "resumed", None, "[]")),
}


@pytest.mark.parametrize("case", ROWS)
def test_a_step_is_a_row(case: str) -> None:
    """The rows are spelled out, so that a journal of this release can be read by the next ones."""
    step, row = ROWS[case]
    assert to_row(step) == row
    assert from_row(row) == step


WORD = st.text(st.characters(), max_size=20)
AT = st.floats(allow_nan=False, allow_infinity=False)
POSITIONS = st.lists(st.integers(0, 2**40), max_size=5).map(tuple)
BATCH = st.integers(1, 2**32)
SIGHT = st.builds(
    Sight,
    state=st.sampled_from(sorted(SEEN)),
    word=WORD,
    response_status=st.none() | st.integers(100, 599),
    response=st.none() | WORD,
)
STEPS = st.one_of(
    st.builds(Excluded, positions=POSITIONS, reason=WORD),
    st.builds(Intended, batch=BATCH, positions=POSITIONS, at=AT),
    st.builds(
        Answered,
        batch=BATCH,
        accepted=st.dictionaries(st.integers(0), st.none() | WORD, max_size=3),
        rejected=st.dictionaries(st.integers(0), WORD, max_size=3),
    ),
    st.builds(PutBack, batch=BATCH, reason=WORD),
    st.builds(Doubtful, batch=BATCH, reason=WORD),
    st.builds(Reconciled, positions=POSITIONS, to=st.sampled_from([S.ACCEPTED, S.PLANNED, S.UNKNOWN])),
    st.builds(Seen, sights=st.dictionaries(st.integers(0), SIGHT, max_size=3), at=AT),
    st.builds(Stopped, webhook_id=st.none() | st.integers() | WORD, reason=WORD),
    st.builds(Resumed, at=AT),
)


@given(STEPS)
def test_any_step_comes_back_as_it_was(step: Step) -> None:
    """Texts with NUL and lone surrogates included, which some databases refuse: the row is plain ASCII."""
    row = to_row(step)
    assert row.body.isascii()
    assert "\0" not in row.body
    assert from_row(row) == step


def test_states_come_back_as_states() -> None:
    seen = from_row(Row(1.0, "seen", None, '[[[0,"pending","",null,null]]]'))
    assert isinstance(seen, Seen)
    assert seen.sights[0].state is S.PENDING
    reconciled = from_row(Row(None, "reconciled", None, '[[0],"planned"]'))
    assert isinstance(reconciled, Reconciled)
    assert reconciled.to is S.PLANNED


DAMAGED: dict[str, tuple[Any, ...]] = {
    "an unknown kind": (None, "undone", None, "[]"),
    "no JSON": (None, "stopped", None, "[1,"),
    "no array": (None, "stopped", None, "{}"),
    "too much": (1.0, "resumed", None, "[1]"),
    "too little": (None, "stopped", None, "[1]"),
    "no batch": (1.0, "intended", None, "[[0]]"),
    "a batch too many": (1.0, "resumed", 1, "[]"),
    "no time": (None, "intended", 1, "[[0]]"),
    "a time too many": (1.0, "putback", 1, '["x"]'),
    "no list of positions": (1.0, "intended", 1, "[0]"),
    "positions that are none": (1.0, "intended", 1, '[["0"]]'),
    "positions that are true": (1.0, "intended", 1, "[[true]]"),
    "a reason that is none": (None, "doubtful", 1, "[null]"),
    "a webhook that is none": (None, "stopped", None, '[1.5,"x"]'),
    "an unknown state": (None, "reconciled", None, '[[0],"gone"]'),
    "answers that are no list": (None, "answered", 1, "[null,[]]"),
    "an answer to none": (None, "answered", 1, '[[["0",null]],[]]'),
    "an answer twice": (None, "answered", 1, "[[[0,null],[0,null]],[]]"),
    "an answer without a handle": (None, "answered", 1, "[[[0]],[]]"),
    "a handle that is none": (None, "answered", 1, "[[[0,1]],[]]"),
    "a rejection without a reason": (None, "answered", 1, "[[],[[0,null]]]"),
    "an answer that is no list": (None, "answered", 1, "[[0],[]]"),
    "a sight cut off": (1.0, "seen", None, '[[[0,"pending","",null]]]'),
    "a sight of nothing": (1.0, "seen", None, '[[[0,"gone","",null,null]]]'),
    "a status as text": (1.0, "seen", None, '[[[0,"pending","","500",null]]]'),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_row_that_no_release_wrote_is_refused(case: str) -> None:
    with pytest.raises(ValueError):
        from_row(Row(*DAMAGED[case]))


def test_what_is_refused_is_named() -> None:
    with pytest.raises(ValueError, match=r"no step that this release writes: \('undone', None, None, \[\]\)"):
        from_row(Row(None, "undone", None, "[]"))
    with pytest.raises(ValueError, match=r"no position that this release writes: \['0', None\]"):
        from_row(Row(*DAMAGED["an answer to none"]))
    with pytest.raises(ValueError) as caught:
        from_row(Row(None, "undone", None, f'["{"x" * 500}"]'))
    assert len(str(caught.value)) < 200


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_row(Seen(sights={0: Sight(state=S.PENDING, response_status=math.nan)}, at=1.0))  # type: ignore[arg-type]
