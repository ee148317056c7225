"""``theirstack catalog``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Run
from theirstack_async.testing import FakeTheirStack


def rows(run: Run, *arguments: object) -> list[dict[str, Any]]:
    result = run("catalog", *arguments)
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_keywords_are_found_by_text_type_and_category(fake: FakeTheirStack, run: Run) -> None:
    [found] = rows(run, "keywords", "postgres")
    assert found["slug"] == "postgresql"
    technologies = rows(run, "keywords", "--type", "technology", "--limit", 600)
    assert {row["type"] for row in technologies} == {"technology"}
    relational = rows(run, "keywords", "--category", found["category_slug"])
    assert {row["category_slug"] for row in relational} == {found["category_slug"]}
    assert len(rows(run, "keywords", "--limit", 3)) == 3
    assert dict(fake.requests[-1].query)["limit"] == "3"
    assert rows(run, "keywords", "--limit", 0) == []


def test_all_keywords_come_unless_fewer_are_asked_for(fake: FakeTheirStack, run: Run) -> None:
    assert len(rows(run, "keywords")) == len({row["slug"] for row in rows(run, "keywords")}) > 200


def test_categories_and_what_is_in_them(fake: FakeTheirStack, run: Run) -> None:
    first, *_ = rows(run, "categories")
    inside = rows(run, "subcategories", "--category", first["slug"])
    assert {row["category_slug"] for row in inside} == {first["slug"]}
    assert len(rows(run, "subcategories")) > len(inside)


def test_industries_locations_and_countries(fake: FakeTheirStack, run: Run) -> None:
    assert {row["industry_id"] for row in rows(run, "industries", "hosp")} <= {
        row["industry_id"] for row in rows(run, "industries")
    }
    [denver] = rows(run, "locations", "denver", "--country", "US")
    assert denver["country_code"] == "US"
    assert rows(run, "locations", "denver", "--country", "DE") == []
    assert len(rows(run, "industries", "--limit", 2)) == len(rows(run, "locations", "--limit", 2)) == 2
    assert all(row["num_jobs"] for row in rows(run, "countries"))
    [spain] = rows(run, "countries", "spain", "--of", "companies", "--limit", 5)
    assert (spain["iso2"], "num_jobs" in spain) == ("ES", False)


def test_it_needs_no_key_and_sends_none(fake: FakeTheirStack, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rows(run, "keywords", "--limit", 1)
    assert "authorization" not in fake.requests[-1].headers
    monkeypatch.delenv("THEIRSTACK_API_KEY")
    assert rows(run, "countries")
    assert run("catalog", "locations").exit_code == 2


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("arguments", "titles"),
    [
        (("keywords", "--limit", 2), "slug name companies jobs type"),
        (("categories",), "slug keywords companies name"),
        (("subcategories",), "slug keywords companies name"),
        (("industries", "--limit", 2), "id industry companies jobs within"),
        (("locations", "--limit", 2), "id kind place"),
        (("countries",), "code companies jobs country"),
        (("countries", "--of", "companies"), "code companies country"),
    ],
)
def test_a_table_for_people(fake: FakeTheirStack, run: Run, arguments: tuple[object, ...], titles: str) -> None:
    header, first, *_ = run("catalog", *arguments).stdout.splitlines()
    assert header.split() == titles.split()
    assert len(header) == len(first) == 100


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("command", ["keywords", "industries", "locations", "countries"])
def test_nothing_found_is_said(fake: FakeTheirStack, run: Run, command: str) -> None:
    assert run("catalog", command, "no such thing").stdout == "Nothing of that kind is known.\n"


def test_a_number_that_is_not_known_is_none() -> None:
    from theirstack_async.cli.catalog import _number

    assert (_number(None), _number(0), _number(1_200)) == (None, "0", "1,200")
