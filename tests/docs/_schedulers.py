"""Stands in for Airflow and Dagster, which are too heavy to install for two samples.

The samples are run with it, and so are their tasks, against the fake server: what is not tested is the schedulers
themselves. What stands in takes the names and arguments that the samples use, as Airflow 3.3 and Dagster 1.13 have
them, with which the samples were tried by hand, and no others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Final

import attrs

TASKS: Final[dict[str, Callable[[], Any]]] = {}
"""What a scheduler would run, by its name."""


def dag(
    *, schedule: str, start_date: datetime, catchup: bool, max_active_runs: int
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """As ``airflow.sdk.dag``: a decorated function describes a graph when it is called."""
    assert start_date.tzinfo is not None
    assert (schedule, catchup, max_active_runs) == ("@daily", False, 1)
    return lambda function: function


def task(*, retries: int, retry_delay: timedelta) -> Callable[[Callable[[], Any]], Callable[[], None]]:
    """As ``airflow.sdk.task``: a decorated function is no more than noted when the graph calls it."""
    assert retries > 0
    assert retry_delay > timedelta(0)

    def decorate(function: Callable[[], Any]) -> Callable[[], None]:
        def note() -> None:
            TASKS[function.__name__] = function

        return note

    return decorate


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """As ``dagster.RetryPolicy``."""

    max_retries: int
    delay: float


@attrs.frozen(kw_only=True)
class MaterializeResult:
    """As ``dagster.MaterializeResult``."""

    metadata: Mapping[str, object]


@attrs.frozen(kw_only=True)
class ScheduleDefinition:
    """As ``dagster.ScheduleDefinition``."""

    name: str
    target: Sequence[object]
    cron_schedule: str


@attrs.frozen(kw_only=True)
class Definitions:
    """As ``dagster.Definitions``: what the scheduler finds in a module."""

    assets: Sequence[Callable[[], Any]]
    schedules: Sequence[ScheduleDefinition]

    def __attrs_post_init__(self) -> None:
        assert [each.target for each in self.schedules] == [self.assets]
        TASKS.update({each.__name__: each for each in self.assets})


def asset(*, retry_policy: RetryPolicy) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """As ``dagster.asset``."""
    assert retry_policy.max_retries > 0
    return lambda function: function


def stand_in(**modules: ModuleType) -> None:
    """Make the names importable, and with them the modules that are given."""
    airflow, sdk, dagster = (ModuleType(name) for name in _NAMES)
    for module, parts in (sdk, (dag, task)), (dagster, (asset, RetryPolicy, MaterializeResult)):
        for part in parts:
            setattr(module, part.__name__, part)
    dagster.ScheduleDefinition, dagster.Definitions = ScheduleDefinition, Definitions  # type: ignore[attr-defined]
    sys.modules.update(zip(_NAMES, (airflow, sdk, dagster), strict=True))
    sys.modules.update(modules)


def step_down(*names: str) -> None:
    """Take back what :func:`stand_in` did."""
    for name in (*_NAMES, *names):
        del sys.modules[name]
    TASKS.clear()


_NAMES: Final = ("airflow", "airflow.sdk", "dagster")
