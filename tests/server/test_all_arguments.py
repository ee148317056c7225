"""The arguments of every method against the requests that both documents of the API describe.

Each field and parameter is an argument of its method, or is said by the SDK itself; a value of a wrong type, and None
where null is not allowed, is refused by its name before anything is sent. Filters are in ``tests/unit/filters``.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import attrs
import pytest

from tests._documents import DOCUMENTS, HERE, Document, nameless
from tests.server._account import UNREACHABLE, refused
from tests.server._loopback import ONE_TRY
from tests.unit.models._schemas import parts, type_of
from theirstack_async import ConnectError, JobFilters, TheirStack
from theirstack_async._engine.theirstack import OPERATIONS
from theirstack_async.resources.saved_searches import SavedSearchChanges
from theirstack_async.resources.webhooks import WebhookChanges

pytestmark = HERE

WRONG: Final[dict[str, Any]] = {
    "boolean": True,
    "integer": 7,
    "number": 1.5,
    "string": "text",
    "array": ["text"],
    "object": {"text": 1},
}
"""A value of each type of JSON but null."""
SEARCHES: Final = {"jobs.search", "companies.search", "companies.technologies", "companies.buying_intents"}
OLD: Final = {"catalog.technologies", "catalog.technology_categories", "catalog.technology_subcategories"}
PERIOD: Final = {"start_datetime": "start", "end_datetime": "end"}
PAGES: Final = {"limit": "page_size", "page": ""}
CREATED: Final = {
    "url": "https://x.example/hook",
    "search_id": 7,
    "listening_start_time": datetime(2026, 4, 1, tzinfo=UTC),
}


@attrs.frozen
class Method:
    """How a method says what a request has."""

    good: Mapping[str, Any] = attrs.Factory(dict)
    """The arguments that it requires."""
    names: Mapping[str, str] = attrs.Factory(dict)
    """From the field to the argument where they differ; an empty name for what the SDK says itself."""
    more: Mapping[str, set[str]] = attrs.Factory(dict)
    """Types of values that an argument takes beyond those of its field."""
    may_be_empty: str = ""
    """A list that may be empty."""
    path: str = ""
    """The method, where it has another name than the operation."""


WEBHOOK: Final = Method({"webhook_id": 7})
LIST: Final = Method({"list_id": 7})
METHODS: Final[dict[str, Method]] = {
    "saved_searches.list": Method(),
    "saved_searches.get": Method({"search_id": 7}),
    "saved_searches.create": Method({"body": JobFilters()}, {"type": ""}),
    "saved_searches.update": Method({"search_id": 7, "name": "a"}, {"type": ""}),
    "saved_searches.archive": Method({"search_id": 7}),
    "saved_searches.unsubscribe_alerts": Method({"token": "t"}, {"list_unsubscribe": ""}),
    "saved_searches.unsubscribe_alerts_page": Method({"token": "t"}),
    "company_lists.list": Method(),
    "company_lists.get": LIST,
    "company_lists.create": Method({"name": "a"}),
    "company_lists.rename": Method({"list_id": 7, "new_name": "a"}),
    "company_lists.delete": LIST,
    "company_lists.duplicate": LIST,
    "company_lists.companies": Method(LIST.good, PAGES),
    "company_lists.export": Method(LIST.good, {"page": ""}),
    "company_lists.add_companies": Method({"list_id": 7, "company_ids": ["a"]}),
    "company_lists.add_companies_to_lists": Method({"list_ids": [7], "company_ids": ["a"]}),
    "company_lists.remove_companies": Method({"list_id": 7, "company_ids": ["a"]}),
    "catalog.keywords": Method({}, {**PAGES, "slug": "", "include_metadata": ""}),
    "catalog.categories": Method(),
    "catalog.subcategories": Method(),
    "catalog.industries": Method({}, PAGES),
    "catalog.company_countries": Method({}, PAGES),
    "catalog.job_countries": Method({}, PAGES),
    "catalog.locations": Method({}, {"limit": "page_size"}, {"id": {"integer"}, "feature_code": {"string"}}),
    "datasets.list": Method(),
    "datasets.credentials": Method(),
    "billing.credit_balance": Method(),
    "team.credits_consumption": Method({}, PERIOD),
    "requests.list": Method({}, PERIOD),
    "requests.count": Method({}, PERIOD),
    "email_preferences.get": Method(),
    "email_preferences.update": Method({"preferences": {"a": True}}),
    "email_preferences.unsubscribe": Method({"preference_key": "a", "token": "t"}, {"list_unsubscribe": ""}),
    "email_preferences.unsubscribe_page": Method({"preference_key": "a", "token": "t"}),
    "app_urls.create": Method({"type": "webhook", "webhook_id": 7}),
    "webhooks.list": Method(),
    "webhooks.get": WEBHOOK,
    "webhooks.create": Method(CREATED, may_be_empty="active_event_types"),
    "webhooks.update": Method({"webhook_id": 7, "description": "a"}, may_be_empty="active_event_types"),
    "webhooks.status": Method(WEBHOOK.good, {"is_active": ""}, path="webhooks.enable"),
    "webhooks.archive": WEBHOOK,
    "webhooks.test": Method({"url": "https://x.example/hook", "event_type": "job_new"}),
    "webhooks.event_types": Method(),
    "webhooks.events.list": Method(WEBHOOK.good, {"limit": "page_size"}),
    "webhooks.events.count": WEBHOOK,
    "webhooks.events.counts": Method({}, PERIOD, {"group_by": {"string"}}),
    "webhooks.events.retry": Method({"ids": [7]}, {"webhook_event_ids": "ids"}, may_be_empty="ids"),
}


CHANGES: Final = {
    "saved_searches.update": set(SavedSearchChanges.__annotations__),
    "webhooks.update": set(WebhookChanges.__annotations__),
}
"""What the keywords of an update may be."""


@attrs.define
class Field:
    """What the documents together say of a field or a parameter."""

    types: set[str] = attrs.Factory(set)
    items: set[str] = attrs.Factory(set)
    """Types of the items of an array."""


def fields_of(name: str) -> dict[str, Field]:
    """Return what the requests of an operation have."""
    operation, found = OPERATIONS[name], dict[str, Field]()
    for document in DOCUMENTS.values():
        for method, path, call in document.calls:
            if (method, nameless(path)) == (operation.method, nameless(operation.path)):
                for field, schema in described(document, call):
                    each = found.setdefault(field, Field())
                    for part in parts(document, schema):
                        each.types.add(type_of(part))
                        each.items |= {type_of(item) for item in parts(document, part.get("items", {}))}
    return found


def described(document: Document, call: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the fields and parameters of a request, each with its schema."""
    for media in call.get("requestBody", {}).get("content", {}).values():
        for part in parts(document, media["schema"]):
            yield from part.get("properties", {}).items()
    for parameter in call.get("parameters", []):
        named = parameter.get("$ref", "").rpartition("/")[2]
        whole = document.data["components"]["parameters"][named] if named else parameter
        yield whole["name"], whole["schema"]


