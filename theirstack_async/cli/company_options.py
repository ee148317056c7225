"""The options of the ``companies`` commands that stand for a filter each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from theirstack_async.cli.filtering import Asked, read_filters

if TYPE_CHECKING:
    from theirstack_async import CompanyFilters

Names: TypeAlias = Annotated[
    list[str] | None, typer.Option("--name", help="The whole name; may be repeated (company_name_or).")
]
Domains: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--domain", metavar="DOMAIN", help="Such as example.com; may be repeated (company_domain_or)."),
]
Countries: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--country", metavar="CODE", help="Of the headquarters, such as US; may be repeated (company_country_code_or)."
    ),
]
Industries: TypeAlias = Annotated[
    list[int] | None,
    typer.Option("--industry", metavar="ID", help="As catalog industries shows it; may be repeated (industry_id_or)."),
]
Technologies: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--technology", metavar="SLUG", help="As catalog keywords shows it; may be repeated (company_keyword_slug_or)."
    ),
]
MinEmployees: TypeAlias = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="So many at the least (min_employee_count).")
]
MaxEmployees: TypeAlias = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="So many at the most (max_employee_count).")
]
SHORT: Final = {
    "name": "company_name_or",
    "domain": "company_domain_or",
    "country": "company_country_code_or",
    "industry": "industry_id_or",
    "technology": "company_keyword_slug_or",
    "min_employees": "min_employee_count",
    "max_employees": "max_employee_count",
}
"""The options that stand for a filter each, with its name."""


def asked_companies(ctx: typer.Context) -> Asked[CompanyFilters]:
    """Return what the options ask.

    Raises:
        ArgumentError: a filter was refused.
    """
    from theirstack_async import CompanyFilters

    return read_filters(CompanyFilters, ctx.params, SHORT)
