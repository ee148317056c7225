"""``ensure_webhook`` when answers are lost, somebody else does the same at the same time, or the API is down."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.server._account import account, sent
from theirstack_async import OutcomeUnknownError, ServerError, TheirStack, ensure_webhook
from theirstack_async.errors import DecodeError
from theirstack_async.receiver import EnsuredWebhook
from theirstack_async.testing import FakeTheirStack
from theirstack_async.testing.answers import Answer
from theirstack_async.testing.exchange import Exchange
from theirstack_async.testing.faults import (
    BILLED_DROPS,
    Fault,
    GarbageJson,
    ResetBeforeBody,
    ResetBeforeRead,
    Status,
)

URL = "https://example.invalid/hook"
SECRET = "canary-secret-5f3a"
CREATE = "POST /v0/webhooks"
LIST = "GET /v0/webhooks"


@dataclass(frozen=True, slots=True)
class Meanwhile(Fault):
    """Something happens just before the request is carried out; the answer may get lost, or be another one."""

    do: Callable[[], object] = lambda: None
    lost: bool = False
    spelled: str = URL

    async def play(self, exchange: Exchange) -> Answer:
        self.do()
        answer = await exchange.carry_out()
        if self.lost:
            exchange.reset()
        return replace(answer, body=answer.body.replace(URL.encode(), self.spelled.encode()))


class Pauses:
    """A clock whose pauses take no time; something happens when the next is as long as a number says."""

    def __init__(self, **cues: Callable[[], object]) -> None:
        self.cues = cues
        self.slept: list[float] = []

    def now(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.cues.get(f"at_{seconds:.0f}", lambda: None)()
        await asyncio.sleep(0)


async def ensure(client: TheirStack, **arguments: Any) -> EnsuredWebhook:
    """Ensure the webhook that these tests are about."""
    given = {"url": URL, "search_id": 1, "start": "now", "secret": SECRET, "clock": Pauses(), **arguments}
    return await ensure_webhook(client, **given)


def webhooks(fake: FakeTheirStack) -> int:
    return len(fake._backend.registry.webhooks)


@pytest.mark.parametrize(
    "fault",
    [*BILLED_DROPS.values(), Status(502, apply=True), Status(200, b"\xff{", apply=True), GarbageJson(apply=True)],
    ids=lambda fault: type(fault).__name__,
)
async def test_one_that_was_created_is_found_though_the_answer_got_lost(fault: Fault) -> None:
    async with account() as (fake, client):
        fake.faults.add(CREATE, fault)
        clock = Pauses()
        ensured = await ensure(client, clock=clock)
        assert sent(fake) == [LIST, CREATE, LIST, LIST]
        assert (ensured.webhook.id, ensured.webhook.has_secret, clock.slept) == (101, True, [0.0])
        assert ensured.actions[0].startswith("created it; ")
        assert not (await ensure(client)).changed
        assert webhooks(fake) == 1


async def test_one_that_shows_up_late_is_found() -> None:
    async with account() as (fake, client):
        fake.faults.add(CREATE, ResetBeforeBody())
        clock = Pauses(at_4=lambda: fake.seed_webhook(URL, secret=SECRET))
        ensured = await ensure(client, clock=clock)
        assert (ensured.webhook.id, clock.slept) == (101, [0.0, 1.0, 4.0])


async def test_looks_that_fail_do_not_hide_one_that_succeeds() -> None:
    async with account() as (fake, client):
        fake.faults.add(CREATE, ResetBeforeBody(apply=True))
        clock = Pauses(at_0=lambda: fake.faults.add(LIST, Status(503), times=None), at_1=fake.faults.clear)
        assert (await ensure(client, clock=clock)).webhook.id == 101
        assert clock.slept == [0.0, 1.0]


@pytest.mark.parametrize("down", [False, True])
async def test_when_none_shows_up_nobody_knows(down: bool) -> None:
    """The error tells of the creation, also where the API cannot be asked any more. The next call makes up for it."""
    async with account() as (fake, client):
        fake.faults.add(CREATE, ResetBeforeBody())
        clock = Pauses(at_0=lambda: fake.faults.add(LIST, Status(503), times=None) if down else None)
        with pytest.raises(OutcomeUnknownError) as caught:
            await ensure(client, clock=clock)
        fake.faults.clear()
        said = str(caught.value)
        assert said.startswith(f"nobody knows whether a webhook for search 1 at {URL} was created; none is seen. ")
        assert "Ensure it again later: that looks before it creates." in said
        assert "The first error: POST /v0/webhooks" in said
        assert (caught.value.sent, clock.slept) == ("maybe", [0.0, 1.0, 4.0])
        assert isinstance(caught.value.__cause__, OutcomeUnknownError)
        assert SECRET not in f"{said} {pickle.dumps(caught.value, 0)!r}"
        assert (await ensure(client)).webhook.id == 101
        assert fake.requests.total - len([one for one in sent(fake) if one == LIST]) == 2


async def test_an_answer_that_cannot_be_read_and_no_webhook_is_an_unknown_outcome() -> None:
    async with account() as (fake, client):
        fake.faults.add(CREATE, GarbageJson())
        with pytest.raises(OutcomeUnknownError, match="none is seen") as caught:
            await ensure(client)
        assert isinstance(caught.value.__cause__, DecodeError)


async def test_when_two_show_up_nobody_knows_which_it_is() -> None:
    async with account() as (fake, client):
        fake.faults.add(CREATE, Meanwhile(lambda: fake.seed_webhook(f"{URL}/", secret=SECRET), lost=True))
        clock = Pauses()
        with pytest.raises(OutcomeUnknownError, match="2 are seen, 101, 102, one of them of somebody else"):
            await ensure(client, clock=clock)
        assert (clock.slept, webhooks(fake)) == ([0.0], 2)


async def test_what_was_never_sent_is_sent_again_without_a_look() -> None:
    """The connection never came about, or the API said 429: the client itself sends that again."""
    async with account() as (fake, client):
        fake.faults.add(CREATE, Status(429, headers={"Retry-After": "0"}), times=2)
        await ensure(client)
        assert sent(fake) == [LIST, CREATE, CREATE, CREATE, LIST]


async def test_a_refusal_is_passed_on_without_a_look() -> None:
    async with account() as (fake, client):
        fake.faults.add(CREATE, Status(422))
        with pytest.raises(Exception, match="422"):
            await ensure(client)
        assert sent(fake) == [LIST, CREATE]


async def test_without_the_list_nothing_is_created() -> None:
    async with account() as (fake, client):
        fake.faults.add(LIST, Status(503), times=None)
        with pytest.raises(ServerError):
            await ensure(client)
        assert set(sent(fake)) == {LIST}


async def test_a_list_that_cannot_be_read_creates_nothing() -> None:
    async with account() as (fake, client):
        fake.faults.add(LIST, Status(200, '[{"id": 1}]'), times=None)
        with pytest.raises(DecodeError):
            await ensure(client)
        assert webhooks(fake) == 0


async def test_one_that_somebody_else_created_at_the_same_time_is_warned_of() -> None:
    """At the user's own line, with both ids, and nothing is archived."""
    async with account() as (fake, client):
        fake.faults.add(CREATE, Meanwhile(lambda: fake.seed_webhook(f"{URL}/", secret=SECRET)))
        with pytest.warns(UserWarning, match=r"webhooks 101, 102 deliver search 1 to .* archive the rest") as caught:
            ensured = await ensure(client)
        assert caught[0].filename == __file__
        assert (ensured.webhook.id, ensured.notes) == (102, ())
        assert [webhook.is_active for webhook in await client.webhooks.list()] == [True, True]
        with pytest.raises(ValueError, match="2 webhooks deliver search 1"):
            await ensure(client)


