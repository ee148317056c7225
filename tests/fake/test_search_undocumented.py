"""What the searches do where a test chooses: sorting, the lower bound of instants, and how many ids may be left out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import pytest

from tests.fake._searches import ALL, Searches, ids
from theirstack_async.testing import FakeTheirStack

JOBS: Final = "jobs/search"
COMPANIES: Final = "companies/search"
ORDERS: Final[dict[str, Any]] = {
    JOBS: [{"field": "discovered_at", "desc": False}],
    COMPANIES: [{"field": "name", "desc": False}],
}
BODIES: Final[dict[str, Any]] = {JOBS: ALL, COMPANIES: {"limit": 500}}


def rows(searches: Searches, what: str, **more: Any) -> list[Any]:
    return list(searches.ok(what, **BODIES[what] | more)["data"])


@pytest.mark.parametrize("what", ORDERS)
def test_an_order_may_be_ignored_without_a_word(what: str) -> None:
    obeying, ignoring = Searches(), Searches(sorting="ignore")
    usual = rows(obeying, what)
    assert rows(obeying, what, order_by=ORDERS[what]) != usual
    assert rows(ignoring, what, order_by=ORDERS[what]) == rows(ignoring, what) == usual
    assert "body.order_by" in ignoring.refused(what, BODIES[what] | {"order_by": [{"field": "x"}]})


@pytest.mark.parametrize("what", ORDERS)
def test_an_order_may_be_refused(what: str) -> None:
    searches = Searches(sorting="refuse")
    for order in (ORDERS[what], list[Any]()):
        said = searches.refused(what, BODIES[what] | {"order_by": order})
        assert said == "body.order_by: Sorting is not supported any more"
    assert searches.billed == 0
    assert rows(searches, what) == rows(Searches(), what)


@pytest.mark.parametrize(("gte", "found"), [("inclusive", 2), ("exclusive", 1)])
def test_the_lower_bound_of_instants_may_be_exclusive(gte: str, found: int) -> None:
    searches = Searches(jobs=0, gte=gte)
    bound = datetime(2026, 9, 21, 12, tzinfo=UTC).timestamp()
    for instant in (bound - 0.000001, bound, bound + 0.000001):
        searches.backend.data.add(1, instant)
    asked = {"discovered_at_gte": "2026-09-21T12:00:00Z"}
    assert len(searches.jobs(**asked)) == found
    assert len(searches.jobs(discovered_at_lte="2026-09-21T12:00:00Z")) == 2
    named = {"posted_at_max_age_days": 30} | asked
    assert sum(row["num_jobs_found"] for row in searches.companies(job_filters=named)) == found
    assert sum(row["num_jobs_found"] for row in searches.companies(job_filters={})) == 3


def test_too_many_ids_to_leave_out_may_be_refused() -> None:
    searches = Searches(max_excluded=2)
    jobs, companies = ids(searches.jobs())[:3], ids(searches.companies())[:3]
    assert len(searches.jobs(job_id_not=jobs[:2])) == 398
    assert len(searches.companies(company_id_not=companies[:2])) == 78
    for what, name, values in (
        (JOBS, "job_id_not", jobs),
        (JOBS, "company_id_not", companies),
        (COMPANIES, "company_id_not", companies),
    ):
        said = searches.refused(what, BODIES[what] | {name: values})
        assert said == f"body.{name}: List should have at most 2 items"
    said = searches.refused(COMPANIES, {"job_filters": {"job_id_not": jobs}})
    assert said == "body.job_filters.job_id_not: List should have at most 2 items"
    none = Searches(max_excluded=0)
    assert len(none.jobs(job_id_not=[])) == 400
    assert "at most 0" in none.refused(JOBS, ALL | {"job_id_not": jobs[:1]})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sorting": "never"}, "sorting of a FakeTheirStack must be one of 'ignore', 'obey', 'refuse', not 'never'"),
        ({"gte": True}, "one of 'exclusive', 'inclusive'"),
        ({"max_excluded": -1}, "max_excluded of a FakeTheirStack must be at least 0, not -1"),
        ({"max_excluded": 1.5}, "an integer"),
    ],
)
def test_a_wrong_choice_is_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        FakeTheirStack(**options)
    assert message in str(caught.value)
