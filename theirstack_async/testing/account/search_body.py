"""The filters of a saved search: checked as the search itself checks them, and kept as they came."""

from __future__ import annotations

from typing import Any

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import FieldProblem
from theirstack_async.testing.registry import SearchKind
from theirstack_async.testing.search import filters, paging
from theirstack_async.testing.search.companies import COMPANY_SORTS
from theirstack_async.testing.search.company_filters import COMPANY_FILTERS, SHARED_FILTERS
from theirstack_async.testing.search.job_filters import JOB_FILTERS, NESTED_JOB_FILTERS
from theirstack_async.testing.search.jobs import JOB_KEYS
from theirstack_async.testing.search.keyword_filters import KEYWORD_FILTERS
from theirstack_async.testing.search.operations import NESTED, SWITCHES
from theirstack_async.testing.search.ordering import Sort, sorts


def check_body(fields: read.Fields, kind: SearchKind, body: dict[str, Any], *, strict: bool) -> None:
    """Note in ``fields`` what is wrong with the body of a saved search.

    Whether a body for jobs needs one of the six filters that job search requires is undocumented: here it does not.
    Unknown fields are refused in one for jobs, and in one for companies if ``strict``.
    """
    part = read.Fields("body", body)
    if kind == "jobs":
        for table in (JOB_FILTERS, SHARED_FILTERS):
            filters.values_of(part, table)
        part.defaulted("order_by", sorts(JOB_KEYS, "date_posted"), list[Sort]())
        filters.refuse_unknown(part, body, JOB_FILTERS, SHARED_FILTERS, SWITCHES)
    else:
        filters.values_of(part, COMPANY_FILTERS)
        filters.nested(part, "job_filters", NESTED_JOB_FILTERS, strict=True)
        filters.nested(part, "tech_filters", KEYWORD_FILTERS, strict=strict)
        part.defaulted("expand_technology_slugs", read.strings, list[str]())
        part.defaulted("order_by", sorts(COMPANY_SORTS), list[Sort]())
        if strict:
            filters.refuse_unknown(part, body, COMPANY_FILTERS, SWITCHES, NESTED)
    paging.search_window(part)
    for switch in ("include_total_results", "blur_company_data"):
        part.defaulted(switch, read.boolean, False)
    fields.problems += [FieldProblem(("body", *one.loc), one.msg, one.type) for one in part.problems]
