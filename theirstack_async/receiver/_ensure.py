"""Set-up of a webhook that can be run again and again: it makes what is missing, and changes what differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import attrs

from theirstack_async._check import check_id, check_secret, check_url
from theirstack_async._clock import Clock, SystemClock
from theirstack_async._values import ALL_HISTORY, Secret
from theirstack_async._warn import warn_user
from theirstack_async.errors import ArgumentError, DecodeError, OutcomeUnknownError, TheirStackError
from theirstack_async.models.webhook import Webhook, WebhookEventType
from theirstack_async.receiver._address import address
from theirstack_async.receiver._wanted import Wanted, check_event_types, check_start, named, types_of

if TYPE_CHECKING:
    from theirstack_async.client import TheirStack
    from theirstack_async.resources.webhooks import ListeningStart

_PRICES: Final = "1 credit a job, 3 a company"
"""https://theirstack.com/en/docs/pricing/credits.md"""
_PAUSES: Final = (0.0, 1.0, 4.0)
"""Seconds before each look for a webhook of which nobody knows whether it was created."""
_UNSIGNED: Final = "It has no secret, so its deliveries are not signed, and a Receiver refuses them."
_KEPT: Final = (
    "It had a secret already, which cannot be read back: that one stays, and nobody knows whether it is the one given. "
    "Rotate it to set the one given."
)


@attrs.frozen
class EnsuredWebhook:
    """What :func:`ensure_webhook` did. ``str()`` of it says so in a line for a log."""

    webhook: Webhook
    """The webhook as it is now."""
    actions: tuple[str, ...] = ()
    """What was done, in words for people; empty when everything was as it was asked for."""
    notes: tuple[str, ...] = ()
    """What to know besides, in sentences: a secret was kept or is missing, or something could not be looked up."""

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return bool(self.actions)

    def __str__(self) -> str:
        done = "; ".join(self.actions) or "nothing to change"
        return " ".join([f"Webhook {self.webhook.id}: {done}.", *self.notes])


async def ensure_webhook(
    client: TheirStack,
    *,
    url: str,
    search_id: int,
    start: ListeningStart,
    secret: str | None = None,
    event_types: Sequence[WebhookEventType | str] | None = None,
    description: str | None = None,
    trigger_once_per_company: bool | None = None,
    rotate_secret: bool = False,
    clock: Clock | None = None,
) -> EnsuredWebhook:
    """Make sure that a saved search is delivered to an address, and return what was done for it.

    A webhook is known by its address and its search. Where there is none it is created; where there is one, what was
    asked for and differs is changed, and it is enabled if it is not. What is not given, or None, stays as it is. Asked
    for again, nothing is sent but the reading of the list; only ``rotate_secret`` is carried out each time. Whether
    the API gives event types back is not documented; where it does not, they are set each time too.

    Addresses are the same whatever the case of the host, and with a default port or without. One that has a slash at
    its end, or lacks it, is changed to what you give, since a web framework that redirects from one to the other loses
    the delivery. The same address with another search is another webhook. One address and one search are one webhook,
    so use two addresses for two webhooks of different event types.

    Run it where you deploy, once, and not in every worker: the API has no way to create a webhook only where there is
    none, so two that run at once may both create one. Each looks again after creating, and the later one warns
    (``UserWarning``) with the ids of both. Nothing is ever archived here.

    None of its calls costs a credit; the events that they set off do (1 credit a job, 3 a company). Enabling delivers,
    and bills, what matched while the webhook was off. Creating with a ``start`` in the past delivers, and bills, the
    matches since then, and with :data:`ALL_HISTORY` every match there ever was.

    Args:
        client: what to ask with. It needs an API key.
        url: where events are delivered; http or https, at most 2,083 characters.
        search_id: the saved search to follow; it has to exist.
        start: which matches a webhook that is created here delivers: those from an aware datetime on, from ``"now"``
            on, or :data:`ALL_HISTORY`. It has to be chosen, so that nobody pays for a backlog by accident. It changes
            nothing about a webhook that exists.
        secret: signs each delivery; at least 16 characters. It is set where there is none. One that is there cannot
            be read back, so it stays, and the result says so.
        event_types: what to be told of; None leaves a webhook as it is, and creates one for the main type of the
            search. Where there are several webhooks, the one with just these is taken.
        description: free text.
        trigger_once_per_company: for ``job_new``: whether there is at most one event a company.
        rotate_secret: set ``secret`` in place of the one that is there. Have your receivers take both before.
        clock: what the pauses between looks are made with; the machine's, unless given.

    Raises:
        ArgumentError: an argument was refused, or there are several such webhooks, whose ids it names; nothing was
            changed.
        OutcomeUnknownError: creating got no clear answer, and three looks in 5 seconds did not find just one such
            webhook. Call it again later: it looks before it creates.
        NotFoundError: the webhook went away meanwhile.
    """
    wanted = Wanted(
        url=check_url("url", url),
        address=address(url),
        search_id=check_id("search_id", search_id),
        start=check_start(start),
        secret=None if secret is None else Secret(check_secret("secret", secret)),
        rotate_secret=rotate_secret,
        event_types=None if event_types is None else check_event_types(event_types),
        description=description,
        trigger_once_per_company=trigger_once_per_company,
    )
    if rotate_secret and secret is None:
        raise ArgumentError("rotate_secret: give the new one as secret=", field="rotate_secret")
    found = await _fitting(client, wanted)
    if not found:
        return await _create(client, wanted, clock or SystemClock())
    return await _adjust(client, wanted, _the_one(found, wanted))


