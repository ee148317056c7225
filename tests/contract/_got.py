"""Changes of what is received, as in ``_sent.py``."""

from __future__ import annotations

from tests.contract._made import Change, fields, operation, schema

NEW = {"type": "integer"}
BALANCE = "GET /v0/billing/credit-balance"
EVENTS = "GET /v0/webhooks/{webhook_id}/events"
JOBS = "POST /v1/jobs/search"

GOT: dict[str, tuple[Change, bool, str]] = {
    "answer of another media type": (
        lambda d: operation(d, BALANCE).update(responses={"204": {}}),
        True,
        (
            f"{BALANCE} (billing.credit_balance): media type of the answer changed; expected application/json, "
            "found none; the answer would not decode: read what is sent"
        ),
    ),
    "no answer": (
        lambda d: operation(d, BALANCE).update(responses={"404": {}}),
        True,
        (
            f"{BALANCE} (billing.credit_balance): media type of the answer changed; expected application/json, "
            "found none; the answer would not decode: read what is sent"
        ),
    ),
    "answer of unknown shape": (
        lambda d: operation(d, BALANCE).update(responses={"200": {"content": {"application/json": {"schema": {}}}}}),
        True,
        (
            f"{BALANCE} (billing.credit_balance), answer: type changed; expected object, found anything; "
            "answers would not decode"
        ),
    ),
    "demanded answer field removed": (
        lambda d: fields(d, "Company").pop("name"),
        True,
        (
            f"{JOBS} (jobs.search), answer field data[].company_object.name: removed; expected string; "
            "the model demands "
            "it: answers would not decode (and 3 more: companies.search, company_lists.companies, webhooks.events.list)"
        ),
    ),
    "answer field removed": (
        lambda d: fields(d, "Job").pop("easy_apply"),
        False,
        (
            f"{JOBS} (jobs.search), answer field data[].easy_apply: removed; expected boolean or null; "
            "it stays at its default (and 1 more: webhooks.events.list)"
        ),
    ),
    "answer field added": (
        lambda d: fields(d, "CreditBalance").update(new=NEW),
        False,
        (
            f"{BALANCE} (billing.credit_balance), answer field new: added; found integer; "
            "only keep_unknown_fields=True shows it: add it to the model"
        ),
    ),
    "answer field may be missing": (
        lambda d: schema(d, "CreditBalance")["required"].remove("api_credits"),
        True,
        (
            f"{BALANCE} (billing.credit_balance), answer field api_credits: may be missing; "
            "the model demands it: answers would not decode"
        ),
    ),
    "answer field of another type": (
        lambda d: fields(d, "CreditBalance").update(api_credits={"type": "number"}),
        True,
        (
            f"{BALANCE} (billing.credit_balance), answer field api_credits: type changed; "
            "expected integer, found number; "
            "answers would not decode"
        ),
    ),
    "answer field of another format": (
        lambda d: fields(d, "CreditBalance").update(earliest_expiration={"type": ["string", "null"]}),
        True,
        (
            f"{BALANCE} (billing.credit_balance), answer field earliest_expiration: type changed; "
            "expected date-time or null, found string or null; answers would not decode"
        ),
    ),
    "answer field of several formats": (
        lambda d: fields(d, "CreditBalance").update(
            earliest_expiration={"anyOf": [{"type": "string", "format": each} for each in ("date", "date-time")]}
        ),
        True,
        (
            f"{BALANCE} (billing.credit_balance), answer field earliest_expiration: type changed; "
            "expected date-time or null, found date or date-time; answers would not decode"
        ),
    ),
    "answer field may be null": (
        lambda d: fields(d, "CreditBalance").update(api_credits={"type": "integer", "nullable": True}),
        True,
        (
            f"{BALANCE} (billing.credit_balance), answer field api_credits: may be null; "
            "expected integer, found integer or null; the model does not take null: answers would not decode"
        ),
    ),
    "answer field deprecated": (
        lambda d: fields(d, "CreditBalance")["api_credits"].update(deprecated=True),
        False,
        (
            f"{BALANCE} (billing.credit_balance), answer field api_credits: deprecated; "
            "say so where it is documented, and warn where it is sent"
        ),
    ),
    "answer field no longer deprecated": (
        lambda d: fields(d, "Job")["company"].pop("deprecated"),
        False,
        (
            f"{JOBS} (jobs.search), answer field data[].company: no longer deprecated; "
            "it need not be called so (and 1 more: webhooks.events.list)"
        ),
    ),
    "answer member removed": (
        lambda d: schema(d, "DatasetFormat")["enum"].remove("csv"),
        False,
        (
            "GET /v1/datasets (datasets.list), answer field [].options[].format: member removed; expected 'csv'; "
            "it is no longer sent"
        ),
    ),
    "answer member added": (
        lambda d: schema(d, "DatasetFormat")["enum"].append("avro"),
        False,
        (
            "GET /v1/datasets (datasets.list), answer field [].options[].format: member added; found 'avro'; "
            "it is kept as an unknown member: add it"
        ),
    ),
    "kind of record removed": (
        lambda d: fields(d, "WebhookEvent")["payload"]["anyOf"].remove({"$ref": "#/components/schemas/Company"}),
        False,
        (
            f"{EVENTS} (webhooks.events.list), answer field [].payload: kind of record removed; expected Company; "
            "it is no longer sent"
        ),
    ),
    "kind of record changed": (
        lambda d: fields(d, "JobClosed").update(id={"type": "string"}),
        False,
        (
            f"{EVENTS} (webhooks.events.list), answer field [].payload.id: type changed; "
            "expected integer, found string; "
            "such a payload is kept as an UnknownPayload"
        ),
    ),
}
