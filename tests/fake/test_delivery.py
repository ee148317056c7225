"""Deliveries, retries and credits, with a real receiver."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.fake._receiver import Api, Receiver, calling, until
from theirstack_async.testing import FakeTheirStack, sign
from theirstack_async.testing.delivery import is_loopback
from theirstack_async.testing.options import OptionKwargs
from theirstack_async.testing.store import Kind

SECRET = "a-secret-of-some-length"


@pytest.mark.parametrize(
    ("kind", "delivery_type", "price"),
    [("job", "job.new", 1), ("company", "company.new", 3), ("job_closed", "job.closed", 1), (None, "job.new", 1)],
)
async def test_a_match_is_billed_and_delivered(
    api: Api, receiver: Receiver, kind: Kind, delivery_type: str, price: int
) -> None:
    webhook_id = api.fake.seed_webhook(receiver.url, secret=SECRET)
    (event_id,) = api.fake.trigger(webhook_id, kind=kind)
    assert api.fake.event(event_id).status == "IN_PROGRESS"
    await api.fake.settled()
    (body,) = receiver.bodies
    sent = json.loads(body)
    assert list(sent) == ["id", "type", "payload"]
    assert (sent["id"], sent["type"]) == (event_id, delivery_type)
    assert receiver.signatures == [sign(body, SECRET)]
    state = api.fake.event(event_id)
    assert (state.status, state.attempts, state.response_status_code) == ("SUCCESS", 1, 200)
    assert (state.kind, state.webhook_id, state.response_body) == (kind, webhook_id, "said 200")
    assert api.fake.credits_billed == price
    (row,) = await api.ok("GET", f"/v0/webhooks/{webhook_id}/events")
    if kind == "job":
        assert sent["payload"].keys() - row["payload"].keys() == {"url_hashed", "neg_posted_at_timestamp", "created_at"}
    else:
        assert sent["payload"] == row["payload"]


def test_the_signature_is_that_of_the_published_recipe() -> None:
    assert sign(b'{"id":1}', "0123456789abcdef") == (
        "sha256=" + "564c88996eca094e86962bc8c3ca28f6868b19f1646c542d29b5132b84f93dc3"
    )


@pytest.mark.parametrize(("status", "outcome"), [(204, "SUCCESS"), (299, "SUCCESS"), (302, "FAILED"), (500, "FAILED")])
async def test_success_is_any_2xx_and_redirects_are_not_followed(
    api: Api, receiver: Receiver, status: int, outcome: str
) -> None:
    receiver.status = status
    receiver.headers["Location"] = receiver.url
    (event_id,) = api.fake.trigger(api.fake.seed_webhook(receiver.url))
    await api.fake.settled()
    assert (api.fake.event(event_id).status, len(receiver.bodies)) == (outcome, 1)
    assert receiver.signatures == [None]


async def test_a_retry_sends_the_same_bytes_again_and_costs_nothing(api: Api, receiver: Receiver) -> None:
    webhook_id = api.fake.seed_webhook(receiver.url)
    receiver.status = 500
    ids = api.fake.trigger(webhook_id, 3)
    await api.fake.settled()
    receiver.status = 200
    await api.fake.clock.advance(60)
    assert await api.retry(*ids[:2]) == (200, None)
    assert {api.fake.event(i).status for i in ids[:2]} == {"IN_PROGRESS"}
    await api.fake.settled()
    assert [api.fake.event(i).status for i in ids] == ["SUCCESS", "SUCCESS", "FAILED"]
    assert Counter(receiver.ids) == {ids[0]: 2, ids[1]: 2, ids[2]: 1}
    assert len(set(receiver.bodies)) == 3
    assert (api.fake.credits_billed, api.fake.event(ids[0]).attempts) == (3, 2)
    _, row, _ = await api.ok("GET", f"/v0/webhooks/{webhook_id}/events")
    assert (row["triggered_at"], row["updated_at"]) == ("2026-09-21T14:13:20Z", "2026-09-21T14:14:20Z")


async def test_a_retry_of_what_succeeded_or_is_on_its_way_sends_it_again(api: Api, receiver: Receiver) -> None:
    webhook_id = api.fake.seed_webhook(receiver.url)
    (event_id,) = api.fake.seed_events(webhook_id, 1, status="SUCCESS")
    await api.retry(event_id, event_id)
    await api.retry(event_id)
    await api.fake.settled()
    assert receiver.ids == [event_id] * 3


@pytest.mark.parametrize(("unknown_ids", "status", "done"), [("422", 422, 0), ("404", 404, 0), ("ignore", 200, 1)])
async def test_a_retry_of_unknown_ids(receiver: Receiver, unknown_ids: str, status: int, done: int) -> None:
    options: OptionKwargs = {"unknown_ids": unknown_ids}  # type: ignore[typeddict-item]
    async with calling(FakeTheirStack(**options)) as api:
        (event_id,) = api.fake.seed_events(api.fake.seed_webhook(receiver.url), 1)
        answered, answer = await api.retry(event_id, event_id + 1, -5)
        assert answered == status
        if status != 200:
            assert f"Webhook event {event_id + 1} " in answer["error"]["description"]
        await api.fake.settled()
        assert len(receiver.bodies) == done


@pytest.mark.parametrize("body", [{}, {"webhook_event_ids": None}, {"webhook_event_ids": ["1"]}])
async def test_a_retry_without_a_list_of_integers_is_422(api: Api, body: object) -> None:
    assert (await api("POST", "/v0/webhooks/events/retry", body))[0] == 422


async def test_at_most_two_deliveries_of_a_webhook_are_on_their_way(api: Api, receiver: Receiver) -> None:
    receiver.gate.clear()
    webhook_id = api.fake.seed_webhook(receiver.url)
    api.fake.trigger(webhook_id, 6)
    await until(lambda: receiver.in_flight == 2)
    receiver.gate.set()
    await api.fake.settled()
    assert (receiver.max_in_flight, len(receiver.bodies)) == (2, 6)
    api.fake.trigger(webhook_id)
    await api.fake.settled()
    assert len(receiver.bodies) == 7


async def test_how_many_are_on_their_way_can_be_chosen(receiver: Receiver) -> None:
    async with FakeTheirStack(max_deliveries_in_flight=1) as fake:
        fake.trigger(fake.seed_webhook(receiver.url), 5)
        await fake.settled()
    assert (receiver.max_in_flight, len(receiver.bodies)) == (1, 5)


async def test_deliveries_are_cut_at_exit(receiver: Receiver) -> None:
    receiver.gate.clear()
    async with FakeTheirStack() as fake:
        ids = fake.trigger(fake.seed_webhook(receiver.url), 4)
        await until(lambda: receiver.in_flight == 2)
    assert len(receiver.bodies) == 2
    assert {fake.event(i).status for i in ids} == {"IN_PROGRESS"}


async def test_another_machine_gets_nothing(api: Api) -> None:
    (event_id,) = api.fake.trigger(api.fake.seed_webhook("http://192.0.2.1/hook"))
    state = api.fake.event(event_id)
    assert (state.status, state.response_status_code) == ("FAILED", None)
    assert state.response_body is not None
    assert state.response_body.startswith("not sent")


async def test_a_receiver_that_is_down_or_silent_fails_the_delivery(receiver: Receiver) -> None:
    receiver.gate.clear()
    async with FakeTheirStack(delivery_timeout=0.05) as fake:
        (down,) = fake.trigger(fake.seed_webhook("http://127.0.0.1:1/"))
        (silent,) = fake.trigger(fake.seed_webhook(receiver.url))
        await fake.settled()
        assert fake.event(down).response_body == "no answer: ClientConnectorError"
        assert fake.event(silent).response_body == "no answer: TimeoutError"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1/", True),
        ("http://127.9.9.9:8/x", True),
        ("http://[::1]:8/", True),
        ("http://LOCALHOST:8/", True),
        ("http://localhost.example/", False),
        ("http://127.0.0.1.example/", False),
        ("http://[::ffff:127.0.0.1]/", False),
        ("http://128.0.0.1/", False),
        ("http://127.1/", False),
        ("http://user@example.com/", False),
        ("http:///x", False),
    ],
)
def test_this_machine_is_recognised_by_text_alone(url: str, expected: bool) -> None:
    assert is_loopback(url) is expected


async def test_without_deliveries_a_retry_succeeds_at_once_and_memory_stays_flat() -> None:
    async with calling(FakeTheirStack(deliver=False, keep_requests=False)) as api:
        ids = api.fake.seed_events(api.fake.seed_webhook("http://127.0.0.1:1/"), 1000)
        for start in range(0, 1000, 100):
            assert await api.retry(*ids[start : start + 100]) == (200, None)
        assert {api.fake.event(i).status for i in ids} == {"SUCCESS"}


async def test_without_credits_an_event_is_not_triggered(receiver: Receiver) -> None:
    async with FakeTheirStack(credits=5) as fake:
        webhook_id = fake.seed_webhook(receiver.url)
        ids = fake.trigger(webhook_id, 2, kind="company")
        await fake.settled()
        assert [fake.event(i).status for i in ids] == ["SUCCESS", "NOT_TRIGGERED"]
        assert len(fake.trigger(webhook_id, 3)) == 3
        await fake.settled()
        assert (fake.credits_billed, len(receiver.bodies)) == (5, 3)


async def test_a_retry_of_what_was_never_dispatched_is_billed(receiver: Receiver) -> None:
    async with calling(FakeTheirStack(credits=3)) as api:
        ids = api.fake.seed_events(api.fake.seed_webhook(receiver.url), 2, status="NOT_TRIGGERED", kind="company")
        assert await api.retry(*ids) == (200, None)
        await api.fake.settled()
        assert [api.fake.event(i).status for i in ids] == ["SUCCESS", "NOT_TRIGGERED"]
        assert api.fake.credits_billed == 3


async def test_attempts_are_counted_up_to_255(api: Api) -> None:
    (event_id,) = api.fake.seed_events(api.fake.seed_webhook("http://192.0.2.1/"), 1)
    await api.retry(*[event_id] * 300)
    assert api.fake.event(event_id).attempts == 255
