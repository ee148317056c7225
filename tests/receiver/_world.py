"""Receivers that live and die, over a store that fails now and then, and an API that sends until it is answered 2xx."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

import attrs

from tests.replay._virtual import LoopClock
from tests.unit.receiver._receiving import SECRET, Durable, deliver
from theirstack_async._tasks import cancel_and_wait
from theirstack_async.errors import DeliveryStoreError
from theirstack_async.receiver import Delivery, DeliveryState, DeliveryStore, MemoryDeliveries, Receiver

T = TypeVar("T")

_LONG: Final = 100_000.0
"""Seconds after which all has to be quiet."""


@attrs.frozen(kw_only=True)
class Manners:
    """How the world behaves. Shares are of 1, times in seconds."""

    seed: int
    events: int = 20
    processes: int = 2
    """That live at once."""
    lives: int = 5
    """That end, before the last ones go on for good."""
    durable: bool = True
    killed: float = 0.5
    """Share of the lives that end by a kill."""
    fails: float = 0.1
    """Share of the handlers' calls that fail."""
    store_fails: float = 0.1
    """Share of the store's calls that fail, half of them after it was done."""
    slowest: float = 40.0
    """Time that a handler takes at the most."""
    copies: float = 0.3
    """Share of the deliveries that come twice."""
    settings: dict[str, Any] = attrs.field(factory=dict)


class Process:
    """One receiver. Once it is killed nothing of it has any effect."""

    def __init__(self, world: World) -> None:
        self.world: Final = world
        self.killed = False
        self.buried: Final = asyncio.Event()
        self.unsettled: Final[set[int]] = set()
        """Events that were handled here, and of which that is not noted."""
        store = world.store if world.manners.durable else MemoryDeliveries()
        self.receiver: Final = Receiver(SECRET, _Gate(store, self), clock=LoopClock(), **world.manners.settings)
        self.receiver.on(Delivery)(self._handle)
        self._task: asyncio.Task[None] | None = None
        self._leave: Final = asyncio.Event()

    async def start(self) -> None:
        """Return once it receives."""
        began: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._live(began))
        await began

    async def leave(self) -> None:
        """Leave in good order."""
        self._leave.set()
        assert self._task is not None
        await self._task

    def kill(self) -> None:
        """End without a word: what was done and not noted may be done again."""
        self.killed = True
        self.world.excused.update(self.unsettled)

    async def bury(self) -> None:
        """Take away what is left of a process that was killed."""
        self.buried.set()
        assert self._task is not None
        await cancel_and_wait([self._task])

    async def _live(self, began: asyncio.Future[None]) -> None:
        async with self.receiver:
            began.set_result(None)
            await self._leave.wait()

    async def _handle(self, delivery: Delivery) -> None:
        world = self.world
        await asyncio.sleep(world.random.choice([0.0, world.random.uniform(0, world.manners.slowest)]))
        if self.killed:
            await asyncio.Future()
        if not world.quiet and world.random.random() < world.manners.fails:
            raise ValueError("it happens")
        self.unsettled.add(delivery.id)
        world.handled[delivery.id] += 1
        world.by_process[delivery.id, id(self)] += 1


class _Gate:
    """What one process sees of a store: nothing any more once it was killed."""

    def __init__(self, store: DeliveryStore, process: Process) -> None:
        self._store: Final = store
        self._process: Final = process

    @property
    def durable(self) -> bool:
        return self._store.durable

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            return await self._call(name, args, kwargs)

        return call

    async def _call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        process, world = self._process, self._process.world
        await self._alive()
        fails = (
            not world.quiet and name not in ("counts", "aclose") and world.random.random() < world.manners.store_fails
        )
        before = world.random.random() < 0.5
        if world.random.random() < 0.3:
            await asyncio.sleep(world.random.choice([0.0, 0.001, 0.1]))
            await self._alive()
        if fails and before:
            raise DeliveryStoreError("before")
        result = await getattr(self._store, name)(*args, **kwargs)
        if name == "settle" and kwargs["state"] is DeliveryState.DONE:
            process.unsettled.discard(args[0])
        if fails:
            raise DeliveryStoreError("after")
        return result

    async def _alive(self) -> None:
        if self._process.killed:
            await self._process.buried.wait()
            raise DeliveryStoreError("buried")


class World:
    """The API, the store, and the processes."""

    def __init__(self, manners: Manners) -> None:
        self.manners: Final = manners
        self.random: Final = random.Random(manners.seed)
        self.store: Final = Durable()
        self.quiet = False
        self.handled: Final[Counter[int]] = Counter()
        self.by_process: Final[Counter[tuple[int, int]]] = Counter()
        self.excused: Final[Counter[int]] = Counter()
        """How often an event may have been handled once more, because a process died before that was noted."""
        self.processes: Final[list[Process]] = []
        self._buried: Final[list[Process]] = []

    async def play(self) -> None:
        """Let all that is to happen happen, until nothing is left to do."""
        for _ in range(self.manners.processes):
            await self._begin()
        sending = [asyncio.create_task(self._send(n)) for n in range(self.manners.events)]
        try:
            for _ in range(self.manners.lives):
                await asyncio.sleep(self.random.uniform(0, 60))
                await self._end_one()
                await asyncio.sleep(self.random.choice([0.0, self.random.uniform(0, 60)]))
                await self._begin()
            self.quiet = True
            await asyncio.gather(*sending)
            await self._settled()
        finally:
            await cancel_and_wait(sending)
            for process in self._buried:
                await process.bury()
            for process in self.processes:
                await process.leave()

    async def _settled(self) -> None:
        """Return when nothing is left to do, or when that has taken too long."""
        end = asyncio.get_running_loop().time() + _LONG
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(60)
            counts = await self.store.counts()
            if not counts[DeliveryState.PENDING] and not any(each.receiver.stats.in_hand for each in self.processes):
                return

    async def _begin(self) -> None:
        process = Process(self)
        await process.start()
        self.processes.append(process)

    async def _end_one(self) -> None:
        process = self.processes.pop(self.random.randrange(len(self.processes)))
        if self.random.random() < self.manners.killed:
            process.kill()
            self._buried.append(process)
        else:
            await process.leave()
            # What could not be noted to the end may be done again, as after a kill.
            self.excused.update(process.unsettled)

    async def _send(self, event_id: int) -> None:
        """Send an event until it is answered 2xx, and sometimes once more."""
        await asyncio.sleep(self.random.uniform(0, 100))
        while not await self._sent(event_id):
            await asyncio.sleep(self.random.uniform(1, 60))
        if self.random.random() < self.manners.copies:
            await asyncio.sleep(self.random.uniform(0, 100))
            await self._sent(event_id)

    async def _sent(self, event_id: int) -> bool:
        if not self.processes:
            return False
        copies = 2 if self.random.random() < self.manners.copies else 1
        return any(await asyncio.gather(*(self._post(event_id) for _ in range(copies))))

    async def _post(self, event_id: int) -> bool:
        process = self.random.choice(self.processes)
        try:
            async with asyncio.timeout(30):  # the API's patience
                answer = await deliver(process.receiver, event_id)
        except TimeoutError:
            return False
        return answer.ok and not process.killed
