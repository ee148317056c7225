"""A webhook as it is asked for: the checked arguments of ``ensure_webhook``, and how an existing one differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

import attrs

from theirstack_async._check import check_enum
from theirstack_async._values import ALL_HISTORY, Secret
from theirstack_async._wire.encode import encode_instant
from theirstack_async.errors import ArgumentError
from theirstack_async.models.webhook import Webhook, WebhookEventType
from theirstack_async.receiver._address import Address, address

if TYPE_CHECKING:
    from theirstack_async.resources.webhooks import ListeningStart, WebhookChanges


@attrs.frozen(kw_only=True)
class Wanted:
    """What a webhook has to be like. None leaves a field as it is."""

    url: str
    address: Address
    search_id: int
    start: ListeningStart
    secret: Secret | None
    rotate_secret: bool
    event_types: tuple[WebhookEventType, ...] | None
    description: str | None
    trigger_once_per_company: bool | None

    def fits(self, webhook: Webhook) -> bool:
        """Return whether it is this one: of the same search, at the same address but for a slash at its end."""
        same_place = address(webhook.url).without_slash == self.address.without_slash
        return same_place and webhook.search_id == self.search_id and not webhook.is_archived

    def is_about(self, webhook: Webhook) -> bool:
        """Return whether a webhook has just the event types that are asked for."""
        return self.event_types is not None and set(self.event_types) == set(types_of(webhook))

    def differences(self, webhook: Webhook) -> tuple[WebhookChanges, list[str]]:
        """Return what to change about a webhook, and that in words for people."""
        changes: WebhookChanges = {}
        words: list[str] = []
        if address(webhook.url) != self.address:
            changes["url"] = self.url
            words.append(f"changed the url from {webhook.url} to {self.url}")
        if self.description is not None and self.description != (webhook.description or ""):
            changes["description"] = self.description
            words.append("changed the description")
        once = self.trigger_once_per_company
        if once is not None and once != webhook.trigger_once_per_company:
            changes["trigger_once_per_company"] = once
            words.append("at most one event a company from now on" if once else "an event for each job from now on")
        if self.event_types is not None and not self.is_about(webhook):
            changes["active_event_types"] = self.event_types
            words.append(f"changed the event types from {named(types_of(webhook))} to {named(self.event_types)}")
        if self.secret is not None and (self.rotate_secret or not webhook.has_secret):
            changes["secret"] = self.secret.reveal()
            words.append("replaced the secret" if webhook.has_secret else "set the secret")
        return changes, words


def types_of(webhook: Webhook) -> tuple[WebhookEventType, ...]:
    """Return what a webhook tells of: the types it names, or else the main type of its search."""
    return webhook.active_event_types or (webhook.event_type,)


def named(types: Iterable[WebhookEventType]) -> str:
    """Return event types as a list in words."""
    return ", ".join(sorted(each.value for each in types))


def check_start(start: ListeningStart) -> ListeningStart:
    """Return when to listen from.

    Raises:
        ArgumentError: it is neither an instant with a time zone, nor ``"now"``, nor ``ALL_HISTORY``.
    """
    if start is not ALL_HISTORY and start != "now":
        if not isinstance(cast("object", start), datetime):
            raise ArgumentError(f'start: expected a datetime, "now" or ALL_HISTORY, got {start!r}', field="start")
        encode_instant(start, "start")
    return start


def check_event_types(given: Sequence[WebhookEventType | str]) -> tuple[WebhookEventType, ...]:
    """Return event types in the spelling of API calls; deliveries write them with a dot.

    Raises:
        ArgumentError: it is no list of texts, or an empty one.
    """
    if isinstance(given, str) or not isinstance(cast("object", given), Sequence) or not given:
        raise ArgumentError(f"event_types: expected a list of at least one, got {given!r}", field="event_types")
    spelled = [each.replace(".", "_") if isinstance(cast("object", each), str) else each for each in given]
    return tuple(dict.fromkeys(check_enum("event_types", each, WebhookEventType) for each in spelled))
