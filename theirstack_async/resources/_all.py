"""The nouns of the API, as a client has them. Each is imported when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from theirstack_async._convert import Converter
    from theirstack_async._engine.pipeline import Pipeline
    from theirstack_async.resources.app_urls import AppUrls
    from theirstack_async.resources.billing import Billing
    from theirstack_async.resources.catalog import Catalog
    from theirstack_async.resources.companies import Companies
    from theirstack_async.resources.company_lists import CompanyLists
    from theirstack_async.resources.datasets import Datasets
    from theirstack_async.resources.email_preferences import EmailPreferences
    from theirstack_async.resources.jobs import Jobs
    from theirstack_async.resources.requests import Requests
    from theirstack_async.resources.saved_searches import SavedSearches
    from theirstack_async.resources.team import Team
    from theirstack_async.resources.webhooks import Webhooks


class Resources:
    """What a client and its views hand out."""

    _pipeline: Pipeline
    _root: Self | None
    """The client that this is a view of."""

    @cached_property
    def jobs(self) -> Jobs:
        """Job postings: searched, counted, and looked at for free."""
        from theirstack_async.resources.jobs import Jobs

        return Jobs(self._pipeline, self._converter)

    @cached_property
    def companies(self) -> Companies:
        """Companies: searched, counted, looked at for free, and asked for their technologies."""
        from theirstack_async.resources.companies import Companies

        return Companies(self._pipeline, self._converter)

    @cached_property
    def saved_searches(self) -> SavedSearches:
        """Saved searches, which webhooks and alerts follow."""
        from theirstack_async.resources.saved_searches import SavedSearches

        return SavedSearches(self._pipeline, self._converter)

    @cached_property
    def company_lists(self) -> CompanyLists:
        """Lists of companies."""
        from theirstack_async.resources.company_lists import CompanyLists

        return CompanyLists(self._pipeline, self._converter)

    @cached_property
    def catalog(self) -> Catalog:
        """What filters can name: keywords, industries, places, countries."""
        from theirstack_async.resources.catalog import Catalog

        return Catalog(self._pipeline, self._converter)

    @cached_property
    def datasets(self) -> Datasets:
        """Whole datasets as files, and the credentials to read them."""
        from theirstack_async.resources.datasets import Datasets

        return Datasets(self._pipeline, self._converter)

    @cached_property
    def billing(self) -> Billing:
        """The credits of the account."""
        from theirstack_async.resources.billing import Billing

        return Billing(self._pipeline, self._converter)

    @cached_property
    def team(self) -> Team:
        """What the team has spent."""
        from theirstack_async.resources.team import Team

        return Team(self._pipeline, self._converter)

    @cached_property
    def requests(self) -> Requests:
        """The requests that the account has made."""
        from theirstack_async.resources.requests import Requests

        return Requests(self._pipeline, self._converter)

    @cached_property
    def email_preferences(self) -> EmailPreferences:
        """Which e-mails the account gets."""
        from theirstack_async.resources.email_preferences import EmailPreferences

        return EmailPreferences(self._pipeline, self._converter)

    @cached_property
    def app_urls(self) -> AppUrls:
        """Addresses of pages in the app."""
        from theirstack_async.resources.app_urls import AppUrls

        return AppUrls(self._pipeline, self._converter)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Webhooks and their events."""
        from theirstack_async.resources.webhooks import Webhooks

        return Webhooks(self._pipeline, self._converter)

    @cached_property
    def _converter(self) -> Converter:
        if self._root is not None:
            return self._root._converter  # noqa: SLF001  # it is a client too, and each decoder is built once
        from theirstack_async._convert import Converter

        config = self._pipeline.config
        return Converter(keep_unknown_fields=config.keep_unknown_fields, share_strings=config.share_strings)
