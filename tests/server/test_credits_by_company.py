"""The jobs of many companies over a real socket: every domain has an entry, and no row is bought twice."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from typing import Any

import pytest

from tests.server._searches import ANY_TIME, JOBS, Edited, asked, bodies, searching
from theirstack_async import (
    ALL,
    ArgumentError,
    CreditBudget,
    DecodeError,
    EndReason,
    InsufficientCreditsError,
    JobFilters,
    JobsByCompany,
    OutcomeUnknownError,
    RequestOptions,
)
from theirstack_async.testing import FakeTheirStack, ResetBeforeBody, Status


def jobs_of(fake: FakeTheirStack) -> dict[str, set[int]]:
    """Return the ids of the jobs of each company that has a domain, those with the most first."""
    companies = [company for company in fake._backend.data.companies if company.domain]
    companies.sort(key=lambda company: len(company.jobs), reverse=True)
    return {str(company.domain): {*company.jobs} for company in companies}


def ids(found: JobsByCompany) -> dict[str, set[int]]:
    """Return the ids of the jobs that were found, by domain."""
    return {domain: {job.id for job in jobs} for domain, jobs in found.items()}


def batches(fake: FakeTheirStack) -> list[tuple[str, ...]]:
    """Return the domains that each request asked for, those of further pages of the same left out."""
    return list(dict.fromkeys(tuple(body["company_domain_or"]) for body in bodies(fake)))


def of_company(row: dict[str, Any], **company: Any) -> None:
    """Make a row one of another company."""
    row["company_domain"] = company.pop("company_domain", None)
    row["company_object"] |= {"domain": None, "url": None, "possible_domains": [], **company}


class TestFound:
    @pytest.mark.parametrize("batch_size", [1, 3, 25])
    async def test_every_domain_has_an_entry_and_every_row_is_bought_once(self, batch_size: int) -> None:
        async with searching(jobs=200) as (fake, client):
            expected = {**jobs_of(fake), "quiet.example": set[int]()}
            found = await client.jobs.by_company(iter(expected), batch_size=batch_size, max_items=ALL)
            assert ids(found) == expected
            assert [*found] == [*expected]
            assert isinstance(found, Mapping)
            assert (len(found), "quiet.example" in found, "other.example" in found) == (len(expected), True, False)
            assert (found.unmatched, found.incomplete, found.not_asked, found.end) == ((), (), (), None)
            total = sum(map(len, expected.values()))
            assert found.credits == fake.credits_billed == client.usage.total.credits == total
            assert [len(batch) for batch in batches(fake)][:-1] == [batch_size] * (len(batches(fake)) - 1)

    async def test_a_domain_is_known_in_whatever_form_it_is_written(self) -> None:
        async with searching() as (fake, client):
            (domain, jobs), *_ = jobs_of(fake).items()
            forms = [
                domain,
                domain.upper(),
                f"https://www.{domain}/careers?a=b",
                f"{domain}.",
                f"recruiting@{domain}",
                f" {domain}:443 ",
                domain,
            ]
            found = await client.jobs.by_company(forms, max_items=ALL)
            assert ids(found) == dict.fromkeys(forms, jobs)
            assert (batches(fake), fake.credits_billed) == ([(domain,)], len(jobs))

    async def test_other_filters_go_with_it(self) -> None:
        async with searching() as (fake, client):
            found = await client.jobs.by_company(
                [*jobs_of(fake)],
                JobFilters(posted_at_max_age_days=3000),
                max_items=ALL,
                remote=True,
                extra_filters={"job_title_not": ["nothing"]},
                page_size=7,
            )
            assert all(job.remote for jobs in found.values() for job in jobs)
            names = ("posted_at_max_age_days", "remote", "job_title_not", "limit")
            assert next([body[name] for name in names] for body in bodies(fake)) == [3000, True, ["nothing"], 7]

    async def test_the_company_object_says_whose_a_job_is(self) -> None:
        """Its own domain goes before those that may be its, and what fits nothing is kept, for it is paid for."""
        async with searching() as (fake, client):
            rows = (await client.request("POST", JOBS.split()[1], json={**ANY_TIME, "limit": 6})).json()["data"]
            of_company(rows[0], company_domain="WWW.a.example")
            of_company(rows[1], domain="https://a.example/")
            of_company(rows[2], url="http://b.example:80")
            of_company(rows[3], company_domain="a.example", possible_domains=["b.example"])
            of_company(rows[4], company_domain="c.example", possible_domains=["b.example", "A.example", "a.example"])
            of_company(rows[5], company_domain="c.example")
            fake.faults.add(JOBS, Status(200, json.dumps({"data": rows, "metadata": {}})))
            found = await client.jobs.by_company(["b.example", "a.example", "quiet.example"], max_items=ALL)
            at = {domain: [job.id for job in jobs] for domain, jobs in found.items()}
            numbers = [row["id"] for row in rows]
            assert at == {
                "a.example": [numbers[0], numbers[1], numbers[3], numbers[4]],
                "b.example": [numbers[2], numbers[4]],
                "quiet.example": [],
            }
            assert ([job.id for job in found.unmatched], found.credits) == ([numbers[5]], 6)

    async def test_a_pickle_is_the_same(self) -> None:
        async with searching() as (fake, client):
            found = await client.jobs.by_company([*jobs_of(fake)][:2], max_items=5)
            twin = pickle.loads(pickle.dumps(found))
            assert (twin, twin.credits, twin.end, twin.incomplete) == (found, 5, found.end, found.incomplete)

    async def test_none_sends_nothing(self) -> None:
        async with searching() as (fake, client):
            found = await client.jobs.by_company([], max_items=ALL)
            assert (dict(found), found.credits, found.end, fake.requests.total) == ({}, 0, None, 0)


class TestRefused:
    @pytest.mark.parametrize(
        "domains", ["x.example", 7, None, {"x.example": 1}, [""], ["x"], [7], [None], ["x.example", "a company"]]
    )
    async def test_what_is_no_domain(self, domains: Any) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError) as caught:
                await client.jobs.by_company(domains, max_items=1)
            assert (caught.value.field, fake.requests.total) == ("domains", 0)

    @pytest.mark.parametrize("name", ["company_domain_or", "company_name_or", "company_linkedin_url_or"])
    @pytest.mark.parametrize("extra", [True, False])
    async def test_filters_that_name_other_companies(self, name: str, extra: bool) -> None:
        async with searching() as (fake, client):
            given: Any = {"extra_filters": {name: ["y"]}} if extra else {name: ["y"]}
            with pytest.raises(ArgumentError, match="the domains say which companies") as caught:
                await client.jobs.by_company(["x.example"], max_items=1, **given)
            assert (caught.value.field, fake.requests.total) == (name, 0)

    async def test_without_a_bound(self) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError, match=r"each row costs 1 credit; .* \(max_items=100\)") as caught:
                await client.jobs.by_company(["x.example"])
            assert (caught.value.field, fake.requests.total) == ("max_items", 0)

    @pytest.mark.parametrize(
        ("argument", "value"),
        [("batch_size", 0), ("page_size", 0), ("page_size", 501), ("max_items", -1), ("max_items", True)],
    )
    async def test_numbers_out_of_bounds(self, argument: str, value: Any) -> None:
        async with searching() as (fake, client):
            given: Any = {"max_items": 1, argument: value}
            with pytest.raises(ArgumentError) as caught:
                await client.jobs.by_company(["x.example"], **given)
            assert (caught.value.field, fake.requests.total) == (argument, 0)


class TestEnded:
    """What could not be bought is told by domain, and asking for that again buys nothing twice."""

    @pytest.mark.parametrize("limit", [0, 1, 20, 59])
    async def test_by_the_number_of_rows(self, limit: int) -> None:
        async with searching() as (fake, client):
            every = jobs_of(fake)
            found = await client.jobs.by_company([*every], batch_size=2, max_items=limit)
            assert sum(map(len, found.values())) == found.credits == fake.credits_billed == limit
            assert found.end is EndReason.MAX_ITEMS
            assert all(len(found[domain]) == 0 for domain in found.not_asked)
            whole = {*every} - {*found.incomplete} - {*found.not_asked}
            assert {domain: ids(found)[domain] for domain in whole} == {domain: every[domain] for domain in whole}
            assert len(found.incomplete) in (0, 2)

    async def test_a_batch_that_just_fits_leaves_the_next_ones_unasked(self) -> None:
        async with searching() as (fake, client):
            every = jobs_of(fake)
            (first, jobs), *others = every.items()
            found = await client.jobs.by_company([*every], batch_size=1, max_items=len(jobs))
            assert (found.incomplete, found.not_asked) == ((first,), tuple(domain for domain, _ in others))
            assert len(batches(fake)) == 1

    @pytest.mark.parametrize("how", ["argument", "options", "client"])
    @pytest.mark.parametrize("limit", [0, 1, 30])
    async def test_by_the_budget(self, how: str, limit: int) -> None:
        async with searching() as (fake, client):
            budget = CreditBudget(limit)
            view = client.with_options(budget=budget) if how == "client" else client
            options = RequestOptions(budget=budget) if how == "options" else None
            found = await view.jobs.by_company(
                [*jobs_of(fake)], batch_size=2, budget=budget if how == "argument" else None, options=options
            )
            assert found.credits == budget.spent == fake.credits_billed == limit
            assert found.end is EndReason.BUDGET
            assert [*found.incomplete, *found.not_asked] == [*found][-len(found.incomplete + found.not_asked) :]
            assert len(found.incomplete) == (2 if limit else 0)

    @pytest.mark.parametrize("how", ["truncate", "402-data"])
    async def test_by_the_credits(self, how: str) -> None:
        async with searching(credits=30, out_of_credits=how) as (fake, client):
            found = await client.jobs.by_company([*jobs_of(fake)], batch_size=1, max_items=ALL)
            assert (found.credits, fake.credits_billed) == (30, 30)
            assert found.end is EndReason.TRUNCATED_BY_CREDITS
            assert len(found.incomplete) <= 1
            assert found.not_asked

    async def test_by_credits_that_are_refused(self) -> None:
        async with searching(credits=30, out_of_credits="402") as (fake, client):
            found = await client.jobs.by_company([*jobs_of(fake)], batch_size=1, page_size=500, max_items=ALL)
            assert found.credits == fake.credits_billed > 0
            assert (found.end, found.incomplete) == (EndReason.TRUNCATED_BY_CREDITS, ())
            assert found.not_asked

    async def test_no_credits_at_all_is_an_error(self) -> None:
        async with searching(credits=0, out_of_credits="402") as (fake, client):
            with pytest.raises(InsufficientCreditsError):
                await client.jobs.by_company([*jobs_of(fake)], max_items=ALL)

    async def test_the_plan_cuts_one_batch_and_the_next_goes_on(self) -> None:
        """To ask again for less would buy the same rows again, so it is not done."""
        async with searching(jobs=300, plan="free") as (fake, client):
            every = jobs_of(fake)
            first = [*every][:3]
            assert sum(len(every[domain]) for domain in first) > 125
            found = await client.jobs.by_company([*every], batch_size=3, max_items=ALL)
            assert found.incomplete == tuple(first)
            assert (found.not_asked, found.end) == ((), EndReason.PLAN_LIMIT)
            assert {name: ids(found)[name] for name in [*every][3:]} == {name: every[name] for name in [*every][3:]}
            assert found.credits == fake.credits_billed == 125 + sum(len(every[domain]) for domain in [*every][3:])

    async def test_the_plan_cuts_each_batch(self) -> None:
        async with searching(jobs=600, companies=2, plan="free") as (fake, client):
            every = jobs_of(fake)
            assert [len(jobs) > 125 for jobs in every.values()] == [True, True]
            found = await client.jobs.by_company([*every], batch_size=1, max_items=ALL)
            assert (found.incomplete, found.not_asked, found.end) == (tuple(every), (), EndReason.PLAN_LIMIT)
            assert found.credits == fake.credits_billed == 250

    async def test_a_batch_that_is_refused_ends_it(self) -> None:
        async with searching(jobs=60) as (fake, client):
            first, second, *_ = jobs_of(fake)
            fake.faults.add(lambda request: second in request.json()["company_domain_or"], Status(403), times=None)
            found = await client.jobs.by_company([first, second], batch_size=1, max_items=ALL)
            assert (found.incomplete, found.not_asked, found.end) == ((), (second,), EndReason.PLAN_LIMIT)
            assert len([body for body in bodies(fake) if second in body["company_domain_or"]]) == 1


class TestFailed:
    """An error has all that was bought."""

    async def test_of_an_unknown_outcome(self) -> None:
        async with searching() as (fake, client):
            every = jobs_of(fake)
            second = [*every][1]
            fake.faults.add(
                lambda request: request.json()["company_domain_or"] == [second], ResetBeforeBody(apply=True)
            )
            with pytest.raises(OutcomeUnknownError) as caught:
                await client.jobs.by_company([*every], batch_size=1, max_items=ALL)
            bought = {job.id for job in caught.value.items_so_far or []}
            assert bought == next(iter(every.values()))
            assert asked(fake)[-1] == (0, 25)

    async def test_rows_that_do_not_decode(self) -> None:
        async with searching() as (fake, client):
            every = jobs_of(fake)
            fake.faults.add(JOBS, Edited(lambda data: data["data"][0].update(job_title=7)))
            with pytest.raises(DecodeError, match="a row that was bought does not decode") as caught:
                await client.jobs.by_company([*every], batch_size=1, max_items=ALL)
            assert len(caught.value.items_so_far or []) == len(next(iter(every.values()))) - 1
            assert caught.value.body.startswith(b"[{")

    async def test_an_error_of_the_server(self) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, Status(422), times=None)
            with pytest.raises(Exception, match="422") as caught:
                await client.jobs.by_company(["x.example"], max_items=1, **ANY_TIME)
            assert getattr(caught.value, "items_so_far", None) == []


def test_what_it_shows() -> None:
    found = JobsByCompany(jobs={"a.example": (), "b.example": ()}, incomplete=("a.example",), credits=3)
    assert repr(found) == (
        "<JobsByCompany 0 jobs of 2 domains, 0 unmatched, 3 credits, 1 incomplete, 0 not asked, end=None>"
    )
