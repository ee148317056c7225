"""Company lists: made, filled, read and deleted. What adding a company costs is undocumented: here, nothing."""

from __future__ import annotations

from typing import Final

from theirstack_async.testing import validation as read
from theirstack_async.testing.account.company_list import CompanyList
from theirstack_async.testing.answers import Answer, RefusedError, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call, Route
from theirstack_async.testing.registry import instant_text
from theirstack_async.testing.search.bodies import company_body


def list_lists(backend: Backend, _call: Call) -> Answer:
    """GET /v0/company_lists: all of them, the oldest first."""
    return json_answer([one.shown() for one in backend.account.lists.by_id.values()])


def get_list(backend: Backend, call: Call) -> Answer:
    """GET /v0/company_lists/{list_id}."""
    return json_answer(_list(backend, call).shown())


def create_list(backend: Backend, call: Call) -> Answer:
    """POST /v0/company_lists: an empty list; two may have the same name."""
    fields = call.fields()
    name = fields.required("name", read.string)
    fields.check()
    return json_answer(backend.account.lists.make(name or "", backend.clock.now()).shown())


def rename_list(backend: Backend, call: Call) -> Answer:
    """PATCH /v0/company_lists/{list_id}."""
    found = _list(backend, call)
    fields = call.fields()
    name = fields.required("new_name", read.string)
    fields.check()
    found.name = name or ""
    return json_answer(found.shown())


def delete_list(backend: Backend, call: Call) -> Answer:
    """DELETE /v0/company_lists/{list_id}: answers null; the list of revealed companies stays."""
    found = _list(backend, call)
    if not found.deletable:
        raise RefusedError(400, f"Company list {found.id} cannot be deleted")
    backend.account.lists.drop(found.id)
    return Answer()


def duplicate_list(backend: Backend, call: Call) -> Answer:
    """POST /v0/company_lists/{list_id}/duplicate: a list of one's own with the same companies, added now."""
    found, now = _list(backend, call), backend.clock.now()
    copy = backend.account.lists.make(f"{found.name} (copy)", now)
    copy.add(list(found.added), now)
    return json_answer(copy.shown())


def list_companies(backend: Backend, call: Call) -> Answer:
    """GET /v0/company_lists/{list_id}/companies: the latest first unless told otherwise."""
    found = _list(backend, call)
    fields = call.parameters()
    order = fields.defaulted("order_by", read.one_of("revealed_at", "name"), "revealed_at")
    direction = fields.defaulted("order_direction", read.one_of("asc", "desc"), "desc")
    part = (fields.optional("company_name_partial", read.string) or "").casefold()
    page = fields.window()
    fields.check()
    rows = [(company, at) for company_id, at in found.added.items() if (company := backend.data.company(company_id))]
    rows = [row for row in rows if part in row[0].name.casefold()]
    if order == "name":
        rows.sort(key=lambda row: row[0].name.casefold())
    if direction == "desc":
        rows.reverse()
    return json_answer(
        [
            {
                "company_name": company.name,
                "added_at": instant_text(at),
                "revealed_at": instant_text(at),
                "company_object": company_body(backend.data, company),
            }
            for company, at in rows[page]
        ]
    )


def export_list(backend: Backend, call: Call) -> Answer:
    """GET /v0/company_lists/{list_id}/companies/export, deprecated: a link to a file that the fake does not have."""
    found = _list(backend, call)
    fields = call.parameters()
    file_format = fields.defaulted("file_format", read.one_of("csv", "xlsx"), "csv")
    fields.window()
    fields.check()
    return json_answer({"url": f"https://exports.example/company-list-{found.id}.{file_format}"})


def add_companies(backend: Backend, call: Call) -> Answer:
    """POST /v0/company_lists/{list_id}/add_companies: by ids, or by names as they were once."""
    found = _list(backend, call)
    fields = call.fields(optional=True)
    company_ids = fields.defaulted("company_ids", read.strings, list[str]())
    names = fields.defaulted("company_names", read.strings, list[str]())
    fields.check()
    _check_companies(backend, company_ids)
    for name in names:
        named = backend.data.companies_named([name])
        if not named:
            raise RefusedError(404, f"Company {name!r} not found")
        company_ids = [*company_ids, *(company.id for company in named)]
    found.add(company_ids, backend.clock.now())
    return json_answer(found.shown())


def add_to_lists(backend: Backend, call: Call) -> Answer:
    """POST /v0/company_lists/add_companies: answers null; unless all lists and companies are known, none is added."""
    fields = call.fields(optional=True)
    list_ids = fields.defaulted("list_ids", read.integers, list[int]())
    company_ids = fields.defaulted("company_ids", read.strings, list[str]())
    fields.check()
    lists = [_known(backend, list_id) for list_id in list_ids]
    _check_companies(backend, company_ids)
    for found in lists:
        found.add(company_ids, backend.clock.now())
    return Answer()


def remove_companies(backend: Backend, call: Call) -> Answer:
    """POST /v0/company_lists/{list_id}/remove_companies: by ids, or by names, for the documents say both."""
    found = _list(backend, call)
    fields = call.fields(optional=True)
    wanted = fields.defaulted("company_ids", read.strings, list[str]())
    fields.check()
    found.remove([*wanted, *(company.id for company in backend.data.companies_named(wanted))])
    return json_answer(found.shown())


def _list(backend: Backend, call: Call) -> CompanyList:
    return _known(backend, call.number("list_id"))


def _known(backend: Backend, list_id: int) -> CompanyList:
    found = backend.account.lists.by_id.get(list_id)
    if found is None:
        raise RefusedError(404, f"Company list {list_id} not found")
    return found


def _check_companies(backend: Backend, company_ids: list[str]) -> None:
    for company_id in company_ids:
        if backend.data.company(company_id) is None:
            raise RefusedError(404, f"Company {company_id!r} not found")


_ONE: Final = "/v0/company_lists/{id}"
ROUTES: Final = (
    Route("GET", "/v0/company_lists", list_lists),
    Route("POST", "/v0/company_lists", create_list),
    Route("POST", "/v0/company_lists/add_companies", add_to_lists),
    Route("GET", _ONE, get_list),
    Route("PATCH", _ONE, rename_list),
    Route("DELETE", _ONE, delete_list),
    Route("GET", f"{_ONE}/companies", list_companies),
    Route("GET", f"{_ONE}/companies/export", export_list),
    Route("POST", f"{_ONE}/add_companies", add_companies),
    Route("POST", f"{_ONE}/remove_companies", remove_companies),
    Route("POST", f"{_ONE}/duplicate", duplicate_list),
)
