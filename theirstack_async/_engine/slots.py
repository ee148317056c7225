"""How many requests may be under way at once: first come, first served."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import anyio


class Slots:
    """A number of places. A view's places lie within its parent's: a request of the view takes one of each."""

    def __init__(self, limit: int, parent: Slots | None = None) -> None:
        self.limit = limit
        self._parent = parent
        self._places: anyio.Semaphore | None = None

    @property
    def free(self) -> int:
        """How many places nobody holds."""
        return self.limit if self._places is None else self._places.value

    def take(self) -> bool:
        """Take a place at once. Returns whether there was one."""
        if not self.free or (self._parent is not None and not self._parent.take()):
            return False
        self._made().acquire_nowait()
        return True

    async def acquire(self) -> None:
        """Take a place, waiting in line for one."""
        await self._made().acquire()
        if self._parent is not None:
            try:
                await self._parent.acquire()
            except BaseException:
                self._made().release()
                raise

    def _made(self) -> anyio.Semaphore:
        if self._places is None:
            import anyio

            # Made here and not in __init__: outside a loop anyio makes an adapter that costs each call a loop turn.
            self._places = anyio.Semaphore(self.limit, max_value=self.limit, fast_acquire=True)
        return self._places

    def release(self) -> None:
        """Give the place back."""
        if self._places is None:
            raise RuntimeError("release() without acquire()")
        if self._parent is not None:
            self._parent.release()
        self._places.release()
