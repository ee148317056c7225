"""The data set: the same for the same seed, moved by tests, and what options may say."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.fake._receiver import calling
from tests.fake._searches import Searches, ids, job_id
from theirstack_async.testing import FakeTheirStack, Options
from theirstack_async.testing.search.bodies import job_body, job_text
from theirstack_async.testing.search.dataset import FIRST_JOB_ID, SPAN
from theirstack_async.testing.search.keywords import KEYWORDS
from theirstack_async.testing.search.making import make_company


def test_the_data_depends_on_the_seed_alone() -> None:
    first, again, other = Searches(), Searches(), Searches(seed=1)
    assert first.jobs() == again.jobs() != other.jobs()
    assert first.companies() == again.companies() != other.companies()
    assert ids(first.jobs()) != ids(other.jobs())


async def test_a_later_look_sees_the_same_data() -> None:
    """It is made when first asked for, and belongs to the instant at which the fake was made all the same."""
    early, late = Searches(), Searches()
    early.jobs()
    await late.clock.advance(40 * 86_400)
    assert late.jobs(discovered_at_gte="2020-01-01") != []
    discovered = [[row["discovered_at"] for row in one.jobs()] for one in (early, late)]
    assert discovered[0] == discovered[1]


def test_jobs_were_discovered_over_90_days_in_the_order_of_their_ids() -> None:
    rows = sorted(Searches().jobs(), key=lambda row: row["id"])
    assert ids(rows) == [job_id(number) for number in range(400)]
    instants = [row["discovered_at"] for row in rows]
    assert instants == sorted(set(instants))
    assert instants[-1] == "2026-09-21T14:13:20"
    span = datetime.fromisoformat(instants[-1]) - datetime.fromisoformat(instants[0])
    assert SPAN == 90 * 86_400
    assert timedelta(days=89) < span < timedelta(days=90)
    assert all(row["date_posted"] <= row["discovered_at"][:10] for row in rows)
    assert any(row["date_posted"] < row["discovered_at"][:10] for row in rows)
    assert all(row["closed_at"] is None or row["discovered_at"] < row["closed_at"] < instants[-1] for row in rows)


def test_jobs_and_companies_agree() -> None:
    searches = Searches()
    companies = {row["id"]: row for row in searches.companies()}
    for job in searches.jobs():
        company = companies[job["company_object"]["id"]]
        assert job["company_object"].items() <= company.items()
        assert (job["company"], job["company_domain"]) == (company["name"], company["domain"])
        assert set(job["technology_slugs"]) <= set(company["technology_slugs"])


def test_the_usual_numbers() -> None:
    searches = Searches(jobs=Options().jobs, companies=Options().companies)
    answer = searches.ok("jobs/search", posted_at_max_age_days=999, limit=1, include_total_results=True)
    assert answer["metadata"]["total_results"] == 10_000
    assert answer["metadata"]["total_companies"] > 900
    names = {company.name for company in searches.backend.data.companies}
    domains = [company.domain for company in searches.backend.data.companies if company.domain]
    assert len(names) == len(searches.backend.data.companies) == 1000
    assert len(domains) == len(set(domains)) < 1000


def test_names_stay_distinct_beyond_all_words() -> None:
    assert [make_company(0, index).name for index in (0, 1000, 2000)] == [
        "Amber Analytics",
        "Amber Analytics 2",
        "Amber Analytics 3",
    ]
    assert len(KEYWORDS) == len({keyword.name for keyword in KEYWORDS.values()}) > 60


async def test_new_jobs_come_first_and_know_their_day() -> None:
    async with calling(FakeTheirStack(jobs=10)) as api:
        await api.fake.clock.advance(3600)
        new = api.fake.seed_jobs(3)
        assert new == range(FIRST_JOB_ID + 10, FIRST_JOB_ID + 13)
        answer = await api.ok("POST", "/v1/jobs/search", {"posted_at_max_age_days": 999})
        rows = {row["id"]: row for row in answer["data"]}
        assert api.fake.job_ids == sorted(rows) == [*range(FIRST_JOB_ID, FIRST_JOB_ID + 13)]
        assert {rows[one]["discovered_at"] for one in new} == {"2026-09-21T15:13:20"}
        found = await api.ok(
            "POST", "/v1/jobs/search", {"posted_at_max_age_days": 999, "discovered_at_gte": "2026-09-21T15:00:00Z"}
        )
        assert sorted(ids(found["data"])) == list(new)
        assert api.fake.credits_billed == 16
        assert list(api.fake.seed_jobs(0)) == []


def test_seeded_jobs_are_those_that_would_have_been_there() -> None:
    """A job depends on its id and its time, not on the number of jobs before."""
    fewer, more = Searches(jobs=399), Searches(jobs=400)
    fewer.backend.data.add(1)
    last = [next(row for row in one.jobs() if row["id"] == job_id(399)) for one in (fewer, more)]
    assert last[0]["job_title"] == last[1]["job_title"]
    assert last[0]["discovered_at"] == last[1]["discovered_at"]


def test_jobs_can_be_put_into_the_middle() -> None:
    fake = FakeTheirStack(jobs=50)
    searches = Searches(jobs=50)
    at = datetime(2026, 8, 10, 2, tzinfo=timezone(timedelta(hours=2)))
    (job,) = fake.seed_jobs(1, discovered_at=at)
    assert list(searches.backend.data.add(1, at.timestamp())) == [job]
    rows = searches.jobs(order_by=[{"field": "discovered_at"}])
    (position,) = [number for number, row in enumerate(rows) if row["id"] == job]
    assert rows[position]["discovered_at"] == "2026-08-10T00:00:00"
    assert 10 < position < 40
    with pytest.raises(ValueError, match="time zone"):
        fake.seed_jobs(1, discovered_at=datetime(2026, 8, 10))  # noqa: DTZ001
    assert fake.job_ids[-1] == job


def test_the_epoch_is_an_instant_like_any_other() -> None:
    searches = Searches(jobs=0)
    searches.backend.data.add(1, datetime(1970, 1, 1, tzinfo=UTC).timestamp())
    assert searches.jobs(posted_at_max_age_days=99_999)[0]["discovered_at"] == "1970-01-01T00:00:00"


async def test_removed_jobs_are_gone_everywhere() -> None:
    async with calling(FakeTheirStack(jobs=40, companies=2)) as api:
        asked: dict[str, Any] = {"posted_at_max_age_days": 999, "limit": 100}
        before = (await api.ok("POST", "/v1/jobs/search", asked))["data"]
        slug = before[0]["technology_slugs"][0]
        gone = ids([row for row in before if slug in row["technology_slugs"]])
        assert 0 < len(gone) < 40
        api.fake.remove_jobs(gone)
        after = (await api.ok("POST", "/v1/jobs/search", asked))["data"]
        assert ids(after) == [one for one in ids(before) if one not in gone]
        companies = (await api.ok("POST", "/v1/companies/search", {}))["data"]
        assert sum(row["num_jobs"] for row in companies) == 40 - len(gone)
        assert not any(slug in row["technology_slugs"] for row in companies)
        with pytest.raises(KeyError):
            api.fake.remove_jobs(gone[:1])
        assert min(api.fake.seed_jobs(1)) == FIRST_JOB_ID + 40


async def test_keywords_count_anew_each_day() -> None:
    searches = Searches()
    recent = {"order_by": [{"field": "jobs_last_7_days"}], "company_name": "Amber Analytics"}
    assert searches.ok("companies/technologies", **recent)["data"][0]["jobs_last_7_days"] > 0
    await searches.clock.advance(8 * 86_400)
    assert searches.ok("companies/technologies", **recent)["data"][0]["jobs_last_7_days"] == 0


async def test_what_a_job_says_of_its_company_is_never_stale() -> None:
    """It is kept for the next answer, until the day or the company's jobs change; a preview leaves it as it is."""
    searches = Searches(companies=1)

    def shown() -> Any:
        return searches.jobs()[0]["company_object"]

    before = shown()
    assert before["num_jobs"] == 400 > before["num_jobs_last_30_days"] > 0
    assert searches.jobs(blur_company_data=True)[0]["company_object"]["name"] != before["name"]
    assert shown() == before
    searches.backend.data.add(1)
    assert (shown()["num_jobs"], shown()["num_jobs_last_30_days"]) == (401, before["num_jobs_last_30_days"] + 1)
    await searches.clock.advance(40 * 86_400)
    assert (shown()["num_jobs"], shown()["num_jobs_last_30_days"]) == (401, 0)


