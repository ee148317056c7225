"""Links into the app."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote, urlencode

from theirstack_async.testing import validation as read
from theirstack_async.testing.answers import Answer, RefusedError, json_answer
from theirstack_async.testing.backend import Backend
from theirstack_async.testing.call import Call, Route

APP: Final = "https://app.theirstack.com"


def create_app_url(backend: Backend, call: Call) -> Answer:
    """POST /v0/app-urls: of the types only ``webhook`` is documented; any other is taken with what comes along."""
    fields = call.fields()
    kind = fields.required("type", read.string) or ""
    webhook_id = (fields.required if kind == "webhook" else fields.optional)("webhook_id", read.integer)
    parameters = {
        "list_id": fields.optional("list_id", read.integer),
        "saved_search_id": fields.optional("saved_search_id", read.integer),
        "search_type": fields.optional("search_type", read.one_of("jobs", "companies")),
        "filters": fields.optional("filters", read.mapping),
    }
    fields.check()
    if kind == "webhook":
        if webhook_id not in backend.registry.webhooks:
            raise RefusedError(404, f"Webhook {webhook_id} not found")
        return json_answer({"url": f"{APP}/webhooks/{webhook_id}"})
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
        for name, value in (parameters | {"webhook_id": webhook_id}).items()
        if value is not None
    }
    query = f"?{urlencode(texts)}" if texts else ""
    return json_answer({"url": f"{APP}/{quote(kind, safe='', errors='replace')}{query}"})


ROUTES: Final = (Route("POST", "/v0/app-urls", create_app_url),)
