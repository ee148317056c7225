"""``events.list(payload="lazy")``, over real sockets: the same list, but for when payloads are decoded."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest
import pytest_asyncio

from tests.strategies import full
from theirstack_async import ArgumentError, Checkpoint, DecodeError, Paginator, TheirStack, WebhookEvent
from theirstack_async._convert import lazy
from theirstack_async.models import Job
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.faults import GarbageJson


@attrs.frozen
class World:
    fake: FakeTheirStack
    client: TheirStack
    webhook: int

    def list(self, **arguments: Any) -> Paginator[WebhookEvent]:
        return self.client.webhooks.events.list(self.webhook, **arguments)


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with FakeTheirStack(deliver=False) as fake, TheirStack(fake.api_key, base_url=fake.base_url) as client:
        webhook = fake.seed_webhook("http://localhost:9/hook")
        for kind in ("job", "company", "job_closed", None):
            fake.seed_events(webhook, 10, kind=kind)
        yield World(fake, client, webhook)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Return the payloads that are decoded late, as they are."""
    texts: list[bytes] = []
    decode = lazy.read_payload

    def noted(raw: bytes, reference: Any) -> Any:
        texts.append(raw)
        return decode(raw, reference)

    monkeypatch.setattr(lazy, "read_payload", noted)
    return texts


@pytest.mark.parametrize("way", ["collect", "pages", "prefetch", "settle"])
async def test_it_is_the_same_list(world: World, way: str) -> None:
    """With the same requests, too; how many are sent ahead in vain is a matter of luck."""

    async def read(payload: str) -> list[WebhookEvent]:
        paginator = world.list(page_size=7, payload=payload, settle=way == "settle")
        if way == "pages":
            return [event async for page in paginator.pages() for event in page.items]
        if way == "prefetch":
            async with paginator.prefetch(3) as rows:
                return [event async for event in rows]
        return await paginator.collect()

    full = await read("full")
    asked = [request.query_string for request in world.fake.requests]
    late = await read("lazy")
    assert way == "prefetch" or [request.query_string for request in world.fake.requests] == asked * 2
    assert late == full
    assert len(full) == 40


async def test_only_payloads_that_are_used_are_decoded(world: World, decoded: list[bytes]) -> None:
    events = await world.list(payload="lazy").collect()
    assert {event.status for event in events} == {"FAILED"}
    assert decoded == []
    assert isinstance(events[-1].payload, Job)
    assert isinstance(events[-1].payload, Job)
    assert len(decoded) == 1


async def test_no_payload_is_decoded_late_by_default(world: World, decoded: list[bytes]) -> None:
    assert await world.list().collect() == await world.list(payload="full").collect()
    assert decoded == []


async def test_a_checkpoint_goes_on_in_the_other_way(world: World) -> None:
    expected = await world.list().collect()
    for first, second in (("full", "lazy"), ("lazy", "full")):
        paginator = world.list(page_size=7, payload=first)
        taken = await paginator.collect(17)
        point = Checkpoint.from_json(paginator.checkpoint().to_json())
        assert taken + await world.list(page_size=7, payload=second, resume=point).collect() == expected


async def test_a_page_that_cannot_be_read_is_raised_alike(world: World) -> None:
    said = []
    for payload in ("full", "lazy"):
        world.fake.faults.add("GET *", GarbageJson())
        with pytest.raises(DecodeError) as caught:
            await world.list(payload=payload).collect()
        said.append((str(caught.value), caught.value.problems, caught.value.body))
    assert said[0] == said[1]


@pytest.mark.parametrize("rejects", ["raise", "collect"])
async def test_a_row_that_does_not_decode_costs_no_other(world: World, rejects: str) -> None:
    rows = [full(WebhookEvent), {**full(WebhookEvent), "id": 8, "status": None}, {**full(WebhookEvent), "id": 9}]
    seen = []
    for payload in ("full", "lazy"):
        world.fake.faults.add("GET *", GarbageJson(json.dumps(rows).encode()))
        paginator = world.list(payload=payload, rejects=rejects)
        raised = None
        if rejects == "raise":
            with pytest.raises(DecodeError) as caught:
                await paginator.collect()
            raised = (str(caught.value), caught.value.body, caught.value.items_so_far)
        good = await paginator.collect()
        seen.append((raised, good, [(str(error), error.body) for error in paginator.rejects]))
    assert seen[0] == seen[1]
    assert json.dumps(rows[1]) in str(seen[0])


async def test_unread_rows_are_events(world: World) -> None:
    paginator = world.list(payload="lazy")
    await paginator.collect(30)
    assert list(paginator.unread) == (await world.list().collect())[30:]


async def test_events_of_which_nothing_was_used_can_be_sent_again(world: World, decoded: list[bytes]) -> None:
    report = await world.client.webhooks.events.retry(world.list(payload="lazy"))
    assert len(report.accepted) == 40
    assert decoded == []


async def test_a_client_that_keeps_unknown_fields_decodes_at_once(world: World, decoded: list[bytes]) -> None:
    fake = world.fake
    async with TheirStack(fake.api_key, base_url=fake.base_url, keep_unknown_fields=True) as client:
        late = await client.webhooks.events.list(world.webhook, payload="lazy").collect()
        assert late == await client.webhooks.events.list(world.webhook).collect()
    assert decoded == []


@pytest.mark.parametrize("payload", ["", "eager", "LAZY", None, True, 1, ["lazy"], b"lazy"])
async def test_another_word_is_refused_by_its_name(world: World, payload: Any) -> None:
    with pytest.raises(ArgumentError, match=r'^payload: expected "full" or "lazy", got ') as caught:
        world.list(payload=payload)
    assert caught.value.field == "payload"
    assert not world.fake.requests
