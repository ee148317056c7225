"""The two levels of categories that keywords are sorted into."""

from __future__ import annotations

import attrs

from theirstack_async.models._base import Model


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class KeywordCategory(Model):
    """A category of the catalog, such as Data Stores."""

    name: str
    slug: str
    """What filters take."""
    number_of_technologies: int
    """Technologies in it."""
    number_of_companies: int
    """Companies that use any of them."""
    description: str | None = None


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class SubcategoryKeyword(Model):
    """A keyword as it is listed in its subcategory."""

    name: str
    slug: str
    """What filters take; case-sensitive."""
    logo: str | None = None
    """The address of an image."""


@attrs.frozen(kw_only=True, weakref_slot=False, eq=False, repr=False, getstate_setstate=False)
class KeywordSubcategory(Model):
    """A subcategory of the catalog, such as Relational Database."""

    name: str
    slug: str
    """What filters take."""
    number_of_technologies: int
    """Technologies in it."""
    number_of_companies: int
    """Companies that use any of them."""
    technologies: tuple[SubcategoryKeyword, ...]
    description: str | None = None
    category_slug: str | None = None
    """The category that it belongs to."""
