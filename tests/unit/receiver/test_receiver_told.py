"""What a receiver tells of mistakes: at once, where it can, and once rather than a thousand times."""

from __future__ import annotations

from typing import Any

import pytest

from tests.replay._virtual import virtual
from tests.unit.receiver._receiving import Durable, body_of, deliver, new_receiver, pieces, signed
from theirstack_async import receiver
from theirstack_async.errors import ArgumentError
from theirstack_async.receiver import DeliveryState, MemoryDeliveries, Receiver


def test_a_name_that_is_none() -> None:
    assert not [name for name in receiver.__all__ if not hasattr(receiver, name)]
    with pytest.raises(AttributeError, match="has no attribute 'Reciever'"):
        _ = receiver.Reciever


@pytest.mark.parametrize("store", ["deliveries.db", None, MemoryDeliveries])
def test_a_store_is_compulsory(store: Any) -> None:
    with pytest.raises(ArgumentError, match="SQLiteDeliveries") as caught:
        Receiver("0123456789abcdef", store)
    assert caught.value.field == "store"


@virtual
async def test_what_is_not_handled_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """A type without a handler, and a record that is not what its type says: two things to mend."""
    receiver = new_receiver(store := Durable())
    damaged = b'{"id":9,"type":"job.closed","payload":{"id":"x"}}'
    async with receiver:
        for event_id in (1, 2):
            await deliver(receiver, event_id, kind="job.archived")
        await receiver.receive("POST", signed(damaged), pieces(damaged))
        await receiver.settled()
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        "event 1 is kept, unhandled: nothing handles 'job.archived'",
        "event 9 is kept, unhandled: its record is not what 'job.closed' says: payload.id: expected int, got \"x\"",
    ]
    assert len(await store.list(DeliveryState.UNHANDLED)) == 3


@virtual
async def test_the_first_wrong_signature_is_told_louder(caplog: pytest.LogCaptureFixture) -> None:
    """One says that the secret is wrong; a flood of them is what strangers can cause."""
    receiver = new_receiver()
    caplog.set_level("INFO")
    async with receiver:
        for _ in range(3):
            await receiver.receive("POST", [], pieces(body_of(1)))
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO", "INFO"]
