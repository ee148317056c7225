"""One run at a time for each webhook: locks of the operating system, which a dead process does not hold."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self

from theirstack_async._database.database import DatabaseError
from theirstack_async._database.thread import FileLocks
from theirstack_async._tasks import run_to_end
from theirstack_async.errors import ReplayError, ReplayLockedError
from theirstack_async.replay._provider import WebhookId


class WebhookLocks:
    """The locks of all webhooks of a run, held within ``async with``, against other runs of this user on this machine.

    Args:
        provider: the API's short name.
        where: its base URL.
        webhook_ids: the webhooks. Each is locked once, in an order that all runs have in common.
        folder: where the lock files are; one of this user's own in the folder for temporary files unless given.
    """

    def __init__(
        self, provider: str, where: str, webhook_ids: Iterable[WebhookId], folder: str | os.PathLike[str] | None = None
    ) -> None:
        self._webhooks: Final = {_key(provider, where, webhook_id): webhook_id for webhook_id in webhook_ids}
        self._folder: Final = None if folder is None else Path(folder)
        self._locks: FileLocks | None = None

    async def __aenter__(self) -> Self:
        """Take all locks, or none.

        Raises:
            ReplayLockedError: another run has one of the webhooks.
            ReplayError: the lock files cannot be made.
        """
        try:
            await run_to_end(asyncio.to_thread(self._take))
        except asyncio.CancelledError:
            # They may have been taken all the same.
            await run_to_end(asyncio.to_thread(self._drop))
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await run_to_end(asyncio.to_thread(self._drop))

    def _take(self) -> None:
        folder = _own_folder() if self._folder is None else self._folder
        locks = FileLocks(str(folder / "webhook"))
        try:
            for key, webhook_id in sorted(self._webhooks.items()):
                if not _take_one(locks, key, webhook_id):
                    raise ReplayLockedError(
                        f"another run on this machine replays webhook {webhook_id}; nothing was sent; wait until it "
                        f"ends, or end it (its locks are in {folder})"
                    )
        except ReplayError:
            self._drop_all(locks)
            raise
        self._locks = locks

    def _drop(self) -> None:
        if self._locks is not None:
            self._drop_all(self._locks)

    def _drop_all(self, locks: FileLocks) -> None:
        for key in self._webhooks:
            locks.drop(key)


def _take_one(locks: FileLocks, key: str, webhook_id: WebhookId) -> bool:
    try:
        return locks.take(key)
    except DatabaseError as error:
        raise ReplayError(f"webhook {webhook_id} cannot be locked: {error}") from error


def _key(provider: str, where: str, webhook_id: WebhookId) -> str:
    # As JSON 12 is not "12".
    return hashlib.sha256(json.dumps([provider, where, webhook_id]).encode()).hexdigest()[:16]


def _own_folder() -> Path:
    """Return a folder that only this user can write to, made where it is missing.

    Raises:
        ReplayError: it cannot be made, or somebody else has it.
    """
    # Windows has no such numbers, and a folder for temporary files for each user.
    user = getattr(os, "getuid", lambda: None)()
    folder = Path(tempfile.gettempdir(), "theirstack-replay" if user is None else f"theirstack-replay-{user}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        # Not stat(), which would follow a link that somebody else has put there.
        status = folder.lstat()
        own = stat.S_ISDIR(status.st_mode) and user in (None, status.st_uid)
        if own and user is not None and status.st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise ReplayError(f"the folder {folder} for locks cannot be made: {error}; see to it, or set TMPDIR") from error
    if not own:
        raise ReplayError(f"{folder} is not a folder of your own; delete it, or set TMPDIR to a folder that is")
    return folder
