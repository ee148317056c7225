"""What the operations that need no key put on the wire: method, address, query, body and headers, but never the key."""

from __future__ import annotations

from typing import Any

import pytest

from tests.strategies import full
from tests.wire._making import Do, Sent, made
from theirstack_async import models
from theirstack_async.models import KeywordType

ONE_CLICK = [("list_unsubscribe", "One-Click")]


def page(model: type[Any]) -> dict[str, Any]:
    return {"data": [full(model)], "metadata": {"total_results": 1}}


KEYLESS: dict[str, tuple[Do, tuple[str, Any], Sent]] = {
    "saved_searches.unsubscribe_alerts": (
        lambda c: c.saved_searches.unsubscribe_alerts("to/ken"),
        ("POST", {"ok": True}),
        ("POST", "/v0/saved_searches/alerts/unsubscribe?token=to/ken", ONE_CLICK),
    ),
    "saved_searches.unsubscribe_alerts_page": (
        lambda c: c.saved_searches.unsubscribe_alerts_page("t"),
        ("GET", {"ok": True}),
        ("GET", "/v0/saved_searches/alerts/unsubscribe?token=t", None),
    ),
    "catalog.keywords": (
        lambda c: c.catalog.keywords().collect(),
        ("GET", page(models.Keyword)),
        ("GET", "/v0/catalog/keywords?limit=100&page=0", None),
    ),
    "catalog.keywords with all": (
        lambda c: c.catalog.keywords(
            q="a", slugs=["y", "x"], keyword_type="technology", keyword_type_not=[KeywordType.EVENT], name_pattern="b",
            starts_with="c", category_slug="d", category_pattern="e", parent_category_slug="f",
            parent_category_pattern="g", page_size=3,
        ).collect(),
        ("GET", page(models.Keyword)),
        ("GET", ("/v0/catalog/keywords?category_pattern=e&category_slug=d&keyword_type=technology"
         "&keyword_type_not=event&limit=3&name_pattern=b&page=0&parent_category_pattern=g&parent_category_slug=f&q=a"
         "&slugs=x&slugs=y&starts_with=c"), None),
    ),
    "catalog.categories": (
        lambda c: c.catalog.categories(),
        ("GET", page(models.KeywordCategory)),
        ("GET", "/v1/catalog/keywords/categories", None),
    ),
    "catalog.categories with all": (
        lambda c: c.catalog.categories(category_slug="a"),
        ("GET", page(models.KeywordCategory)),
        ("GET", "/v1/catalog/keywords/categories?category_slug=a", None),
    ),
    "catalog.subcategories": (
        lambda c: c.catalog.subcategories(),
        ("GET", page(models.KeywordSubcategory)),
        ("GET", "/v1/catalog/keywords/subcategories", None),
    ),
    "catalog.subcategories with all": (
        lambda c: c.catalog.subcategories(category_slug="a", subcategory_slug="b", num_technologies_per_category=0),
        ("GET", page(models.KeywordSubcategory)),
        ("GET", ("/v1/catalog/keywords/subcategories?category_slug=a&num_technologies_per_category=0"
         "&subcategory_slug=b"), None),
    ),
    "catalog.industries": (
        lambda c: c.catalog.industries(industry="law", page_size=7).collect(),
        ("GET", page(models.Industry)),
        ("GET", "/v0/catalog/industries?industry=law&limit=7&page=0", None),
    ),
    "catalog.company_countries": (
        lambda c: c.catalog.company_countries(country="Spain", page_size=7).collect(),
        ("GET", page(models.CompanyCountryCount)),
        ("GET", "/v0/catalog/companies_per_company_country_code?country=Spain&limit=7&page=0", None),
    ),
    "catalog.job_countries": (
        lambda c: c.catalog.job_countries(country="Spain", page_size=7).collect(),
        ("GET", page(models.JobCountryCount)),
        ("GET", "/v0/catalog/jobs_companies_per_job_country_code?country=Spain&limit=7&page=0", None),
    ),
    "email_preferences.unsubscribe": (
        lambda c: c.email_preferences.unsubscribe("a/b", token="t"),
        ("POST", b""),
        ("POST", "/v0/email-preferences/unsubscribe/a%2Fb?token=t", ONE_CLICK),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KEYLESS)
async def test_an_operation_that_never_sends_the_key(name: str) -> None:
    do, answer, expected = KEYLESS[name]
    sent, _ = await made(do, answer, keyless=True)
    assert sent == [expected]


async def test_a_page_for_people() -> None:
    do: Do = lambda c: c.email_preferences.unsubscribe_page("product", token="t")  # noqa: E731
    sent, found = await made(do, ("GET", b"<p>Bye \xc3\xa9 \xff</p>"), keyless=True, accept="text/html")
    assert sent == [("GET", "/v0/email-preferences/unsubscribe/product?token=t", None)]
    assert found == "<p>Bye é �</p>"
