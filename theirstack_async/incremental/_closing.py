"""What is closed at the end of ``async with``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """A store of this package, which ``async with`` closes. It opens nothing yet: that is done by its first use."""

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of files and connections."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()
