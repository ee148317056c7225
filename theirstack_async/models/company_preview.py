"""A company as a free preview shows it."""

from __future__ import annotations

from theirstack_async.models._company_fields import CompanyFields


class CompanyPreview(CompanyFields):
    """A company of a preview, which costs nothing. It is no :class:`Company`, and cannot be taken for one.

    What would identify the company is blurred, to texts such as ``XxxXxxx XX``, and only what is blurred is told here:
    ``name``, ``logo``, ``url``, ``domain``, ``possible_domains``, ``long_description``, ``seo_description``,
    ``linkedin_url``, ``linkedin_id``, ``apollo_id`` and ``publicly_traded_symbol``
    (https://theirstack.com/en/docs/api-reference/features/preview-data-mode).
    """

    __slots__ = ()
