"""What became of a plan: totals, what is wrong, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from tests.unit.replay._looking import CLOCK_START, CREATED, entry, plan_of
from theirstack_async.errors import JournalError, ReplayError
from theirstack_async.replay import ReplayReport, ReplayRow, ReplayState
from theirstack_async.replay._journal import Journal
from theirstack_async.replay._settings import Settings
from theirstack_async.replay._steps import Answered, Intended, Seen, Sight, Stopped

S = ReplayState
SETTINGS = Settings(
    batch_size=10, rate=None, max_concurrency=4, canary=1, stop_when=None, on_unknown="report", grace=60.0
)
ROW = ReplayRow(
    id=0, webhook_id=7, type="job.new", created_at=CREATED, state=S.DELIVERED, batch=1, sends=1, reason=None,
    handle=None, word=None, response_status=None, response=None, seen_at=None,
)  # fmt: skip


def rows(state: ReplayState, *ids: int | str, webhook_id: int | str = 7, reason: str | None = None) -> list[ReplayRow]:
    """Return rows in a state."""
    return [attrs.evolve(ROW, id=each, state=state, webhook_id=webhook_id, reason=reason) for each in ids]


def lines(*found: ReplayRow, stopped: dict[int | str | None, str] | None = None) -> list[str]:
    """Return the report as a person reads it."""
    return str(ReplayReport(found, stopped)).split("\n")


def test_counts_add_up_and_name_all_states() -> None:
    report = ReplayReport([*rows(S.DELIVERED, 1, 2), *rows(S.UNKNOWN, 3), *rows(S.DELIVERED, 4, webhook_id="w")])
    nothing = dict.fromkeys(ReplayState, 0)
    assert report.total == 4 == sum(report.counts.values())
    assert report.counts == {**nothing, S.DELIVERED: 3, S.UNKNOWN: 1}
    assert report.by_webhook == {7: {**nothing, S.DELIVERED: 2, S.UNKNOWN: 1}, "w": {**nothing, S.DELIVERED: 1}}
    assert [row.id for row in report.rows] == [1, 2, 3, 4]


def test_nothing_of_it_can_be_changed() -> None:
    stopped: dict[int | str | None, str] = {7: "gone"}
    report = ReplayReport(rows(S.DELIVERED, 1), stopped)
    stopped.clear()
    assert report.stopped == {7: "gone"}
    for mapping in (report.stopped, report.counts, report.by_webhook, report.by_webhook[7]):
        assert not hasattr(mapping, "__setitem__")


def test_no_rows_are_fine() -> None:
    report = ReplayReport([])
    assert report.ok
    assert (report.total, report.by_webhook) == (0, {})
    assert str(report) == "0 events\n\nNothing was to be sent."
    report.raise_for_failures()


def test_all_delivered_or_excluded_is_fine() -> None:
    report = ReplayReport([*rows(S.DELIVERED, 1, 2), *rows(S.EXCLUDED, 3)], {7: "stopped after all was done"})
    assert report.ok
    report.raise_for_failures()


@pytest.mark.parametrize("state", [each for each in ReplayState if each not in (S.DELIVERED, S.EXCLUDED)])
def test_all_else_is_not(state: ReplayState) -> None:
    report = ReplayReport([*rows(S.DELIVERED, 1), *rows(state, 2)])
    assert not report.ok
    with pytest.raises(ReplayError) as caught:
        report.raise_for_failures()
    assert str(caught.value) == f"1 of 2 events delivered; 1 {state.replace('_', ' ')} (2)"


def test_the_error_names_how_many_and_the_first_ids() -> None:
    report = ReplayReport(
        [*rows(S.FAILED_AGAIN, *range(21)), *rows(S.UNKNOWN, "a\n", "b"), *rows(S.REJECTED, *range(20))]
    )
    with pytest.raises(ReplayError) as caught:
        report.raise_for_failures()
    first = ", ".join(map(str, range(20)))
    assert str(caught.value) == (
        f"0 of 43 events delivered; 2 unknown (a, b); 20 rejected ({first}); 21 failed again ({first}, ...)"
    )


def test_totals_as_plain_data() -> None:
    report = ReplayReport(
        [*rows(S.DELIVERED, 1), *rows(S.FAILED_AGAIN, 2, webhook_id="w")], {None: "the key is refused", 7: "gone"}
    )
    nothing = {state.value: 0 for state in ReplayState}
    found = report.to_dict()
    assert found == {
        "ok": False,
        "total": 2,
        "counts": {**nothing, "delivered": 1, "failed_again": 1},
        "stopped": [{"webhook_id": None, "reason": "the key is refused"}, {"webhook_id": 7, "reason": "gone"}],
        "by_webhook": [
            {"webhook_id": 7, "total": 1, "counts": {**nothing, "delivered": 1}},
            {"webhook_id": "w", "total": 1, "counts": {**nothing, "failed_again": 1}},
        ],
    }
    assert {type(key) for key in found["counts"]} == {str}


def test_a_report_of_what_went_well() -> None:
    assert lines(*rows(S.EXCLUDED, 3), *rows(S.DELIVERED, 1, 2)) == [
        "3 events: 2 delivered, 1 excluded", "", "All that was to be sent was delivered.",
    ]  # fmt: skip
    assert lines(*rows(S.EXCLUDED, 3)) == ["1 event: 1 excluded", "", "Nothing was to be sent."]


def test_a_report_of_one_webhook() -> None:
    found = [
        *rows(S.PLANNED, 9),
        *rows(S.REJECTED, 1, 2, reason="not found"),
        *rows(S.REJECTED, 3, reason="too old\x1b[2J\nnow"),
        *rows(S.REJECTED, 4, reason="not found"),
        *rows(S.DELIVERED, 5),
    ]
    assert lines(*found, stopped={7: "gone\nfor good", None: "the key is refused"}) == [
        "6 events: 1 delivered, 4 rejected, 1 planned",
        "",
        "Stopped before the end:",
        "  webhook 7: gone for good",
        "  all webhooks: the key is refused",
        "",
        "Rejected: 4",
        "  not found: 1, 2",
        "  too old [2J now: 3",
        "  not found: 4",
        "",
        "What to do next:",
        "  4 rejected: refused by the API for good, for the reasons above.",
        "  1 planned: not sent. Resume to send them.",
    ]


def test_a_report_of_several_webhooks() -> None:
    found = [
        *rows(S.DELIVERED, *range(1_000, 2_200)),
        *rows(S.FAILED_AGAIN, 1, reason="the API says FAILED"),
        *rows(S.FAILED_AGAIN, 2, webhook_id="wh-8", reason="the API says FAILED"),
        *rows(S.FAILED_AGAIN, 3, webhook_id="wh-8"),
    ]
    assert lines(*found) == [
        "1,203 events: 1,200 delivered, 3 failed again",
        "",
        "webhook  events  delivered  failed again",
        "7         1,201      1,200             1",
        "wh-8          2          0             2",
        "total     1,203      1,200             3",
        "",
        "Failed again: 3",
        "  webhook 7, the API says FAILED: 1",
        "  webhook wh-8, the API says FAILED: 2",
        "  webhook wh-8: 3",
        "",
        "What to do next:",
        "  3 failed again: not taken by the receiver. Mend it, then make a new plan.",
    ]


def test_twenty_ids_of_a_state_are_named() -> None:
    every = rows(S.PENDING, *range(20))
    assert lines(*every)[3] == f"  {', '.join(map(str, range(20)))}"
    assert lines(*every)[4] == ""
    assert lines(*every, *rows(S.PENDING, *range(20, 2_020)))[3:5] == [
        f"  {', '.join(map(str, range(20)))}",
        "  and 2,000 more; the saved report names them all",
    ]


def test_a_long_reason_is_cut() -> None:
    assert lines(*rows(S.REJECTED, 1, reason="x" * 200))[3:5] == [f"  {'x' * 200}:", "    1"]
    assert lines(*rows(S.REJECTED, 1, reason="x" * 201))[3:5] == [f"  {'x' * 197}...:", "    1"]


def test_long_ids_are_wrapped() -> None:
    found = lines(*rows(S.REJECTED, *(f"{n:08}-0000-4000-8000-000000000000" for n in range(5)), reason="no"))[3:6]
    assert [line.count("-0000-") for line in found] == [2, 2, 1]
    assert found[0].startswith("  no: 00000000-0000")
    assert all(line.startswith("    0") and len(line) <= 96 for line in found[1:])


def test_an_id_cannot_steer_the_terminal() -> None:
    assert lines(*rows(S.REJECTED, "a\x1b[2J", webhook_id="w\r"), *rows(S.DELIVERED, 1))[3:8] == [
        "w             1          0         1",
        "7             1          1         0",
        "total         2          1         1",
        "",
        "Rejected: 1",
    ]
    assert lines(*rows(S.REJECTED, "a\x1b[2J"))[3] == "  a [2J"


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        (S.UNKNOWN, "Verify again: they may show up"),
        (S.INTENDED, "resume"),
        (S.THROTTLED, "Resume"),
        (S.REJECTED, "for good"),
        (S.FAILED_AGAIN, "new plan"),
        (S.MISSING, "Verify"),
        (S.PENDING, "Verify"),
        (S.ACCEPTED, "Verify"),
        (S.PLANNED, "Resume"),
    ],
)
def test_it_says_what_to_do_next(state: ReplayState, advice: str) -> None:
    said = lines(*rows(state, 1), *rows(S.DELIVERED, 2))
    assert said[-2] == "What to do next:"
    assert said[-1].startswith(f"  1 {state.replace('_', ' ')}: ")
    assert advice in said[-1]


def test_its_representation_is_one_line() -> None:
    assert repr(ReplayReport(rows(S.DELIVERED, 1, 2))) == "<ReplayReport 2 events: 2 delivered>"


async def test_it_is_read_from_a_journal_also_while_a_run_has_it(tmp_path: Path) -> None:
    plan = plan_of(entry(1), entry(2), entry(3, excluded="vetoed"))
    journal = await Journal.create(tmp_path / "replay.db", plan, SETTINGS)
    try:
        await journal.write(
            Intended(batch=1, positions=(0, 1), at=CLOCK_START),
            Answered(batch=1, accepted={0: "h"}, rejected={1: "not found"}),
            Seen(sights={0: Sight(state=S.DELIVERED, word="SUCCESS")}, at=CLOCK_START),
            Stopped(webhook_id=7, reason="it is gone"),
        )
        report = await ReplayReport.read(str(tmp_path / "replay.db"))
        await journal.write(Stopped(webhook_id=None, reason="the key is refused"))
    finally:
        await journal.aclose()
    assert [(row.id, row.state, row.reason, row.handle) for row in report.rows] == [
        (1, S.DELIVERED, None, "h"),
        (2, S.REJECTED, "not found", None),
        (3, S.EXCLUDED, "vetoed", None),
    ]
    assert report.stopped == {7: "it is gone"}
    assert (await ReplayReport.read(tmp_path / "replay.db")).stopped == {7: "it is gone", None: "the key is refused"}


async def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError):
        await ReplayReport.read(tmp_path / "missing.db")
