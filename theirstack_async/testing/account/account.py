"""What the fake keeps for its one team, next to webhooks and saved searches."""

from __future__ import annotations

from typing import Final

from theirstack_async.testing.account.company_list import CompanyLists
from theirstack_async.testing.account.seen import Seen
from theirstack_async.testing.search.dataset import ListMembers

_EMAILS: Final = {
    "newsletters": {"product": True, "tips": True},
    "alerts": {"saved_searches": True, "credits": True},
}


class Account:
    """The state of a team."""

    def __init__(self, opened: float, members: ListMembers) -> None:
        self.opened = opened
        """Unix time in seconds."""
        self.lists: CompanyLists = CompanyLists(members)
        self.seen: Seen = Seen()
        self.emails: dict[str, dict[str, bool]] = {group: dict(keys) for group, keys in _EMAILS.items()}
        """Which e-mails the user wants, by group and key."""
        self.credentials_made: int = 0
        """How many credentials for the datasets were made."""
