"""``theirstack lists``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Run
from theirstack_async.testing import FakeTheirStack


def create(run: Run, name: str = "Hot") -> int:
    return int(json.loads(run("lists", "create", name, "--json").stdout)["id"])


def bought(run: Run, number: int) -> str:
    """Return companies as a search prints them."""
    return str(run("companies", "search", "--limit", number).stdout)


def names(text: str, field: str) -> list[Any]:
    return [json.loads(line)[field] for line in text.splitlines()]


def on_list(run: Run, list_id: int) -> list[str]:
    return str(run("lists", "companies", list_id, "--ids").stdout).split()


def test_a_list_is_made_renamed_copied_and_listed(fake: FakeTheirStack, run: Run) -> None:
    first = create(run)
    assert json.loads(run("lists", "rename", first, "Cold").stdout)["name"] == "Cold"
    second = json.loads(run("lists", "duplicate", first).stdout)["id"]
    assert json.loads(run("lists", "get", second).stdout)["id"] == second
    assert sorted(names(run("lists", "list").stdout, "id")) == [first, second]


def test_companies_that_were_searched_are_added_and_taken_off(fake: FakeTheirStack, run: Run) -> None:
    list_id, rows = create(run), bought(run, 3)
    ids = names(rows, "id")
    assert json.loads(run("lists", "add", list_id, "-", stdin=rows).stdout)["companies_count"] == 3
    assert sorted(on_list(run, list_id)) == sorted(ids)
    assert json.loads(run("lists", "remove", list_id, ids[0]).stdout)["companies_count"] == 2
    assert sorted(on_list(run, list_id)) == sorted(ids[1:])


def test_the_ids_of_one_list_go_into_another(fake: FakeTheirStack, run: Run) -> None:
    first, second = create(run), create(run, "Other")
    run("lists", "add", first, "-", stdin=bought(run, 3))
    listed = run("lists", "companies", first, "--ids").stdout
    assert run("lists", "add", second, "-", stdin=listed).exit_code == 0
    assert sorted(on_list(run, second)) == sorted(on_list(run, first))


def test_companies_are_narrowed(fake: FakeTheirStack, run: Run) -> None:
    list_id, rows = create(run), bought(run, 5)
    run("lists", "add", list_id, "-", stdin=rows)
    entries = run("lists", "companies", list_id, "--limit", 2).stdout
    assert len(names(entries, "company_object")) == 2
    name = json.loads(rows.splitlines()[0])["name"]
    assert names(run("lists", "companies", list_id, "--name", name).stdout, "company_name") == [name]


@pytest.mark.parametrize(("given", "said"), [("7\n{}", 'line 2: the JSON object has no "id"'), ('{"id": 7}', "7")])
def test_what_is_no_company_is_refused(fake: FakeTheirStack, run: Run, given: str, said: str) -> None:
    """A job's id is a number, so that jobs are not taken for companies."""
    result = run("lists", "add", 1, "-", stdin=given)
    assert (result.exit_code, said in result.stderr, fake.requests.total) == (2, True, 0)
    assert run("lists", "add", 1, " ").exit_code == 2


def test_a_list_is_deleted_when_it_is_meant(fake: FakeTheirStack, run: Run) -> None:
    list_id = create(run)
    refused = run("lists", "delete", list_id)
    assert (refused.exit_code, "say --yes to mean it" in refused.stderr) == (2, True)
    result = run("lists", "delete", list_id, "--yes")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", f"List {list_id} is deleted.\n")
    gone = run("lists", "get", list_id)
    assert (gone.exit_code, "lists list" in gone.stderr) == (1, True)


@pytest.mark.usefixtures("people")
def test_tables_for_people(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run("lists", "list").stdout == "There is no list yet; theirstack lists create makes one.\n"
    list_id = create(run)
    assert run("lists", "companies", list_id).stdout == "There is no such company on it.\n"
    run("lists", "add", list_id, fake._backend.data.companies[0].id)
    header, row = run("lists", "list").stdout.splitlines()
    assert header.split() == ["id", "companies", "created", "(UTC)", "type", "name"]
    assert row.split()[1] == "1"
    header, row = run("lists", "companies", list_id).stdout.splitlines()
    assert header.split() == ["company", "domain", "added", "(UTC)"]
