"""Paginators: lists that are read page by page, as one loop over their rows. They know no address."""

from theirstack_async._walk import EndReason
from theirstack_async.pagination._page import Listing, Page, RawPage, RejectsMode, digest
from theirstack_async.pagination._paginator import Paginator

__all__ = ["EndReason", "Listing", "Page", "Paginator", "RawPage", "RejectsMode", "digest"]
