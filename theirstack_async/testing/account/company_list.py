"""Company lists as the fake keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from theirstack_async.testing.registry import USER_ID, instant_text
from theirstack_async.testing.search.dataset import ListMembers

ListType = Literal["REVEALED_COMPANIES", "WEBHOOK_TRIGGERED", "MANUAL_CREATION", "EXPORT_SNAPSHOT"]
_FIRST_ID: Final = 301


@dataclass(slots=True)
class CompanyList:
    """One list of companies."""

    id: int
    name: str
    created: float
    kind: ListType = "MANUAL_CREATION"
    webhook_id: int | None = None
    added: dict[str, float] = field(default_factory=dict[str, float])
    """When each company was added, by its id and in that order."""

    @property
    def deletable(self) -> bool:
        """Whether it can be deleted: the list of revealed companies cannot (presumed)."""
        return self.kind != "REVEALED_COMPANIES"

    def shown(self) -> dict[str, Any]:
        """Return what the API shows of it."""
        return {
            "id": self.id,
            "name": self.name,
            "created_at": instant_text(self.created),
            "deletable": self.deletable,
            "companies_count": len(self.added),
            "user_id": USER_ID,
            "type": self.kind,
            "webhook_id": self.webhook_id,
        }

    def add(self, company_ids: list[str], now: float) -> None:
        """Add companies; one that is there already stays as it is."""
        for company_id in company_ids:
            self.added.setdefault(company_id, now)

    def remove(self, company_ids: list[str]) -> None:
        """Remove companies; one that is not there is no matter."""
        for company_id in company_ids:
            self.added.pop(company_id, None)


class CompanyLists:
    """All company lists. An id is never given out twice, not even that of a deleted one."""

    def __init__(self, members: ListMembers) -> None:
        self.by_id: dict[int, CompanyList] = {}
        self._members = members
        self._next = _FIRST_ID

    def make(
        self, name: str, now: float, *, kind: ListType = "MANUAL_CREATION", webhook_id: int | None = None
    ) -> CompanyList:
        """Make an empty list."""
        made = CompanyList(self._next, name, now, kind, webhook_id)
        self._next += 1
        self.by_id[made.id] = made
        self._members.company_ids[made.id] = made.added
        return made

    def drop(self, list_id: int) -> None:
        """Delete a list. Raises KeyError for an unknown id."""
        del self.by_id[list_id], self._members.company_ids[list_id]
