"""One run of ``theirstack receive``: deliveries become lines, what is going on is drawn, and its end is told."""

from __future__ import annotations

import asyncio
import logging
import shlex
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

import attrs
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from theirstack_async import DeliveryStoreError, SinkError, TheirStackError
from theirstack_async._tasks import cancel_and_wait
from theirstack_async.cli.exits import ExitCode, explain
from theirstack_async.cli.messages import fail, note
from theirstack_async.cli.output import Output, drawn
from theirstack_async.cli.receive_file import DeliveryFile, line_of
from theirstack_async.cli.session import Settings
from theirstack_async.cli.text import counted

if TYPE_CHECKING:
    from theirstack_async.receiver import Delivery, DeliveryState, Receiver, ReconcileReport

STOPPING: Final = "Stopping. What is in hand is written, for 10 seconds at most; Ctrl-C again cuts it."
ATTEMPTS: Final = 1_000_000
"""A line fails while the disk is full. It is tried again, every five minutes at last, until there is room."""
LEASE: Final = 10.0
"""Seconds. One that ended too early does no harm here: what was written is not written again."""
_EVERY: Final = 0.25
"""Seconds between two pictures of the counts on a terminal."""
_EVERY_LINE: Final = 10.0
"""Seconds between two lines about them in a pipe, where they have changed."""
_LOGGER: Final = logging.getLogger("theirstack_async.receiver")


@attrs.frozen
class Wanted:
    """What is to be got from event lists."""

    settings: Settings
    webhook_ids: tuple[int, ...]
    since: datetime


