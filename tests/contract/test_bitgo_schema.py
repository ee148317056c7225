"""All that the provider asks BitGo for, and all that the fake answers, is as the description says.

Needs the description, ``../shared/api``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import attrs
import pytest

from tests.contract._bitgo import HERE, Contract
from theirstack_async._values import Headers
from theirstack_async.errors import TheirStackError
from theirstack_async.replay import BitGoNotifications, Trace
from theirstack_async.replay._bitgo_api import bitgo_dialect
from theirstack_async.testing import Answer, Exchange, FakeBitGo, RequestRecord, VirtualClock

pytestmark = [pytest.mark.contract, HERE]

STATUSES = ("FAILED", "PENDING", "PROCESSING", "SENT", "SKIPPED")
NAMES = (
    "ValidationFailed", "IllegalArgument", "BadRequest", "DataIntegrityError", "NotImplementedError",
    "RETRIGGER_RATE_LIMITED", "USER_CREATION_FAILED", "USER_FALLBACK_FAILED",
)  # fmt: skip


class Recording(FakeBitGo):
    """Keeps what it answers."""

    def __init__(self, **manners: bool) -> None:
        super().__init__(access_token="t", clock=VirtualClock(), id_limit=None, call_limit=None, **manners)  # type: ignore[arg-type]
        self.exchanges: list[tuple[RequestRecord, Answer]] = []

    async def _answer(self, exchange: Exchange) -> Answer:
        answer = await super()._answer(exchange)
        self.exchanges.append((exchange.record, answer))
        return answer


@attrs.frozen
class Life:
    """What all of these tests do something with."""

    fake: Recording
    provider: BitGoNotifications
    webhook: str
    ids: list[str]

    async def list(self) -> None:
        try:
            async for _ in self.provider.list_failed(self.webhook, start=None, end=None, status=STATUSES):
                continue
        except TheirStackError:
            return

    async def resend(self) -> None:
        await self.provider.resend(self.webhook, self.ids)
        await self.fake.settled()


async def in_peace(life: Life) -> None:
    await life.list()
    await life.resend()
    await life.list()
    traces = dict.fromkeys([*life.ids, "550e8400-e29b-41d4-a716-446655440000"], Trace())
    await life.provider.status_of(life.webhook, traces, datetime.now(UTC))


async def refused_one_by_one(life: Life) -> None:
    life.fake.refuse(life.ids[0])
    await life.resend()


async def refused_as_a_whole(life: Life) -> None:
    for name in NAMES:
        life.fake.poison(life.ids[0], 400, name)
        await life.resend()


async def throttled(life: Life) -> None:
    life.fake.throttle()
    await life.resend()


async def suspended(life: Life) -> None:
    life.fake.suspend(life.webhook)
    await life.resend()


async def gone(life: Life) -> None:
    life.fake.remove_webhook(life.webhook)
    await life.resend()
    await life.list()


async def refused_by_the_platform(life: Life) -> None:
    life.fake._operations._calls._limit = 0
    await life.resend()
    life.fake._operations._token = "another"
    await life.resend()
    await life.list()


async def failing_again(life: Life) -> None:
    life.fake.receive(life.webhook, takes=False)
    await life.resend()
    await life.list()


LIVES: dict[str, tuple[Callable[[Life], Awaitable[None]], set[int]]] = {
    "in peace": (in_peace, {200}),
    "refused one by one": (refused_one_by_one, {200}),
    "refused as a whole": (refused_as_a_whole, {400}),
    "throttled": (throttled, {400}),
    "suspended": (suspended, {409}),
    "gone": (gone, {404}),
    "refused by the platform": (refused_by_the_platform, {429, 401}),
    "failing again": (failing_again, {200}),
}


@pytest.mark.parametrize("adds_rows", [False, True])
@pytest.mark.parametrize("life", LIVES)
async def test_what_is_sent_and_answered(life: str, *, adds_rows: bool) -> None:
    live, statuses = LIVES[life]
    async with Recording(adds_rows=adds_rows) as fake, BitGoNotifications("t", base_url=fake.base_url) as provider:
        webhook = fake.seed_webhook()
        ids = fake.seed_notifications(webhook, 3)
        await live(Life(fake, provider, webhook, ids))
        contract = Contract()
        assert [wrong for each in fake.exchanges if (wrong := contract.wrong(*each))] == []
        assert {answer.status for _, answer in fake.exchanges} == statuses


async def test_the_operators_call() -> None:
    """With what only it may answer: 403 and 500."""
    async with (
        Recording(admin=True) as fake,
        BitGoNotifications("t", base_url=fake.base_url, admin=True) as provider,
    ):
        webhook = fake.seed_webhook()
        ids = fake.seed_notifications(webhook, 2)
        life = Life(fake, provider, webhook, ids)
        await life.resend()
        for status in (403, 500):
            fake.poison(ids[0], status)
            await life.resend()
        contract = Contract()
        assert [wrong for each in fake.exchanges if (wrong := contract.wrong(*each))] == []
        assert [answer.status for _, answer in fake.exchanges] == [200, 403, 500]


def test_each_operation_is_described() -> None:
    contract = Contract()
    for each in bitgo_dialect("http://h").operations.values():
        record = RequestRecord(each.method, each.path.replace("{webhook_id}", "w"), "", Headers(), 0.0)
        assert contract._operation(record), each.name


ROW = (
    b'{"id":"550e8400-e29b-41d4-a716-446655440000","notificationRequestId":"c","url":"u","payload":"{}","type":"t",'
    b'"status":"FAILED","retries":7,"createdAt":"2026-01-01T00:00:00Z","updatedAt":"2026-01-01T00:00:00Z"}'
)


@pytest.mark.parametrize(
    ("changes", "row", "wrong"),
    [
        ({}, ROW, False),
        ({"query_string": "limit=25"}, ROW, True),
        ({"query_string": "limit=0&offset=0"}, ROW, True),
        ({"query_string": "limit=1&offset=0&page=2"}, ROW, True),
        ({"headers": Headers()}, ROW, True),
        ({"body": b"{}"}, ROW, True),
        ({"path": "/elsewhere"}, ROW, True),
        ({}, ROW.replace(b"550e8400", b"550e840"), True),
        ({}, ROW.replace(b'"retries":7', b'"retries":"7"'), True),
        ({}, ROW.replace(b"00:00:00Z", b"00:00:00"), True),
    ],
)
def test_what_is_wrong_is_found(changes: dict[str, object], row: bytes, *, wrong: bool) -> None:
    """Otherwise the tests above could not fail."""
    good: dict[str, object] = {
        "method": "GET", "path": "/api/notifications/v1/webhooks/w/notifications", "query_string": "limit=1&offset=0",
        "headers": Headers({"authorization": "Bearer t"}), "began": 0.0,
    }  # fmt: skip
    record = RequestRecord(**{**good, **changes})  # type: ignore[arg-type]
    assert bool(Contract().wrong(record, Answer(body=b'{"notifications":[%s]}' % row))) is wrong