def method_of(client: TheirStack, name: str) -> Any:
    """Return the method of an operation."""
    found: Any = client
    for part in (METHODS[name].path or name).split("."):
        found = getattr(found, part)
    return found


ARGUMENTS: Final = [
    (name, METHODS[name].names.get(field, field), field, each)
    for name in METHODS
    for field, each in fields_of(name).items()
    if METHODS[name].names.get(field, field)
]
IDS: Final = [f"{name}-{field}" for name, _, field, _ in ARGUMENTS]


def test_no_operation_is_left_out() -> None:
    assert set(METHODS) == set(OPERATIONS) - SEARCHES - OLD


@pytest.mark.parametrize("name", METHODS)
async def test_each_field_is_an_argument_or_is_said_by_the_sdk(name: str) -> None:
    method, fields = METHODS[name], fields_of(name)
    async with TheirStack("key") as client:
        signature = inspect.signature(method_of(client, name))
    taken = set(signature.parameters) | (CHANGES.get(name, set()))
    assert {method.names.get(field, field) for field in fields} - {""} <= taken
    assert set(method.names) <= set(fields)


def wrong(field: Field, more: set[str]) -> Iterator[Any]:
    """Yield values that are of no type that an argument takes."""
    taken = field.types | more | ({"integer"} if "number" in field.types else set())
    for type_, value in WRONG.items():
        if type_ not in taken:
            yield value
    if "array" in field.types:
        yield [WRONG["object"]]
        yield [WRONG["integer" if "string" in field.items else "string"]]


def call(name: str, given: Mapping[str, Any]) -> Any:
    """Return what calls the method of an operation with its required arguments and some more."""
    arguments = {**METHODS[name].good, **given}

    def do(client: TheirStack) -> Any:
        return method_of(client, name)(**arguments)

    return do


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "argument", "field", "each"), ARGUMENTS, ids=IDS)
async def test_a_wrong_type_is_refused_by_name(name: str, argument: str, field: str, each: Field) -> None:
    method = METHODS[name]
    values = list(wrong(each, method.more.get(argument, set())))
    if "array" in each.types and argument != method.may_be_empty:
        values.append([])
    assert values
    for value in values:
        assert await refused(call(name, {argument: value})) == argument, value


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("name", "argument", "field", "each"), ARGUMENTS, ids=IDS)
async def test_none_is_refused_where_null_is_not_allowed(name: str, argument: str, field: str, each: Field) -> None:
    """An argument whose default is None may be None, which means that it is not given."""
    async with TheirStack("key") as client:
        parameter = inspect.signature(method_of(client, name)).parameters.get(argument)
    if "null" in each.types or (parameter is not None and parameter.default is None):
        return
    assert await refused(call(name, {argument: None})) == argument


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("name", METHODS)
async def test_what_is_required_is_enough(name: str) -> None:
    """Otherwise the tests above could not fail."""
    async with TheirStack("key", base_url=UNREACHABLE, retries=ONE_TRY) as client:
        answer = call(name, {})(client)
        if name == "webhooks.events.retry":
            assert set((await answer).skipped) == {7}
            return
        with pytest.raises(ConnectError):
            await (answer if isinstance(answer, Awaitable) else answer.first())