async def test_whether_somebody_else_did_could_not_be_looked_up() -> None:
    async with account() as (fake, client):
        fake.faults.add(CREATE, Meanwhile(lambda: fake.faults.add(LIST, Status(503), times=None)))
        ensured = await ensure(client)
        assert ensured.webhook.id == 101
        assert len(ensured.notes) == 1
        assert "could not be looked up: GET /v0/webhooks" in ensured.notes[0]


async def test_an_address_that_the_api_spells_in_another_way_is_pointed_out() -> None:
    """Spelled so that it cannot be known again, the next call would create a second webhook."""
    async with account() as (fake, client):
        fake.faults.add(CREATE, Meanwhile(spelled="https://example.invalid/HOOK"))
        ensured = await ensure(client)
        assert len(ensured.notes) == 1
        assert ensured.notes[0].startswith("The API spells its address https://example.invalid/HOOK: give it so, or")


async def test_a_lost_answer_to_a_change_is_asked_for_again() -> None:
    async with account() as (fake, client):
        webhook = fake.seed_webhook(URL)
        await client.webhooks.disable(webhook)
        fake.faults.add("PATCH /v0/webhooks/101", ResetBeforeBody(apply=True))
        fake.faults.add("PATCH /v0/webhooks/101/status", ResetBeforeBody(apply=True))
        ensured = await ensure(client)
        assert (ensured.webhook.is_active, ensured.webhook.has_secret, len(ensured.actions)) == (True, True, 2)


async def test_what_a_failure_left_undone_is_done_the_next_time() -> None:
    async with account() as (fake, client):
        webhook = fake.seed_webhook(URL)
        await client.webhooks.disable(webhook)
        fake.faults.add("PATCH /v0/webhooks/101/status", Status(503), times=None)
        with pytest.raises(ServerError):
            await ensure(client)
        fake.faults.clear()
        ensured = await ensure(client)
        assert [action.partition(";")[0] for action in ensured.actions] == ["enabled it"]


async def test_cancelled_while_creating_it_is_found_the_next_time() -> None:
    async with account() as (fake, client):
        created = asyncio.Event()
        fake.faults.add(CREATE, Meanwhile(created.set))
        fake.faults.add(LIST, Status(200, "[]"))
        task = asyncio.create_task(ensure(client))
        await created.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await ensure(client)).webhook.id == 101
        assert webhooks(fake) == 1


async def test_a_connection_that_broke_before_the_request_was_read_counts_as_sent() -> None:
    async with account() as (fake, client):
        fake.faults.add(CREATE, ResetBeforeRead())
        with pytest.raises(OutcomeUnknownError):
            await ensure(client)
        assert webhooks(fake) == 0
