"""Values and names that look like something else than they are, and would be billed for what was not meant."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta, tzinfo

import pytest

from theirstack_async import ArgumentError, CompanyFilters, JobFilters
from theirstack_async._check import check_enum
from theirstack_async._wire.encode import encode_instant
from theirstack_async.filters import identifiers
from theirstack_async.models import WebhookEventStatus


class Country(str, enum.Enum):  # noqa: UP042  # what users have, whose str() is "Country.US"
    US = "US"


class Status(str, enum.Enum):  # noqa: UP042
    FAILED = "FAILED"


class Nowhere(tzinfo):
    """A time zone without an offset, which makes an instant that is as naive as without one."""

    def utcoffset(self, _: datetime | None) -> timedelta | None:
        return None

    dst = utcoffset

    def tzname(self, _: datetime | None) -> str | None:
        return None


def test_a_text_of_the_users_own_enumeration_is_its_value() -> None:
    assert JobFilters(job_country_code_or=[Country.US]).to_dict() == {"job_country_code_or": ["US"]}
    assert check_enum("status", Status.FAILED, WebhookEventStatus) is WebhookEventStatus.FAILED


def test_an_instant_in_a_zone_without_an_offset_has_no_time_zone() -> None:
    instant = datetime(2026, 1, 31, tzinfo=Nowhere())
    with pytest.raises(ArgumentError, match="no time zone"):
        JobFilters(discovered_at_gte=instant)
    with pytest.raises(ArgumentError, match="no time zone"):
        encode_instant(instant, "start")


@pytest.mark.parametrize(
    "name",
    [
        "company_domain",
        "company_domain_and",
        "Company_Domain_Or",
        " company_domain_or ",
        "company_name_partial_match",
        "company_id",
        "company_linkedin_url_pattern",
    ],
)
def test_what_may_say_which_company_it_is(name: str) -> None:
    """Whatever the name of a filter that is not known here, and wherever it stands."""
    assert identifiers({"remote": True, name: "x"}) == [name]
    assert identifiers({"job_filters": {"remote": True, "more": {name: ["x"]}}}) == [f"job_filters.more.{name}"]


def test_what_surely_does_not() -> None:
    names = ("company_domain_not", "company_id_not_or_null", "company_linkedin_url_exists", "company_type")
    assert identifiers({name: ["x"] for name in names}) == []
    assert identifiers(CompanyFilters(job_filters={"remote": True}, order_by=[]).to_dict()) == []