@pytest.mark.parametrize("naive", [True, False])
def test_the_text_of_a_job_is_that_of_its_body(naive: bool) -> None:
    data = Searches().backend.data
    for job in data.jobs.values():
        assert json.loads(job_text(data, job, naive=naive)) == job_body(data, job, naive=naive)


def test_no_jobs_at_all() -> None:
    searches = Searches(jobs=0, companies=3)
    assert searches.jobs() == []
    assert [row["num_jobs"] for row in searches.companies()] == [0, 0, 0]
    assert searches.companies(tech_filters={}) == []


async def test_credits_left() -> None:
    async with calling(FakeTheirStack(credits=30, jobs=100)) as api:
        assert api.fake.credits_left == 30
        await api.ok("POST", "/v1/jobs/search", {"posted_at_max_age_days": 999})
        assert (api.fake.credits_billed, api.fake.credits_left) == (25, 5)
    assert FakeTheirStack().credits_left is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"order": "newest"}, "order of a FakeTheirStack must be one of 'asc', 'desc', not 'newest'"),
        ({"rate_tier": "gold"}, "rate_tier of a FakeTheirStack must be one of 'free', 'paid', not 'gold'"),
        ({"unknown_ids": 422}, "one of '404', '422', 'ignore'"),
        ({"left_out": None}, "one of 'default', 'keep'"),
        ({"error_style": "x"}, "one of 'detail', 'envelope'"),
        ({"plan": "pro"}, "one of 'free', 'paid'"),
        ({"over_plan": ["cap"]}, "one of 'cap', 'refuse'"),
        ({"out_of_credits": "stop"}, "one of '402', '402-data', 'truncate'"),
        ({"unknown_filters": "x"}, "one of 'ignore', 'refuse'"),
        ({"credits": -1}, "credits of a FakeTheirStack must be at least 0, not -1"),
        ({"credits": 1.5}, "an integer"),
        ({"jobs": True}, "an integer"),
        ({"jobs": -1}, "at least 0"),
        ({"companies": 0}, "at least 1"),
        ({"max_deliveries_in_flight": 0}, "at least 1"),
        ({"seed": "a"}, "an integer"),
        ({"seed": None}, "an integer"),
        ({"deliver": 1}, "True or False"),
        ({"delivery_timeout": 0}, "a number of seconds above 0"),
        ({"delivery_timeout": "1"}, "a number of seconds above 0"),
    ],
)
def test_a_wrong_option_is_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        FakeTheirStack(**options)
    assert message in str(caught.value)


def test_right_options_are_taken() -> None:
    assert Options(seed=-5, rate_tier=None, credits=0, jobs=0, delivery_timeout=1).credits == 0
