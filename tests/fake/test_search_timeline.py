"""When jobs were discovered: instants of tests, reposts, and searches that find what a look at all jobs does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fake._receiver import calling
from tests.fake._searches import ALL, Searches, ids, job_id
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.clock import START
from theirstack_async.testing.search.filters import at_least, at_most, make_tests, passing
from theirstack_async.testing.search.job_filters import JOB_FILTERS
from theirstack_async.testing.search.jobs import JOB_KEYS, OLDEST, find_jobs
from theirstack_async.testing.search.ordering import ordered
from theirstack_async.testing.search.records import JobRow
from theirstack_async.testing.search.timeline import Timeline

NOON: Final = datetime(2026, 9, 20, 12, tzinfo=UTC)
ASCENDING: Final[list[dict[str, Any]]] = [{"field": "discovered_at", "desc": False}]


async def test_parts_of_a_second_are_kept() -> None:
    instants = [NOON + timedelta(microseconds=one) for one in (250_000, 0, 1, 999_999)]
    for naive, suffix in ((True, ""), (False, "Z")):
        async with calling(FakeTheirStack(jobs=0, naive_instants=naive)) as api:
            new = api.fake.seed_jobs(4, discovered_at=instants)
            rows = (await api.ok("POST", "/v1/jobs/search", ALL | {"order_by": ASCENDING}))["data"]
        told = {row["id"]: row["discovered_at"] for row in rows}
        assert [told[one] for one in new] == [
            f"2026-09-20T12:00:00.250000{suffix}",
            f"2026-09-20T12:00:00{suffix}",
            f"2026-09-20T12:00:00.000001{suffix}",
            f"2026-09-20T12:00:00.999999{suffix}",
        ]
        assert [new.index(one) for one in ids(rows)] == [1, 2, 0, 3]


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        ({"discovered_at_gte": "2026-09-20T12:00:00.000001Z"}, [1, 2, 3, 4]),
        ({"discovered_at_gte": "2026-09-20T12:00:00.000002"}, [2, 3, 4]),
        ({"discovered_at_lte": "2026-09-20T12:00:00Z"}, [0]),
        ({"discovered_at_lte": "2026-09-20T14:00:00.000001+02:00"}, [0, 1]),
        ({"discovered_at_lte": "2026-09-20"}, [0, 1, 2, 3]),
        ({"discovered_at_gte": "2026-09-21"}, [4]),
        ({"discovered_at_gte": "2026-09-20T12:00:00.25Z", "discovered_at_lte": "2026-09-20T12:00:00.25Z"}, [2]),
        ({"discovered_at_gte": "2026-09-21", "discovered_at_lte": "2026-09-20"}, []),
        ({"discovered_at_lte": "9999-12-31"}, [0, 1, 2, 3, 4]),
    ],
)
def test_bounds_are_exact_and_inclusive(bounds: dict[str, str], expected: list[int]) -> None:
    """A date alone, as an upper bound, is its last microsecond."""
    searches = Searches(jobs=0)
    midnight = datetime(2026, 9, 21, tzinfo=UTC)
    instants = [NOON, *(NOON + timedelta(microseconds=one) for one in (1, 250_000)), midnight.replace(microsecond=0)]
    instants.insert(3, midnight - timedelta(microseconds=1))
    searches.backend.data.add(5, [one.timestamp() for one in instants])
    assert ids(searches.jobs(**bounds, order_by=ASCENDING)) == [job_id(number) for number in expected]
    assert sorted(ids(searches.jobs(**bounds))) == [job_id(number) for number in expected]
    found = searches.companies(job_filters=bounds or None)
    assert sum(row["num_jobs_found"] for row in found) == len(expected)


def test_instants_are_one_a_job_and_aware() -> None:
    fake = FakeTheirStack(jobs=0)
    assert len(fake.seed_jobs(0, discovered_at=[])) == 0
    with pytest.raises(ValueError, match="discovered_at must have 2 instants, one a job, not 1"):
        fake.seed_jobs(2, discovered_at=[NOON])
    with pytest.raises(ValueError, match="time zone"):
        fake.seed_jobs(2, discovered_at=[NOON, NOON.replace(tzinfo=None)])
    assert fake.job_ids == []


async def test_a_repost_moves_a_job_to_now() -> None:
    async with calling(FakeTheirStack(jobs=20)) as api:

        async def rows() -> list[Any]:
            answer = await api.ok("POST", "/v1/jobs/search", ALL | {"order_by": ASCENDING})
            return list(answer["data"])

        before = await rows()
        assert not any(row["reposted"] or row["date_reposted"] for row in before)
        moved = [before[3], before[7]]
        await api.fake.clock.advance(86_400)
        api.fake.repost_jobs(ids(moved))
        after = await rows()
        assert ids(after[-2:]) == sorted(ids(moved), reverse=True)
        assert after[:-2] == [row for row in before if row not in moved]
        again = {"discovered_at": "2026-09-22T14:13:20", "reposted": True, "date_reposted": "2026-09-22"}
        assert sorted(after[-2:], key=lambda row: row["id"]) == [row | again for row in moved]
        await api.fake.clock.advance(60)
        with pytest.raises(KeyError):
            api.fake.repost_jobs([before[0]["id"], 5])
        assert await rows() == after
        api.fake.remove_jobs(ids(moved))
        assert await rows() == after[:-2]


FILTERS: Final = st.fixed_dictionaries(
    {},
    optional={
        "discovered_at_gte": st.integers(0, 12).map(lambda one: START + one / 4 - 1),
        "discovered_at_lte": st.integers(0, 12).map(lambda one: START + one / 4 - 1),
        "job_id_not": st.lists(st.integers(0, 30).map(job_id), min_size=1, max_size=20),
        "remote": st.booleans(),
        "posted_at_max_age_days": st.just(2),
    },
)
CHANGES: Final = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.lists(st.integers(0, 12), max_size=6)),
        st.tuples(st.just("remove"), st.lists(st.integers(0, 30), max_size=3)),
        st.tuples(st.just("repost"), st.lists(st.integers(0, 30), max_size=3)),
        st.tuples(st.just("search"), st.lists(st.integers(0, 9), min_size=1, max_size=1)),
    ),
    max_size=12,
)


def slowly(searches: Searches, values: dict[str, Any]) -> list[JobRow]:
    """Look at all jobs: those that pass, the oldest discovery first, and the highest id of one instant."""
    found: Callable[[JobRow], float] = lambda job: job.discovered  # noqa: E731
    table = JOB_FILTERS | {"discovered_at_gte": at_least(found), "discovered_at_lte": at_most(found)}
    tests = make_tests(values, table, searches.backend.data)
    return ordered(passing(reversed([*searches.backend.data.jobs.values()]), tests), OLDEST, JOB_KEYS)


@given(changes=CHANGES, values=FILTERS, stop=st.one_of(st.none(), st.integers(0, 12)))
def test_reading_along_the_timeline_finds_what_a_look_at_all_does(
    changes: list[tuple[str, list[int]]], values: dict[str, Any], stop: int | None
) -> None:
    searches = Searches(jobs=6, companies=3)
    data = searches.backend.data
    for what, numbers in [*changes, ("search", [0])]:
        if what == "add":
            data.add(len(numbers), [START + one / 4 - 1 for one in numbers])
        elif what == "search":
            for bound in (stop, numbers[0]):
                assert find_jobs(data, values, OLDEST, bound) == slowly(searches, values)[:bound]
        else:
            known = [one for one in {job_id(number) for number in numbers} if one in data.jobs]
            getattr(data, what)(known)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_a_few_jobs_among_many_are_put_in_their_places(number: int) -> None:
    """A few are put in one by one, and many are sorted: the order is the same."""
    rows = list(Searches(jobs=3_000).backend.data.jobs.values())
    for row in rows:
        row.discovered = row.id % 7
    timeline = Timeline()
    timeline.add(rows[number:])
    timeline.add(rows[:number])
    assert list(timeline.between()) == sorted(rows, key=lambda row: (row.discovered, -row.id))


def test_no_more_jobs_are_looked_at_than_a_page_needs() -> None:
    searches = Searches()
    looked: list[int] = []

    class Watched(list[JobRow]):
        def __getitem__(self, number: Any) -> Any:
            looked.append(number)
            return super().__getitem__(number)

    timeline = searches.backend.data._timeline
    searches.jobs()
    timeline._jobs = Watched(timeline._jobs)
    assert len(searches.ok("jobs/search", **ALL | {"limit": 10, "offset": 5}, order_by=ASCENDING)["data"]) == 10
    assert looked == list(range(16))
    searches.ok("jobs/search", **ALL | {"limit": 10}, order_by=ASCENDING, include_total_results=True)
    assert looked[16:] == list(range(400))
