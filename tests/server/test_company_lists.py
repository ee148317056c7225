"""Company lists, over real sockets."""

from __future__ import annotations

import pytest

from tests.server._account import Do, account, refused, sent
from theirstack_async import (
    Checkpoint,
    DecodeError,
    NotFoundError,
    OutcomeUnknownError,
    PaginationError,
    TheirStack,
    UnprocessableError,
)
from theirstack_async.models import CompanyList, CompanyListEntry, ExportLink
from theirstack_async.testing.faults import GarbageJson, ResetBeforeBody, SamePageForever, Status


async def ids_of(client: TheirStack, count: int) -> list[str]:
    found = await client.companies.search(max_items=count).collect()
    return [company.id for company in found]


async def test_the_life_of_a_list() -> None:
    async with account() as (_, client):
        lists = client.company_lists
        made = await lists.create("Targets")
        assert isinstance(made, CompanyList)
        assert (made.name, made.companies_count) == ("Targets", 0)
        ids = await ids_of(client, 3)
        assert (await lists.add_companies(made.id, [*ids, ids[0]])).companies_count == 3
        copy = await lists.duplicate(made.id)
        assert copy.id != made.id
        assert copy.companies_count == 3
        assert (await lists.remove_companies(made.id, {ids[0]})).companies_count == 2
        assert (await lists.rename(made.id, "Others")).name == "Others"
        assert [each.name for each in await lists.list()] == ["Others", copy.name]
        assert (await lists.get(made.id)).companies_count == 2
        assert await lists.delete(made.id) is None
        assert await lists.list() == [copy]


async def test_companies_on_several_lists() -> None:
    async with account() as (_, client):
        lists = client.company_lists
        first, second = await lists.create("a"), await lists.create("b")
        ids = await ids_of(client, 2)
        assert await lists.add_companies_to_lists(list_ids=[first.id, second.id], company_ids=ids) is None
        assert [each.companies_count for each in await lists.list()] == [2, 2]


async def test_the_companies_on_a_list() -> None:
    async with account() as (fake, client):
        made = await client.company_lists.create("a")
        ids = await ids_of(client, 9)
        await client.company_lists.add_companies(made.id, ids)
        rows = client.company_lists.companies(made.id, order_direction="asc", page_size=4)
        found = await rows.collect()
        assert all(isinstance(entry, CompanyListEntry) for entry in found)
        assert [entry.company_object.id for entry in found] == ids
        asked = [request.query_string for request in fake.requests if request.path.endswith("/companies")]
        assert asked == [f"order_direction=asc&offset={offset}&limit=4" for offset in (0, 3, 6)]
        by_name = await client.company_lists.companies(made.id, order_by="name", order_direction="asc").collect()
        assert [entry.company_name for entry in by_name] == sorted((e.company_name for e in found), key=str.casefold)
        part = found[0].company_name
        some = await client.company_lists.companies(made.id, company_name_partial=part).collect()
        assert found[0] in some
        assert all(part.casefold() in entry.company_name.casefold() for entry in some)


async def test_no_company_is_missed_while_others_leave_the_list() -> None:
    async with account() as (_, client):
        made = await client.company_lists.create("a")
        ids = await ids_of(client, 12)
        await client.company_lists.add_companies(made.id, ids)
        rows = client.company_lists.companies(made.id, order_direction="asc", page_size=4)
        taken = [entry.company_object.id for entry in await rows.collect(4)]
        await client.company_lists.remove_companies(made.id, ids[:3])
        assert taken + [entry.company_object.id for entry in await rows.collect()] == ids


