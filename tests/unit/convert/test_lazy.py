"""An event whose payload is decoded when it is first used is an event like any other."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from tests.strategies import full, minimal
from theirstack_async._convert import Converter, Reject, lazy
from theirstack_async._convert.lazy import read_lazily
from theirstack_async.errors import ArgumentError, DecodeError
from theirstack_async.models import Company, Job, JobClosed, UnknownPayload, WebhookEvent

CONVERTER = Converter()
ROW: dict[str, Any] = full(WebhookEvent)
CLOSED = {"id": 7, "closed_at": "2026-01-02T03:04:05"}


def eager(row: dict[str, Any] = ROW) -> WebhookEvent:
    return CONVERTER.decode(json.dumps(row).encode(), WebhookEvent)


def fresh(row: dict[str, Any] = ROW) -> WebhookEvent:
    """Return an event whose payload was not used yet."""
    (event,) = read_lazily(json.dumps([row]).encode(), CONVERTER).rows
    assert isinstance(event, WebhookEvent)
    assert is_waiting(event)
    return event


def is_waiting(event: WebhookEvent) -> bool:
    return type(event) is lazy.LazyEvent


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (full(Job), Job),
        (full(Company), Company),
        (CLOSED, JobClosed),
        ({"id": 7}, UnknownPayload),
        ({**full(Job), "job_title": 5}, UnknownPayload),
        (5, UnknownPayload),
    ],
)
def test_the_payload_is_decoded_at_its_first_use_and_kept(payload: Any, kind: type[Any]) -> None:
    row = {**ROW, "payload": payload}
    event = fresh(row)
    assert (event.id, event.status, event.triggered_at) == (7, "IN_PROGRESS", eager().triggered_at)
    assert event.extra == {}
    assert is_waiting(event)
    assert type(event.payload) is kind
    assert event.payload == eager(row).payload
    assert event.payload is event.payload
    assert type(event) is WebhookEvent


def test_what_was_not_looked_at_is_text() -> None:
    text = '{ "id" : 7 ,\n"new": [1.50] }'
    body = json.dumps([{**ROW, "payload": 0}]).replace('"payload": 0', f'"payload": {text}').encode()
    (event,) = read_lazily(body, CONVERTER).rows
    assert isinstance(event, WebhookEvent)
    assert isinstance(event.payload, UnknownPayload)
    assert event.payload.raw == text.encode()


@pytest.mark.parametrize("row", [{**ROW, "payload": None}, minimal(WebhookEvent)])
def test_an_event_without_a_payload_has_nothing_to_wait_for(row: dict[str, Any]) -> None:
    (event,) = read_lazily(json.dumps([row]).encode(), CONVERTER).rows
    assert type(event) is WebhookEvent
    assert event.payload is None
    assert event == eager(row)


def test_it_equals_what_was_decoded_at_once_from_both_sides() -> None:
    other = fresh({**ROW, "payload": {**full(Job), "job_title": "another"}})
    assert fresh() == eager()
    assert eager() == fresh()
    assert fresh() == fresh()
    assert not fresh() != eager()  # noqa: SIM202  # the operator is what is tried
    assert fresh() != other
    assert eager() != fresh({**ROW, "payload": full(Company)})
    assert fresh() != 7
    assert fresh() not in [None, "text", full(WebhookEvent)]


def test_it_has_the_hash_of_what_was_decoded_at_once() -> None:
    assert hash(fresh()) == hash(eager())
    assert {fresh(), eager(), fresh()} == {eager()}
    assert {eager(): 1}[fresh()] == 1


USES: dict[str, Callable[[WebhookEvent], Any]] = {
    "repr": repr,
    "str": str,
    "to_dict": WebhookEvent.to_dict,
    "to_json": WebhookEvent.to_json,
    "to_row": WebhookEvent.to_row,
    "a column of the payload": lambda event: event.to_row(["id", "payload.job_title"]),
    "asdict": attrs.asdict,
    "astuple": attrs.astuple,
    "fields": lambda event: attrs.fields_dict(type(event)),
    "evolve": lambda event: attrs.evolve(event, id=8),
    "evolve and use": lambda event: attrs.evolve(event, id=8).payload,
    "evolve the payload": lambda event: attrs.evolve(event, payload=None),
    "unstructure": CONVERTER.unstructure,
    "encode": CONVERTER.encode,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda event: pickle.loads(pickle.dumps(event)),
    "the oldest pickle": lambda event: pickle.loads(pickle.dumps(event, 2)),
    "state": WebhookEvent.__getstate__,
    "name": lambda event: type(event).__name__,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("payload", [full(Job), full(Company), CLOSED, {"id": 7}])
def test_every_use_gives_what_an_event_decoded_at_once_gives(use: Callable[[Any], Any], payload: Any) -> None:
    row = {**ROW, "payload": payload}
    expected = verdict(use, eager(row))
    got = verdict(use, fresh(row))
    assert got == expected
    assert expected == got
    assert repr(got) == repr(expected)


def verdict(use: Callable[[Any], Any], event: WebhookEvent) -> Any:
    """Return what a use gives, or the error by which it refuses a record that has no such column."""
    try:
        return use(event)
    except ArgumentError as error:
        return str(error)


@pytest.mark.parametrize("use", ["copy", "deepcopy", "pickle", "the oldest pickle"])
def test_a_copy_is_a_plain_event(use: str) -> None:
    """A pickle names no class of ours that nobody else knows."""
    assert type(USES[use](fresh())) is WebhookEvent
    assert b"lazy" not in pickle.dumps(fresh()).lower()


def test_columns_without_the_payload_do_not_decode_it() -> None:
    event = fresh()
    assert event.to_row(["id", "status"]) == {"id": 7, "status": "IN_PROGRESS"}
    assert is_waiting(event)
    with pytest.raises(ArgumentError, match=r"WebhookEvent has no 'stats'; did you mean 'status'\?"):
        event.to_row(["stats"])


def test_it_matches_by_the_class_of_its_payload() -> None:
    match fresh():
        case WebhookEvent(payload=Company()):
            pytest.fail("a job is no company")
        case WebhookEvent(id=id_, payload=Job(job_title=title)):
            assert (id_, title) == (7, "text")
        case _:
            pytest.fail("an event with a job is one")


@pytest.mark.parametrize("name", ["payload", "id", "new"])
def test_it_cannot_be_changed(name: str) -> None:
    event = fresh()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(event, name, None)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        delattr(event, name)
    assert isinstance(event.payload, Job)


def test_threads_that_use_one_event_at_once_all_get_its_payload(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them decode: none is let through before all have begun."""
    threads = 4
    barrier = threading.Barrier(threads, timeout=30)
    decode = lazy.read_payload

    def slowly(raw: bytes, reference: Any) -> Any:
        barrier.wait()
        return decode(raw, reference)

    monkeypatch.setattr(lazy, "read_payload", slowly)
    event = fresh()
    got: list[Any] = []
    workers = [threading.Thread(target=lambda: got.append(event.payload)) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert got == [eager().payload] * threads
    assert type(event) is WebhookEvent
    assert event.payload in got


def test_what_another_thread_has_decoded_is_not_decoded_again() -> None:
    """The payload is there before the class says so, and both orders of looking find it."""
    event, payload = fresh(), eager().payload
    lazy.LazyEvent.payload.fset(event, payload)  # type: ignore[attr-defined]
    assert is_waiting(event)
    assert event.payload is payload
    assert type(event) is WebhookEvent


def test_an_interrupted_use_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(raw: bytes, reference: Any) -> Any:
        raise KeyboardInterrupt

    event = fresh()
    with monkeypatch.context() as patch:
        patch.setattr(lazy, "read_payload", interrupt)
        with pytest.raises(KeyboardInterrupt):
            _ = event.payload
    assert is_waiting(event)
    assert event == eager()


def test_it_keeps_the_text_of_its_payload_and_not_its_page() -> None:
    page = json.dumps([ROW] * 50).encode()
    holders = sys.getrefcount(page)
    rows = read_lazily(page, CONVERTER).rows
    assert sys.getrefcount(page) == holders
    texts = [item for item in gc.get_referents(rows[0]) if isinstance(item, bytes)]
    assert texts == [json.dumps(ROW["payload"]).encode()]
    assert rows[0] == eager()
    assert not [item for item in gc.get_referents(rows[0]) if isinstance(item, bytes)]


def test_a_row_that_is_damaged_elsewhere_is_rejected() -> None:
    rows = [ROW, {**ROW, "webhook_id": None}, ROW]
    page = read_lazily(json.dumps(rows).encode(), CONVERTER)
    assert page.rejected == 1
    assert page == CONVERTER.decode_rows(json.dumps(rows).encode(), WebhookEvent)
    assert isinstance(page.rows[1], Reject)
    assert json.loads(page.rows[1].body) == rows[1]


def test_what_is_no_array_is_an_error() -> None:
    with pytest.raises(DecodeError, match="the answer is not an array that can be read: ") as error:
        read_lazily(b'{"detail": "no"}', CONVERTER)
    assert error.value.__context__ is None


def test_instants_are_in_utc() -> None:
    event = fresh({**ROW, "triggered_at": "2026-01-02T03:04:05+05:30"})
    assert event.triggered_at.isoformat() == "2026-01-01T21:34:05+00:00"


def test_the_reference_is_loaded_when_a_payload_needs_it() -> None:
    code = f"""
import sys
from theirstack_async._convert import Converter
from theirstack_async._convert.lazy import read_lazily
good, bad = read_lazily({json.dumps([ROW, {**ROW, "payload": 5}]).encode()!r}, Converter()).rows
good.payload
assert "cattrs" not in sys.modules
bad.payload
assert "cattrs" in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