async def _create(client: TheirStack, wanted: Wanted, clock: Clock) -> EnsuredWebhook:
    try:
        made = await client.webhooks.create(
            url=wanted.url,
            search_id=wanted.search_id,
            listening_start_time=wanted.start,
            description=wanted.description,
            trigger_once_per_company=wanted.trigger_once_per_company or False,
            secret=None if wanted.secret is None else wanted.secret.reveal(),
            active_event_types=wanted.event_types,
        )
    except (OutcomeUnknownError, DecodeError) as error:
        made = await _created_after_all(client, wanted, error, clock)
    notes = [] if made.has_secret else [_UNSIGNED]
    notes += await _about_twins(client, wanted, made)
    if not wanted.fits(made):
        notes.append(f"The API spells its address {made.url}: give it so, or the next call creates another webhook.")
    return EnsuredWebhook(made, (f"created it; {_heard(wanted.start)}",), tuple(notes))


async def _created_after_all(client: TheirStack, wanted: Wanted, error: TheirStackError, clock: Clock) -> Webhook:
    """Return the webhook whose creation got no clear answer. There was none like it before.

    Raises:
        OutcomeUnknownError: it is not there yet, or there are several.
    """
    found: list[Webhook] = []
    for pause in _PAUSES:
        await clock.sleep(pause)
        try:
            found = await _fitting(client, wanted)
        except TheirStackError:
            # That it is not known what became of the creation matters more than why nobody could look.
            continue
        if len(found) == 1:
            return found[0]
        if found:
            break
    seen = f"{len(found)} are seen, {_ids(found)}, one of them of somebody else" if found else "none is seen"
    raise OutcomeUnknownError(
        f"nobody knows whether a webhook for search {wanted.search_id} at {wanted.url} was created; {seen}. Ensure it "
        f"again later: that looks before it creates. The first error: {error.__cause__ or error}"
    ) from error


async def _about_twins(client: TheirStack, wanted: Wanted, made: Webhook) -> list[str]:
    """Warn where somebody created the same webhook at the same time, and return what else there is to know."""
    try:
        others = [webhook for webhook in await _fitting(client, wanted) if webhook.id != made.id]
    except TheirStackError as error:
        return [f"Whether somebody created the same one at the same time could not be looked up: {error}."]
    if others:
        warn_user(
            f"webhooks {_ids([made, *others])} deliver search {wanted.search_id} to {wanted.url}, so each match is "
            "billed once for each. Somebody created one at the same time: keep one, and archive the rest",
            UserWarning,
        )
    return []


async def _adjust(client: TheirStack, wanted: Wanted, webhook: Webhook) -> EnsuredWebhook:
    changes, actions = wanted.differences(webhook)
    notes: tuple[str, ...] = ()
    if wanted.secret is None and not webhook.has_secret:
        notes = (_UNSIGNED,)
    elif wanted.secret is not None and "secret" not in changes:
        notes = (_KEPT,)
    if changes:
        webhook = await client.webhooks.update(webhook.id, **changes)
    # Last, so that what waited goes to the right address, and is signed.
    if not webhook.is_active:
        webhook = await client.webhooks.enable(webhook.id)
        actions.append(f"enabled it; what matched while it was off is delivered, and billed, now ({_PRICES})")
    return EnsuredWebhook(webhook, tuple(actions), notes)


async def _fitting(client: TheirStack, wanted: Wanted) -> list[Webhook]:
    return sorted(filter(wanted.fits, await client.webhooks.list()), key=lambda webhook: webhook.id)


def _the_one(found: Sequence[Webhook], wanted: Wanted) -> Webhook:
    """Return the webhook that is meant: the only one, or the only one with just the event types asked for.

    Raises:
        ArgumentError: it cannot be told.
    """
    alike = found if len(found) == 1 else list(filter(wanted.is_about, found))
    if len(alike) == 1:
        return alike[0]
    listed = ", ".join(f"{webhook.id} ({named(types_of(webhook))})" for webhook in found)
    raise ArgumentError(
        f"url: {len(found)} webhooks deliver search {wanted.search_id} to {wanted.url}: {listed}. What several of them "
        "deliver is billed once for each: keep one, and archive the others; or, if all are meant, name the event types "
        "of one",
        field="url",
    )


def _ids(webhooks: Iterable[Webhook]) -> str:
    return ", ".join(map(str, sorted(webhook.id for webhook in webhooks)))


def _heard(start: ListeningStart) -> str:
    """Return in words which matches are delivered."""
    if start is ALL_HISTORY:
        return f"every match there ever was is delivered, and billed ({_PRICES})"
    since = start.isoformat(" ", "seconds") if isinstance(start, datetime) else "now"
    return f"matches from {since} on are delivered, and billed ({_PRICES})"