async def test_a_checkpoint_goes_on_elsewhere() -> None:
    async with account() as (_, client):
        made = await client.company_lists.create("a")
        ids = await ids_of(client, 9)
        await client.company_lists.add_companies(made.id, ids)
        rows = client.company_lists.companies(made.id, order_direction="asc", page_size=4, max_items=6)
        taken = [entry.company_object.id async for entry in rows]
        point = Checkpoint.from_json(rows.checkpoint().to_json())
        rest = client.company_lists.companies(made.id, order_direction="asc", resume=point)
        assert taken + [entry.company_object.id async for entry in rest] == ids
        late = await client.company_lists.companies(made.id, order_direction="asc", offset=7).collect()
        assert [entry.company_object.id for entry in late] == ids[7:]
        assert await refused(lambda c: c.company_lists.companies(made.id, resume=point)) == "resume"


async def test_a_row_that_does_not_decode_costs_no_other() -> None:
    async with account() as (fake, client):
        fake.faults.add("GET *", GarbageJson(b'[{"company_name": 7}]'))
        rows = client.company_lists.companies(7, rejects="collect")
        assert await rows.collect() == []
        assert [error.body for error in rows.rejects] == [b'{"company_name": 7}']


async def test_an_offset_that_is_ignored_is_noticed() -> None:
    async with account() as (fake, client):
        made = await client.company_lists.create("a")
        await client.company_lists.add_companies(made.id, await ids_of(client, 9))
        fake.faults.add("GET *", SamePageForever(), times=None)
        with pytest.raises(PaginationError, match=f"GET /v0/company_lists/{made.id}/companies") as caught:
            await client.company_lists.companies(made.id, page_size=4).collect()
        assert caught.value.reason == "repeated_page"


async def test_a_list_that_is_not_there() -> None:
    async with account() as (_, client):
        lists = client.company_lists
        for call in (lists.get, lists.delete, lists.duplicate):
            with pytest.raises(NotFoundError):
                await call(99)
        with pytest.raises(NotFoundError):
            await lists.rename(99, "x")
        with pytest.raises(NotFoundError):
            await lists.add_companies(99, ["x"])
        with pytest.raises(NotFoundError):
            await lists.remove_companies(99, ["x"])
        with pytest.raises(NotFoundError):
            await lists.add_companies_to_lists(list_ids=[99], company_ids=["x"])
        with pytest.raises(NotFoundError):
            await lists.companies(99).collect()


@pytest.mark.parametrize("fault", [Status(503, apply=True), ResetBeforeBody(apply=True)])
async def test_a_deletion_that_had_worked_the_first_time(fault: Status | ResetBeforeBody) -> None:
    """The second request finds no list, because the first one deleted it: that is no error."""
    async with account() as (fake, client):
        made = await client.company_lists.create("a")
        fake.faults.add("DELETE *", fault)
        assert await client.company_lists.delete(made.id) is None
        assert sent(fake)[1:] == [f"DELETE /v0/company_lists/{made.id}"] * 2
        assert await client.company_lists.list() == []


async def test_a_deletion_that_was_put_off_and_finds_no_list() -> None:
    """The first attempt was refused by the rate limit, so nobody deleted it: there never was such a list."""
    async with account() as (fake, client):
        fake.faults.add("DELETE *", Status(429, b"{}"))
        with pytest.raises(NotFoundError):
            await client.company_lists.delete(999)
        assert len(sent(fake)) == 2


async def test_a_deletion_that_is_refused() -> None:
    async with account() as (fake, client):
        made = await client.company_lists.create("a")
        fake.faults.add("DELETE *", Status(422, b'{"detail": [{"loc": ["path", "list_id"], "msg": "no"}]}'))
        with pytest.raises(UnprocessableError) as caught:
            await client.company_lists.delete(made.id)
        assert [str(problem) for problem in caught.value.problems] == ["path.list_id: no"]
        fake.faults.add("DELETE *", Status(200, b'{"error": {"title": "Not allowed"}}'))
        with pytest.raises(DecodeError, match=f"DELETE /v0/company_lists/{made.id}: "):
            await client.company_lists.delete(made.id)


