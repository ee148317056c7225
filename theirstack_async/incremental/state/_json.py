"""The state of incremental extractions in a JSON file, for people who want to read it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from theirstack_async._database.database import DatabaseError
from theirstack_async._database.thread import FileLocks, ThreadedDatabase, file_lock, take_file_lock
from theirstack_async._files import write_file
from theirstack_async.errors import ArgumentError, StateError
from theirstack_async.incremental._closing import Closing
from theirstack_async.incremental.state._saved import FORMAT, check_document, check_format, conflict, locked
from theirstack_async.incremental.state._state import Id, SavedState, StateChange, Within

T = TypeVar("T")

Profile = dict[str, Any]
"""One profile in the file: its revision, its document, and the ids as a list of pairs, for keys of JSON are texts."""

_PATIENCE: Final = 30.0
"""Seconds to wait for another process that writes the file."""


class JSONState(Closing):
    """The state of all profiles in one JSON file, which each save replaces as a whole.

    What was saved survives a crash of the program and of the machine. Each save writes all that is kept, so this is for
    some thousands of ids; SQLite is for more. A profile is held by a lock on a file beside it, such as
    ``state.json.0123456789abcdef.lock``, which ends with the process. It does not hold on network file systems.

    Args:
        path: the file; it is made when it is missing, its folder is not.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        # Two names of one file share its locks, and a link to the file is not replaced by a file.
        self._path: Final = os.path.realpath(path)
        self._where: Final = f"the JSON file {self._path}"
        self._file: Final = ThreadedDatabase(partial(_File, self._path, self._where))

    def __repr__(self) -> str:
        return f"JSONState({self._where!r})"

    async def acquire(self, key: str, *, wait: float = 0.0) -> None:
        """Take a profile for one run. See :meth:`IncrementalState.acquire`."""
        try:
            taken = await self._file.lock(key, wait)
        except DatabaseError as error:
            raise StateError(str(error)) from error.__cause__
        if not taken:
            with suppress(StateError):
                key = str((await self.load(key)).document.get("label") or key)
            raise locked(key, self._where, wait)

    async def release(self, key: str) -> None:
        """Let go of a profile. See :meth:`IncrementalState.release`."""
        await self._file.unlock(key)

    async def load(self, key: str) -> SavedState:
        """Return what was saved last. See :meth:`IncrementalState.load`."""

        def work(profiles: dict[str, Profile]) -> SavedState:
            if key not in profiles:
                return SavedState()
            profile = profiles[key]
            return SavedState(profile["revision"], self._document(profile), dict(profile["seen"]))

        return await self._do(work)

    async def save(self, key: str, change: StateChange, *, within: Within | None = None) -> None:
        """Save a change, all of it or nothing. See :meth:`IncrementalState.save`.

        Raises:
            ArgumentError: ``within`` was given: a file has no transaction that rows could be stored in.
            StateError: it cannot be written, or another run got in.
        """
        if within is not None:
            raise ArgumentError("within= needs a state that is a database, such as SQLiteState", field="within")
        seen_before = -float("inf") if change.forget_before is None else change.forget_before

        def work(profiles: dict[str, Profile]) -> None:
            profile = profiles.get(key, {"revision": 0, "seen": []})
            if profile["revision"] != change.revision:
                raise conflict(key, self._where, change.revision, profile["revision"])
            seen: dict[Id, float] = {**dict(profile["seen"]), **change.seen}
            profiles[key] = {
                "revision": change.revision + 1,
                "document": dict(change.document),
                "seen": [(id_, at) for id_, at in seen.items() if at >= seen_before],
            }

        await self._do(work)

    async def profiles(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the document of each profile by its key. See :meth:`IncrementalState.profiles`."""
        return await self._do(
            lambda profiles: {key: self._document(profile) for key, profile in sorted(profiles.items())}
        )

    async def forget(self, key: str) -> None:
        """Forget a profile. See :meth:`IncrementalState.forget`."""
        await self._do(lambda profiles: profiles.pop(key, None))

    async def aclose(self) -> None:
        """Let go of the file. See :meth:`IncrementalState.aclose`."""
        try:
            await self._file.aclose()
        except DatabaseError as error:
            raise StateError(f"{self._where} cannot be closed: {error}") from error.__cause__

    async def _do(self, work: Callable[[dict[str, Profile]], T]) -> T:
        try:
            return await self._file.do(work)
        except DatabaseError as error:
            raise StateError(str(error)) from error.__cause__

    def _document(self, profile: Profile) -> Mapping[str, Any]:
        return check_document(profile["document"], self._where)


class _File:
    """The file as an engine: its connection is a dict of all profiles, which is written back if it was changed."""

    def __init__(self, path: str, where: str) -> None:
        self._path: Final = Path(path)
        self._where: Final = where
        self._locks: Final = FileLocks(path)
        self.take: Final = self._locks.take
        self.drop: Final = self._locks.drop

    def close(self) -> None:
        """Do nothing: the file is open only while a transaction lasts."""

    def transact(self, work: Callable[[Any], T]) -> T:
        turn = file_lock(f"{self._path}.lock")
        if not take_file_lock(turn, _PATIENCE):
            raise DatabaseError(
                f"{self._where} was locked for {_PATIENCE:g} s; find out which program holds {turn.lock_file}, and end "
                "it"
            )
        try:
            profiles = self._read()
            before = _dumped(profiles)
            result = work(profiles)
            after = _dumped(profiles)
            if after != before:
                write_file(self._path, [after.encode("ascii")])
        except OSError as error:
            raise DatabaseError(
                f"{self._where} cannot be used: {error}; see that it and its folder may be written and have room"
            ) from error
        finally:
            turn.release()
        return result

    def _read(self) -> dict[str, Profile]:
        """Return the profiles in the file; none where there is no file."""
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return {}
        try:
            whole: Any = json.loads(text)
        except ValueError as error:
            raise self._damaged(str(error)) from error
        if not isinstance(whole, dict) or "format" not in whole:
            raise self._damaged("it has no format")
        found = cast("dict[str, Any]", whole)
        check_format(found["format"], self._where)
        profiles = found.get("profiles")
        if not isinstance(profiles, dict):
            raise self._damaged("it has no profiles")
        for key, profile in cast("dict[str, Any]", profiles).items():
            if not _is_profile(profile):
                raise self._damaged(f"{key} is no profile")
        return cast("dict[str, Profile]", profiles)

    def _damaged(self, what: str) -> DatabaseError:
        return DatabaseError(
            f"{self._where} is no state of extractions: {what}; restore it from a copy, or move it away to begin anew, "
            "which buys rows again that were bought before"
        )


def _dumped(profiles: dict[str, Profile]) -> str:
    return json.dumps({"format": FORMAT, "profiles": profiles}, separators=(",", ":"))


def _is_profile(profile: Any) -> bool:
    if not isinstance(profile, dict):
        return False
    found = cast("dict[str, Any]", profile)
    try:
        seen = dict(found["seen"])
    except (KeyError, TypeError, ValueError):
        return False
    if not (set(map(type, seen)) <= {int, str} and set(map(type, seen.values())) <= {int, float}):
        return False
    return isinstance(found.get("revision"), int) and isinstance(found.get("document"), dict)