class Reception:
    """Has a receiver's deliveries added to a file for as long as it is entered, and tells in the end what came."""

    def __init__(self, receiver: Receiver, out: str, store: str, output: Output) -> None:
        self._receiver = receiver
        self._out = out
        self._store = store
        self._output = output
        self._file = DeliveryFile(out)
        self._failing = False
        self._astray = 0
        self._told_of_refusals = False
        self._served = False
        self._report: ReconcileReport | None = None
        self.code: ExitCode = ExitCode.OK
        """The exit code: another one than OK where event lists could not be read, or not all was got from them."""

    async def __aenter__(self) -> Self:
        """Take the file, and find out what stands in it already.

        Raises:
            ArgumentError: it cannot be written.
            DeliveryStoreError: the store failed.
            StateLockedError: another program has the file.
        """
        from theirstack_async.receiver import Delivery

        try:
            await self._file.open(self._receiver.store)
        except BaseException:
            await self._receiver.store.aclose()
            raise
        self._receiver.on(Delivery)(self._write)
        _LOGGER.addFilter(_is_news)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _LOGGER.removeFilter(_is_news)
        try:
            await self._file.aclose()
            if self._served:
                self._tell(await self._receiver.store.counts())
        finally:
            await self._receiver.store.aclose()

    async def serve(self, url: str, wanted: Wanted | None) -> None:
        """Say where deliveries are received, get what never arrived, and return when that is interrupted."""
        self._served = True
        if self._output.json:
            self._output.line({"url": url, "out": self._out, "store": self._store})
            self._output.flush()
        note(f"Listening on {url} until Ctrl-C. Deliveries are added to {self._out}.")
        looking = [] if wanted is None else [asyncio.create_task(self._reconcile(wanted))]
        try:
            with _Follower(self._in_words) as follower, suppress(asyncio.CancelledError):
                while True:
                    await asyncio.sleep(follower.every)
                    follower.update()
                    self._tell_of_refusals()
                    for each in looking:
                        if each.done():
                            each.result()
        finally:
            await cancel_and_wait(looking)
        self._tell_of_refusals()

    def astray(self) -> None:
        """Count a request to another path, and say so the first time: a webhook may have a wrong URL."""
        if not self._astray:
            note(
                "A request to another path was answered 404. If it was a delivery, give the webhook the URL with this "
                "path, or give its path with --path."
            )
        self._astray += 1

    def _tell_of_refusals(self) -> None:
        """Say once that deliveries were refused, since that looks like nothing at all where every one is."""
        if self._told_of_refusals or not self._receiver.stats.answers.get(403):
            return
        self._told_of_refusals = True
        note(
            "A delivery was answered 403: it is not signed with a secret of --secret-env. theirstack --verbose receive "
            "says why of each, and the webhook's event list has it as response_body."
        )

    async def _write(self, delivery: Delivery) -> None:
        try:
            await self._file.add(delivery.id, line_of(delivery.id, await self._body(delivery)))
        except SinkError as error:
            if not self._failing:
                fail(str(error))
            self._failing = True
            raise
        self._failing = False

    async def _body(self, delivery: Delivery) -> bytes:
        """Return a delivery as it came: a record of a newer API may have fields that no model knows."""
        from theirstack_async.receiver import DeliveryState

        for stored in await self._receiver.store.list(DeliveryState.PENDING, limit=1, after=delivery.id - 1):
            if stored.id == delivery.id:
                return stored.body
        raise DeliveryStoreError(f"event {delivery.id} is no longer pending in {self._store}; is it handled elsewhere?")

    async def _reconcile(self, wanted: Wanted) -> None:
        ids = " ".join(f"--reconcile {each}" for each in wanted.webhook_ids)
        try:
            async with wanted.settings.client() as client:
                report = await self._receiver.reconcile(client, wanted.webhook_ids, since=wanted.since)
        except asyncio.CancelledError:
            note(f"The event lists were not read to their end. Give {ids} again.")
            raise
        except TheirStackError as error:
            self.code, said = explain(error)
            fail(f"{said} Deliveries are still received; what never arrived was not all got. Give {ids} again.")
            return
        self._report = report
        for line in str(report).splitlines():
            note(line)
        if report.left:
            note("theirstack events retry ID... has events that were left sent again, which may cost their credits.")
        if not report.ok:
            self.code = ExitCode.FAILED

    def _in_words(self) -> str:
        stats = self._receiver.stats
        refused = sum(count for status, count in stats.answers.items() if 400 <= status < 500)
        failed = sum(count for status, count in stats.answers.items() if status >= 500)
        counts = {
            "known already": stats.known,
            "refused": refused,
            "to another path": self._astray,
            "to be sent again": failed,
            "in hand": stats.in_hand,
        }
        return ", ".join([f"{self._file.lines:,} written", *(f"{n:,} {what}" for what, n in counts.items() if n)])

    def _tell(self, stored: Mapping[DeliveryState, int]) -> None:
        """Print what came of a run, and what is left to do."""
        from theirstack_async.receiver import DeliveryState

        if self._output.json:
            report = None if self._report is None else self._report.to_dict()
            self._output.line({
                "out": self._out, "store": self._store, "written": self._file.lines,
                "astray": self._astray,
                **attrs.asdict(self._receiver.stats), "stored": stored, "reconcile": report,
            })  # fmt: skip
        self._output.say(f"{self._in_words()}.")
        if pending := stored[DeliveryState.PENDING]:
            note(f"{counted(pending, 'delivery')} stored and not written yet: the same command goes on with them.")
        if dead := stored[DeliveryState.DEAD]:
            listing = f"theirstack deliveries list --store {shlex.quote(self._store)} --state dead"
            note(f"{counted(dead, 'delivery')} given up: {listing} shows why.")


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether a line of the log tells what is not said here, as are a file that fails and a first 403.

    Where an error was hung on it, its sentence takes the place of the traceback, but with --verbose and --debug.
    """
    from theirstack_async.receiver._receiver import ANSWERED

    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, TheirStackError) and not _LOGGER.isEnabledFor(logging.DEBUG):
        record.msg, record.args, record.exc_info = f"{record.getMessage()}: {error}", None, None
    refused = record.msg == ANSWERED and not _LOGGER.isEnabledFor(logging.INFO)
    return not (refused or isinstance(error, SinkError))


class _Follower:
    """Draws what has come so far: a line on a terminal, else one now and then. Both go to stderr."""

    def __init__(self, in_words: Callable[[], str]) -> None:
        console = Console(stderr=True)
        self._drawing = console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[done]}"),
            console=console,
            disable=not self._drawing,
            transient=True,
        )
        self._in_words = in_words
        self._last = in_words()
        self._task = self._progress.add_task("", total=None, done=self._last)
        self._bar = drawn(self._progress)
        self.every: float = _EVERY if self._drawing else _EVERY_LINE
        """Seconds between two looks."""

    def update(self) -> None:
        """Show it."""
        now = self._in_words()
        self._progress.update(self._task, done=now)
        if now != self._last and not self._drawing:
            note(f"{now}.")
        self._last = now

    def __enter__(self) -> Self:
        self._bar.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.__exit__(kind, error, traceback)