@pytest.mark.parametrize(
    "do",
    [
        lambda c: c.company_lists.create("b"),
        lambda c: c.company_lists.duplicate(301),
        lambda c: c.company_lists.add_companies(301, ["x"]),
        lambda c: c.company_lists.add_companies_to_lists(list_ids=[301], company_ids=["x"]),
    ],
)
async def test_what_could_make_or_cost_something_twice_is_not_repeated(do: Do) -> None:
    async with account() as (fake, client):
        await client.company_lists.create("a")
        fake.faults.add("POST *", Status(503), times=None)
        with pytest.raises(OutcomeUnknownError):
            await do(client)
        assert len(fake.requests) == 2


async def test_what_is_deprecated_warns_at_the_caller() -> None:
    async with account() as (_, client):
        made = await client.company_lists.create("a")
        with pytest.warns(DeprecationWarning, match=r"company_lists\.export: deprecated.*companies\(\)") as caught:
            link = await client.company_lists.export(made.id, limit=10)
        assert isinstance(link, ExportLink)
        assert link.url.endswith(".csv")
        company = (await client.companies.search(max_items=1).collect())[0]
        with pytest.warns(DeprecationWarning, match="company_names: deprecated by the API; use company_ids") as names:
            found = await client.company_lists.add_companies(made.id, company_names=[company.name])
        assert found.companies_count >= 1
        assert [each.filename for each in (*caught, *names)] == [__file__] * 2


@pytest.mark.parametrize(
    ("do", "field"),
    [
        (lambda c: c.company_lists.get("7"), "list_id"),
        (lambda c: c.company_lists.delete(None), "list_id"),
        (lambda c: c.company_lists.duplicate(-7), "list_id"),
        (lambda c: c.company_lists.create(""), "name"),
        (lambda c: c.company_lists.create(None), "name"),
        (lambda c: c.company_lists.rename(7, "\n"), "new_name"),
        (lambda c: c.company_lists.rename("7", "x"), "list_id"),
        (lambda c: c.company_lists.add_companies(7), "company_ids"),
        (lambda c: c.company_lists.add_companies(7, []), "company_ids"),
        (lambda c: c.company_lists.add_companies(7, "abc"), "company_ids"),
        (lambda c: c.company_lists.add_companies(7, b"abc"), "company_ids"),
        (lambda c: c.company_lists.add_companies(7, [7]), "company_ids"),
        (lambda c: c.company_lists.add_companies("7", ["a"]), "list_id"),
        (lambda c: c.company_lists.add_companies(7, company_names=[]), "company_names"),
        (lambda c: c.company_lists.remove_companies(7, []), "company_ids"),
        (lambda c: c.company_lists.add_companies_to_lists(list_ids=[], company_ids=["a"]), "list_ids"),
        (lambda c: c.company_lists.add_companies_to_lists(list_ids=["1"], company_ids=["a"]), "list_ids"),
        (lambda c: c.company_lists.add_companies_to_lists(list_ids=[1], company_ids="a"), "company_ids"),
        (lambda c: c.company_lists.companies("7"), "list_id"),
        (lambda c: c.company_lists.companies(7, order_by=7), "order_by"),
        (lambda c: c.company_lists.companies(7, order_direction=7), "order_direction"),
        (lambda c: c.company_lists.companies(7, company_name_partial=""), "company_name_partial"),
        (lambda c: c.company_lists.companies(7, page_size=0), "page_size"),
        (lambda c: c.company_lists.companies(7, offset=-1), "offset"),
        (lambda c: c.company_lists.companies(7, max_items="9"), "max_items"),
        (lambda c: c.company_lists.companies(7, rejects="drop"), "rejects"),
        (lambda c: c.company_lists.export("7"), "list_id"),
        (lambda c: c.company_lists.export(7, file_format=None), "file_format"),
        (lambda c: c.company_lists.export(7, limit=0), "limit"),
        (lambda c: c.company_lists.export(7, offset=-1), "offset"),
    ],
)
async def test_what_is_refused_is_not_sent(do: Do, field: str) -> None:
    assert await refused(do) == field
