"""Changes of what is sent: what changes, whether the SDK gets it wrong, and the line that says so."""

from __future__ import annotations

from tests.contract._made import Change, fields, media, operation, parameter, remove_parameter, schema

NEW = {"type": "integer"}
BALANCE = "GET /v0/billing/credit-balance"
EVENTS = "GET /v0/webhooks/{webhook_id}/events"
JOBS = "POST /v1/jobs/search"

SENT: dict[str, tuple[Change, bool, str]] = {
    "operation removed": (
        lambda d: d["paths"].pop("/v0/billing/credit-balance"),
        True,
        f"{BALANCE} (billing.credit_balance): operation removed; its calls would fail: remove its method",
    ),
    "operation added": (
        lambda d: d["paths"].update({"/v0/new": {"post": {"responses": {}}}}),
        True,
        "POST /v0/new: operation added; only client.request() reaches it: add a method",
    ),
    "operation deprecated": (
        lambda d: operation(d, BALANCE).update(deprecated=True),
        False,
        f"{BALANCE} (billing.credit_balance): operation deprecated; let its method warn",
    ),
    "operation no longer deprecated": (
        lambda d: operation(d, "GET /v0/company_lists/{list_id}/companies/export").update(deprecated=False),
        False,
        (
            "GET /v0/company_lists/{list_id}/companies/export (company_lists.export): operation no longer deprecated; "
            "its method need not warn"
        ),
    ),
    "key wanted": (
        lambda d: operation(d, "GET /v0/catalog/industries").update(security=[{"bearer": []}]),
        True,
        "GET /v0/catalog/industries (catalog.industries): needs a key; the SDK sends none: send it",
    ),
    "key optional": (
        lambda d: operation(d, BALANCE).update(security=[{"bearer": []}, {}]),
        False,
        f"{BALANCE} (billing.credit_balance): needs no key; the SDK sends it all the same",
    ),
    "parameter removed": (
        lambda d: remove_parameter(d, EVENTS, "status"),
        True,
        (
            f"{EVENTS} (webhooks.events.list), query parameter status: removed; expected string; "
            "the SDK sends it: it would be refused, or passed over"
        ),
    ),
    "parameter added": (
        lambda d: operation(d, EVENTS)["parameters"].append({"in": "query", "name": "new", "schema": NEW}),
        False,
        (
            f"{EVENTS} (webhooks.events.list), query parameter new: added; found integer; "
            "the SDK does not offer it: add it"
        ),
    ),
    "required header added": (
        lambda d: operation(d, EVENTS)["parameters"].append(
            {"in": "header", "name": "X-New", "required": True, "schema": {"type": "string"}}
        ),
        True,
        (
            f"{EVENTS} (webhooks.events.list), header parameter X-New: added, and required; found string; "
            "the SDK does not send it: calls would be refused"
        ),
    ),
    "parameter demanded": (
        lambda d: parameter(d, EVENTS, "status").update(required=True),
        True,
        f"{EVENTS} (webhooks.events.list), query parameter status: required now; the SDK can leave it out: demand it",
    ),
    "parameter deprecated": (
        lambda d: parameter(d, EVENTS, "status").update(deprecated=True),
        False,
        (
            f"{EVENTS} (webhooks.events.list), query parameter status: deprecated; "
            "say so where it is documented, and warn where it is sent"
        ),
    ),
    "parameter of another type": (
        lambda d: parameter(d, EVENTS, "offset").update(schema={"type": "string"}),
        True,
        (
            f"{EVENTS} (webhooks.events.list), query parameter offset: type changed; expected integer, found string; "
            "what the SDK sends would be refused"
        ),
    ),
    "path part of another type": (
        lambda d: parameter(d, EVENTS, "webhook_id").update(schema={"type": "string", "format": "uuid"}),
        True,
        (
            f"{EVENTS} (webhooks.events.list), path parameter webhook_id: type changed; "
            "expected integer, found string; "
            "what the SDK sends would be refused"
        ),
    ),
    "parameter single": (
        lambda d: parameter(d, "GET /v0/saved_searches", "user_ids").update(schema=NEW),
        True,
        (
            "GET /v0/saved_searches (saved_searches.list), query parameter user_ids: takes a single value; "
            "expected array of integer, found integer; the SDK can send several: refuse them before sending"
        ),
    ),
    "list in a body that takes a single value": (
        lambda d: fields(d, "JobFilters").update(job_id_or=NEW),
        True,
        (
            f"{JOBS} (jobs.search), request field job_id_or: type changed; expected array of integer, found integer; "
            "what the SDK sends would be refused"
        ),
    ),
    "body removed": (
        lambda d: operation(d, "POST /v0/company_lists").pop("requestBody"),
        True,
        "POST /v0/company_lists (company_lists.create): request body removed; the SDK sends one: send none",
    ),
    "body added": (
        lambda d: operation(d, "POST /v1/datasets/credentials").update(requestBody={"content": {}}),
        False,
        (
            "POST /v1/datasets/credentials (datasets.credentials): request body added; "
            "the SDK sends none, which is allowed"
        ),
    ),
    "body demanded": (
        lambda d: operation(d, "POST /v1/datasets/credentials").update(requestBody={"required": True, "content": {}}),
        True,
        "POST /v1/datasets/credentials (datasets.credentials): request body required; the SDK sends none: send it",
    ),
    "body of another media type": (
        lambda d: media(d, JOBS).update({"text/csv": media(d, JOBS).pop("application/json")}),
        True,
        (
            f"{JOBS} (jobs.search): media type of the request changed; expected application/json, found text/csv; "
            "the body would be refused: send what is taken"
        ),
    ),
    "request field removed": (
        lambda d: fields(d, "NestedJobFilters").pop("remote"),
        True,
        (
            "POST /v1/companies/search (companies.search), request field job_filters.remote: removed; "
            "expected boolean or null; the SDK sends it: it would be refused, or passed over"
        ),
    ),
    "request field added": (
        lambda d: fields(d, "JobFilters").update(new={"type": "array", "items": {"type": ["integer", "null"]}}),
        False,
        (
            f"{JOBS} (jobs.search), request field new: added; found array of (integer or null); "
            "the SDK does not offer it: add it"
        ),
    ),
    "request field deprecated": (
        lambda d: fields(d, "JobFilters")["remote"].update(deprecated=True),
        False,
        (
            f"{JOBS} (jobs.search), request field remote: deprecated; "
            "say so where it is documented, and warn where it is sent"
        ),
    ),
    "request field takes no null": (
        lambda d: fields(d, "JobFilters").update(remote={"type": "boolean"}),
        True,
        (
            f"{JOBS} (jobs.search), request field remote: takes null no more; expected boolean or null, found boolean; "
            "the SDK can send null: refuse it before sending"
        ),
    ),
    "request field of another format": (
        lambda d: fields(d, "JobFilters").update(posted_at_gte={"type": ["string", "null"], "format": "date-time"}),
        True,
        (
            f"{JOBS} (jobs.search), request field posted_at_gte: type changed; "
            "expected date or null, found date-time or null; what the SDK sends would be refused"
        ),
    ),
    "request field takes some texts only": (
        lambda d: fields(d, "ListCreate").update(name={"enum": ["b", "a"]}),
        False,
        (
            "POST /v0/company_lists (company_lists.create), request field name: takes some texts only; "
            "expected string, found 'a' or 'b'; the SDK lets any text pass: make it an enumeration"
        ),
    ),
    "request member removed": (
        lambda d: schema(d, "JobSortField")["enum"].remove("salary"),
        True,
        (
            f"{JOBS} (jobs.search), request field order_by[].field: member removed; expected 'salary'; "
            "the SDK offers it, and it would be refused"
        ),
    ),
    "request member added": (
        lambda d: schema(d, "JobSortField")["enum"].append("new"),
        False,
        (
            f"{JOBS} (jobs.search), request field order_by[].field: member added; found 'new'; "
            "it passes with a warning: add it"
        ),
    ),
}
