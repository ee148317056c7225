"""The API behind a replay: which one the options, a plan or a journal name, and how it is opened."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import typer

from theirstack_async import ArgumentError
from theirstack_async.cli.ids import read_ids
from theirstack_async.cli.replay_options import Environment, ProviderName, check_journal
from theirstack_async.cli.session import Settings

if TYPE_CHECKING:
    from theirstack_async.replay import BitGoNotifications, Replay, ReplayPlan

_UNKNOWN: Final = "belongs to {!r}, which this program does not know: replay it with its own provider, from Python"
_OPTIONS: Final = frozenset({"start", "end", "status", "rate", "batch_size"})
"""Arguments of a replay that have options of the same name, and are looked at by the replay alone."""


@attrs.frozen
class Wish:
    """Which API the options name."""

    settings: Settings
    provider: ProviderName | None = None
    environment: Environment | None = None
    admin: bool = False


@attrs.frozen
class Api:
    """Which API it is."""

    settings: Settings
    name: ProviderName
    base_url: str | None = None
    """Of BitGo; TheirStack's is in the settings."""
    admin: bool = False

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Replay[Any], None]:
        """Open it for a replay. An error inside calls options what the user calls them.

        Raises:
            TheirStackError: a setting cannot be used.
        """
        from theirstack_async.replay import Replay, TheirStackEvents

        with _as_options():
            if self.name is ProviderName.BITGO:
                async with Replay(self._bitgo()) as replay:
                    yield replay
                return
            async with self.settings.client() as client, Replay(TheirStackEvents(client)) as replay:
                yield replay

    def _bitgo(self) -> BitGoNotifications:
        from theirstack_async import Timeouts
        from theirstack_async.replay import BITGO_TEST, BitGoNotifications

        timeout = self.settings.timeout
        return BitGoNotifications(
            base_url=self.base_url or BITGO_TEST,
            admin=self.admin,
            timeouts=Timeouts() if timeout is None else Timeouts(deadline=timeout),
        )

    def webhook_ids(self, texts: Sequence[str], or_else: str = "") -> list[int] | list[str]:
        """Return ids of webhooks as this API has them. An error says what else may be there.

        Raises:
            ArgumentError: one of them is none.
        """
        if self.name is ProviderName.BITGO:
            return [*texts]
        try:
            return read_ids([*texts], f"{or_else}a webhook id")
        except typer.BadParameter as error:
            said = error.message.removeprefix("ids: ")
            raise ArgumentError(f"WEBHOOK_ID: {said}", field="webhook_ids") from None

    def command(self, words: str) -> str:
        """Return a command line of the program for this API, such as a user types it."""
        base_url = "" if self.settings.base_url is None else f"--base-url {self.settings.base_url} "
        return f"theirstack {base_url}replay {words}"


@contextmanager
def _as_options() -> Generator[None, None, None]:
    try:
        yield
    except ArgumentError as error:
        name, said = error.field, str(error)
        if name not in _OPTIONS or not said.startswith(f"{name}: "):
            raise
        option = f"--{name.replace('_', '-')}"
        raise ArgumentError(option + said.removeprefix(name), field=option) from None


def choose(wish: Wish, of: ReplayPlan | None = None) -> Api:
    """Return the API that the options name, or else the one that a plan is of.

    A file does not say where a key is sent to: of the addresses in it, only BitGo's own two count.

    Raises:
        ArgumentError: the options do not go together, or nobody knows the API.
    """
    from theirstack_async.replay import BITGO_PRODUCTION, BITGO_TEST

    name = wish.provider or _known(of)
    settings = wish.settings
    if name is ProviderName.THEIRSTACK:
        _refuse({"--bitgo-environment": wish.environment, "--admin": wish.admin}, "is for --provider bitgo")
        return Api(settings, name)
    _refuse(
        {"--api-key": settings.api_key, "--quota": settings.quota},
        "is for TheirStack; BitGo's token is taken from BITGO_ACCESS_TOKEN",
    )
    named = {Environment.TEST: BITGO_TEST, Environment.PRODUCTION: BITGO_PRODUCTION}
    if settings.base_url is not None and wish.environment is not None:
        raise ArgumentError("--bitgo-environment: says where BitGo is, and so does --base-url", field="base_url")
    recorded = of.where if of is not None and of.where in named.values() else BITGO_TEST
    environment = recorded if wish.environment is None else named[wish.environment]
    return Api(settings, name, settings.base_url or environment, wish.admin)


def _refuse(options: Mapping[str, object], why: str) -> None:
    for option, value in options.items():
        if value:
            raise ArgumentError(f"{option}: {why}", field=option)


def _known(of: ReplayPlan | None) -> ProviderName:
    if of is None:
        return ProviderName.THEIRSTACK
    try:
        return ProviderName(of.provider)
    except ValueError:
        raise ArgumentError(f"--provider: it {_UNKNOWN.format(of.provider)}", field="provider") from None


async def plan_in(journal: str) -> ReplayPlan:
    """Return the plan that a journal is of.

    Raises:
        ArgumentError: there is no such journal.
        JournalError: it cannot be read.
    """
    from theirstack_async.replay._journal import Journal

    check_journal(journal)
    async with aclosing(await Journal.open(Path(journal), write=False)) as opened:
        return opened.plan
