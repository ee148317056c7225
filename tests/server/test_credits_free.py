"""What is free is free, over a real socket: counts, previews and estimates, and what it takes to pay for them."""

from __future__ import annotations

import copy
import json
import pickle
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.server._searches import ANY_TIME, COMPANIES, JOBS, Edited, bodies, searching
from theirstack_async import (
    ALL,
    ArgumentError,
    BudgetExceededError,
    CompanyFilters,
    CreditBudget,
    DecodeError,
    EndReason,
    Estimate,
    JobFilters,
    JobPreview,
    OutcomeUnknownError,
    RequestOptions,
    TheirStack,
)
from theirstack_async.testing import ResetBeforeBody, Status

NAMED = {"company_name_partial_match_or": ["a"], **ANY_TIME}
"""Filters for jobs that name companies: the API does not blur, and bills."""


def unblur(rows: int | None = None) -> Edited:
    """Return an answer whose first rows say that they are not blurred; all of them by default."""

    def edit(data: dict[str, Any]) -> None:
        for row in data["data"][:rows]:
            row["has_blurred_data"] = False

    return Edited(edit)


async def named_domains(client: TheirStack) -> list[str]:
    """Return the domains of companies, looked at without a budget."""
    return [row.domain for row in await client.companies.search(max_items=2).collect() if row.domain]


class TestPaid:
    """Whoever says that a count or a preview may cost."""

    async def test_a_count_that_names_companies_costs_one_row(self) -> None:
        async with searching() as (fake, client):
            found = await client.jobs.count(pay=True, **NAMED)
            assert found.total_results == len(await client.jobs.search(max_items=ALL, **NAMED).collect())
            assert found.meta is not None
            assert (found.meta.credits, bodies(fake)[0]["limit"]) == (1, 1)
            spent = client.usage["jobs.search"].credits
            domains = await named_domains(client)
            before = fake.credits_billed
            count = await client.companies.count(pay=True, company_domain_or=domains)
            assert (count.total_results, fake.credits_billed - before) == (2, 3)
            assert client.usage["jobs.search"].credits == spent
            assert client.usage.total.credits == fake.credits_billed

    async def test_without_such_a_filter_it_changes_nothing(self) -> None:
        async with searching() as (fake, client):
            assert (await client.jobs.count(pay=True, **ANY_TIME)).total_results == 60
            assert (await client.companies.count(pay=True)).total_results == 8
            assert len(await client.jobs.preview(pay=True, **ANY_TIME).collect()) == 60
            assert len(await client.companies.preview(pay=True).collect()) == 8
            assert (fake.credits_billed, client.usage.total.credits) == (0, 0)

    async def test_a_preview_that_names_companies_costs_its_rows(self) -> None:
        async with searching() as (fake, client):
            preview = client.jobs.preview(pay=True, max_items=5, **NAMED)
            rows = await preview.collect()
            assert [type(row) for row in rows] == [JobPreview] * 5
            assert not any(row.has_blurred_data for row in rows)
            assert preview.credits == fake.credits_billed == client.usage.total.credits == 5
            domains = await named_domains(client)
            before = fake.credits_billed
            companies = client.companies.preview(pay=True, company_domain_or=domains, max_items=ALL)
            assert (len(await companies.collect()), fake.credits_billed - before) == (2, 6)

    async def test_such_a_preview_has_to_be_bounded(self) -> None:
        async with searching() as (fake, client):
            for preview, named in (
                (client.jobs.preview, NAMED),
                (client.companies.preview, {"company_domain_or": ["x.example"]}),
            ):
                with pytest.raises(ArgumentError, match="each row costs") as caught:
                    preview(pay=True, **named)
                assert caught.value.field == "max_items"
            assert fake.requests.total == 0

    async def test_it_is_paid_for_by_the_budget(self) -> None:
        async with searching() as (fake, client):
            budget = CreditBudget(3)
            options = RequestOptions(budget=budget)
            preview = client.jobs.preview(pay=True, options=options, **NAMED)
            assert len(await preview.collect()) == 3
            assert (preview.end, budget.spent, fake.credits_billed) == (EndReason.BUDGET, 3, 3)
            with pytest.raises(BudgetExceededError):
                await client.jobs.count(pay=True, options=options, **NAMED)
            assert fake.requests.total == 1

    async def test_a_count_that_is_lost_has_one_row_at_risk(self) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, ResetBeforeBody(apply=True))
            with pytest.raises(OutcomeUnknownError) as caught:
                await client.jobs.count(pay=True, **NAMED)
            assert caught.value.credits_at_risk == fake.credits_billed == client.usage.total.uncertain == 1

    async def test_the_refusal_says_how_to_pay(self) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError, match=r"bills 1 credit a job .*pay=True"):
                await client.jobs.count(**NAMED)
            with pytest.raises(ArgumentError, match=r"bills 3 credits a company .*pay=True"):
                client.companies.preview(company_domain_or=["x.example"])
            assert fake.requests.total == 0


