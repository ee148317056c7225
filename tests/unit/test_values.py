"""The vocabulary: what hides, what is immutable, what is refused."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

import theirstack_async
from theirstack_async._checkpoint import Checkpoint
from theirstack_async._clock import SystemClock
from theirstack_async._values import ALL_HISTORY, UNSET, Headers, RateLimit, RateWindow, Secret
from theirstack_async._wire.message import Response
from theirstack_async.config import ClientConfig, RequestOptions, RetryPolicy, Timeouts
from theirstack_async.errors import ArgumentError
from theirstack_async.hooks import WaitStarted


def test_a_secret_shows_only_when_asked() -> None:
    secret = Secret("canary")
    assert secret.reveal() == "canary"
    for text in (repr(secret), str(secret), f"{secret}", f"{secret}", repr([secret]), repr(vars(type(secret)))):
        assert "canary" not in text
    assert secret == Secret("canary") != Secret("other")
    assert secret != "canary"
    assert {secret: 1}[Secret("canary")] == 1
    for trip in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled"):
            trip(secret)  # type: ignore[operator]


def test_headers() -> None:
    headers = Headers([("Accept", "a"), ("ACCEPT", "b"), ("X-Key", "1")])
    assert headers["accept"] == headers["Accept"] == "a, b"
    assert dict(headers) == {"accept": "a, b", "x-key": "1"}
    assert len(headers) == 2
    assert "missing" not in headers
    assert headers == Headers({"accept": "a, b", "X-KEY": "1"})
    assert list(headers.pairs()) == list(headers.items()) == [("accept", "a, b"), ("x-key", "1")]
    assert "ACCEPT" in headers.keys()  # noqa: SIM118  # a view knows names in any case, too
    assert headers.keys() & {"Accept"} == {"Accept"}
    assert ("X-KEY", "1") in headers.items()
    number: object = 1
    assert number not in headers
    with pytest.raises(TypeError):
        headers["a"] = "b"  # type: ignore[index]


@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie"])
def test_headers_hide_what_is_secret_in_their_text(name: str) -> None:
    headers = Headers().adding(name, "canary")
    assert repr(headers) == f"Headers({{'{name.lower()}': '***'}})"
    for shown in (headers.keys(), headers.items(), headers.values(), headers.pairs()):
        assert "canary" not in repr(shown)


def test_values_of_one_class_and_equal_fields_are_one() -> None:
    wait, other = (WaitStarted(1, "jobs.search", seconds, "busy") for seconds in (0.5, 0.6))
    again = pickle.loads(pickle.dumps(wait))
    assert again == wait == copy.deepcopy(wait)
    assert {wait: 1, other: 2}[again] == 1
    assert wait != other
    assert Timeouts() != RetryPolicy()
    assert wait != (1, "jobs.search", 0.5, "busy")
    with pytest.raises(AttributeError):
        wait.seconds = 1.0  # type: ignore[misc]
    with pytest.raises(TypeError, match="unhashable"):
        hash(RequestOptions())  # its headers may be a dict


def test_a_value_shows_its_fields_but_those_that_are_hidden() -> None:
    limit = RateLimit((RateWindow("per-second", 4),))
    shown = "RateLimit(windows=(RateWindow(name='per-second', quota=4, window=None, remaining=None, reset=None),))"
    assert repr(limit) == shown
    response = Response(200, Headers(), b"canary")
    assert repr(response) == "Response(status=200, headers=Headers({}), body=<6 bytes>, sends=1)"
    config = ClientConfig(api_key=None, base_url="http://h", proxy="http://user:canary@h")
    assert repr(config).startswith("ClientConfig(api_key=None, base_url='http://h', timeouts=Timeouts(connect=10.0")
    assert "canary" not in repr(config)


def test_marks() -> None:
    assert repr(UNSET) == "UNSET"
    assert not UNSET
    assert repr(ALL_HISTORY) == "ALL_HISTORY"
    assert pickle.loads(pickle.dumps(UNSET)) is UNSET


async def test_the_machines_clock() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    await clock.sleep(0)
    assert clock.monotonic() >= before
    assert clock.now() > 1_700_000_000


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    point = Checkpoint(1, "d", 3, (1, 2))
    assert Checkpoint.from_json(point.to_json()) == Checkpoint.from_json(point.to_json().encode()) == point


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "7",
        "{}",
        "[" * 100_000,
        '{"version": 2, "digest": "d", "offset": 0, "ids": []}',
        '{"version": 1, "digest": 3, "offset": 0, "ids": []}',
        '{"version": 1, "digest": "d", "offset": -1, "ids": []}',
        '{"version": 1, "digest": "d", "offset": true, "ids": []}',
        '{"version": 1, "digest": "d", "offset": 0, "ids": ["1"]}',
        '{"version": 1, "digest": "d", "offset": 0, "ids": null}',
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="not a checkpoint") as caught:
        Checkpoint.from_json(text)
    assert caught.value.field == "resume"


def test_every_public_name_is_there_and_loaded_late() -> None:
    assert set(theirstack_async.__all__) <= set(dir(theirstack_async))
    for name in theirstack_async.__all__:
        assert getattr(theirstack_async, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        theirstack_async.nonsense  # noqa: B018
    code = "import sys, theirstack_async as t; sys.exit(any(m.startswith('theirstack_async.') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_all_errors_and_models_are_public() -> None:
    from theirstack_async import errors, models

    raised = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}
    assert raised | set(models.__all__) <= set(theirstack_async.__all__)
