"""What :class:`~theirstack_async.testing.replay_suite.ReplaySuite` has to know of an API, to test it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from theirstack_async.replay import ReplayProvider

I = TypeVar("I", int, str)  # noqa: E741  # an id; a provider has one kind


class ReplayWorld(ABC, Generic[I]):
    """An API with one webhook, and levers to make things happen in it. No lever waits for real time.

    A subclass has every method, and sets six attributes, in its body or in ``__init__``:

    - ``provider``: the provider that is tested.
    - ``webhook_id``: the id of the webhook.
    - ``page_size``: how many events the provider asks for at once.
    - ``strangers``: well-formed ids of events that the API does not have.
    - ``no_ids``: values that are no id of an event, such as text where ids are numbers.
    - ``no_webhook_ids``: values that are no id of a webhook.
    """

    provider: ReplayProvider[I]
    """What is tested."""
    webhook_id: int | str
    """The webhook."""
    page_size: int
    """How many events the provider asks for at once: lists are made a little shorter and longer than that."""
    strangers: Sequence[I]
    """Well-formed ids of events that the API does not have."""
    no_ids: Collection[object]
    """What is no id of an event, such as text where ids are numbers."""
    no_webhook_ids: Collection[object]
    """What is no id of a webhook."""

    @abstractmethod
    def now(self) -> datetime:
        """Return the time of the machine on which the provider runs, aware."""

    @abstractmethod
    async def fail(self, n: int) -> list[I]:
        """Add ``n`` events of the webhook whose delivery failed some time ago, in the last hours, no two at the same
        instant, and return their ids, oldest first. The API does not deliver them by itself during the test.
        """

    @abstractmethod
    async def receive(self, *, takes: bool) -> None:
        """Let the webhook's receiver take what is delivered from now on, or refuse it."""

    @abstractmethod
    async def settle(self) -> None:
        """Return when the API has tried to deliver all that it has taken, and lists the outcome."""

    @abstractmethod
    async def taken(self, event_id: I, /) -> int:
        """Return how often the API has taken this event to be delivered again, whatever it answered."""

    @abstractmethod
    async def poison(self, event_id: I, /) -> None:
        """Let the API refuse this event from now on: alone, or every call that has it in it, as the API would."""

    @abstractmethod
    async def throttle(self) -> None:
        """Let the API refuse the next resend call because calls come too fast, and only that one."""

    @abstractmethod
    async def lose(self, *, carried_out: bool) -> None:
        """Let the answer of the next resend call be lost after the call was carried out, or in place of that."""

    @abstractmethod
    async def hang(self) -> None:
        """Let the next resend call have no answer, and no end."""

    @abstractmethod
    async def hanging(self) -> None:
        """Return when the call that hangs has reached the API."""

    @abstractmethod
    async def close(self) -> None:
        """Let the webhook be gone, or suspended, as happens with this API."""

    @abstractmethod
    async def shake(self, ids: Sequence[I], *, new: int) -> None:
        """While the list is read next, between its first page and its second, let these events be delivered, and so
        many new ones fail. With none the list only shrinks, and what is behind them moves up.
        """
