"""The fake BitGo delivers, for real or as it is told to, and ends in an orderly way."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from tests.fake._bitgo import Caller, calling
from theirstack_async.testing import FakeBitGo, Hang, ResetBeforeBody, ResetBeforeRead, SystemClock, VirtualClock


async def test_a_receiver_that_recovers_for_a_while() -> None:
    async with calling() as api:
        ids = api.seed(4)
        api.fake.receive(api.webhook, takes=True, times=2)
        for each in ids:
            await api.resend(each)
            await api.fake.settled()
        assert await api.statuses() == ["FAILED", "FAILED", "SENT", "SENT"]
        assert api.fake.delivered == {ids[0]: 1, ids[1]: 1}
        assert api.fake.notification(ids[3])["response"] == {"statusCode": 503, "body": "down"}
        api.fake.receive(api.webhook, takes=True)
        await api.resend(*ids[2:])
        assert await api.statuses() == ["SENT"] * 4


async def test_too_many_failures_within_a_week_suspend() -> None:
    async with calling(suspends_after=3) as api:
        ids = api.seed(2)
        api.fake.receive(api.webhook, takes=False)
        await api.resend(*ids)
        await api.fake.settled()
        await api.fake.clock.advance(7 * 86_400)
        await api.resend(*ids)
        await api.fake.settled()
        assert (await api.resend(ids[0]))[0] == 200
        await api.fake.settled()
        assert (await api.resend(ids[0]))[0] == 409
    async with calling(suspends_after=None, id_limit=None) as api:
        ids = api.seed(25)
        api.fake.receive(api.webhook, takes=False)
        for _ in range(5):
            assert (await api.resend(*ids))[0] == 200
            await api.fake.settled()


async def test_a_delivery_takes_its_time() -> None:
    async with calling(delay=30.0) as api:
        [one] = api.seed()
        await api.resend(one)
        assert api.fake.notification(one)["status"] == "PENDING"
        await api.fake.clock.advance(29)
        assert api.fake.notification(one)["status"] == "PENDING"
        await api.fake.clock.advance(1)
        await api.fake.settled()
        assert api.fake.notification(one)["status"] == "SENT"


async def test_deliveries_are_real_on_this_machine() -> None:
    """Only a 200 counts as delivered, and nobody else is sent anything."""
    got: list[str] = []

    async def receive(request: web.BaseRequest) -> web.Response:
        got.append(await request.text())
        return web.Response(status=200 if len(got) == 1 else 201, text="thanks")

    runner = web.ServerRunner(web.Server(receive))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with calling() as api:
            api.webhook = api.fake.seed_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook")
            one, two = api.seed(2)
            for each in (one, two):
                await api.resend(each)
                await api.fake.settled()
            assert await api.statuses() == ["FAILED", "SENT"]
            assert got == [api.fake.notification(each)["payload"] for each in (one, two)]
            assert api.fake.notification(one)["response"] == {"statusCode": 200, "body": "thanks"}
            api.webhook = api.fake.seed_webhook("https://example.com/hook")
            [far] = api.seed()
            await api.resend(far)
            assert await api.statuses() == ["FAILED"]
            assert "not sent" in api.fake.notification(far)["response"]["body"]
    finally:
        await runner.cleanup()


async def test_rows_appear_and_vanish_between_pages() -> None:
    async with calling() as api:
        one, two, three = api.seed(3)
        new: list[str] = []
        api.fake.after_page(lambda: api.fake.remove_notifications([three]))
        api.fake.after_page(lambda: new.extend(api.seed(age=0)))
        assert await api.ids(limit="1") == [three]
        assert await api.ids(limit="1") == [two]
        assert await api.ids() == [*new, two, one]
        api.fake.settle_as([two], "SKIPPED")
        assert api.fake.notification(two)["status"] == "SKIPPED"
        assert await api.statuses() == ["FAILED", "SKIPPED", "FAILED"]
        with pytest.raises(KeyError):
            api.fake.notification(three)


async def test_accepted_and_not_answered() -> None:
    async with calling() as api:
        one, two, three = api.seed(3)
        api.fake.faults.add("POST *retrigger", ResetBeforeBody(apply=True))
        api.fake.faults.add("POST *retrigger", ResetBeforeRead())
        with pytest.raises(aiohttp.ClientError):
            await api.resend(two)  # reset before it was read, as that fault comes first
        with pytest.raises(aiohttp.ClientError):
            await api.resend(one)
        api.fake.faults.add("POST *retrigger", Hang(apply=True))
        hanging = asyncio.ensure_future(api.resend(three))
        while api.fake.accepted[three] == 0:
            await asyncio.sleep(0)
        hanging.cancel()
        await asyncio.wait([hanging])
        assert api.fake.accepted == {one: 1, three: 1}


async def test_leaving_ends_what_hangs_and_what_is_on_its_way() -> None:
    async with aiohttp.ClientSession() as session:
        async with FakeBitGo(delay=1e9) as fake:
            api = Caller(fake, session)
            await api.resend(*api.seed())
            fake.faults.add("GET *", Hang())
            hanging = asyncio.ensure_future(api.list())
            while fake.requests.in_flight == 0:
                await asyncio.sleep(0)
        with pytest.raises(aiohttp.ClientError):
            await hanging
        await fake.settled()
    assert not fake.delivered


async def test_it_serves_once_and_only_within_async_with() -> None:
    fake = FakeBitGo()
    with pytest.raises(RuntimeError, match="serves only within"):
        _ = fake.base_url
    assert repr(fake) == "FakeBitGo(not serving)"
    async with fake:
        assert repr(fake) == f"FakeBitGo({fake.base_url})"
        assert isinstance(fake.clock, VirtualClock)
    assert repr(fake) == "FakeBitGo(not serving)"
    with pytest.raises(RuntimeError, match="serves once"):
        async with fake:
            raise AssertionError


async def test_on_a_clock_that_moves_by_itself() -> None:
    async with calling(clock=SystemClock()) as api:
        [one] = api.seed()
        await api.resend(one)
        await api.fake.settled()
        assert api.fake.notification(one)["status"] == "SENT"
        with pytest.raises(TypeError, match="cannot be advanced"):
            _ = api.fake.clock