class TestBilledAllTheSame:
    """What was asked for free and came unblurred was billed: it is accounted for, and told of."""

    @pytest.mark.parametrize("of_client", [True, False])
    async def test_a_count(self, of_client: bool) -> None:
        budget = CreditBudget(10)
        async with searching() as (fake, client):
            fake.faults.add(JOBS, unblur())
            view = client.with_options(budget=budget) if of_client else client
            with pytest.raises(DecodeError, match=r"a row came unblurred, .* \(1 credit\)") as caught:
                await view.jobs.count(options=None if of_client else RequestOptions(budget=budget), **ANY_TIME)
            assert b'"has_blurred_data": false' in caught.value.body
            assert "has_blurred_data" in str(caught.value.problems[0])
            assert (budget.spent, client.usage.total.credits, client.usage["jobs.search"].rows) == (1, 1, 1)

    async def test_a_count_of_companies(self) -> None:
        async with searching() as (fake, client):
            fake.faults.add(COMPANIES, unblur())
            with pytest.raises(DecodeError, match=r"accounted for \(3 credits\)"):
                await client.companies.count()
            assert client.usage["companies.search"].credits == 3

    async def test_an_estimate(self) -> None:
        async with searching() as (fake, client):
            fake.faults.add(COMPANIES, unblur())
            with pytest.raises(DecodeError, match=r"POST /v1/companies/search: .* came unblurred"):
                await client.companies.estimate()
            assert client.usage.total.credits == 3

    async def test_a_preview_counts_the_rows_that_were(self) -> None:
        budget = CreditBudget(2)
        async with searching() as (fake, client):
            fake.faults.add(JOBS, unblur(4), times=1)
            paginator = client.jobs.preview(options=RequestOptions(budget=budget), **ANY_TIME)
            with pytest.raises(DecodeError, match=r"4 rows came unblurred, .* \(4 credits\)"):
                await paginator.collect()
            assert (budget.spent, client.usage.total.credits) == (4, 4)

    async def test_the_pages_before_it_are_kept_and_none_follows(self) -> None:
        """Whoever iterates again does not pay again."""
        async with searching() as (fake, client):
            fake.faults.add(lambda request: request.json()["offset"] == 20, unblur(), times=None)
            paginator = client.jobs.preview(page_size=20, **ANY_TIME)
            for gathered in (20, 0):
                with pytest.raises(DecodeError) as caught:
                    await paginator.collect()
                assert len(caught.value.items_so_far or []) == gathered
            assert (fake.requests.total, client.usage.total.credits) == (2, 20)

    async def test_a_row_that_does_not_say_is_no_mismatch(self) -> None:
        def forget(data: dict[str, Any]) -> None:
            for row in data["data"]:
                del row["has_blurred_data"]

        async with searching() as (fake, client):
            fake.faults.add(COMPANIES, Edited(forget), times=None)
            assert len(await client.companies.preview().collect()) == 8
            assert (await client.companies.count()).total_results == 8
            assert client.usage.total.credits == 0

    async def test_what_was_paid_for_may_be_unblurred(self) -> None:
        async with searching() as (fake, client):
            fake.faults.add(JOBS, unblur(), times=None)
            assert (await client.jobs.count(pay=True, **NAMED)).total_results > 0
            assert len(await client.jobs.search(max_items=2, **ANY_TIME).collect()) == 2
            assert client.usage.total.credits == fake.credits_billed == 3


