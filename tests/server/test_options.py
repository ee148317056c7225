"""What the methods have in common: the options that each takes, and how many rows a page has unless told."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

import pytest

from tests._operations import CALLS, Do
from tests.incremental._process import MemoryState
from tests.server._searches import ANY_TIME, AT_ONCE
from tests.server.test_all_operations import furnish
from theirstack_async import IncrementalRun, RequestOptions, TheirStack
from theirstack_async.resources._resource import Resource
from theirstack_async.testing import FakeTheirStack

OPTIONS: Final = RequestOptions(headers={"x-trace": "seven"})
OTHERS: Final[dict[str, Do]] = {
    "jobs.count": lambda c, k: c.jobs.count(**ANY_TIME),
    "jobs.preview": lambda c, k: c.jobs.preview(**ANY_TIME).first(),
    "jobs.estimate": lambda c, k: c.jobs.estimate(**ANY_TIME),
    "jobs.reveal": lambda c, k: c.jobs.reveal([1]),
    "jobs.by_company": lambda c, k: c.jobs.by_company(["nobody.example"], max_items=1, **ANY_TIME),
    "companies.estimate": lambda c, k: c.companies.estimate(),
    "companies.count": lambda c, k: c.companies.count(),
    "companies.preview": lambda c, k: c.companies.preview().first(),
    "webhooks.enable": lambda c, k: c.webhooks.enable(k.webhook),
    "webhooks.disable": lambda c, k: c.webhooks.disable(k.webhook),
    "webhooks.events.ids": lambda c, k: c.webhooks.events.ids(k.webhook).first(),
    "webhooks.events.retry_failed": lambda c, k: c.webhooks.events.retry_failed(k.webhook),
    "webhooks.events.incremental": lambda c, k: read(c.webhooks.events.incremental(k.webhook, state=MemoryState())),
    "jobs.incremental": lambda c, _: read(c.jobs.incremental(state=MemoryState(), max_items=1)),
    "companies.incremental": lambda c, _: read(c.companies.incremental(state=MemoryState(), max_items=1)),
}
"""The methods whose operation another method calls too."""
SEARCHES: Final = (
    "jobs.search", "jobs.preview", "jobs.reveal", "jobs.by_company", "companies.search", "companies.preview"
)  # fmt: skip


async def read(run: IncrementalRun[Any]) -> None:
    """Read a run to its end."""
    async with run:
        async for batch in run:
            await batch.ack()


class WithOptions:
    """A client, or a resource of it, each method of which is called with the options."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if isinstance(value, Resource):
            return WithOptions(value)
        return partial(value, options=OPTIONS) if inspect.ismethod(value) else value


def methods(owner: object, prefix: str = "") -> Iterator[tuple[str, inspect.Signature]]:
    """Yield the name and the signature of each method of the resources of a client."""
    for name, value in inspect.getmembers(type(owner)):
        if name.startswith("_"):
            continue
        if inspect.isfunction(value):
            yield f"{prefix}{name}", inspect.signature(value)
        elif isinstance(inner := getattr(owner, name), Resource):
            yield from methods(inner, f"{prefix}{name}.")


NAMES: Final = sorted((set(CALLS) | set(OTHERS)) - {"webhooks.status"})


def test_every_method_takes_them() -> None:
    found = {name: signature for name, signature in methods(TheirStack("a-key")) if "." in name}
    assert {name for name, signature in found.items() if "options" not in signature.parameters} == set()
    assert set(found) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
async def test_all_its_requests_have_them(name: str) -> None:
    do = OTHERS[name] if name in OTHERS else CALLS[name].do
    fake = FakeTheirStack(jobs=40, companies=8, deliver=False)
    async with fake, TheirStack(fake.api_key, base_url=fake.base_url, retries=AT_ONCE) as client:
        known = await furnish(fake, client)
        fake.requests.clear()
        traced: Any = WithOptions(client)
        await do(traced, known)
        assert fake.requests.total
        assert {request.headers.get("x-trace") for request in fake.requests} == {"seven"}


def test_how_many_rows_a_page_has_unless_told() -> None:
    sizes = {name: signature.parameters.get("page_size") for name, signature in methods(TheirStack("a-key"))}
    assert {name: size.default for name, size in sizes.items() if size is not None} == {
        **dict.fromkeys(SEARCHES, 25),
        **dict.fromkeys(("catalog.keywords", "catalog.industries", "catalog.locations"), 100),
        **dict.fromkeys(("catalog.company_countries", "catalog.job_countries", "company_lists.companies"), 100),
        **dict.fromkeys(("jobs.incremental", "companies.incremental"), 100),
        "webhooks.events.incremental": 500,
        **dict.fromkeys(("webhooks.events.list", "webhooks.events.ids", "webhooks.events.retry_failed"), 500),
    }
