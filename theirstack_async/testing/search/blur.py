"""Previews: rows whose telling fields are blurred, and which are free."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

COMPANY: Final = frozenset({
    "name", "logo", "url", "domain", "long_description", "seo_description", "linkedin_url", "publicly_traded_symbol",
    "apollo_id", "linkedin_id",
})  # fmt: skip
"""What company search blurs (https://theirstack.com/hi/docs/api-reference/features/preview-data-mode, as all here)."""
JOB: Final = frozenset({"description", "url", "final_url", "source_url", "company", "company_domain"})
"""What job search blurs."""
COMPANY_OF_JOB: Final = frozenset({
    "name", "domain", "linkedin_url", "linkedin_id", "url", "long_description", "seo_description", "possible_domains",
})  # fmt: skip
"""What job search blurs in ``company_object``."""


class _Letters(dict[int, str]):
    """What stands for each character: x or X for letters and digits, as in the real previews; itself for others."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        shown = character if not character.isalnum() else "X" if character.isupper() else "x"
        self[code] = shown
        return shown


_LETTERS: Final = _Letters()


def blurred_company(body: dict[str, Any]) -> dict[str, Any]:
    """Return a company of company search as a preview shows it."""
    return _blurred(body, COMPANY)


def blurred_job(body: dict[str, Any]) -> dict[str, Any]:
    """Return a job as a preview shows it."""
    return _blurred(body, JOB) | {"company_object": _blurred(body["company_object"], COMPANY_OF_JOB)}


def _blurred(body: dict[str, Any], names: Collection[str]) -> dict[str, Any]:
    return body | {name: _blur(body[name]) for name in names} | {"has_blurred_data": True}


def _blur(value: Any) -> Any:
    if isinstance(value, list):
        return [_blur(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    return None if value is None else str(value).translate(_LETTERS)
