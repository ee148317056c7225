"""Company lists: made, filled, read, copied and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fake._documents import CheckedApi

PATH = "/v0/company_lists"


def companies(api: CheckedApi, n: int = 3) -> list[Any]:
    """Return some companies of the data set; their names are in alphabetical order."""
    return sorted(api.fake._backend.data.companies[:n], key=lambda company: company.name.casefold())


async def make(api: CheckedApi, name: str = "Leads", company_ids: list[str] | None = None) -> str:
    """Make a list and return its path."""
    path = f"{PATH}/{(await api.ok('POST', PATH, {'name': name}))['id']}"
    if company_ids:
        await api.ok("POST", f"{path}/add_companies", {"company_ids": company_ids})
    return path


async def names(api: CheckedApi, path: str, query: str = "") -> list[str]:
    return [row["company_name"] for row in await api.ok("GET", f"{path}/companies{query}")]


async def test_create_get_list_and_rename(checked: CheckedApi) -> None:
    made = await checked.ok("POST", PATH, {"name": "Leads"})
    assert (made["name"], made["companies_count"], made["deletable"]) == ("Leads", 0, True)
    assert (made["type"], made["webhook_id"], made["created_at"]) == ("MANUAL_CREATION", None, "2026-09-21T14:13:20Z")
    second = await checked.ok("POST", PATH, {"name": "Leads"})
    assert second["id"] == made["id"] + 1
    assert await checked.ok("GET", PATH) == [made, second]
    renamed = await checked.ok("PATCH", f"{PATH}/{made['id']}", {"new_name": "Old leads"})
    assert renamed == await checked.ok("GET", f"{PATH}/{made['id']}") == made | {"name": "Old leads"}


async def test_a_deleted_list_is_gone_and_its_id_is_not_given_out_again(checked: CheckedApi) -> None:
    path = await make(checked)
    assert await checked.ok("DELETE", path) is None
    assert (await checked("DELETE", path))[0] == (await checked("GET", path))[0] == 404
    assert await make(checked) != path


async def test_the_list_of_revealed_companies_stays(checked: CheckedApi) -> None:
    path = f"{PATH}/{checked.fake.seed_company_list('Revealed', kind='REVEALED_COMPANIES')}"
    assert (await checked("DELETE", path))[0] == 400
    shown = await checked.ok("GET", path)
    assert (shown["deletable"], shown["type"]) == (False, "REVEALED_COMPANIES")


async def test_a_list_can_be_seeded(checked: CheckedApi) -> None:
    one, two, _ = companies(checked)
    list_id = checked.fake.seed_company_list("Found", [one.id, two.id], kind="WEBHOOK_TRIGGERED", webhook_id=7)
    (shown,) = await checked.ok("GET", PATH)
    assert (shown["id"], shown["name"], shown["type"]) == (list_id, "Found", "WEBHOOK_TRIGGERED")
    assert (shown["webhook_id"], shown["companies_count"], shown["deletable"]) == (7, 2, True)
    assert await names(checked, f"{PATH}/{list_id}") == [two.name, one.name]
    with pytest.raises(KeyError, match="unknown"):
        checked.fake.seed_company_list("Wrong", [one.id, "unknown"])
    assert len(await checked.ok("GET", PATH)) == 1


async def test_companies_are_added_once_by_id_or_by_name_and_removed_by_both(checked: CheckedApi) -> None:
    one, two, three = companies(checked)
    path = await make(checked)
    body = {"company_ids": [one.id, one.id], "company_names": [two.name]}
    assert (await checked.ok("POST", f"{path}/add_companies", body))["companies_count"] == 2
    added = await checked.ok("POST", f"{path}/add_companies", {"company_ids": [two.id, three.id]})
    assert added["companies_count"] == 3
    assert await checked.ok("GET", path) == added
    left = await checked.ok("POST", f"{path}/remove_companies", {"company_ids": [one.id, three.name, "unknown"]})
    assert left["companies_count"] == 1
    assert await names(checked, path) == [two.name]


async def test_the_bodies_are_optional(checked: CheckedApi) -> None:
    path = await make(checked)
    for action in ("add_companies", "remove_companies"):
        assert (await checked.ok("POST", f"{path}/{action}"))["companies_count"] == 0
    assert await checked.ok("POST", f"{PATH}/add_companies") is None


async def test_an_entry_holds_the_company_of_the_data_set(checked: CheckedApi) -> None:
    (company,) = companies(checked, 1)
    path = await make(checked, company_ids=[company.id])
    await checked.fake.clock.advance(60)
    await checked.ok("POST", f"{path}/add_companies", {"company_ids": [company.id]})
    (entry,) = await checked.ok("GET", f"{path}/companies")
    assert entry["company_name"] == entry["company_object"]["name"] == company.name
    assert entry["company_object"]["id"] == company.id
    assert entry["added_at"] == entry["revealed_at"] == "2026-09-21T14:13:20Z"


async def test_several_lists_are_filled_at_once_or_none_is(checked: CheckedApi) -> None:
    one, two, _ = companies(checked)
    paths = [await make(checked), await make(checked)]
    list_ids = [int(path.rpartition("/")[2]) for path in paths]
    assert await checked.ok("POST", f"{PATH}/add_companies", {"list_ids": list_ids, "company_ids": [one.id]}) is None
    assert [await names(checked, path) for path in paths] == [[one.name]] * 2
    for wrong in ({"list_ids": [*list_ids, 77]}, {"company_ids": [two.id, "unknown"]}):
        body = {"list_ids": list_ids, "company_ids": [two.id]} | wrong
        assert (await checked("POST", f"{PATH}/add_companies", body))[0] == 404
    assert [await names(checked, path) for path in paths] == [[one.name]] * 2


@pytest.mark.parametrize("body", [{"company_ids": ["unknown"]}, {"company_names": ["Nobody & Sons"]}])
async def test_an_unknown_company_is_404_and_nothing_is_added(checked: CheckedApi, body: dict[str, Any]) -> None:
    (company,) = companies(checked, 1)
    path = await make(checked)
    known = {"company_ids": [company.id], "company_names": [company.name]}
    both = {name: known[name] + body.get(name, []) for name in known}
    assert (await checked("POST", f"{path}/add_companies", both))[0] == 404
    assert await names(checked, path) == []


async def test_the_latest_comes_first_unless_told_otherwise(checked: CheckedApi) -> None:
    first, second, third = companies(checked)
    path = await make(checked, company_ids=[second.id, third.id])
    await checked.fake.clock.advance(60)
    await checked.ok("POST", f"{path}/add_companies", {"company_ids": [first.id]})
    one, two, three = first.name, second.name, third.name
    assert await names(checked, path) == [one, three, two]
    assert await names(checked, path, "?order_direction=asc") == [two, three, one]
    assert await names(checked, path, "?order_by=name") == [three, two, one]
    assert await names(checked, path, "?order_by=name&order_direction=asc") == [one, two, three]


async def test_pages_offsets_and_parts_of_names(checked: CheckedApi) -> None:
    some = companies(checked, 30)
    path = await make(checked, company_ids=[company.id for company in some])
    whole = [company.name for company in reversed(some)]
    assert await names(checked, path) == whole[:25]
    assert await names(checked, path, "?page=1") == whole[25:]
    assert await names(checked, path, "?page=2") == []
    assert await names(checked, path, "?offset=3&limit=4") == whole[3:7]
    assert await names(checked, path, "?page=2&limit=4&offset=3") == whole[8:12]
    part = whole[4][1:4].upper()
    expected = [name for name in whole if part.casefold() in name.casefold()]
    assert 0 < len(expected) < 25
    assert await names(checked, path, f"?company_name_partial={part}") == expected


async def test_a_copy_has_a_life_of_its_own(checked: CheckedApi) -> None:
    one, two, _ = companies(checked)
    path = await make(checked, "Leads", [one.id])
    await checked.fake.clock.advance(60)
    copy = await checked.ok("POST", f"{path}/duplicate")
    assert (copy["name"], copy["companies_count"], copy["created_at"]) == ("Leads (copy)", 1, "2026-09-21T14:14:20Z")
    await checked.ok("POST", f"{PATH}/{copy['id']}/add_companies", {"company_ids": [two.id]})
    assert await names(checked, path) == [one.name]
    assert await names(checked, f"{PATH}/{copy['id']}") == [two.name, one.name]


@pytest.mark.parametrize(("query", "end"), [("", ".csv"), ("?file_format=xlsx&limit=3&page=1&offset=2", ".xlsx")])
async def test_an_export_is_a_link(checked: CheckedApi, query: str, end: str) -> None:
    path = await make(checked)
    url = (await checked.ok("GET", f"{path}/companies/export{query}"))["url"]
    assert url == f"https://exports.example/company-list-{path.rpartition('/')[2]}{end}"


async def test_a_search_can_ask_for_the_companies_of_a_list(checked: CheckedApi) -> None:
    one, two, three = companies(checked)
    path = await make(checked, company_ids=[one.id, two.id])
    members = checked.fake._backend.data.list_members
    list_id = int(path.rpartition("/")[2])
    assert members.of([list_id]) == {one.id, two.id}
    await checked.ok("POST", f"{path}/remove_companies", {"company_ids": [one.id]})
    await checked.ok("POST", f"{path}/add_companies", {"company_ids": [three.id]})
    assert members.of([list_id]) == {two.id, three.id}
    await checked.ok("DELETE", path)
    assert members.of([list_id]) == set()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "", {}),
        ("POST", "", {"name": 3}),
        ("PATCH", "/301", {"name": "New"}),
        ("GET", "/abc", ...),
        ("GET", "/301/companies?limit=0", ...),
        ("GET", "/301/companies?page=-1", ...),
        ("GET", "/301/companies?order_by=id", ...),
        ("GET", "/301/companies?order_direction=up", ...),
        ("GET", "/301/companies/export?file_format=pdf", ...),
        ("GET", "/301/companies/export?offset=-1", ...),
        ("POST", "/301/add_companies", {"company_ids": "one"}),
        ("POST", "/301/add_companies", {"company_names": [1]}),
        ("POST", "/301/remove_companies", {"company_ids": None}),
        ("POST", "/add_companies", {"list_ids": ["301"]}),
        ("POST", "/add_companies", {"company_ids": [7]}),
    ],
)
async def test_a_bad_request_is_422_with_the_envelope(checked: CheckedApi, method: str, path: str, body: Any) -> None:
    await make(checked)
    before = await checked.ok("GET", PATH)
    status, answer = await checked(method, PATH + path, body)
    assert (status, set(answer)) == (422, {"error", "request_id"})
    assert await checked.ok("GET", PATH) == before


async def test_an_unknown_list_is_404(checked: CheckedApi) -> None:
    calls = [
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("GET", "/companies"), ("GET", "/companies/export"),
        ("POST", "/add_companies"), ("POST", "/remove_companies"), ("POST", "/duplicate"),
    ]  # fmt: skip
    for method, path in calls:
        assert (await checked(method, f"{PATH}/77{path}", {}))[0] == 404
