"""What a state of incremental extractions must be able to do: keep, for each profile, how far its rows are stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeAlias

import attrs

Id: TypeAlias = int | str
"""The id of a row: a number of a job or of an event, a text of a company."""

Within: TypeAlias = Callable[[Any], None]
"""What is done with the store's own connection, inside the transaction of an acknowledgement."""


@attrs.frozen
class SavedState:
    """What is kept of one profile."""

    revision: int = 0
    """How often it was saved; 0 when there is nothing yet."""
    document: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    """How far it is, as plain JSON data of some kilobytes at most."""
    seen: Mapping[Id, float] = attrs.field(factory=dict[Id, float], repr=lambda seen: f"<{len(seen)} ids>")
    """Ids of rows that were acknowledged, each with the instant of its row in Unix seconds; 0 where rows have none."""


@attrs.frozen
class StateChange:
    """What one acknowledgement changes."""

    revision: int
    """The revision that it was made on. The saved one is one more."""
    document: Mapping[str, Any]
    """Takes the place of the one before."""
    seen: Mapping[Id, float] = attrs.field(factory=dict[Id, float], repr=lambda seen: f"<{len(seen)} ids>")
    """Ids to remember from now on."""
    forget_before: float | None = None
    """Ids whose instant lies before this one are forgotten; None forgets none."""


class IncrementalState(Protocol):
    """Keeps how far each profile is. A profile is what is asked; its key is a digest of that.

    ``theirstack_async.testing.state_suite`` holds the tests that a state has to pass.
    """

    async def acquire(self, key: str, *, wait: float = 0.0) -> None:
        """Take a profile for one run. A process that has died does not hold it.

        Args:
            key: of the profile.
            wait: seconds to wait for a run that has it; 0 refuses at once.

        Raises:
            StateLockedError: another run still had it after that time.
            StateError: the store cannot be reached.
        """
        ...

    async def release(self, key: str) -> None:
        """Let go of a profile. One that is not held is no error."""
        ...

    async def load(self, key: str) -> SavedState:
        """Return what was saved last.

        Raises:
            StateError: it cannot be read. It is never taken for empty, for everything would be bought again.
        """
        ...

    async def save(self, key: str, change: StateChange, *, within: Within | None = None) -> None:
        """Save a change, all of it or nothing, to last when this returns. A cancellation is raised once it has ended.

        Args:
            key: of the profile.
            change: what is new.
            within: called with the store's connection inside the same transaction, in the thread of the store, so that
                rows can be stored with their acknowledgement. Its error undoes both, and is raised.

        Raises:
            ArgumentError: ``within`` was given to a store that is no database.
            StateError: it cannot be written; or what is saved is not of the change's revision, since another run got
                in although it must not. Nothing was changed.
        """
        ...

    async def profiles(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the document of each profile by its key."""
        ...

    async def forget(self, key: str) -> None:
        """Forget a profile, so that it begins anew. One that is not there is no error."""
        ...

    async def aclose(self) -> None:
        """Let go of files and connections. What is kept stays, and a further call opens the store again.

        Raises:
            StateError: a run of this object has a profile still; leave its ``async with`` first. Nothing is closed.
        """
        ...
