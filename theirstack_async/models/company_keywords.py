"""The technologies or buying intents of a company."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from theirstack_async.models._answered import Answered
from theirstack_async.models.company_keyword import CompanyKeyword
from theirstack_async.models.search_metadata import SearchMetadata


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class CompanyKeywords(Answered):
    """The answer to a look-up of one company's technologies or buying intents.

    It can be iterated over, and its length taken, as its ``data``.
    """

    data: tuple[CompanyKeyword, ...]
    """The keywords. Empty when the company is not known or names none; then nothing is billed."""
    metadata: SearchMetadata

    def __iter__(self) -> Iterator[CompanyKeyword]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)