class TestEstimate:
    async def test_of_all_there_is(self) -> None:
        async with searching() as (fake, client):
            assert await client.jobs.estimate(**ANY_TIME) == Estimate(rows=60, credits=60, price=1, exact=False)
            found = await client.companies.estimate(max_items=ALL)
            assert found == Estimate(rows=8, credits=24, price=3, exact=False)
            assert found.meta is not None
            assert (found.meta.credits, fake.credits_billed) == (0, 0)

    @pytest.mark.parametrize(("limit", "rows", "exact"), [(0, 0, True), (7, 7, True), (8, 8, True), (9, 8, False)])
    async def test_up_to_a_limit(self, limit: int, rows: int, exact: bool) -> None:
        async with searching() as (_, client):
            found = await client.companies.estimate(max_items=limit)
            assert found == Estimate(rows=rows, credits=3 * rows, price=3, exact=exact)

    @pytest.mark.parametrize(("days", "exact"), [(-1, True), (1, False)])
    async def test_of_a_search_that_is_pinned(self, days: int, exact: bool) -> None:
        async with searching() as (_, client):
            until = datetime.now(UTC) + timedelta(days=days)
            assert (await client.jobs.estimate(discovered_at_lte=until, **ANY_TIME)).exact is exact

    @pytest.mark.parametrize("until", ["2020-01-01T00:00:00", "then", 7, None])
    async def test_what_is_no_instant_pins_nothing(self, until: object) -> None:
        """Such as only ``extra_filters`` can send; this server takes it."""
        total = json.dumps({"data": [], "metadata": {"total_results": 9}})
        async with searching() as (fake, client):
            fake.faults.add(JOBS, Status(200, total))
            found = await client.jobs.estimate(extra_filters={"discovered_at_lte": until}, **ANY_TIME)
            assert found == Estimate(rows=9, credits=9, price=1, exact=False)

    async def test_of_filters_as_an_object(self) -> None:
        async with searching() as (_, client):
            jobs = JobFilters(posted_at_max_age_days=3650)
            assert (await client.estimate(jobs, max_items=5)).credits == 5
            assert (await client.estimate(CompanyFilters(), max_items=5)).credits == 15

    @pytest.mark.parametrize("limit", [-1, True, 1.5, "all"])
    async def test_a_limit_that_is_none(self, limit: Any) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError) as caught:
                await client.jobs.estimate(max_items=limit, **ANY_TIME)
            assert (caught.value.field, fake.requests.total) == ("max_items", 0)

    async def test_companies_that_are_named_are_refused(self) -> None:
        async with searching() as (fake, client):
            with pytest.raises(ArgumentError, match="bills 1 credit a job"):
                await client.jobs.estimate(**NAMED)
            with pytest.raises(ArgumentError, match="bills 3 credits a company"):
                await client.companies.estimate(company_domain_or=["x.example"])
            assert fake.requests.total == 0


class TestBound:
    """A budget says how much a search may cost, so nothing else has to."""

    @pytest.mark.parametrize("of_client", [True, False])
    async def test_a_budget_is_one(self, of_client: bool) -> None:
        budget = CreditBudget(7)
        async with searching() as (fake, client):
            view = client.with_options(budget=budget) if of_client else client
            search = view.jobs.search(options=None if of_client else RequestOptions(budget=budget), **ANY_TIME)
            assert len(await search.collect()) == fake.credits_billed == budget.spent == 7
            assert search.end is EndReason.BUDGET

    async def test_options_without_one_are_none(self) -> None:
        async with searching() as (_, client):
            with pytest.raises(ArgumentError, match="give a budget"):
                client.jobs.search(options=RequestOptions(), **ANY_TIME)


class TestMeta:
    """What one call brought knows what it cost."""

    async def test_of_a_look_up(self) -> None:
        async with searching() as (fake, client):
            (domain, *_) = await named_domains(client)
            before = fake.credits_billed
            found = await client.companies.technologies(domain=domain)
            assert found.meta is not None
            assert (found.meta.credits, fake.credits_billed - before, found.meta.rows) == (3, 3, len(found))

    async def test_it_travels_with_copies_and_is_no_part_of_the_data(self) -> None:
        async with searching() as (_, client):
            found = await client.jobs.count(**ANY_TIME)
            assert found.meta is not None
            for twin in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
                assert (twin, twin.meta) == (found, found.meta)
            assert found.to_dict() == {"total_results": 60, "total_companies": 8}
            assert "meta" not in repr(found)
