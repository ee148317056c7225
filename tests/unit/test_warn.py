"""Warnings point at the line of the user, whoever noticed."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import attrs

from theirstack_async._warn import warn_user
from theirstack_async.filters import JobFilters


def line() -> int:
    return sys._getframe(1).f_lineno


def warned(call: Callable[[], object]) -> tuple[str, int]:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        call()
    return seen[0].filename, seen[0].lineno


def test_it_points_at_the_line_that_called() -> None:
    def call() -> None:
        warn_user("look", UserWarning)

    assert warned(call) == (__file__, line() - 2)


def test_it_passes_over_the_frames_of_the_package() -> None:
    def call() -> None:
        JobFilters(job_ids=[1])

    assert warned(call) == (__file__, line() - 2)


def test_it_passes_over_the_library_that_calls_back() -> None:
    old = JobFilters(remote=True)

    def call() -> None:
        attrs.evolve(old, job_ids=[1])

    assert warned(call) == (__file__, line() - 2)


def test_a_package_of_a_similar_name_is_not_passed_over() -> None:
    scope: dict[str, Any] = {"__name__": "theirstack_async_tools", "warn_user": warn_user}
    exec(compile("def call(): warn_user('look', UserWarning)", "elsewhere.py", "exec"), scope)
    assert warned(scope["call"]) == ("elsewhere.py", 1)


def test_code_without_a_module_name_can_be_pointed_at() -> None:
    code = compile("warn('look', UserWarning)", "nameless.py", "exec")
    assert warned(lambda: exec(code, {"warn": warn_user, "__name__": ""})) == ("nameless.py", 1)
